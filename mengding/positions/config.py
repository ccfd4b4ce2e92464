"""What an installation may set about positions, within bounds."""

import os
from datetime import timedelta


def _whole(name: str, default: int, least: int, most: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SystemExit(f"{name}: {least}–{most}")
    return int(text)


# How long the ways of the staff are kept: to look into what happened, and no longer.
DAYS = _whole("MENGDING_POSITIONS_DAYS", 30, 1, 90)
# How late a batch may come from a valley without signal.
LATE = timedelta(hours=_whole("MENGDING_POSITIONS_LATE_HOURS", 48, 1, 144))
