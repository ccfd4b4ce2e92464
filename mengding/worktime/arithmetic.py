"""When a time limit is used up, and how much of it has been used.

Time is counted in exact microseconds between instants; no offset of a time zone is assumed.

What counts, by unit:

- ``URGENT_HOUR``, ``URGENT_MINUTE`` (紧急工作时): every second, nights and holidays included.
- ``WORK_HOUR``, ``WORK_MINUTE`` (工作时): only seconds inside the calendar's working segments.
- ``WORK_DAY`` (工作日): as 工作时; one work day is worth one working day's minutes
  (``WorkCalendar.day_minutes``). So a limit of one work day that starts on a working day at 10:00
  ends at 10:00 on the next working day, and one that starts outside working time begins with the
  next working segment. The start day counts as far as it is worked.
- ``NATURAL_DAY`` (自然日): 24 hours each, as 紧急工作时.

Nothing counts during a pause (挂账). Pauses may overlap, repeat and come in any order.
A limit is used up at the *first* instant at which enough has been counted: one that ends with the
working day ends at 17:30, not at 08:30 on the next.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from mengding.worktime.calendar import EPOCH, MICROSECOND, WorkCalendar, micros

NEVER = 1 << 62
"""An instant after every other, in microseconds: the end of an open pause."""

_MINUTE = 60_000_000
_MAX_EMPTY_DAYS = 3_660
_MAX_DAYS = 36_525
"""How far working time is searched: a nonsense limit must not keep a server busy."""
_LAST_ORDINAL = date.max.toordinal() - 2
_MAX_AMOUNT = 10_000_000


class Unit(StrEnum):
    """The four kinds of time limit, two of them also in minutes."""

    URGENT_HOUR = "urgent_hour"
    URGENT_MINUTE = "urgent_minute"
    WORK_HOUR = "work_hour"
    WORK_MINUTE = "work_minute"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"

    @property
    def continuous(self) -> bool:
        """Whether nights, weekends and holidays count."""
        return self in _CONTINUOUS


_CONTINUOUS = frozenset({Unit.URGENT_HOUR, Unit.URGENT_MINUTE, Unit.NATURAL_DAY})
_UNIT_MINUTES = {
    Unit.URGENT_HOUR: 60,
    Unit.URGENT_MINUTE: 1,
    Unit.WORK_HOUR: 60,
    Unit.WORK_MINUTE: 1,
    Unit.NATURAL_DAY: 24 * 60,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit: a whole, positive number of units. Raises ValueError naming the field."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if type(self.amount) is not int or not 1 <= self.amount <= _MAX_AMOUNT:
            raise ValueError(f"amount: expected a whole number from 1 to {_MAX_AMOUNT}")
        try:
            object.__setattr__(self, "unit", Unit(self.unit))
        except ValueError as error:
            raise ValueError(f"unit: unknown unit {self.unit!r}") from error


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count, from ``start`` up to ``end``; ``end`` None: still paused.

    Raises ValueError for a naive datetime or an end before the start.
    """

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        start = instant("Pause.start", self.start)
        if self.end is not None and instant("Pause.end", self.end) < start:
            raise ValueError("Pause.end: is before Pause.start")


def limit_length(limit: Limit, calendar: WorkCalendar) -> timedelta:
    """The counted time that uses ``limit`` up."""
    return limit_micros(limit, calendar) * MICROSECOND


def due(
    start: datetime, limit: Limit, calendar: WorkCalendar, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """The instant ``limit`` is used up, as a UTC datetime.

    None if an open pause stops it before. Raises ValueError for a naive ``start``, for a calendar
    with no working day for ten years, for a working-time limit not used up within a hundred years
    and for a result past the year 9999.
    """
    return _advance(
        instant("start", start), limit_micros(limit, calendar), limit.unit, calendar, pauses
    )


def instant_at_fraction(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    fraction: float,
    pauses: Iterable[Pause] = (),
) -> datetime | None:
    """The instant at which ``fraction`` of the limit is used (0.8: green turns yellow after it).

    ``fraction`` may exceed 1. 0 gives ``start`` itself. Errors and None as for ``due``.
    """
    if not (math.isfinite(fraction) and fraction >= 0):
        raise ValueError("fraction: expected a finite number, 0 or more")
    need = round(limit_micros(limit, calendar) * fraction)
    return _advance(instant("start", start), need, limit.unit, calendar, pauses)


def used(
    start: datetime,
    now: datetime,
    limit_unit: Unit,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
) -> timedelta:
    """Time counted from ``start`` to ``now``; zero if ``now`` is not after ``start``.

    The inverse of ``due``: ``used(start, due(start, limit, ...), limit.unit, ...)`` is exactly
    ``limit_length(limit, calendar)``. Raises ValueError for naive datetimes.
    """
    return _used(start, now, limit_unit, calendar, pauses) * MICROSECOND


def fraction_used(
    start: datetime,
    now: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
) -> float:
    """The used part of ``limit``: 0.0 unused, 1.0 used up, more when late."""
    counted = _used(start, now, limit.unit, calendar, pauses)
    return counted / limit_micros(limit, calendar)


def instant(name: str, moment: datetime) -> int:
    """Microseconds since 1970 UTC; ValueError beginning with ``name`` if ``moment`` is naive."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise ValueError(f"{name}: expected a datetime with a time zone, got {moment!r}")
    return micros(moment)


def limit_micros(limit: Limit, calendar: WorkCalendar) -> int:
    """``limit_length`` in microseconds."""
    return limit.amount * _UNIT_MINUTES.get(limit.unit, calendar.day_minutes) * _MINUTE


def running_spans(start: int, stop: int, pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """The ascending, disjoint spans of [start, stop) outside every pause, in microseconds."""
    closed = sorted(
        (micros(pause.start), NEVER if pause.end is None else micros(pause.end)) for pause in pauses
    )
    spans = []
    for begin, end in closed:
        if begin >= stop:
            break
        if begin < end:
            if begin > start:
                spans.append((start, begin))
            start = max(start, end)
    if start < stop:
        spans.append((start, stop))
    return spans


def _moment(at: int) -> datetime:
    # UTC, not the calendar's zone: Python compares and subtracts two datetimes of one zone by
    # their wall clocks, which is wrong across a clock change, and never finds an hour that
    # occurs twice equal to the same instant in another zone.
    return EPOCH + at * MICROSECOND


def _advance(
    start: int, need: int, unit: Unit, calendar: WorkCalendar, pauses: Iterable[Pause]
) -> datetime | None:
    try:
        if need == 0:
            return _moment(start)
        for begin, end in running_spans(start, NEVER, pauses):
            if not unit.continuous:
                found, need = _advance_work(begin, end, need, calendar)
                if found is not None:
                    return _moment(found)
            elif need <= end - begin:
                return _moment(begin + need)
            else:
                need -= end - begin
    except OverflowError as error:
        raise ValueError("limit: runs past the year 9999") from error
    return None


def _advance_work(
    begin: int, end: int, need: int, calendar: WorkCalendar
) -> tuple[int | None, int]:
    """Use up ``need`` of the working time in [begin, end): the instant, or None and the rest."""
    ordinal = first = calendar.local(begin).toordinal()
    if end == NEVER:
        last = min(first + _MAX_DAYS, _LAST_ORDINAL)
    else:
        last = calendar.local(end).toordinal()
    worked = first
    while ordinal <= last:
        spans, total = calendar.spans(ordinal)
        if first < ordinal < last and total < need:
            need -= total
        else:
            for opens, closes in spans:
                opens = max(opens, begin)
                closes = min(closes, end)
                if opens < closes:
                    if need <= closes - opens:
                        return opens + need, 0
                    need -= closes - opens
        if spans:
            worked = ordinal
        elif ordinal - worked > _MAX_EMPTY_DAYS:
            raise ValueError(
                f"calendar: {calendar.name!r} has no working day for ten years "
                f"after {date.fromordinal(worked)}"
            )
        ordinal += 1
    if end == NEVER:
        raise ValueError(f"limit: not used up by {date.fromordinal(last)}, after a hundred years")
    return None, need


def _used(
    start: datetime, now: datetime, unit: Unit, calendar: WorkCalendar, pauses: Iterable[Pause]
) -> int:
    begin, end = instant("start", start), instant("now", now)
    spans = running_spans(begin, end, pauses)
    if Unit(unit).continuous:
        return sum(end - begin for begin, end in spans)
    return sum(_work_between(begin, end, calendar) for begin, end in spans)


def _work_between(begin: int, end: int, calendar: WorkCalendar) -> int:
    first = calendar.local(begin).toordinal()
    last = calendar.local(end).toordinal()
    counted = 0
    for ordinal in range(first, last + 1):
        spans, total = calendar.spans(ordinal)
        if first < ordinal < last:
            counted += total
        else:
            counted += sum(max(0, min(closes, end) - max(opens, begin)) for opens, closes in spans)
    return counted
