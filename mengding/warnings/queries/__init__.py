"""Reading warnings, scenic spots and settings."""

from mengding.warnings.queries.rules import preview, settings
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
    "one",
    "preview",
    "rates",
    "settings",
    "spots",
    "unknown",
    "visible",
    "warnings",
]
