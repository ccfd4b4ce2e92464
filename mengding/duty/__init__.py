"""Duty: teams, shifts, rosters, swaps, leave, and who is on duty from when to when."""
