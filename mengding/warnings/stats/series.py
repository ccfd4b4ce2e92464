"""The look for components failing in series: one long window against the weeks before it, with a
chance of one test that this district's own past says keeps what was promised. Pure.

Which days may be exchanged to make a past in which nothing is the matter? A spike of a day or a
week is broken up by exchanging within three weeks. A series is not: of a window of fourteen days
two thirds stay where they were, and what happened is tried out as if it had been nothing. If all
days are exchanged nothing is left, not even the slow change of level that makes most false alarms.
So the block is three windows long: of a run that filled a window a third stays in any other, and
the baseline of twelve weeks lies in other blocks than the window, so that what changes over months
still does. Three weeks are the least, for the kinds of day.

The past is tried out over twice as many days as for spikes (and half as often), since windows that
long have most of their days in common from one look to the next. However calm that was, no more
than the model's chance is taken: changes of level are rare, and eight weeks without one do not
vouch for the next.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from mengding.warnings.stats import calibrate, control
from mengding.warnings.stats.calibrate import Calibration

_MOST = 1.0  # of the model's alpha
Whole = NDArray[np.int64]
WEEKS = 12  # of baseline
DAYS = 2 * calibrate.DAYS  # looked at in a shuffled past


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a district may set. `days`: of the window; `least`: fewer are no series."""

    days: int = 14
    least: int = 4
    false_a_week: float = 0.5

    @property
    def past(self) -> int:
        """How many days the chart needs, its window included."""
        return 7 * WEEKS + self.days

    @property
    def block(self) -> int:
        """Days that are exchanged among each other."""
        return max(calibrate.BLOCK, 3 * self.days)


def past_days(tuning: Tuning) -> int:
    """How many days up to today a look needs, its calibration included."""
    return tuning.past + DAYS + tuning.days + control.WEEK


def calibrated_at(tomorrow: date, tuning: Tuning) -> date:
    """The day before which the past is tried out: the Monday a window ago or in the week before
    that, so that it is done once a week, and what happens now does not hide itself."""
    until = tomorrow - timedelta(days=tuning.days)
    return until - timedelta(days=until.weekday())


def calibration(
    counts: Whole, classes: Sequence[int], kinds: Sequence[int], tuning: Tuning
) -> Calibration:
    """`counts`: up to `calibrated_at`, `tuning.past` + `DAYS` days where there are so many;
    `classes`: of each row, from 0 without gaps; `kinds`: of each day."""
    most = tuning.past + DAYS
    return _calibration(
        counts[:, -most:].astype(np.int32).tobytes(), min(most, counts.shape[1]), tuple(classes),
        tuple(kinds[-most:]), tuning,
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def _calibration(
    packed: bytes, days: int, classes: tuple[int, ...], kinds: tuple[int, ...], tuning: Tuning
) -> Calibration:
    """The same numbers give the same answer, all week long: it is kept."""
    counts = np.frombuffer(packed, dtype=np.int32).reshape(len(classes), days).astype(np.int64)
    alpha = control.alpha_for(len(counts), tuning.false_a_week)
    looked = min(DAYS, days - control.least_long(tuning.days) + 1)
    if not len(counts) or looked < max(control.WEEK, tuning.days):
        return Calibration(alpha * calibrate.UNTRIED, None)

    def look(some: Whole, ends: Sequence[int]) -> NDArray[np.float64]:
        found = control.long_chart(some, classes, tuning.days, ends, past=7 * WEEKS)
        assert found is not None  # `looked` leaves a past
        return control.chances(found, tuning.least)

    return calibrate.calibrate(
        counts, kinds, look, alpha=alpha, false_a_week=tuning.false_a_week, days=looked,
        block=tuning.block, most=_MOST,
    )  # fmt: skip
