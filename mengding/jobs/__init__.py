"""Background jobs: when each runs, and proof that it did."""
