"""Leaving out what would point at somebody: small counts, and places few cases share. Pure."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mengding.regions.cells import bounds, parent

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class LeftOut(Generic[Key]):
    """Lines of a table that are not told. `total_safe`: the sums of all lines may stand beside."""

    keys: frozenset[Key]
    total_safe: bool

    def __contains__(self, key: Key) -> bool:
        return key in self.keys


def left_out(lines: Mapping[Key, Sequence[int]], threshold: int) -> LeftOut[Key]:
    """Leave out lines in which a part counts 1 to `threshold` - 1, and so many more that none can
    be computed.

    `lines`: parts that together are the line, as closed and not closed. The sum of each part over
    all lines is known, and that a gap is no zero: zeros stay, nobody stands behind them. So the
    smallest of the others are left out as well, until there are two gaps or more, each part of
    their sum is nothing or reaches the threshold, and any one gap could reach it (five gaps of
    together 5 are five times 1). Where that cannot be, every line but zeros is left out and the
    sums have to go.
    """
    order = sorted((sum(parts), str(key), key) for key, parts in lines.items() if any(parts))
    few = [key for _, _, key in order if any(0 < n < threshold for n in lines[key])]
    others = [key for _, _, key in order if key not in few]

    def safe() -> bool:
        sums = [sum(some) for some in zip(*(lines[key] for key in few), strict=True)]
        most = sum(sums) - (len(few) - 1)  # what one gap can be, the others being 1
        # One gap alone is never safe: it has the small part.
        return most >= threshold and not any(0 < n < threshold for n in sums)

    while few and others and not safe():
        few.append(others.pop(0))
    return LeftOut(frozenset(few), not few or safe())


@dataclass(frozen=True, slots=True)
class Spot:
    """The middle of a square that several cases share. Degrees; `metres`: the square's height."""

    lon: float
    lat: float
    metres: int


def spots(cells: Sequence[int | None], threshold: int, finest: int) -> list[Spot | None]:
    """For each cell (zoom 22) the smallest square that `threshold` of the cases not placed in a
    smaller one share: zooms `finest`, two less, and so on down to 12. None where even the largest
    square holds fewer, or there is no place.
    """
    placed: list[Spot | None] = [None] * len(cells)
    left = [n for n, cell in enumerate(cells) if cell is not None]
    for zoom in range(finest, 11, -2):
        squares = {n: parent(cells[n] or 0, zoom) for n in left}
        sizes = Counter(squares.values())
        for n in left:
            if sizes[squares[n]] >= threshold:
                placed[n] = _middle(squares[n], zoom)
        left = [n for n in left if placed[n] is None]
    return placed


def _middle(square: int, zoom: int) -> Spot:
    west, south, east, north = bounds(square, zoom)
    return Spot(
        round((west + east) / 2, 4),
        round((south + north) / 2, 4),
        round((north - south) * 111_320),
    )
