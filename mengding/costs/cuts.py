"""Which counts are kept ready: a few small tables instead of one huge cube. Pure: no Django.

A cut is a level of divisions and up to two more dimensions. Every ended case is added to each cut
in the month it ended in; days beside whole months are counted from the cases, as is what no cut
answers: for these there are indexes by division, organisation and class.
"""

from mengding.indicators.cuts import Cut

# The dimensions of a cut in the order of columns `a` and `b`.
CUTS: tuple[Cut, ...] = (
    Cut(0, 0, ()),
    Cut(1, 0, ("org",)),
    Cut(2, 0, ("class_code",)),
    Cut(3, 0, ("channel",)),
    Cut(4, 0, ("org", "class_code")),
    Cut(5, 0, ("org", "channel")),
    Cut(6, 0, ("class_code", "channel")),
    Cut(10, 1, ()),
    Cut(11, 1, ("org",)),
    Cut(12, 1, ("class_code",)),
    Cut(13, 1, ("channel",)),
    Cut(14, 1, ("org", "class_code")),
    Cut(20, 2, ()),
)
_FOUND = {(cut.level, frozenset(cut.dims)): cut for cut in CUTS}


def cut_for(level: int, dims: frozenset[str]) -> Cut | None:
    """The cut of a level (0 district, 1 town, 2 village) with exactly these dimensions."""
    return _FOUND.get((level, dims))
