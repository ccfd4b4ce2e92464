"""Every read of duty."""

from mengding.duty.queries.asked import closures, leaves, swaps
from mengding.duty.queries.cover import coverage, covers, days_covered
from mengding.duty.queries.excluded import Exclusion, excluded
from mengding.duty.queries.intervals import covering, mine, on_duty, open_interval
from mengding.duty.queries.roster import mine as my_roster
from mengding.duty.queries.roster import offers, roster
from mengding.duty.queries.teams import candidates, shifts, teams

__all__ = [
    "Exclusion",
    "candidates",
    "closures",
    "coverage",
    "covering",
    "covers",
    "days_covered",
    "excluded",
    "leaves",
    "mine",
    "my_roster",
    "offers",
    "on_duty",
    "open_interval",
    "roster",
    "shifts",
    "swaps",
    "teams",
]
