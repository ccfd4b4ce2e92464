"""Components failing in series on a real series, for `bench.warnings`: false alarms and detection,
with the chance that was tried out on the past and with the model's alone.

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

TUNING = series.Tuning()
AFTER = 7
ROUNDS = 4  # shuffled pasts of one sort
BANDS = ((1, 7), (7, 35), (35, 10_000))  # cases a week
SIZES = (2.0, 3.0)
FEW = (4, 6, 8)  # cases put where less than one a week is usual
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Past:
    """Series × days, the class of each series and the kind of each day."""

    first: date
    counts: Whole
    classes: list[int]
    kinds: list[int]

    @property
    def ends(self) -> range:
        """Days after which there is a whole baseline."""
        return range(TUNING.past, self.counts.shape[1] + 1)

    def tried(self, counts: Whole, end: int) -> Calibration:
        """What the look after `end` days reckons with."""
        until = series.calibrated_at(self.first + timedelta(days=end), TUNING)
        past = max(0, (until - self.first).days)
        known = counts[:, max(0, past - TUNING.past - series.DAYS) : past]
        some = np.flatnonzero(known.any(axis=1))
        classes = _dense(self.classes, some)
        return series.calibration(counts[some, :past], classes, self.kinds[:past], TUNING)

    def chances(self, counts: Whole, end: int) -> Floats:
        """Of each series in the look after `end` days."""
        recent = counts[:, end - TUNING.past : end]
        some = np.flatnonzero(recent.any(axis=1))
        found = np.ones(len(counts))
        chart = control.long_chart(recent[some], _dense(self.classes, some), TUNING.days)
        if chart is not None:
            found[some] = control.chances(chart, TUNING.least)[:, 0]
        return found


@dataclass(frozen=True, slots=True)
class _Real:
    """Of the archive as it stands: chances (ends × series), and the limit of each end as tried out
    and by the model alone."""

    chances: Floats
    limits: tuple[Floats, Floats]


def _dense(classes: Sequence[int], rows: Whole) -> list[int]:
    wanted = [classes[row] for row in rows.tolist()]
    at = {each: n for n, each in enumerate(sorted(set(wanted)))}
    return [at[each] for each in wanted]


def components(past: Past, dice: np.random.Generator, each: int) -> None:
    """Prints both."""
    real = _false_alarms(past, dice)
    weekly = past.counts.mean(axis=1) * 7
    for length in (TUNING.days, 2 * TUNING.days):
        for low, high in BANDS:
            some = np.flatnonzero((weekly >= low) & (weekly < high))
            for size in SIZES:
                _detection(
                    f"{low}-{high} a week, x{size:g}, {length} days",
                    past, dice, real, some, length, each, size=size,
                )  # fmt: skip
    for more in FEW:
        name = f"0-1 a week, {more} in {TUNING.days} days"
        rare = np.flatnonzero(weekly < 1)
        _detection(name, past, dice, real, rare, TUNING.days, each, more=more)


def _false_alarms(past: Past, dice: np.random.Generator) -> _Real:
    """Prints how often nothing, or nothing known, was warned of."""
    real = None
    for name, block in (
        ("as it stands", 0),
        ("days of 3 weeks shuffled", 21),
        (f"days of {TUNING.block // 7} weeks shuffled", TUNING.block),
        ("all days shuffled", past.counts.shape[1]),
    ):
        a_year: tuple[list[float], list[float]] = ([], [])
        rates, share = [], []
        for _ in range(ROUNDS if block else 1):
            counts = past.counts
            if block:
                counts = calibrate.shuffled(counts, past.kinds, dice, block)
            found = np.array([past.chances(counts, end) for end in past.ends])
            said = [past.tried(counts, end) for end in past.ends]
            limits = (np.array([one.alpha for one in said]), _model(counts, past.ends))
            real = real or _Real(found, limits)
            for figures, limit in zip(a_year, limits, strict=True):
                figures.append(_raised(found <= limit[:, None]) / len(past.ends) * 365)
            rates += [52 * one.a_week for one in said if one.a_week is not None]
            share.append(float((limits[0] / limits[1]).mean()))
        print(
            f"  {name:26} {' '.join(f'{n:.0f}' for n in a_year[0]):>12} a year (by the model alone"
            f" {' '.join(f'{n:.0f}' for n in a_year[1])}) in {len(past.ends)} days; the calibration"
            f" says {fmean(rates):.0f}, alpha {fmean(share):.2f} of the model's",
            flush=True,
        )
    print(f"  promised at most {TUNING.false_a_week * 52:.0f} a year", flush=True)
    assert real is not None
    return real


def _model(counts: Whole, ends: range) -> Floats:
    seen = [int(counts[:, end - TUNING.past : end].any(axis=1).sum()) for end in ends]
    return np.array([control.alpha_for(n, TUNING.false_a_week) for n in seen])


def _raised(hits: NDArray[np.bool_]) -> int:
    """Warnings; `hits`: ends × series."""
    return sum(episodes.count(np.flatnonzero(one).tolist()) for one in hits.T)


def _detection(
    name: str, past: Past, dice: np.random.Generator, real: _Real, some: Whole, length: int,
    each: int, *, size: float = 1.0, more: int = 0,
) -> None:  # fmt: skip
    """Prints the share found by a week after it ended, and the hours from its first midnight.
    `size`: times what is usual; `more`: cases besides. Where there was a warning anyhow none is
    put."""
    days = past.counts.shape[1]
    anyhow = real.chances <= np.maximum(*real.limits)[:, None]
    delays: tuple[list[float], list[float]] = ([], [])
    tried = 0
    while tried < each:
        row = int(dice.choice(some))
        start = int(dice.integers(TUNING.past, days - length - AFTER))
        looks = range(start + 1, start + length + AFTER + 1)
        if anyhow[looks[0] - TUNING.past : looks[-1] - TUNING.past + 1, row].any():
            continue
        tried += 1
        usual = past.counts[row, start - 28 : start].mean() + 1 / 28
        put = more + int(dice.poisson((size - 1) * usual * length))
        # Only its class has to be looked at: dispersion and level come from there.
        same = np.flatnonzero(np.array(past.classes) == past.classes[row])
        own = int(np.flatnonzero(same == row)[0])
        counts = past.counts[same].copy()
        counts[own, start : start + length] += dice.multinomial(put, [1 / length] * length)
        alike = Past(past.first, counts, [0] * len(same), past.kinds)
        chances = np.array([alike.chances(counts, end)[own] for end in looks])
        for found, limit in zip(delays, real.limits, strict=True):
            hits = np.flatnonzero(chances <= limit[[end - TUNING.past for end in looks]])
            if len(hits):
                found.append((looks[int(hits[0])] - start) * 24.0)
    say(name, delays[0], each)
    say("  by the model alone", delays[1], each)
