"""Reading warnings, scenic spots and settings."""

from mengding.warnings.queries.rules import settings
from mengding.warnings.queries.trials import newest_trial, trial
from mengding.warnings.queries.warnings import (
    counts,
    in_area,
    one,
    rates,
    spots,
    unknown,
    visible,
    warnings,
)

__all__ = [
    "counts",
    "in_area",
    "newest_trial",
    "one",
    "rates",
    "settings",
    "spots",
    "trial",
    "unknown",
    "visible",
    "warnings",
]
