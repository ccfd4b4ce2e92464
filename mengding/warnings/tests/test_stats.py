"""The arithmetic alone: limits, factors, false alarms when quiet, injected spikes, clusters."""

import math
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.warnings.stats import binomial, control, episodes
from mengding.warnings.stats.crowd import Stages


@given(mean=st.floats(0.05, 40), phi=st.floats(1, 6), alpha=st.floats(1e-5, 0.2))
def test_a_limit_is_the_smallest_count_as_rare_as_wanted(
    mean: float, phi: float, alpha: float
) -> None:
    limit = binomial.threshold(mean, phi, alpha)
    assert binomial.tail(limit, mean, phi) <= alpha * (1 + 1e-6) + 1e-12
    assert binomial.tail(limit - 1, mean, phi) > alpha * (1 - 1e-6) - 1e-12


def test_chances_add_up_and_have_the_mean_and_the_spread_they_claim() -> None:
    for mean, phi in ((0.3, 1.0), (4.0, 1.0), (4.0, 2.5), (12.0, 1.8)):
        chances = [binomial.chance(k, mean, phi) for k in range(400)]
        assert math.isclose(sum(chances), 1, abs_tol=1e-9)
        found = sum(k * c for k, c in enumerate(chances))
        spread = sum((k - found) ** 2 * c for k, c in enumerate(chances))
        assert math.isclose(found, mean, rel_tol=1e-6)
        assert math.isclose(spread, phi * mean, rel_tol=1e-5)
    far = binomial.tail(400, 10, 2.0)
    assert 0 < far < 1e-40, "not lost in rounding"


def test_factors_learn_the_kinds_of_day_and_average_one() -> None:
    kinds = control.kinds_of_day(date(2026, 9, 28), 56)
    assert kinds[:7] == [0, 1, 2, 3, 4, 5, 6]
    counts = np.array([[20, 20, 20, 20, 20, 5, 5] * 8, [0] * 56])
    factors = control.day_factors(counts, kinds)
    assert np.allclose(factors.mean(axis=1), 1)
    assert factors[0][0] > 1 > factors[0][6]
    assert np.allclose(factors[1], 1)


def test_a_holiday_is_a_sunday_and_a_working_weekend_a_friday() -> None:
    off = {date(2026, 10, 1), date(2026, 10, 2)}  # a Thursday and a Friday
    on = {date(2026, 10, 10)}  # a Saturday that is worked
    kinds = control.kinds_of_day(
        date(2026, 9, 28), 14, lambda day: day in on or (day.weekday() < 5 and day not in off)
    )
    assert kinds == [0, 1, 2, 6, 6, 5, 6, 0, 1, 2, 3, 4, 4, 6]


def test_last_years_season_moves_the_baseline() -> None:
    tuning = control.Tuning()
    then = np.full((2, tuning.past + 14), 4)
    then[0, -28:] = 8
    rising, level = control.season_factors(then, tuning)
    assert 1.3 < rising <= 2
    assert math.isclose(level, 1, abs_tol=1e-9)
    assert control.season_factors(np.zeros((1, tuning.past + 14), dtype=int), tuning) == [1.0]


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=20)
def test_many_ends_at_once_say_what_one_at_a_time_says(seed: int, groups: int) -> None:
    dice = np.random.default_rng(seed)
    tuning = control.Tuning(weeks=6)
    days, series = tuning.past + 12, 8
    counts = dice.negative_binomial(dice.uniform(0.2, 6, (series, 1)), 0.5, (series, days))
    kinds = control.kinds_of_day(date(2026, 1, 5), days, lambda day: day.day % 9 > 1)
    classes = [n % groups for n in range(series)]
    ends = range(days - 20, days + 1)
    many = control.charts(counts, classes, kinds, tuning, ends=ends)
    long = control.long_chart(counts, classes, 9, ends, past=30)
    assert long is not None
    for n, end in enumerate(ends):
        begin = max(0, end - tuning.past)
        one = control.charts(counts[:, begin:end], classes, kinds[begin:end], tuning)
        alone = control.long_chart(counts[:, end - 39 : end], classes, 9)
        assert alone is not None
        for whole, part in zip([*many, long], [*one, alone], strict=True):
            assert (whole.observed[:, n] == part.observed[:, 0]).all()
            assert np.allclose(whole.mean[:, n], part.mean[:, 0])
            assert np.allclose(whole.phi[:, n], part.phi[:, 0])


def test_one_day_alone_is_no_spike_and_two_running_are() -> None:
    counts = np.tile(np.array([3, 4, 2, 3, 4, 3, 2]), 20)[None, -71:].repeat(6, axis=0)
    kinds = control.kinds_of_day(date(2026, 1, 5), 71)

    def warns(*last: int) -> bool:
        some = counts.copy()
        some[0, -len(last) :] = last
        charts = control.charts(some, [0] * 6, kinds, control.Tuning())
        return any(v.window == control.PAIR for v in control.verdicts(charts, 1e-3, 5))

    assert not warns(3, 15)
    assert warns(14, 15)


@given(st.lists(st.integers(0, 60), max_size=30).map(sorted), st.integers(1, 10))
def test_warnings_are_runs_without_quiet_between(days: list[int], quiet: int) -> None:
    gaps = sum(b - a > quiet for a, b in pairwise(days))
    assert episodes.count(days, quiet) == (gaps + 1 if days else 0)


HITS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab")), max_size=40)


@given(HITS.map(sorted))
def test_names_without_cells_are_counted_each_by_itself(hits: list[tuple[int, str]]) -> None:
    apart = sum(episodes.count([day for day, name in hits if name == one]) for one in "ab")
    assert episodes.count_all((*hit, frozenset()) for hit in hits) == apart


def test_a_neighbourhood_that_moves_by_a_cell_is_one_warning_and_another_is_two() -> None:
    moving = [
        (0, "C01", frozenset({1, 2})),
        (1, "C01", frozenset({2, 3})),
        (5, "C01", frozenset({3})),
    ]
    assert episodes.count_all(moving) == 1
    assert episodes.count_all([*moving, (6, "C01", frozenset({9}))]) == 2
    assert episodes.count_all([*moving, (6, "C02", frozenset({3}))]) == 2
    assert episodes.count_all([*moving, (13, "C01", frozenset({3}))]) == 2, "a week of quiet"


def test_too_short_a_past_says_nothing() -> None:
    tuning = control.Tuning()
    assert control.charts(np.array([[9] * 20]), [0], [0] * 20, tuning) == []
    assert control.charts(np.zeros((0, 80), dtype=int), [], [0] * 80, tuning) == []
    assert control.long_chart(np.array([[9] * 20]), [0], 14) is None


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
