"""The arithmetic alone: limits, factors, false alarms when quiet, injected spikes, clusters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.warnings.stats import control
from mengding.warnings.stats.crowd import Stages
from mengding.warnings.stats.scan import scan


@given(mean=st.floats(0.05, 40), phi=st.floats(1, 6), alpha=st.floats(1e-5, 0.2))
def test_a_limit_is_the_smallest_count_as_rare_as_wanted(
    mean: float, phi: float, alpha: float
) -> None:
    limit = control.threshold(mean, phi, alpha)
    assert control.tail(limit, mean, phi) <= alpha * (1 + 1e-6) + 1e-12
    if limit > control.LEAST:
        assert control.tail(limit - 1, mean, phi) > alpha * (1 - 1e-6) - 1e-12


def test_chances_add_up_and_have_the_mean_and_the_spread_they_claim() -> None:
    for mean, phi in ((0.3, 1.0), (4.0, 1.0), (4.0, 2.5), (12.0, 1.8)):
        chances = [control._chance(k, mean, phi) for k in range(400)]
        assert math.isclose(sum(chances), 1, abs_tol=1e-9)
        found = sum(k * c for k, c in enumerate(chances))
        spread = sum((k - found) ** 2 * c for k, c in enumerate(chances))
        assert math.isclose(found, mean, rel_tol=1e-6)
        assert math.isclose(spread, phi * mean, rel_tol=1e-5)


def test_weekday_factors_learn_the_week_and_average_one() -> None:
    counts = [20, 20, 20, 20, 20, 5, 5] * 8
    factors = control.weekday_factors(counts, 0)
    assert math.isclose(sum(factors) / 7, 1)
    assert factors[0] > 1 > factors[6]
    assert control.weekday_factors([0] * 56, 0) == (1.0,) * 7


def _daily(dice: "np.random.Generator", level: float, days: int) -> list[int]:
    """A town's counts of a class: fewer at weekends, more scattered than a Poisson's."""
    found = []
    for day in range(days):
        mean = level * (0.5 if day % 7 >= 5 else 1.2)
        found.append(int(dice.negative_binomial(mean / 0.5, 1 / 1.5)))
    return found


def test_quiet_series_make_few_false_alarms_and_a_spike_is_found_within_days() -> None:
    dice = np.random.default_rng(7)
    days, series = 160, 40
    quiet = [_daily(dice, level, days) for level in np.linspace(0.2, 5, series)]
    alpha = control.alpha_for(series, 1.0)
    false, expected, looked = 0, 0.0, 0
    for end in range(90, days + 1, 2):
        for counts in quiet:
            some = counts[max(0, end - 70) : end]
            first = max(0, end - 70) % 7
            verdicts = control.judge(some, first, control.weekday_factors(some, first), alpha)
            false += any(each.warns for each in verdicts)
            expected += control.expected_false(verdicts)
        looked += 1
    weeks = looked / 7
    # Overlapping windows warn more than once for one thing: a few times what is promised.
    assert false / weeks <= 4.0, false / weeks
    assert expected / weeks <= 1.0
    # Five times the usual, for three days: found in that time in most places with some traffic.
    late, missed = [], 0
    for counts in quiet[series // 2 :]:
        spiked = list(counts)
        for day in range(120, 123):
            spiked[day] += 5 * max(2, round(sum(counts) / days))
        for delay in range(1, 8):
            some = spiked[120 + delay - 70 : 120 + delay]
            first = (120 + delay - 70) % 7
            verdicts = control.judge(some, first, control.weekday_factors(some, first), alpha)
            if any(each.warns for each in verdicts):
                late.append(delay)
                break
        else:
            missed += 1
    assert missed <= 1
    assert sorted(late)[len(late) // 2] <= 2


def test_too_short_a_past_says_nothing() -> None:
    assert control.judge([9] * 20, 0, (1.0,) * 7, 0.01) == []


def test_a_cluster_is_found_where_it_was_put_and_none_where_all_is_alike() -> None:
    dice = np.random.default_rng(3)
    places = {n: (1000.0 * (n % 6), 1000.0 * (n // 6)) for n in range(36)}
    past = dict.fromkeys(places, 0.3)
    alike = {n: [int(k) for k in dice.poisson(0.3, 7)] for n in places}
    quiet = scan(alike, past, places, runs=99)
    assert quiet is None or quiet.chance > 0.01
    put = {n: list(row) for n, row in alike.items()}
    for n in (14, 15):
        for day in (5, 6):
            put[n][day] += 5
    found = scan(put, past, places, runs=99)
    assert found is not None
    assert found.chance <= 0.02
    assert {14, 15} <= set(found.cells)
    assert found.days in (2, 3)
    assert found == scan(put, past, places, runs=99), "the same numbers give the same answer"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([10, 59, 60, 61, 58, 56, 54], [0, 0, 1, 1, 1, 1, 0]),
        ([85, 79, 76, 74], [2, 2, 2, 1]),
        ([120, 96, 94, 10], [3, 3, 2, 0]),
    ],
)
def test_a_number_that_wavers_warns_once(counts: list[int], expected: list[int]) -> None:
    stages, before, found = Stages(), 0, []
    for people in counts:
        before = stages.stage(people, 100, before)
        found.append(before)
    assert found == expected
