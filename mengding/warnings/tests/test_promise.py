"""What is promised of false alarms is kept on made-up districts that are worse than any model, and
what is put in is found all the same."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.warnings.stats import calibrate, control, episodes, spikes
from mengding.warnings.stats.calibrate import Calibration
from mengding.warnings.stats.scan import Grid, alpha_for, look, scan

# 60 series of 12 classes, more scattered than a Poisson, fewer at weekends, with now and then a
# day on which a crew enters a heap.
FIRST = date(2026, 1, 5)
DAYS, SERIES = 240, 60
KINDS = control.kinds_of_day(FIRST, DAYS)
CLASSES = [n % 12 for n in range(SERIES)]
TUNING = control.Tuning()
Whole = np.ndarray[Any, np.dtype[np.int64]]


def _quiet(seed: int, heaps: float = 0.004) -> Whole:
    dice = np.random.default_rng(seed)
    level = (0.3 + 5 * np.arange(SERIES) / SERIES)[:, None]
    means = level * np.where(np.array(KINDS) >= 5, 0.5, 1.2)
    counts = dice.negative_binomial(means / 0.6, 1 / 1.6)
    heaped = dice.random((SERIES, DAYS)) < heaps
    return np.asarray(counts + heaped * dice.poisson(6 * level, (SERIES, DAYS)))


def _calibrated(counts: Whole, end: int) -> Calibration:
    until = (spikes.calibrated_at(FIRST + timedelta(days=end)) - FIRST).days
    return spikes.calibration(counts[:, :until], CLASSES, KINDS[:until], TUNING)


def _looks(counts: Whole, begin: int, end: int, *, alone: bool = False) -> dict[int, list[int]]:
    """Series → days on which it was warned of; `alone`: by the model, never tried out."""
    found: dict[int, list[int]] = {}
    for day in range(begin, end):
        first = day - TUNING.past
        charts = control.charts(counts[:, first:day], CLASSES, KINDS[first:day], TUNING)
        alpha = control.alpha_for(SERIES, 1.0) if alone else _calibrated(counts, day).alpha
        for series in {v.series for v in control.verdicts(charts, alpha, TUNING.least)}:
            found.setdefault(series, []).append(day)
    return found


def _a_week(seeds: range, heaps: float, *, alone: bool = False) -> float:
    begin = spikes.past_days(TUNING)
    raised = sum(
        episodes.count(days)
        for seed in seeds
        for days in _looks(_quiet(seed, heaps), begin, DAYS + 1, alone=alone).values()
    )
    return raised / (len(seeds) * (DAYS + 1 - begin) / 7)


def test_the_promise_is_kept_where_the_model_alone_breaks_it() -> None:
    """Nearly a heap a week in each series; 37 weeks: chance alone gives 0.16 above or below."""
    assert _a_week(range(2), 0.12, alone=True) > 1.3
    assert _a_week(range(2), 0.12) <= 1.2


@pytest.mark.parametrize("wrong", [0.3, 1.0, 4.0])
def test_chances_that_are_wrong_by_a_factor_are_put_right(wrong: float) -> None:
    """The chart claims chances `wrong` times the true ones; 100 series looked at for 90 days."""
    dice = np.random.default_rng(2)
    asked = 1 / 700  # one test a week

    def look(counts: Whole, ends: Any) -> Any:
        return dice.random((100, len(ends))) * wrong

    zeros = np.zeros((100, 90), dtype=np.int64)
    said = calibrate.calibrate(zeros, KINDS[:90], look, alpha=asked, false_a_week=1.0, days=90)
    assert said.a_week is not None
    assert said.a_week <= 1.0
    true = said.alpha / wrong
    # Between bounds: 103 warnings are counted, and a step is a fifth.
    assert asked * 0.6 <= true <= asked * 1.4 or said.alpha >= asked * calibrate.MOST * 0.99


def test_a_calm_district_is_told_more_than_the_model_alone_would() -> None:
    """Whole numbers and warnings of several days make the model's chance too careful."""
    rate, alone = _a_week(range(2), 0.0), _a_week(range(2), 0.0, alone=True)
    assert alone < rate <= 1.2


@pytest.mark.parametrize(("size", "share", "days"), [(2.0, 0.3, 7), (3.0, 0.8, 5)])
def test_a_spike_put_in_is_found_in_time(size: float, share: float, days: int) -> None:
    counts = _quiet(11)
    dice = np.random.default_rng(11)
    delays, tried = [], 0
    for series in range(SERIES // 3, SERIES, 2):
        start = int(dice.integers(120, 220))
        if _looks(counts, start, start + 14).get(series):
            continue  # warned of anyhow
        tried += 1
        spiked = counts.copy()
        level = counts[series, start - 28 : start].mean()
        spiked[series, start : start + 7] += dice.poisson((size - 1) * level, 7)
        if found := _looks(spiked, start + 1, start + 10).get(series):
            delays.append(found[0] - start)
    assert tried >= 15
    assert len(delays) / tried >= share, (len(delays), tried)
    assert sorted(delays)[len(delays) // 2] <= days


@given(st.integers(0, 2**32))
@settings(max_examples=10)
def test_days_are_exchanged_among_their_kind_and_nothing_is_lost(seed: int) -> None:
    dice = np.random.default_rng(seed)
    counts, kinds = dice.integers(0, 50, (4, 30)), dice.integers(0, 3, 30).tolist()
    made = calibrate.shuffled(counts, kinds, np.random.default_rng(seed), 30)
    for kind in range(3):
        days = np.array(kinds) == kind
        assert (np.sort(made[:, days]) == np.sort(counts[:, days])).all()


def test_the_same_past_gives_the_same_answer_within_its_bounds() -> None:
    counts = _quiet(5)[:, :99]
    alpha = control.alpha_for(SERIES, 1.0)
    said = spikes.calibration(counts, CLASSES, KINDS[:99], TUNING)
    spikes._calibration.cache_clear()
    assert said == spikes.calibration(counts, CLASSES, KINDS[:99], TUNING)
    assert alpha * calibrate.LEAST <= said.alpha <= alpha * calibrate.MOST * 1.001
    assert said.a_week is not None
    assert said.a_week <= 1.0
    # Too short a past to be tried out: careful, and it says so.
    short = spikes.calibration(counts[:, :40], CLASSES, KINDS[:40], TUNING)
    assert short.a_week is None
    assert short.alpha < alpha


def test_the_past_is_tried_out_once_a_week_and_never_the_last_days() -> None:
    for n in range(30):
        today = FIRST + timedelta(days=n)
        until = spikes.calibrated_at(today)
        assert until.weekday() == 0
        assert 7 <= (today - until).days <= 13


# A made-up district for the scan: 6 × 6 squares of 1 km; crews that enter a heap at one of them.
PLACES = np.array([(1000.0 * (n % 6), 1000.0 * (n // 6)) for n in range(36)])
OFF = [int(kind > 4) for kind in KINDS]


def _squares(seed: int, days: int, heaps: float = 0.15) -> Whole:
    dice = np.random.default_rng(seed)
    counts = dice.negative_binomial(0.3, 0.5, (36, days))
    for day in np.flatnonzero(dice.random(days) < heaps):
        counts[dice.integers(36), day] += 4 + dice.poisson(6)
    return np.asarray(counts)


def test_heaps_that_crews_enter_do_not_make_more_clusters_than_promised() -> None:
    alpha, false, looked = 0.02, 0, 0
    for seed in range(12):
        counts = _squares(seed, DAYS)
        for end in range(70, DAYS, 7):  # a week apart: nothing in common but the past
            looked += 1
            some = counts[:, end - 70 : end]
            false += scan(some, PLACES, OFF[end - 70 : end], alpha=alpha) is not None
    # 300 looks: six are promised, chance alone gives 2.4 more or fewer.
    assert looked == 300
    assert false <= 11, false


def _burst(counts: Whole) -> Whole:
    """Four more a day in two squares side by side, for three days."""
    put = counts.copy()
    put[14:16, -3:] += 4
    return put


def test_a_cluster_is_found_where_it_was_put_and_none_where_all_is_alike() -> None:
    kinds = OFF[3:73]  # up to a Wednesday
    missed = false = 0
    for seed in range(3, 9):
        alike = _squares(seed, 70, heaps=0.05)
        false += scan(alike, PLACES, kinds, alpha=0.0065) is not None
        found = scan(_burst(alike), PLACES, kinds, alpha=0.0065)
        if found is None:
            missed += 1
            continue
        assert found.chance <= 0.0065
        assert found.observed >= found.least > found.expected
        assert {14, 15} <= set(found.cells)
        assert found.days >= 3
    assert missed <= 2
    assert false <= 1
    burst = _burst(_squares(4, 70, heaps=0.05))
    once, again = (scan(burst, PLACES, kinds, alpha=0.0065) for _ in range(2))
    assert once is not None
    assert once == again, "the same numbers, the same answer"


def test_one_day_alone_is_no_cluster() -> None:
    put = _squares(3, 70, heaps=0.0)
    put[14:16, -1] += 20
    assert scan(put, PLACES, OFF[3:73], alpha=0.02) is None
    put[14:16, -2] += 8
    put[14:16, -3] += 8
    assert scan(put, PLACES, OFF[3:73], alpha=0.02) is not None


def test_the_scan_needs_a_past() -> None:
    first = date(2026, 11, 2)
    points = [(first + timedelta(days=n), 5) for n in range(20) for _ in range(9)]
    assert look(Grid.of(points, first, first + timedelta(days=20)), alpha=0.05) is None
    assert look(Grid.of([], first, first + timedelta(days=70)), alpha=0.05) is None
    assert alpha_for(0, 0.5) <= 0.05
