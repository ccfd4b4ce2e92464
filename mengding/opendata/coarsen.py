"""Leaving out what would point at somebody: small counts, and places few cases share. Pure."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mengding.regions.cells import bounds, parent

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Guarded(Generic[Key]):
    """A table of counts with its total; None where the count is left out."""

    counts: dict[Key, int | None]
    total: int | None


def guarded(counts: Mapping[Key, int], threshold: int) -> Guarded[Key]:
    """Leave out counts of 1 to `threshold` - 1, and so many more that none can be computed.

    The total is published beside them: a single gap would be its difference, and so would a few
    gaps that together are small. So the smallest of the others are left out as well, until at
    least two are and they sum up to the threshold; where that cannot be, the total goes. Zeros
    stay: nobody stands behind them.
    """
    total = sum(counts.values())
    rest = sorted((n, str(key)) for key, n in counts.items() if n)
    gaps = [n for n, _ in rest if n < threshold]
    if gaps:
        for n, _ in rest[len(gaps) :]:
            if len(gaps) > 1 and sum(gaps) >= threshold:
                break
            gaps.append(n)
    hidden = {name for _, name in rest[: len(gaps)]}
    unsafe = bool(gaps) and (len(gaps) < 2 or sum(gaps) < threshold)
    return Guarded(
        {key: None if n and str(key) in hidden else n for key, n in counts.items()},
        None if unsafe else total,
    )


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
