"""The space-time scan on a real series, for `bench.warnings`: false alarms and detection."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from statistics import quantiles
from typing import Protocol

import numpy as np

from mengding.regions import cells
from mengding.warnings.stats import episodes, scan

ONCE_ZOOM = 18
BIG = 10  # big classes the scan looks at
SCANNED = scan.PAST + 7


class Located(Protocol):
    """One request, as far as the scan reads it."""

    @property
    def day(self) -> date: ...
    @property
    def big(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def place(self) -> tuple[float, float] | None: ...


def say(name: str, delays: list[float], tried: int) -> None:
    """One line of what was found."""
    share = f"  {name:24} found {len(delays):4}/{tried} = {len(delays) / tried:4.0%}"
    if len(delays) >= 2:
        cuts = quantiles(delays, n=10)
        share += f"   delay h median {cuts[4]:4.0f}, p90 {cuts[8]:4.0f}"
    print(share, flush=True)


def clusters(found: Sequence[Located], dice: np.random.Generator, each: int) -> None:
    """The scan over the big classes of the archive, without and with cases put in."""
    known = {(e.big, e.kind, e.day, cells.cell(*e.place)) for e in found if e.place}
    once = {(big, kind, day, cells.parent(cell, ONCE_ZOOM)): cell for big, kind, day, cell in known}
    by_class: dict[str, list[tuple[date, int]]] = {}
    for (big, _, day, _), cell in sorted(once.items()):
        by_class.setdefault(big, []).append((day, cells.parent(cell, scan.ZOOM)))
    first, last = min(e.day for e in found), max(e.day for e in found)
    largest = sorted(by_class, key=lambda big: -len(by_class[big]))[:BIG]
    grids = [scan.Grid.of(by_class[big], first, last + timedelta(days=1)) for big in largest]
    alpha = scan.alpha_for(len(grids), scan.FALSE_A_WEEK)
    days = [first + timedelta(days=n) for n in range(SCANNED, (last - first).days + 2)]
    hits: dict[tuple[int, date], bool] = {}
    for name, some in (
        ("as it stands", grids),
        ("whole days shuffled", [_whole_days(grid, dice) for grid in grids]),
        ("days of each square", [_each_square(grid, dice) for grid in grids]),
    ):
        raised = tests = 0
        for number, grid in enumerate(some):
            seen = [n for n, day in enumerate(days) if _scanned(grid, day, alpha)]
            raised, tests = raised + episodes.count(seen), tests + len(seen)
            if some is grids:
                hits |= {(number, days[n]): True for n in seen}
        print(
            f"  {name:26} {raised:4} warnings ({tests} looks) in {len(days)} days of {len(some)}"
            f" big classes = {raised / len(days) * 365:6.1f} a year",
            flush=True,
        )
    print(f"  promised at most {scan.FALSE_A_WEEK * 52:.0f} a year")
    for size in (6, 10, 16):
        delays: list[float] = []
        tried = 0
        while tried < each:
            number = int(dice.integers(len(grids)))
            start = int(dice.integers(0, len(days) - 8))
            if any((number, days[start + n]) in hits for n in range(8)):
                continue
            tried += 1
            delay = _cluster_found(grids[number], days[start], size, alpha, dice)
            if delay is not None:
                delays.append(delay)
        say(f"{size} cases in 3 days, 1 km", delays, tried)


def _scanned(grid: scan.Grid, day: date, alpha: float) -> bool:
    return scan.look(grid.before(day, SCANNED), alpha=alpha) is not None


def _cluster_found(
    grid: scan.Grid, start: date, size: int, alpha: float, dice: np.random.Generator
) -> float | None:
    """Hours from the midnight before a cluster in the place of some case to its being seen."""
    weights = grid.counts.sum(axis=1)
    middle = int(dice.choice(len(weights), p=weights / weights.sum()))
    put = dice.integers(3, size=size)
    for n in range(1, 8):
        counts = grid.counts.copy()
        for day in put[put < n].tolist():
            counts[middle, (start - grid.first).days + day] += 1
        now = replace(grid, counts=counts)
        if _scanned(now, start + timedelta(days=n), alpha):
            return 24.0 * n
    return None


def _whole_days(grid: scan.Grid, dice: np.random.Generator) -> scan.Grid:
    """Days exchanged with those of the same day of the week, each with all its places."""
    counts = grid.counts.copy()
    for kind in range(7):
        days = np.arange(kind, counts.shape[1], 7)
        counts[:, days] = counts[:, dice.permutation(days)]
    return replace(grid, counts=counts)


def _each_square(grid: scan.Grid, dice: np.random.Generator) -> scan.Grid:
    """The same, each square by itself: nothing of what happened side by side is left."""
    counts = grid.counts.copy()
    for kind in range(7):
        days = np.arange(kind, counts.shape[1], 7)
        counts[:, days] = dice.permuted(counts[:, days], axis=1)
    return replace(grid, counts=counts)
