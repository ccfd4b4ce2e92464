"""Space-time scan: is there a neighbourhood with too many cases in the last days? Pure.

Method: Kulldorff's prospective scan with a Poisson model. Zones are a cell with its nearest
neighbours up to `reach` metres, windows the last 1 … `days` days. A zone's expected number is its
share of the past. The statistic is the log-likelihood ratio of more inside than outside; its
chance comes from random redrawings of the same number of cases over the past's shares. Drawing
stops as soon as too many redrawings beat what happened for it to be as rare as `alpha`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, log, radians

import numpy as np
from numpy.typing import NDArray

from mengding.regions import cells as grid

PAST = 63  # days before the window that tell how much happens where
ZOOM = 15  # a cell of about 1 km
MOST_CELLS = 600  # of one class: beyond that another scale would be needed
LEAST = 5
FALSE_A_WEEK = 0.5
RUNS = 999
_BATCHES = (19, 80, 900)
_METRES = 111_320.0
_AT_ONCE = 4_000_000  # numbers held at once
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The most unusual zone: its cells, how many of the last days, what was there and expected."""

    cells: tuple[int, ...]
    days: int
    observed: int
    expected: float
    least: int  # the smallest number that would have been as rare as `alpha` here
    ratio: float  # log-likelihood ratio
    chance: float


def alpha_for(classes: int, false_a_week: float) -> float:
    """The chance of one scan that makes so many false alarms a week, one a day for each class."""
    return min(0.05, false_a_week / (max(1, classes) * 7))


def look(
    points: Iterable[tuple[date, int]],
    today: date,
    *,
    alpha: float,
    days: int = 7,
    reach: float = 1500.0,
    least: int = LEAST,
) -> Cluster | None:
    """Of one class, over the whole days before `today`. `points`: day and cell of `ZOOM`."""
    recent: defaultdict[int, list[int]] = defaultdict(lambda: [0] * days)
    past: Counter[int] = Counter()
    for day, cell in points:
        ago = (today - day).days
        if 1 <= ago <= days:
            recent[cell][days - ago] += 1
        elif days < ago <= days + PAST:
            past[cell] += 1
    known = {*recent, *past}
    if not recent or len(known) > MOST_CELLS:
        return None
    mean = {cell: (past[cell] + 0.5) / PAST for cell in known}
    at = {cell: _metres(cell) for cell in known}
    return scan(recent, mean, at, alpha=alpha, reach=reach, least=least)


def _metres(cell: int) -> tuple[float, float]:
    west, south, east, north = grid.bounds(cell, ZOOM)
    lon, lat = (west + east) / 2, (south + north) / 2
    return lon * _METRES * cos(radians(lat)), lat * _METRES


def scan(
    recent: Mapping[int, Sequence[int]],
    past: Mapping[int, float],
    places: Mapping[int, tuple[float, float]],
    *,
    alpha: float,
    reach: float = 1500.0,
    least: int = LEAST,
    seed: int = 511803,
) -> Cluster | None:
    """`recent`: daily counts by cell, oldest first; `past`: mean per day by cell, all above 0;
    `places`: (x, y) in metres by cell. None where nothing is as rare as `alpha`."""
    cells = sorted(places)
    days = max((len(row) for row in recent.values()), default=0)
    if not days:
        return None
    counts = np.array([_padded(recent.get(cell, ()), days) for cell in cells], dtype=float)
    total = int(counts.sum())
    if total < least:
        return None
    share = np.array([past[cell] for cell in cells], dtype=float)
    share = share / share.sum()
    zones = _zones(np.array([places[cell] for cell in cells]), reach)
    expected = total * (zones @ share)[:, None] * np.arange(1, days + 1) / days
    ratios = _ratios(counts[None], zones, expected, total, least)[0]
    number, length = np.unravel_index(int(ratios.argmax()), ratios.shape)
    best = float(ratios[number, length])
    if best <= 0:
        return None
    drawn = _chance(best, share, days, zones, expected, total, least, alpha, seed)
    if drawn is None:
        return None
    chance, critical = drawn
    inside = np.flatnonzero(zones[number])
    return Cluster(
        tuple(cells[n] for n in inside),
        int(length) + 1,
        int(counts[inside][:, days - length - 1 :].sum()),
        float(expected[number, length]),
        _smallest(critical, float(expected[number, length]), total, least),
        best,
        chance,
    )


def _smallest(critical: float, expected: float, total: int, least: int) -> int:
    """The smallest number inside whose ratio reaches the critical one."""
    for inside in range(least, total + 1):
        ratio = inside * log(inside / expected)
        if inside < total:
            ratio += (total - inside) * log((total - inside) / (total - expected))
        if inside > expected and ratio >= critical:
            return inside
    return total


def _chance(
    best: float, share: Floats, days: int, zones: Floats, expected: Floats, total: int, least: int,
    alpha: float, seed: int,
) -> tuple[float, float] | None:  # fmt: skip
    """How rare it is, and the ratio that is just as rare as `alpha`; None: not rare enough."""
    largest: list[float] = []
    dice = np.random.default_rng(seed)
    spread = np.repeat(share / days, days)
    beaten, most = 1, alpha * (RUNS + 1)
    at_once = max(1, _AT_ONCE // expected.size)
    for batch in _BATCHES:
        for begin in range(0, batch, at_once):
            size = min(at_once, batch - begin)
            drawn = dice.multinomial(total, spread, size=size).reshape(size, len(share), days)
            others = _ratios(drawn.astype(float), zones, expected, total, least)
            most_of_each = others.reshape(size, -1).max(axis=1)
            largest += most_of_each.tolist()
            beaten += int((most_of_each >= best).sum())
            if beaten > most:
                return None
    rank = max(1, int(most)) - 1
    return beaten / (RUNS + 1), sorted(largest, reverse=True)[rank]


def _padded(row: Sequence[int], days: int) -> list[int]:
    return [0] * (days - len(row)) + list(row)


def _zones(at: Floats, reach: float) -> Floats:
    """Each cell with its nearest neighbours, every size up to the reach; each set once. Rows of
    0 and 1, one column for each cell."""
    found: dict[tuple[int, ...], None] = {}
    for here in at:
        far = np.hypot(at[:, 0] - here[0], at[:, 1] - here[1])
        order = np.argsort(far, kind="stable")
        order = order[far[order] <= reach]
        for size in range(1, len(order) + 1):
            found.setdefault(tuple(sorted(order[:size].tolist())))
    rows = np.zeros((len(found), len(at)))
    for number, zone in enumerate(found):
        rows[number, list(zone)] = 1.0
    return rows


def _ratios(counts: Floats, zones: Floats, expected: Floats, total: int, least: int) -> Floats:
    """draws × zones × lengths, of counts draws × cells × days; 0 where it is not too many."""
    recent = counts[:, :, ::-1].cumsum(axis=2)  # of the last k days in column k - 1
    inside = np.einsum("zc,rcd->rzd", zones, recent, optimize=True)
    outside, rest = total - inside, total - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = inside * np.log(inside / expected)
        ratio += np.where(outside > 0, outside * np.log(outside / rest), 0.0)
    return np.where((inside >= least) & (inside > expected), ratio, 0.0)
