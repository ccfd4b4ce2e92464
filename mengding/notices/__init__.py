"""Notices: posts are told of events that concern them, without words."""
