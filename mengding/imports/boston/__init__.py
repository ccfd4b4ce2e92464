"""The 311 archive of the City of Boston: 29 columns, one line for each request."""
