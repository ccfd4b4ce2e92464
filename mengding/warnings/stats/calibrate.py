"""How often a chart would raise something when nothing is the matter, on the district's own past;
and the chance of one test that keeps what was promised. Pure, the same for the same numbers.

No model of counts has tails as heavy as real ones: crews enter what they found in a month, one
storm is a hundred calls. So the model's chance is only an order; what it is worth is tried out.
The days of the past are exchanged with days of their kind within three weeks, each series by
itself: whatever happened is still there, and nothing of it belongs together but a slow change of
level. The chart looks at each of the last
`DAYS` of such a past, `RUNS` times. What it would have raised, counted as warnings (`episodes`)
and not as tests, is false by construction. `alpha` is the largest that keeps that at or under
what the district accepts, within bounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mengding.warnings.stats import episodes

DAYS, RUNS = 28, 8
BLOCK = 21
UNTRIED = 0.25  # of the model's alpha, where the past is too short to be tried out
LEAST, MOST = 1 / 8, 2.0  # of the alpha that the model alone would ask for
_STEP = 2**0.25

# Counts (series × days) and ends → series × ends: the chance of the look after each end.
Look = Callable[["NDArray[np.int64]", Sequence[int]], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`alpha`: for one test. `a_week`: warnings that it made in shuffled weeks; None: the past
    was too short to try it."""

    alpha: float
    a_week: float | None


def calibrate(
    counts: "NDArray[np.int64]",
    kinds: Sequence[int],
    look: Look,
    *,
    alpha: float,
    false_a_week: float,
    days: int = DAYS,
    block: int = BLOCK,
    most: float = MOST,
    seed: int = 511803,
) -> Calibration:
    """`alpha`: of the model alone, of which at most `most` times is allowed. Fewer `days` are
    looked at more often."""
    runs = -(-DAYS * RUNS // days)
    dice = np.random.default_rng(seed)
    ends = range(counts.shape[1] - days + 1, counts.shape[1] + 1)
    weeks = days * runs / 7
    tests = [look(shuffled(counts, kinds, dice, block), ends) for _ in range(runs)]
    # Nothing above the largest alpha matters.
    largest = alpha * most * _STEP
    chances = np.concatenate([some[(some <= largest).any(axis=1)] for some in tests])
    tried, kept = alpha * LEAST, Calibration(alpha * LEAST, 0.0)
    while tried <= alpha * most * (1 + 1e-9):
        a_week = _warnings(chances <= tried) / weeks
        if a_week > false_a_week and tried > alpha * LEAST:
            break
        kept = Calibration(tried, a_week)
        tried *= _STEP
    return kept


def shuffled(
    counts: "NDArray[np.int64]", kinds: Sequence[int], dice: np.random.Generator, block: int = BLOCK
) -> "NDArray[np.int64]":
    """Days exchanged among their kind within blocks of so many days, back from the last, each
    series by itself."""
    which = np.asarray(kinds)
    made = counts.copy()
    for end in range(counts.shape[1], 0, -block):
        for kind in range(7):
            days = np.flatnonzero(which[max(0, end - block) : end] == kind) + max(0, end - block)
            made[:, days] = dice.permuted(counts[:, days], axis=1)
    return made


def _warnings(hits: "NDArray[np.bool_]") -> int:
    """Runs of days without a week of quiet between, over all rows; see `episodes`."""
    at = np.arange(hits.shape[1])
    last = np.maximum.accumulate(np.where(hits, at, -episodes.QUIET - 1), axis=1)
    before = np.pad(last[:, :-1], ((0, 0), (1, 0)), constant_values=-episodes.QUIET - 1)
    return int((hits & (at - before > episodes.QUIET)).sum())
