"""The ledger: append-only, hash-chained events, the words they refer to, and the outbox."""
