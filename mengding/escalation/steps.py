"""When each step of a chain is due, from the clock it belongs to. Pure.

A step lies at a share of the limit, at its end, or some counted time after its end; it may repeat.
Time is counted as the clock counts it: on the clock's calendar, outside its pauses. Where the
clock runs around the clock, or the case is an emergency, nights and holidays count, before the
end of the limit as after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mengding.worktime import Limit, Pause, Unit, WorkCalendar, due, instant_at_fraction


class At(StrEnum):
    """What a step's place is relative to."""

    USED = "used"  # `percent` of the limit is used
    DUE = "due"  # the limit runs out
    OVER = "over"  # `amount` of `unit` after that


class Span(StrEnum):
    """Units of steps; which hours count is the clock's affair."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


WORKED = {Span.MINUTE: Unit.WORK_MINUTE, Span.HOUR: Unit.WORK_HOUR, Span.DAY: Unit.WORK_DAY}
CONTINUOUS = {
    Span.MINUTE: Unit.URGENT_MINUTE,
    Span.HOUR: Unit.URGENT_HOUR,
    Span.DAY: Unit.NATURAL_DAY,
}
AROUND = {WORKED[span]: CONTINUOUS[span] for span in Span}


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is told. `relation`: see `document.RELATIONS`; `posts`: named ones, for `post`."""

    role: str
    relation: str
    tier: str = ""
    posts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `times`: how often in all, `every` apart."""

    zh: str
    en: str
    at: At
    whom: tuple[Whom, ...]
    percent: int = 100
    amount: int = 0
    unit: Span = Span.HOUR
    times: int = 1
    every_amount: int = 1
    every_unit: Span = Span.HOUR


@dataclass(frozen=True, slots=True)
class Timing:
    """A clock as steps see it. `urgent`: every hour counts, whatever the unit of the limit."""

    start: datetime
    limit: Limit
    calendar: WorkCalendar
    pauses: tuple[Pause, ...] = ()
    urgent: bool = False

    def unit(self, span: Span) -> Unit:
        """How this clock counts a span."""
        around = self.urgent or self.limit.unit.continuous
        return CONTINUOUS[span] if around else WORKED[span]

    def counted(self) -> Limit:
        """The limit as steps count it. The centre's own clocks are in working time whatever the
        grade: an emergency that nobody dispatches on a Friday evening must not wait for Monday."""
        unit = AROUND.get(self.limit.unit, self.limit.unit) if self.urgent else self.limit.unit
        return Limit(self.limit.amount, unit)


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """The `nth` time (from 0) of step `step` (from 0), at an instant."""

    at: datetime
    step: int
    nth: int


def first(step: Step, timing: Timing) -> datetime | None:
    """When the step is due for the first time; None while an open pause stands before it."""
    share = step.percent / 100 if step.at is At.USED else 1.0
    base = instant_at_fraction(
        timing.start, timing.counted(), timing.calendar, share, timing.pauses
    )
    if base is None or step.at is not At.OVER:
        return base
    return _later(base, step.amount, step.unit, timing)


def _later(moment: datetime, amount: int, span: Span, timing: Timing) -> datetime | None:
    return due(moment, Limit(amount, timing.unit(span)), timing.calendar, timing.pauses)


def occurrences(steps: Sequence[Step], timing: Timing) -> list[Occurrence]:
    """All that have an instant, in order of time; what an open pause holds back has none."""
    found = []
    for index, step in enumerate(steps):
        moment = first(step, timing)
        if moment is None:
            continue
        found.append(Occurrence(moment, index, 0))
        for nth in range(1, step.times):
            later = _later(moment, step.every_amount * nth, step.every_unit, timing)
            if later is None:
                break
            found.append(Occurrence(later, index, nth))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Ran:
    """One that has run, and the instant at which it was due then."""

    step: int
    nth: int
    due_at: datetime


def outstanding(
    found: Iterable[Occurrence], ran: Iterable[Ran], aimed_at: datetime | None
) -> list[Occurrence]:
    """Those still to run. One that ran for just this instant is done.

    `aimed_at`: when an extension or a pause last moved the instants. One moved to before that
    moment is not repeated if it ran at all; one moved behind it is due again, since nobody has
    been told of the new time.
    """
    exact = {(each.step, each.nth, each.due_at) for each in ran}
    ever = {(step, nth) for step, nth, _ in exact}
    return [
        each
        for each in found
        if (each.step, each.nth, each.at) not in exact
        and not (aimed_at is not None and each.at <= aimed_at and (each.step, each.nth) in ever)
    ]
