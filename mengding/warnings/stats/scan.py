"""Space-time scan: is there a neighbourhood with too many cases in the last days? Pure.

Method: Kulldorff's prospective scan. Zones are a cell with its nearest neighbours up to `reach`
metres, windows the last 2 … `days` days. A zone's expected number is its share of the past. The
statistic is the log-likelihood ratio of more inside than outside, in which the fullest day of a
zone counts no more than its second fullest: a crew that enters a month's finds on one day is no
cluster yet.

How rare it is, is not told by a model: real cases come in heaps, and a Poisson's redrawings call
every heap rare. It is told by the same days in another order. Working days are exchanged among
each other, and days off too, each as a whole with all its places, and the scan looks at the last
days again. If the recent days are like the past ones, today's order is one among equals, and a
statistic that is larger than all but `alpha` of them comes with chance `alpha`. Exchanging stops
as soon as too many orders beat what happened.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
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
_SHORTEST = 2  # days
_FRIDAY = 4
_BATCHES = (6, 13, 30, 50, 900)
_HOPELESS, _AT_LEAST = 0.25, 3  # of the orders beat it, and so many: never as rare as 5 %
_METRES = 111_320.0
_AT_ONCE = 2_000_000  # numbers held at once
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


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


@dataclass(frozen=True, slots=True)
class Grid:
    """One class: daily counts by cell of `ZOOM`."""

    first: date
    cells: list[int]
    counts: Whole  # cells × days, oldest first

    @classmethod
    def of(cls, points: Iterable[tuple[date, int]], first: date, until: date) -> "Grid":
        """`points`: day and cell; those from `first` to before `until` are kept."""
        counted = Counter((cell, day) for day, cell in points if first <= day < until)
        cells = sorted({cell for cell, _ in counted})
        at = {cell: n for n, cell in enumerate(cells)}
        counts = np.zeros((len(cells), (until - first).days), dtype=np.int64)
        for (cell, day), n in counted.items():
            counts[at[cell], (day - first).days] = n
        return cls(first, cells, counts)

    def before(self, today: date, days: int) -> "Grid":
        """So many days before `today` (those there are), and cells with anything in them."""
        end = (today - self.first).days
        begin = max(0, end - days)
        some = self.counts[:, begin:end]
        rows = np.flatnonzero(some.any(axis=1))
        return Grid(
            self.first + timedelta(days=begin), [self.cells[n] for n in rows.tolist()], some[rows]
        )


def look(
    grid: Grid,
    *,
    alpha: float,
    days: int = 7,
    reach: float = 1500.0,
    least: int = LEAST,
    kinds: Sequence[int] | None = None,
) -> Cluster | None:
    """Of one class, over the last `days` of the grid, against the days before them. `kinds`: of
    each day: working or not; by the day of the week where not given."""
    span = grid.counts.shape[1]
    if span < 4 * days or not grid.cells or len(grid.cells) > MOST_CELLS:
        return None
    places = np.array([_metres(cell) for cell in grid.cells])
    which = kinds or [(grid.first + timedelta(days=n)).weekday() > _FRIDAY for n in range(span)]
    found = scan(grid.counts, places, which, alpha=alpha, days=days, reach=reach, least=least)
    return found and replace(found, cells=tuple(grid.cells[n] for n in found.cells))


def _metres(cell: int) -> tuple[float, float]:
    west, south, east, north = grid.bounds(cell, ZOOM)
    lon, lat = (west + east) / 2, (south + north) / 2
    return lon * _METRES * cos(radians(lat)), lat * _METRES


def scan(
    counts: Whole,
    places: Floats,
    kinds: Sequence[int],
    *,
    alpha: float,
    days: int = 7,
    reach: float = 1500.0,
    least: int = LEAST,
    seed: int = 511803,
) -> Cluster | None:
    """`counts`: cells × days, oldest first, the last `days` of them looked at; `places`: (x, y) in
    metres by cell; `kinds`: of each day. Cells of the answer are rows. None where nothing is as
    rare as `alpha`."""
    zones = _Zones.of(counts, places, reach, days, least)
    if not len(zones.kept):
        return None
    span = counts.shape[1]
    today = np.arange(span - days, span)[None]
    ratios = zones.ratios(today)
    length, number, _ = np.unravel_index(int(ratios.argmax()), ratios.shape)
    best = float(ratios[length, number, 0])
    if best <= 0:
        return None
    drawn = _chance(best, zones, kinds, alpha, seed)
    if drawn is None:
        return None
    chance, critical = drawn
    total = int(counts[:, -days:].sum())
    window = int(length) + _SHORTEST
    expected = float(zones.expected(today)[number, 0]) * window / days
    inside = zones.cells(int(number))
    return Cluster(
        inside,
        window,
        int(counts[list(inside), -window:].sum()),
        expected,
        _smallest(critical, expected, total, least),
        best,
        chance,
    )


@dataclass(frozen=True, slots=True)
class _Zones:
    """Daily sums of every zone, so that another order of days is only another choice of columns."""

    order: Whole  # cells × nearest neighbours, -1 where the reach ends
    kept: Whole  # zones: cell × most neighbours + how many more cells
    size: Whole  # cells in each zone
    daily: Floats  # zones × days
    totals: Floats  # of each day over all cells
    days: int
    least: int

    @classmethod
    def of(cls, counts: Whole, places: Floats, reach: float, days: int, least: int) -> "_Zones":
        """Each cell with its nearest neighbours, every size up to the reach."""
        x, y = places.T
        far = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
        near = far <= reach**2
        most = int(near.sum(axis=1).max())
        order = np.sort(np.argpartition(far, most - 1, axis=1)[:, :most], axis=1)
        nearest = np.argsort(np.take_along_axis(far, order, axis=1), axis=1, kind="stable")
        order = np.take_along_axis(order, nearest, axis=1)
        order = np.where(np.take_along_axis(near, order, axis=1), order, -1)
        padded = np.vstack([counts, np.zeros_like(counts[:1])])  # the row of -1
        daily = padded[order].cumsum(axis=1).reshape(-1, counts.shape[1])
        size = (order >= 0).cumsum(axis=1).reshape(-1)
        # A zone that grew by nothing is the one before it; one with too few in all never warns.
        kept = np.flatnonzero((order >= 0).reshape(-1) & (daily.sum(axis=1) >= least))
        return cls(
            order, kept, size[kept], daily[kept].astype(float), counts.sum(axis=0).astype(float),
            days, least,
        )  # fmt: skip

    def cells(self, number: int) -> tuple[int, ...]:
        """Rows of one zone."""
        centre, nearest = divmod(int(self.kept[number]), self.order.shape[1])
        return tuple(sorted(self.order[centre, : nearest + 1].tolist()))

    def expected(self, recent: Whole) -> Floats:
        """Zones × orders: of all the last days, by the share of the days before them. `recent`:
        the columns that are looked at, orders × days."""
        inside = self.daily.sum(axis=1)[:, None] - self.daily[:, recent].sum(axis=2)
        total = self.totals[recent].sum(axis=1)
        before = self.totals.sum() - total
        share = (inside + 0.5 * self.size[:, None]) / (before + 0.5 * len(self.order))
        return np.asarray(total * share, dtype=float)

    def ratios(self, recent: Whole) -> Floats:
        """Lengths × zones × orders: the log-likelihood ratio, 0 where it is not too many."""
        counts = self.daily[:, recent[:, ::-1]]  # the last day first
        total = self.totals[recent].sum(axis=1)
        whole = self.expected(recent)
        found = np.zeros((self.days - _SHORTEST + 1, *whole.shape))
        inside, most, second = counts[..., 0].copy(), counts[..., 0], np.zeros_like(whole)
        for n in range(1, self.days):
            now = counts[..., n]
            inside += now
            second = np.maximum(second, np.minimum(most, now))
            most = np.maximum(most, now)
            kept = inside - most + second
            expected = whole * (n + 1) / self.days
            good = (inside >= self.least) & (kept > expected)
            ratio = found[n + 1 - _SHORTEST]
            ratio[good] = _ratio(
                kept[good], expected[good], np.broadcast_to(total, good.shape)[good]
            )
        return found


def _ratio(inside: Floats, expected: Floats, total: Floats) -> Floats:
    outside, rest = total - inside, total - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.where(outside > 0, outside * np.log(outside / rest), 0.0)
    return np.asarray(inside * np.log(inside / expected) + beyond, dtype=float)


def _chance(
    best: float, zones: _Zones, kinds: Sequence[int], alpha: float, seed: int
) -> tuple[float, float] | None:
    """How rare it is, and the ratio that is just as rare as `alpha`; None: not rare enough."""
    largest: list[float] = []
    dice = np.random.default_rng(seed)
    beaten, most = 1, alpha * (RUNS + 1)
    at_once = max(1, _AT_ONCE // (len(zones.daily) * zones.days))
    for batch in _BATCHES:
        for begin in range(0, batch, at_once):
            orders = _orders(kinds, min(at_once, batch - begin), dice)[:, -zones.days :]
            found = zones.ratios(orders).max(axis=(0, 1))
            largest += found.tolist()
            beaten += int((found >= best).sum())
            hopeless = beaten > _AT_LEAST and beaten - 1 >= _HOPELESS * len(largest)
            if beaten > most or hopeless:
                return None
    rank = max(1, int(most)) - 1
    return beaten / (RUNS + 1), sorted(largest, reverse=True)[rank]


def _orders(kinds: Sequence[int], size: int, dice: np.random.Generator) -> Whole:
    """Orders × days: columns exchanged among their kind."""
    which = np.asarray(kinds)
    made = np.tile(np.arange(len(which)), (size, 1))
    for kind in np.unique(which):
        days = np.flatnonzero(which == kind)
        made[:, days] = dice.permuted(np.tile(days, (size, 1)), axis=1)
    return made


def _smallest(critical: float, expected: float, total: int, least: int) -> int:
    """The smallest number inside whose ratio reaches the critical one."""
    for inside in range(least, total + 1):
        ratio = inside * log(inside / expected)
        if inside < total:
            ratio += (total - inside) * log((total - inside) / (total - expected))
        if inside > expected and ratio >= critical:
            return inside
    return total
