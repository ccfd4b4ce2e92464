"""How this installation numbers its grids."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mengding.regions.codes import GRID_DIGITS


def grid_digits() -> int:
    """Digits a grid's code adds to its village's: setting `REGION_GRID_DIGITS`, 3 unless set."""
    digits = getattr(settings, "REGION_GRID_DIGITS", 3)
    if digits not in GRID_DIGITS:
        raise ImproperlyConfigured(
            f"REGION_GRID_DIGITS: must be {GRID_DIGITS[0]} to {GRID_DIGITS[-1]}, not {digits!r}"
        )
    return int(digits)
