"""Fixtures of the cross-app tests."""
