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
has at most its square root, so that both have `alpha`. One day does not, and of the seven the two
fullest count no more than the third: on real series single days are heavier-tailed than any such
model (a crew enters what it found in a month). What `alpha` keeps the false alarms a week that the
district accepts is tried out on its own past (`spikes`, `calibrate`); `alpha_for` is where that
starts. A series with less than a case a week has no baseline to speak of and is left to the other
kinds of warning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mengding.warnings.stats.binomial import tails, threshold

PAIR, WEEK = 2, 7
_LEAST_PAST = 28
_SHRINK = 20.0  # cases' worth of "every kind of day is alike"
_SEASON = 60.0  # cases' worth of "no season"
_ELSEWHERE = 20.0  # cases' worth of "the class has not risen elsewhere"
_RISE = 3.0  # the most that is believed of it
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
    """Mean and phi of every series for one window at one or more ends: for each of its parts,
    which must all be too many. A pair has two days as parts, a week one part of seven days.
    Arrays are series × ends × parts. `counted`: what is held against the mean, at most what was
    observed."""

    window: int
    observed: "NDArray[np.int64]"
    counted: "NDArray[np.int64]"
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
    of_kind = np.asarray(kinds) == np.arange(7)[:, None]
    found = (of_kind[:, None] * totals).sum(axis=2)  # kinds × classes
    return _factors(found, of_kind.sum(axis=1, keepdims=True)).T


def _factors(found: "NDArray[Any]", days: "NDArray[Any]") -> "NDArray[np.float64]":
    """From cases and numbers of days by kind (the first axis of both)."""
    mean = found.sum(axis=0) / days.sum(axis=0)
    raw = (found + _SHRINK) / (mean * days + _SHRINK)
    return np.asarray(raw / raw.mean(axis=0), dtype=float)


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


class _Sums:
    """Running sums of daily counts by kind of day: any span of days is a difference of two."""

    def __init__(
        self, counts: "NDArray[np.int64]", group: "NDArray[np.int64]", which: "NDArray[np.int64]"
    ) -> None:
        of_kind = which == np.arange(7)[:, None]
        self.size = np.bincount(group)[:, None]  # of each class
        self.days = _summed(of_kind)
        self.counts = _summed(counts)
        self.squares = _summed(of_kind[:, None] * np.square(counts, dtype=float))
        self.totals = _summed(of_kind[:, None] * _by_class(counts, group))


def _summed(values: "NDArray[Any]") -> "NDArray[Any]":
    """Column n: the sum of the first n columns."""
    return np.concatenate([np.zeros_like(values[..., :1]), values], axis=-1).cumsum(axis=-1)


def least_days(tuning: Tuning) -> int:
    """Without so many days a chart says nothing."""
    return _LEAST_PAST + tuning.guard + WEEK


def charts(
    counts: "NDArray[np.int64]",
    classes: Sequence[int],
    kinds: Sequence[int],
    tuning: Tuning,
    season: "NDArray[np.float64] | None" = None,
    ends: Sequence[int] = (),
) -> list[Chart]:
    """Of the windows that end with the last column of daily counts, one row for each series, or
    after each of so many columns (`ends`, ascending).

    `classes`: the class of each row, from 0; `kinds`: of each column; `season`: by class. Needs
    `tuning.past` columns, or fewer where the past is shorter: below four weeks it says nothing.
    """
    group = np.asarray(classes)
    if not len(group):
        return []
    sums = _Sums(counts, group, np.asarray(kinds))
    at = np.asarray(ends or [counts.shape[1]])
    found = []
    for window, part in ((PAIR, 1), (WEEK, WEEK)):
        until = at - window - tuning.guard
        since = np.maximum(0, until - 7 * tuning.weeks)
        kept = until - since >= _LEAST_PAST
        if kept.all():
            found.append(_chart(sums, group, kinds, window, part, at, since, until, season))
    return found


def _chart(
    sums: _Sums, group: "NDArray[np.int64]", kinds: Sequence[int], window: int, part: int,
    at: "NDArray[np.int64]", since: "NDArray[np.int64]", until: "NDArray[np.int64]",
    season: "NDArray[np.float64] | None",
) -> Chart:  # fmt: skip
    days = sums.days[:, until] - sums.days[:, since]  # kinds × ends
    totals = sums.totals[:, :, until] - sums.totals[:, :, since]  # kinds × classes × ends
    factors = _factors(totals, days[:, None])
    length = until - since
    # Of a place where little happened, the class elsewhere tells something too.
    usual = totals.sum(axis=0) / (sums.size * length)
    known = (factors * days[:, None]).sum(axis=0) + _PRIOR  # classes × ends
    past = sums.counts[:, until] - sums.counts[:, since]
    level = (past + 0.5 + _PRIOR * usual[group]) / known[group]  # series × ends
    if part == 1:
        squares = sums.squares[:, :, until] - sums.squares[:, :, since]
        pearson = (squares / factors[:, group]).sum(axis=0) / level - 2 * past
        pearson += level * (known - _PRIOR)[group]
        blocks = length
    else:
        pearson, blocks = _by_block(sums, group, factors, level, part, since, until)
    phi = _pooled(pearson, blocks, sums.size, group)
    # Factors of the window's days: classes × ends × parts.
    which = np.asarray(kinds)[at[:, None] + np.arange(-window, 0)]
    target = np.stack(
        [factors[which[n], :, n].reshape(-1, part, factors.shape[1]).sum(axis=1).T
         for n in range(len(at))], axis=1,
    )  # fmt: skip
    mean = level[:, :, None] * target[group]
    if season is not None:
        mean = mean * season[group][:, None, None]
    daily = np.diff(sums.counts)[:, at[:, None] + np.arange(-window, 0)]
    observed = daily.reshape(*daily.shape[:2], -1, part).sum(axis=3)
    return Chart(
        window,
        observed,
        observed if part == 1 else _lowered(daily),
        mean,
        phi[:, :, None] * (1 + target / known[:, :, None])[group],
    )


def _lowered(daily: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Sums of days (the last axis) of which the two fullest count no more than the third."""
    ascending = np.sort(daily, axis=-1)
    return np.asarray(np.minimum(ascending, ascending[..., -3:-2]).sum(axis=-1, keepdims=True))


def _by_block(
    sums: _Sums, group: "NDArray[np.int64]", factors: "NDArray[np.float64]",
    level: "NDArray[np.float64]", part: int, since: "NDArray[np.int64]",
    until: "NDArray[np.int64]",
) -> "tuple[NDArray[np.float64], NDArray[np.int64]]":  # fmt: skip
    """Sum over the past's blocks of `part` days, back from its end, of (counted - meant)² / meant,
    and how many blocks there are."""
    blocks = (until - since) // part
    pearson = np.zeros_like(level)
    for n in range(blocks.max()):
        there = n < blocks
        last = np.where(there, until - n * part, part)
        counted = sums.counts[:, last] - sums.counts[:, last - part]
        days = sums.days[:, last] - sums.days[:, last - part]
        meant = level * (factors * days[:, None]).sum(axis=0)[group]
        pearson += np.where(there, (counted - meant) ** 2 / meant, 0.0)
    return pearson, blocks


def _pooled(
    pearson: "NDArray[np.float64]", blocks: "NDArray[np.int64]", size: "NDArray[np.int64]",
    group: "NDArray[np.int64]",
) -> "NDArray[np.float64]":  # fmt: skip
    """Variance / mean, of the class moved towards the series' own; at least a Poisson's."""
    pooled = _by_class(pearson, group) / np.maximum(1, size * (blocks - 1))
    own = (_POOL * pooled[group] + pearson) / (_POOL + blocks - 1)
    return np.asarray(np.maximum(1.0, own), dtype=float)


def _by_class(values: "NDArray[Any]", group: "NDArray[np.int64]") -> "NDArray[Any]":
    """Sums of rows over each class."""
    order = np.argsort(group, kind="stable")
    begins = np.searchsorted(group[order], np.arange(group.max() + 1))
    return np.asarray(np.add.reduceat(values[order], begins, axis=0))


def least_long(window: int) -> int:
    """Without so many days `long_chart` says nothing."""
    return 4 * window


def long_chart(
    counts: "NDArray[np.int64]", classes: Sequence[int], window: int, ends: Sequence[int] = (),
    past: int = 0,
) -> Chart | None:  # fmt: skip
    """Of one window of many days at the end of daily counts (or after each of `ends`), against
    the `past` days before it (0: all), raised as far as its class has risen in the other series;
    weekdays and last year's season are left out. None where there are fewer days before it than
    three windows."""
    group = np.asarray(classes)
    at = np.asarray(ends or [counts.shape[1]])
    until = at - window
    since = np.maximum(0, until - past) if past else np.zeros_like(until)
    length = until - since
    if not len(group) or length.min() < least_long(window) - window:
        return None
    running = _summed(counts)
    size = np.bincount(group)[:, None]
    before = running[:, until] - running[:, since]
    usual = _by_class(before, group) / (size * length)
    level = (before + 0.5 + _PRIOR * usual[group]) / (length + _PRIOR)
    # Over the past's blocks back from its end, the sum of (counted - meant)² / meant.
    blocks = length // window
    begin = until - blocks * window
    squares = np.zeros_like(running)
    for day in range(window, running.shape[1], window):
        some = slice(day, min(day + window, running.shape[1]))
        back = slice(some.start - window, some.stop - window)
        squares[:, some] = squares[:, back] + (running[:, some] - running[:, back]) ** 2
    meant = level * window
    pearson = (squares[:, until] - squares[:, begin]) / meant + blocks * meant
    pearson -= 2 * (running[:, until] - running[:, begin])
    phi = _pooled(pearson, blocks, size, group) * (1 + window / (length + _PRIOR))
    observed = running[:, at] - running[:, until]
    # What the class does everywhere else (a season, a round of inspections) is usual here too.
    elsewhere = _by_class(observed, group)[group] - observed
    usual = _by_class(meant, group)[group] - meant
    mean = meant * np.clip((elsewhere + _ELSEWHERE) / (usual + _ELSEWHERE), 1.0, _RISE)
    parts = (observed[:, :, None], mean[:, :, None], phi[:, :, None])
    return Chart(window, parts[0], *parts)


def chances(chart: Chart, least: int) -> "NDArray[np.float64]":
    """Series × ends: how rare the window is if nothing is the matter; 1 where it cannot warn."""
    parts = chart.mean.shape[2]
    beyond = chart.counted - chart.mean
    able = (chart.observed.sum(axis=2) >= least) & (beyond > 0).all(axis=2)
    # What is less far off than that is no rarer than about one in ten.
    able &= (beyond**2 > 0.5 * chart.mean * chart.phi).all(axis=2)
    found = np.ones(able.shape)
    some = [part[able].reshape(-1) for part in (chart.counted, chart.mean, chart.phi)]
    found[able] = tails(*some).reshape(-1, parts).max(axis=1) ** parts
    return found


def verdicts(found: Sequence[Chart], alpha: float, least: int) -> list[Verdict]:
    """The windows that warn at their last end, in the order of series and windows. Of a pair
    `chance` is that of both days, `phi` the larger one, and the rest their sums."""
    said = []
    for chart in found:
        rare = chances(chart, least)[:, -1]
        each = alpha ** (1 / chart.mean.shape[2])
        for n in np.flatnonzero(rare <= alpha).tolist():
            mean, phi = chart.mean[n, -1].tolist(), chart.phi[n, -1].tolist()
            limit = sum(threshold(*one, each) for one in zip(mean, phi, strict=True))
            said.append(
                Verdict(
                    n, chart.window, int(chart.observed[n, -1].sum()), sum(mean),
                    max(least, limit), float(rare[n]), max(phi),
                )
            )  # fmt: skip
    return sorted(said, key=lambda verdict: (verdict.series, verdict.window))


def alpha_for(series: int, false_a_week: float) -> float:
    """The chance of one test that makes so many false alarms a week over so many series."""
    return min(0.01, false_a_week / (max(1, series) * 7 * 2))
