"""The look for spikes: the chart, with a chance of one test that this district's own past says
keeps what was promised. Pure."""

import functools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mengding.warnings.stats import calibrate, control
from mengding.warnings.stats.calibrate import Calibration

Whole = NDArray[np.int64]
_LEAST_DAYS = 7  # looked at in a shuffled past: with fewer nothing can be learnt


class Kept(NamedTuple):
    """Rows with a past to be compared with, and their classes counted from 0 without gaps."""

    rows: Whole
    classes: list[int]


def past_days(tuning: control.Tuning) -> int:
    """How many days before today a look needs, its calibration included."""
    return tuning.past + calibrate.DAYS + 2 * control.WEEK


def calibrated_at(today: date) -> date:
    """The day up to which the past is tried out: a Monday one to two weeks ago, so that it is
    done once a week, and what happens now does not hide itself."""
    return today - timedelta(days=control.WEEK + today.weekday())


def kept(counts: Whole, classes: Sequence[int], tuning: control.Tuning) -> Kept:
    """`counts`: series × days up to today."""
    rows = np.flatnonzero(control.enough(counts[:, -tuning.past :], tuning))
    wanted = [classes[row] for row in rows.tolist()]
    at = {each: n for n, each in enumerate(sorted(set(wanted)))}
    return Kept(rows, [at[each] for each in wanted])


def calibration(
    counts: Whole, classes: Sequence[int], kinds: Sequence[int], tuning: control.Tuning
) -> Calibration:
    """`counts`: up to `calibrated_at`, `tuning.past` + `calibrate.DAYS` days where there are so
    many."""
    most = tuning.past + calibrate.DAYS
    counts, kinds = counts[:, -most:], kinds[-most:]
    some = kept(counts, classes, tuning)
    return _calibration(
        counts[some.rows].astype(np.int32).tobytes(), counts.shape[1], tuple(some.classes),
        tuple(kinds), tuning,
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def _calibration(
    packed: bytes, days: int, classes: tuple[int, ...], kinds: tuple[int, ...],
    tuning: control.Tuning,
) -> Calibration:  # fmt: skip
    """The same numbers give the same answer, all week long: it is kept."""
    counts = np.frombuffer(packed, dtype=np.int32).reshape(len(classes), days).astype(np.int64)
    alpha = control.alpha_for(len(counts), tuning.false_a_week)
    looked = min(calibrate.DAYS, days - control.least_days(tuning) + 1)
    if not len(counts) or looked < _LEAST_DAYS:
        return Calibration(alpha * calibrate.UNTRIED, None)

    def look(some: Whole, ends: Sequence[int]) -> NDArray[np.float64]:
        found = control.charts(some, classes, kinds, tuning, ends=ends)
        return np.asarray(np.min([control.chances(one, tuning.least) for one in found], axis=0))

    return calibrate.calibrate(
        counts, kinds, look, alpha=alpha, false_a_week=tuning.false_a_week, days=looked
    )
