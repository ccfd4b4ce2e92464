"""How often something was raised, from the days on which it was so. Pure."""

from collections import defaultdict
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


def count_all(hits: Iterable[tuple[int, str, frozenset[int]]], quiet: int = QUIET) -> int:
    """Warnings among what was found: day (ascending), what it is about, and cells of a
    neighbourhood. One with a cell in common with what was found of the same before goes on with
    it; without cells the name alone decides."""
    found = 0
    live: defaultdict[str, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    for day, name, cells in hits:
        kept = [(last, there) for last, there in live[name] if day - last <= quiet]
        same = [one for one in kept if one[1] & cells or not cells]
        found += not same
        rest = [one for one in kept if one not in same]
        live[name] = [*rest, (day, cells)]
    return found
