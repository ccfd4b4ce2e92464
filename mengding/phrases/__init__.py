"""Standard texts: what is written every day, written well once, filled with a case's facts."""
