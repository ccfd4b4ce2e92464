"""Every write: a verb each, one transaction."""
