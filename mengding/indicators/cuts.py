"""Which sums are kept ready: a few small tables of sums instead of one huge cube. Pure: no Django.

A cut is a level of divisions and up to three more dimensions. Every fact is added to each cut, once
by day and once by month. What no cut answers is summed from the facts themselves, which have
indexes by division, organisation and class.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mengding.indicators.facts import Item

DIMENSIONS = ("org", "class_code", "channel", "tier", "post")
LEVELS = ("district", "town", "village")


@dataclass(frozen=True, slots=True)
class Cut:
    """`number` is stored; `dims` in the order of columns `a` and `b`, where a third one stands
    behind the second; `daily`: also by day."""

    number: int
    level: int
    dims: tuple[str, ...]
    daily: bool = True

    def packed(self, values: Sequence[str], between: str = "/", none: str = "") -> tuple[str, str]:
        """What stands in columns `a` and `b` for the values of the dimensions."""
        return (values[0] if values else none), between.join(values[1:]) or none

    def columns(self) -> dict[str, str]:
        """SQL of each dimension's value."""
        last = ("b",) if len(self.dims) < 3 else ("split_part(b, '/', 1)", "split_part(b, '/', 2)")
        return dict(zip(self.dims, ("a", *last), strict=False))

    def packing(self) -> tuple[str, str]:
        """SQL of columns `a` and `b` from columns called like the dimensions."""
        return self.packed([f"{dim}::text" for dim in self.dims], " || '/' || ", "''")


CUTS: tuple[Cut, ...] = (
    Cut(0, 0, ()),
    Cut(1, 0, ("org",)),
    Cut(2, 0, ("class_code",)),
    Cut(3, 0, ("channel",)),
    Cut(4, 0, ("org", "class_code")),
    Cut(5, 0, ("org", "channel")),
    Cut(6, 0, ("class_code", "channel"), daily=False),
    Cut(7, 0, ("tier",)),
    Cut(8, 0, ("post",)),
    Cut(9, 0, ("org", "class_code", "channel"), daily=False),
    Cut(10, 1, ()),
    Cut(11, 1, ("org",)),
    Cut(12, 1, ("class_code",), daily=False),
    Cut(13, 1, ("channel",)),
    Cut(14, 1, ("org", "class_code"), daily=False),
    Cut(15, 1, ("org", "channel"), daily=False),
    Cut(16, 1, ("class_code", "channel"), daily=False),
    Cut(20, 2, ()),
    Cut(21, 2, ("org",), daily=False),
    Cut(22, 2, ("class_code",), daily=False),
    Cut(23, 2, ("channel",), daily=False),
)
_FOUND = {(cut.level, frozenset(cut.dims)): cut for cut in CUTS}


def cut_for(level: int, dims: frozenset[str]) -> Cut | None:
    """The cut of a level (0 district, 1 town, 2 village) with exactly these dimensions."""
    return _FOUND.get((level, dims))


@dataclass(frozen=True, slots=True)
class Key:
    """One row of sums. `within`: the division above `place` (0 above a district)."""

    cut: int
    grain: str  # "d" or "m"
    day: date
    district: int
    within: int
    place: int
    a: str
    b: str
    confidential: bool


def keys(item: Item) -> Iterator[Key]:
    """Every row of sums the fact belongs to."""
    places = (
        (0, item.district, True),
        (item.district, item.town, True),
        (item.town, item.village, bool(item.town)),
    )
    month = item.day.replace(day=1)
    for cut in CUTS:
        within, place, there = places[cut.level]
        if not there:
            continue
        a, b = cut.packed([str(getattr(item, dim)) for dim in cut.dims])
        for grain, day in (("d", item.day), ("m", month)) if cut.daily else (("m", month),):
            yield Key(cut.number, grain, day, item.district, within, place, a, b, item.confidential)
