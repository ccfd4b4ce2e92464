"""Measurements of the running product; see `make bench`."""
