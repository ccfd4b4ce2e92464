"""Saved filters: a question asked of the case list again and again, and how to show the answer."""
