"""Components failing in series: what is promised of false alarms is kept where levels change, and
what is put in is found all the same."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.warnings.stats import calibrate, control, episodes, series
from mengding.warnings.stats.calibrate import Calibration

# 80 villages' series of 8 classes, from one in ten days to one a day.
FIRST = date(2026, 1, 5)
TUNING = series.Tuning()
BEGIN = series.past_days(TUNING)
DAYS, SERIES = BEGIN + 84, 80
KINDS = control.kinds_of_day(FIRST, DAYS)
CLASSES = [n % 8 for n in range(SERIES)]
LEVEL = 0.1 * 10 ** (np.arange(SERIES) / SERIES)[:, None]
Whole = np.ndarray[Any, np.dtype[np.int64]]


def _district(seed: int, *, classes: float = 0.0, rounds: float = 0.0) -> Whole:
    """`classes`: spread of the logarithm of what a class is times its usual from one ten weeks to
    the next, in all villages alike; `rounds`: how often a village's inspection of everything
    begins, which enters three a day for four days."""
    dice = np.random.default_rng(seed)
    phases = np.exp(dice.normal(0, classes, (8, DAYS // 70 + 2)))
    phase = (np.arange(DAYS) + dice.integers(70, size=(8, 1))) // 70
    means = LEVEL * np.take_along_axis(phases, phase, axis=1)[CLASSES]
    counts = dice.negative_binomial(means / 0.4, 1 / 1.4)
    begun = dice.random((SERIES, DAYS)) < rounds
    for n in range(4):
        counts[:, n:] += begun[:, : DAYS - n] * dice.poisson(3, (SERIES, DAYS - n))
    return np.asarray(counts)


def _calibrated(counts: Whole, end: int, tuning: series.Tuning) -> Calibration:
    until = (series.calibrated_at(FIRST + timedelta(days=end), tuning) - FIRST).days
    return series.calibration(counts[:, :until], CLASSES, KINDS[:until], tuning)


def _looks(
    counts: Whole, begin: int, end: int, *, alone: bool = False, tuning: series.Tuning = TUNING
) -> dict[int, list[int]]:
    """Series → ends after which it was warned of; `alone`: by the model, never tried out."""
    found: dict[int, list[int]] = {}
    for day in range(begin, end):
        chart = control.long_chart(counts[:, day - TUNING.past : day], CLASSES, TUNING.days)
        assert chart is not None
        alpha = control.alpha_for(SERIES, tuning.false_a_week)
        if not alone:
            alpha = _calibrated(counts, day, tuning).alpha
        for verdict in control.verdicts([chart], alpha, TUNING.least):
            found.setdefault(verdict.series, []).append(day)
    return found


def _a_week(some: Iterable[Whole], *, alone: bool = False, tuning: series.Tuning = TUNING) -> float:
    """Warnings a week, over districts of twelve weeks."""
    each = [
        sum(
            episodes.count(days)
            for days in _looks(counts, BEGIN, DAYS + 1, alone=alone, tuning=tuning).values()
        )
        for counts in some
    ]
    return sum(each) / len(each) / ((DAYS + 1 - BEGIN) / 7)


def test_the_promise_is_kept_where_the_model_alone_breaks_it() -> None:
    """Rounds of inspection enter their finds in four days; then no day belongs to the next. Seven
    warnings are promised in 73 weeks."""
    careful, dice = series.Tuning(false_a_week=0.1), np.random.default_rng(77)
    some = [
        calibrate.shuffled(_district(seed, rounds=0.003), KINDS, dice, careful.block)
        for seed in range(6)
    ]
    assert _a_week(some, alone=True, tuning=careful) > 0.13
    assert _a_week(some, tuning=careful) <= 0.115


def test_what_a_class_does_everywhere_is_no_series_of_one_village(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half as much or twice as much of a class in all villages, every ten weeks."""
    some = [_district(seed, classes=0.5) for seed in range(4)]
    assert _a_week(some) <= 0.5
    monkeypatch.setattr(control, "_RISE", 1.0)
    assert _a_week(some, alone=True) > 0.5


@given(st.integers(0, 2**32))
@settings(max_examples=20)
def test_the_baseline_rises_with_the_others_and_never_falls(seed: int) -> None:
    dice = np.random.default_rng(seed)
    counts = dice.poisson(1.0, (6, 98))
    before = control.long_chart(counts, [0] * 6, 14)
    more = counts.copy()
    more[1:, -14:] += dice.integers(0, 9, (5, 14))
    after = control.long_chart(more, [0] * 6, 14)
    other = control.long_chart(more, [0, 1, 1, 1, 1, 1], 14)
    less = counts.copy()
    less[1:, -14:] = 0
    fewer = control.long_chart(less, [0] * 6, 14)
    assert before is not None
    assert after is not None
    assert other is not None
    assert fewer is not None
    assert after.mean[0] >= before.mean[0]
    alone = control.long_chart(counts[:1], [0], 14)
    assert alone is not None
    assert np.allclose(other.mean[0], alone.mean[0]), "of another class nothing is learnt"
    level = (counts[0, :84].sum() + 0.5 + 14 * counts[:, :84].mean()) / 98
    assert np.allclose(fewer.mean[0], 14 * level), "what falls elsewhere lowers nothing here"


def test_what_is_put_in_is_found_in_time() -> None:
    counts, dice = _district(11), np.random.default_rng(11)
    delays, tried = [], 0
    for row in range(SERIES // 2, SERIES, 2):
        start = int(dice.integers(BEGIN, DAYS - 28))
        if _looks(counts, start, start + 21).get(row):
            continue  # warned of anyhow
        tried += 1
        put = counts.copy()
        put[row, start : start + 14] += dice.poisson(3 * LEVEL[row, 0], 14)
        if found := _looks(put, start + 1, start + 21).get(row):
            delays.append(found[0] - start)
    assert tried >= 18
    assert len(delays) / tried >= 0.5, (len(delays), tried)
    assert sorted(delays)[len(delays) // 2] <= 14


def test_a_run_that_fills_a_window_is_broken_up_and_a_change_of_level_is_not() -> None:
    """Why the block is three windows."""
    counts = np.zeros((200, 168), dtype=np.int64)
    counts[:, -21:-7] = 3
    mixed = calibrate.shuffled(counts, KINDS[:168], np.random.default_rng(1), TUNING.block)
    window = np.lib.stride_tricks.sliding_window_view(mixed, 14, axis=1).sum(axis=2)
    assert window.max(axis=1).mean() < 0.7 * 3 * 14
    level = np.zeros((1, 168), dtype=np.int64)
    level[:, -84:] = 3
    mixed = calibrate.shuffled(level, KINDS[:168], np.random.default_rng(1), TUNING.block)
    assert (mixed == level).all()


def test_the_same_past_gives_the_same_answer_within_its_bounds() -> None:
    counts = _district(5)[:, :BEGIN]
    alpha = control.alpha_for(SERIES, 0.5)
    said = series.calibration(counts, CLASSES, KINDS[:BEGIN], TUNING)
    series._calibration.cache_clear()
    assert said == series.calibration(counts, CLASSES, KINDS[:BEGIN], TUNING)
    assert alpha * calibrate.LEAST <= said.alpha <= alpha * 1.001, "never more than the model's"
    assert said.a_week is not None
    short = series.calibration(counts[:, :60], CLASSES, KINDS[:60], TUNING)
    assert short.a_week is None
    assert short.alpha < alpha


@given(st.integers(0, 3000), st.integers(3, 28))
def test_the_past_is_tried_out_once_a_week_and_never_the_last_window(n: int, days: int) -> None:
    tuning = series.Tuning(days=days)
    tomorrow = FIRST + timedelta(days=n)
    until = series.calibrated_at(tomorrow, tuning)
    assert until.weekday() == 0
    assert days <= (tomorrow - until).days <= days + 6
    # The look gathers enough for the whole of it.
    assert until - timedelta(days=tuning.past + series.DAYS) >= tomorrow - timedelta(
        days=series.past_days(tuning)
    )
