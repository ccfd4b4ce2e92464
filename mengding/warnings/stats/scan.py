"""Space-time scan: is there a neighbourhood with too many cases in the last days? Pure.

Method: Kulldorff's prospective scan with a Poisson model. Zones are a cell with its nearest
neighbours up to `reach` metres, windows the last 1 … `days` days. A zone's expected number is its
share of the past. The statistic is the log-likelihood ratio of more inside than outside; its
chance comes from `runs` random redrawings of the same number of cases over the past's shares.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 4


@dataclass(frozen=True, slots=True)
class Cluster:
    """The most unusual zone: its cells, how many of the last days, what was there and expected."""

    cells: tuple[int, ...]
    days: int
    observed: int
    expected: float
    ratio: float  # log-likelihood ratio
    chance: float


def scan(
    recent: Mapping[int, Sequence[int]],
    past: Mapping[int, float],
    places: Mapping[int, tuple[float, float]],
    *,
    reach: float = 1500.0,
    runs: int = 199,
    seed: int = 511803,
) -> Cluster | None:
    """`recent`: daily counts by cell, oldest first; `past`: mean per day by cell, all above 0;
    `places`: (x, y) in metres by cell. None where too few happened."""
    cells = sorted(places)
    counts = np.array([list(recent.get(cell, ())) or [0] for cell in cells])
    days = max(len(row) for row in recent.values()) if recent else 0
    if not days:
        return None
    counts = np.array([_padded(recent.get(cell, ()), days) for cell in cells], dtype=float)
    total = counts.sum()
    if total < LEAST:
        return None
    share = np.array([past[cell] for cell in cells], dtype=float)
    share = share / share.sum()
    zones = _zones(np.array([places[cell] for cell in cells]), reach)
    best = _best(counts, share, zones)
    if best is None:
        return None
    ratio, zone, length = best
    dice = np.random.default_rng(seed)
    spread = np.repeat(share / days, days)
    beaten = 1
    for _ in range(runs):
        drawn = dice.multinomial(int(total), spread).reshape(len(cells), days).astype(float)
        other = _best(drawn, share, zones)
        beaten += other is not None and other[0] >= ratio
    inside = zones[zone]
    observed = counts[inside][:, days - length :].sum()
    expected = total * share[inside].sum() * length / days
    return Cluster(
        tuple(cells[n] for n in inside),
        length,
        int(observed),
        float(expected),
        float(ratio),
        beaten / (runs + 1),
    )


def _padded(row: Sequence[int], days: int) -> list[int]:
    return [0] * (days - len(row)) + list(row)


def _zones(at: "np.ndarray", reach: float) -> list["np.ndarray"]:
    """Each cell with its nearest neighbours, every size up to the reach; each set once."""
    found: dict[tuple[int, ...], np.ndarray] = {}
    for here in at:
        far = np.hypot(at[:, 0] - here[0], at[:, 1] - here[1])
        order = np.argsort(far, kind="stable")
        order = order[far[order] <= reach]
        for size in range(1, len(order) + 1):
            key = tuple(sorted(order[:size].tolist()))
            found.setdefault(key, np.array(key))
    return list(found.values())


def _best(
    counts: "np.ndarray", share: "np.ndarray", zones: list["np.ndarray"]
) -> tuple[float, int, int] | None:
    total, days = counts.sum(), counts.shape[1]
    # Of the last k days, for each cell, in column k - 1.
    recent = counts[:, ::-1].cumsum(axis=1)
    found: tuple[float, int, int] | None = None
    for number, zone in enumerate(zones):
        here, part = recent[zone].sum(axis=0), share[zone].sum()
        for length in range(1, days + 1):
            inside, expected = here[length - 1], total * part * length / days
            if inside < LEAST or inside <= expected:
                continue
            ratio = _ratio(inside, expected, total)
            if found is None or ratio > found[0]:
                found = (ratio, number, length)
    return found


def _ratio(inside: float, expected: float, total: float) -> float:
    outside, rest = total - inside, total - expected
    ratio = inside * math.log(inside / expected)
    if outside > 0 and rest > 0:
        ratio += outside * math.log(outside / rest)
    return float(ratio)
