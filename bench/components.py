"""Components failing in series on a real series, for `bench.warnings`: false alarms and detection,
with the chance that the past was tried out for and with the model's alone.

Boston's wards are far larger than villages, and all of its classes are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from bench.clusters import say
from mengding.warnings.stats import calibrate, control, episodes, series
from mengding.warnings.stats.calibrate import Calibration

AFTER = 7
BANDS = ((1, 7), (7, 35), (35, 10_000))  # cases a week
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Past:
    """Series × days, and the class and kind of each."""

    first: date
    counts: Whole
    classes: list[int]
    kinds: list[int]

    def tried(self, counts: Whole, end: int, tuning: series.Tuning) -> Calibration:
        """What the look after `end` days reckons with."""
        until = series.calibrated_at(self.first + timedelta(days=end), tuning)
        past = max(0, (until - self.first).days)
        some = np.flatnonzero(counts[:, max(0, past - tuning.past - series.DAYS) : past].any(1))
        classes = dense(self.classes, some)
        return series.calibration(counts[some, :past], classes, self.kinds[:past], tuning)

    def chances(self, counts: Whole, end: int, tuning: series.Tuning) -> NDArray[np.float64]:
        """Of each series in the look after `end` days."""
        recent = counts[:, max(0, end - tuning.past) : end]
        some = np.flatnonzero(recent.any(axis=1))
        chart = control.long_chart(recent[some], dense(self.classes, some), tuning.days)
        assert chart is not None  # twelve weeks are enough
        found = np.ones(len(counts))
        found[some] = control.chances(chart, tuning.least)[:, 0]
        return found


def dense(classes: Sequence[int], rows: Whole) -> list[int]:
    """Classes of some rows, counted from 0 without gaps."""
    wanted = [classes[row] for row in rows.tolist()]
    at = {each: n for n, each in enumerate(sorted(set(wanted)))}
    return [at[each] for each in wanted]


def components(past: Past, dice: np.random.Generator, each: int, a_week: float) -> None:
    """Prints both parts."""
    tuning = series.Tuning(false_a_week=a_week)
    ends = range(tuning.past, past.counts.shape[1] + 1)
    mix = lambda block: calibrate.shuffled(past.counts, past.kinds, dice, block)  # noqa: E731
    real: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None
    for name, counts in (
        ("as it stands", past.counts),
        *((f"days of 3 weeks shuffled, {n}", mix(21)) for n in range(3)),
        *((f"days of 6 weeks shuffled, {n}", mix(42)) for n in range(3)),
        ("all days shuffled", mix(1000)),
    ):
        rare = np.array([past.chances(counts, end, tuning) for end in ends])
        said = [past.tried(counts, end, tuning) for end in ends]
        seen = [int(counts[:, end - tuning.past : end].any(axis=1).sum()) for end in ends]
        alone = np.array([control.alpha_for(n, a_week) for n in seen])
        set_ = np.array([one.alpha for one in said])
        a_year = [_raised(rare <= limit[:, None]) / len(ends) * 365 for limit in (set_, alone)]
        rates = [one.a_week for one in said if one.a_week is not None]
        print(
            f"  {name:28} {a_year[0]:6.1f} a year ({a_year[1]:.1f} by the model alone) in"
            f" {len(ends)} days; the calibration says {52 * fmean(rates):5.1f}, alpha"
            f" {fmean(set_ / alone):.2f} of the model's",
            flush=True,
        )
        real = real or (rare, set_, alone)
    print(f"  promised at most {a_week * 52:.0f} a year", flush=True)
    assert real is not None
    weekly = past.counts.mean(axis=1) * 7
    for length in (tuning.days, 2 * tuning.days):
        for low, high in BANDS:
            some = np.flatnonzero((weekly >= low) & (weekly < high))
            for size in (2.0, 3.0):
                name = f"{low}-{high} a week, x{size:g}, {length} days"
                put = lambda usual, size=size: (size - 1) * usual  # noqa: E731
                _detection(past, tuning, dice, real, some, length, put, name, each)
    some = np.flatnonzero(weekly < 1)
    for more in (4, 6, 8):
        name = f"less than 1 a week, {more} more, {tuning.days} days"
        put = lambda _, more=more: more / tuning.days  # noqa: E731
        _detection(past, tuning, dice, real, some, tuning.days, put, name, each)


def _raised(hits: NDArray[np.bool_]) -> int:
    """Warnings; `hits`: ends × series."""
    return sum(episodes.count(np.flatnonzero(one).tolist()) for one in hits.T)


def _detection(past, tuning, dice, real, some, length, put, name, each) -> None:
    rare, set_, alone = real
    days = past.counts.shape[1]
    anyhow = rare <= np.maximum(set_, alone)[:, None]
    delays: tuple[list[float], list[float]] = ([], [])
    n = 0
    while n < each:
        row = int(dice.choice(some))
        start = int(dice.integers(tuning.past, days - length - AFTER))
        looks = range(start + 1, start + length + AFTER + 1)
        if anyhow[[end - tuning.past for end in looks], row].any():
            continue
        n += 1
        usual = past.counts[row, start - 28 : start].mean() + 1 / 28
        same = np.flatnonzero(np.array(past.classes) == past.classes[row])
        counts = past.counts[same].copy()
        own = int(np.flatnonzero(same == row)[0])
        more = put(usual) * length
        total = dice.poisson(more) if put(usual) != put(0) else round(more)
        counts[own, start : start + length] += dice.multinomial(total, [1 / length] * length)
        class_ = Past(past.first, counts, [0] * len(same), past.kinds)
        found = [None, None]
        for end in looks:
            chance = (
                class_.chances(counts, end, tuning)[own]
                if counts[:, end - tuning.past : end].any()
                else 1.0
            )
            for which, limit in enumerate((set_, alone)):
                if found[which] is None and chance <= limit[end - tuning.past]:
                    found[which] = (end - start) * 24.0
        for which in (0, 1):
            if found[which] is not None:
                delays[which].append(found[which])
    say(name, delays[0], each)
    say("  by the model alone", delays[1], each)
