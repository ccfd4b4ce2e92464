"""How often something was raised, from the days on which it was so. Pure."""

from collections.abc import Iterable

QUIET = 7  # days without it after which it is something new


def count(days: Iterable[int], quiet: int = QUIET) -> int:
    """Runs of days, ascending, with at most `quiet` days between: each is one warning."""
    found, last = 0, None
    for day in days:
        if last is None or day - last > quiet:
            found += 1
        last = day
    return found
