"""A control chart for counts: is this number too many for this class and place? Pure.

Method. The expected number of a day is the level of the `weeks` weeks before it times a factor of
its kind of day and, where last year is known, of its season. A gap of `guard` days keeps an
outbreak from hiding itself. Factors are learnt from the whole class, since one town has too few,
and shrunk towards 1. A public holiday counts as a Sunday, a working Saturday as a Friday
(`kinds_of_day`).

Counts vary more than a Poisson's, and weeks more than their days do. So the dispersion phi
(variance / mean) is fitted for days and for weeks on the past's blocks of that length, pooled over
the class and moved towards the series' own as far as its blocks tell; and the level itself is only
estimated, which adds target / past to the variance. The chance of so many or more is the negative
binomial's with that mean and variance.

Two looks: seven days warn when their chance is at most `alpha`, and two days running when each
has at most its square root, so that both have `alpha`. A single day does not: on real series it is
heavier-tailed than any such model (a crew enters what it found in a month), two days running are
not (docs/warnings.md has the figures). `alpha` follows from the false alarms a week the district
accepts over all series. A series with less than a case a week has no baseline to speak of and is
left to the other kinds of warning.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIR, WEEK = 2, 7
_SHRINK = 20.0  # cases' worth of "every kind of day is alike"
_SEASON = 60.0  # cases' worth of "no season"
_PRIOR = 14.0  # days' worth of "here as much as elsewhere"
_POOL = 21.0  # blocks' worth of "this series scatters as its class does"
_SUNDAY, _FRIDAY = 6, 4


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a district may set. `least`: fewer cases are no spike, however rare."""

    weeks: int = 8
    guard: int = 7
    least: int = 5
    false_a_week: float = 1.0

    @property
    def past(self) -> int:
        """How many days before today the chart needs."""
        return 7 * self.weeks + self.guard + WEEK


@dataclass(frozen=True, slots=True)
class Verdict:
    """One window of one series: what was counted against what was expected. `chance`: of that
    many or more; `phi`: variance / mean that was reckoned with."""

    series: int
    window: int
    observed: int
    expected: float
    threshold: int
    chance: float
    phi: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Mean and phi of every series for one window: for each of its parts, which must all be too
    many. A pair has two days as parts, a week one part of seven days."""

    window: int
    observed: "NDArray[np.int64]"  # series × parts
    mean: "NDArray[np.float64]"
    phi: "NDArray[np.float64]"


def kinds_of_day(first: date, days: int, works: Callable[[date], bool] | None = None) -> list[int]:
    """0 Monday to 6 Sunday; a holiday is a Sunday and a working weekend a Friday."""
    found = []
    for n in range(days):
        day = first + timedelta(days=n)
        kind = day.weekday()
        if works is not None:
            if works(day):
                kind = min(kind, _FRIDAY)
            elif kind <= _FRIDAY:
                kind = _SUNDAY
        found.append(kind)
    return found


def day_factors(totals: "NDArray[np.int64]", kinds: Sequence[int]) -> "NDArray[np.float64]":
    """Factors for the seven kinds of day from daily totals, one row for each class; mean 1."""
    which = np.asarray(kinds)
    days = np.array([(which == kind).sum() for kind in range(7)], dtype=float)
    found = np.stack([totals[:, which == kind].sum(axis=1) for kind in range(7)], axis=1)
    mean = totals.mean(axis=1, keepdims=True)
    raw = (found + _SHRINK) / (mean * days + _SHRINK)
    return np.asarray(raw / raw.mean(axis=1, keepdims=True), dtype=float)


def season_factors(then: "NDArray[np.int64]", tuning: Tuning) -> "NDArray[np.float64]":
    """By class, how last year's days around this date stood to the weeks before them.

    `then`: daily totals, one row for each class: `tuning.past` days up to this date a year ago,
    and 14 days behind it. All zero: 1, as is what has too few cases to tell.
    """
    cut = then.shape[1] - 14
    before = then[:, : 7 * tuning.weeks]
    around = then[:, cut - 14 :]
    expected = before.mean(axis=1) * around.shape[1]
    factor = (around.sum(axis=1) + _SEASON) / (expected + _SEASON)
    return np.asarray(np.clip(factor, 0.5, 2.0), dtype=float)


def enough(counts: "NDArray[np.int64]", tuning: Tuning) -> "NDArray[np.bool_]":
    """Which series have a past to be compared with: at least a case a week."""
    past = counts[:, max(0, counts.shape[1] - tuning.past) : counts.shape[1] - tuning.guard]
    return np.asarray(past.sum(axis=1) >= past.shape[1] / 7)


def charts(
    counts: "NDArray[np.int64]",
    classes: Sequence[int],
    kinds: Sequence[int],
    tuning: Tuning,
    season: "NDArray[np.float64] | None" = None,
) -> list[Chart]:
    """Of the windows that end with the last column of daily counts, one row for each series.

    `classes`: the class of each row, from 0; `kinds`: of each column; `season`: by class. Needs
    `tuning.past` columns, or fewer where the past is shorter: below four weeks it says nothing.
    """
    group = np.asarray(classes)
    if not len(group):
        return []
    which = np.asarray(kinds)
    totals = np.zeros((group.max() + 1, counts.shape[1]), dtype=np.int64)
    np.add.at(totals, group, counts)
    found = []
    for window, part in ((PAIR, 1), (WEEK, WEEK)):
        end = counts.shape[1] - window - tuning.guard
        begin = max(0, end - 7 * tuning.weeks)
        if end - begin < 28:
            continue
        factors = day_factors(totals[:, begin:end], kinds[begin:end])[group]
        weights = factors[:, which[begin:end]]
        past = counts[:, begin:end]
        # Of a place where little happened, the class elsewhere tells something too.
        usual = totals[:, begin:end].sum(axis=1) / (np.bincount(group) * (end - begin))
        known = weights.sum(axis=1) + _PRIOR
        level = (past.sum(axis=1) + 0.5 + _PRIOR * usual[group]) / known
        phi = _dispersion(past, level[:, None] * weights, group, part)
        target = _parts(factors[:, which[-window:]], part)
        mean = level[:, None] * target
        if season is not None:
            mean = mean * season[group][:, None]
        observed = _parts(counts[:, -window:], part)
        found.append(Chart(window, observed, mean, phi[:, None] * (1 + target / known[:, None])))
    return found


def long_chart(counts: "NDArray[np.int64]", classes: Sequence[int], window: int) -> Chart | None:
    """Of one window of many days at the end of daily counts, against all days before it; weekdays
    and seasons are left out. None where the past is shorter than three windows."""
    group = np.asarray(classes)
    past = counts[:, :-window]
    if not len(group) or past.shape[1] < 3 * window:
        return None
    days = past.shape[1]
    usual = np.bincount(group, weights=past.sum(axis=1)) / (np.bincount(group) * days)
    level = (past.sum(axis=1) + 0.5 + _PRIOR * usual[group]) / (days + _PRIOR)
    expected = np.repeat(level[:, None], days, axis=1)
    phi = _dispersion(past, expected, group, window) * (1 + window / (days + _PRIOR))
    observed = counts[:, -window:].sum(axis=1)
    return Chart(window, observed[:, None], (level * window)[:, None], phi[:, None])


def _parts(values: "NDArray[Any]", part: int) -> "NDArray[Any]":
    return np.asarray(values.reshape(len(values), -1, part).sum(axis=2))


def _dispersion(
    past: "NDArray[np.int64]",
    expected: "NDArray[np.float64]",
    group: "NDArray[np.int64]",
    window: int,
) -> "NDArray[np.float64]":
    blocks = past.shape[1] // window
    cut = past.shape[1] - blocks * window
    counted = past[:, cut:].reshape(len(past), blocks, window).sum(axis=2)
    meant = expected[:, cut:].reshape(len(past), blocks, window).sum(axis=2)
    pearson = ((counted - meant) ** 2 / meant).sum(axis=1)
    pooled = np.bincount(group, weights=pearson) / np.maximum(1, np.bincount(group) * (blocks - 1))
    own = (_POOL * pooled[group] + pearson) / (_POOL + blocks - 1)
    return np.asarray(np.maximum(1.0, own), dtype=float)


def verdicts(found: Sequence[Chart], alpha: float, least: int) -> list[Verdict]:
    """The windows that warn, in the order of series and windows. Of a pair `chance` is that of
    both days, `phi` the larger one, and the rest their sums."""
    said = []
    for chart in found:
        parts = chart.mean.shape[1]
        each = alpha ** (1 / parts)
        enough = (chart.observed.sum(axis=1) >= least) & (chart.observed > chart.mean).all(axis=1)
        for n in np.flatnonzero(enough):
            figures = list(zip(*(part[n].tolist() for part in _figures(chart)), strict=True))
            rarest = max(tail(k, mean, phi) for k, mean, phi in figures)
            if rarest <= each:
                limit = sum(threshold(mean, phi, each) for _, mean, phi in figures)
                said.append(
                    Verdict(
                        int(n),
                        chart.window,
                        sum(k for k, _, _ in figures),
                        sum(mean for _, mean, _ in figures),
                        max(least, limit),
                        rarest**parts,
                        max(phi for _, _, phi in figures),
                    )
                )
    return sorted(said, key=lambda verdict: (verdict.series, verdict.window))


def _figures(chart: Chart) -> tuple["NDArray[Any]", ...]:
    return chart.observed, chart.mean, chart.phi


def tail(least: int, mean: float, phi: float) -> float:
    """The chance of `least` or more, of a negative binomial with variance `phi` × mean."""
    if least <= 0:
        return 1.0
    if least > mean + 12 * math.sqrt(mean * phi) + 20:
        # Far out the sum from below is all rounding: add up from above.
        return math.fsum(_chance(k, mean, phi) for k in range(least, least + 200))
    return max(0.0, 1.0 - math.fsum(_chance(k, mean, phi) for k in range(least)))


def _chance(k: int, mean: float, phi: float) -> float:
    if mean <= 0:
        return 1.0 if k == 0 else 0.0
    if phi < 1.01:
        return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
    size = mean / (phi - 1)
    return math.exp(
        math.lgamma(k + size)
        - math.lgamma(size)
        - math.lgamma(k + 1)
        - size * math.log(phi)
        + k * math.log1p(-1 / phi)
    )


def threshold(mean: float, phi: float, alpha: float) -> int:
    """The smallest count whose chance is at most `alpha`."""
    rest, k = 1.0, 0
    while rest > alpha and k < 100_000:
        rest -= _chance(k, mean, phi)
        k += 1
    return k


def alpha_for(series: int, false_a_week: float) -> float:
    """The chance of one test that makes so many false alarms a week over so many series."""
    return min(0.01, false_a_week / (max(1, series) * 7 * 2))


def expected_false(found: Sequence[Chart], alpha: float, least: int) -> float:
    """False alarms a week to be expected of these charts looked at daily: counts are whole, so
    fewer than was allowed."""
    total = 0.0
    for chart in found:
        parts = chart.mean.shape[1]
        for means, phis in zip(chart.mean.tolist(), chart.phi.tolist(), strict=True):
            chance = 1.0
            for mean, phi in zip(means, phis, strict=True):
                limit = threshold(mean, phi, alpha ** (1 / parts))
                chance *= tail(max(limit, -(-least // parts)), mean, phi)
            total += chance
    return total * 7
