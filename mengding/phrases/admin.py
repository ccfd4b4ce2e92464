"""Standard texts are configured in the console, not in the admin."""
