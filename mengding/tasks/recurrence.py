"""On which days a plan is due, and from when to when. Pure: no Django, no queries."""

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.tasks.states import Window

LOCAL = ZoneInfo("Asia/Shanghai")
LONGEST_GAP = 366
LONGEST_DUE = 31
_DAY = 24 * 60


class RecurEvery(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `n` days, weeks or months, counted from the plan's first day.

    `weekdays`: 1 (Monday) to 7, for weeks. `days`: days of the month, -1 the last; a day the
    month does not have is its last. `months`: 1 to 12, none: all. `working`: only on working
    days of the calendar, a day off is left out.
    """

    every: RecurEvery = RecurEvery.DAY
    n: int = 1
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    working: bool = False

    def check(self) -> None:
        """Raise `Invalid` naming the field at fault."""
        _within("n", [self.n], 1, LONGEST_GAP)
        _within("weekdays", self.weekdays, 1, 7)
        _within("days", [day for day in self.days if day != -1], 1, 31)
        _within("months", self.months, 1, 12)
        if self.every is RecurEvery.WEEK and not self.weekdays:
            raise _wrong("weekdays", T("请选择星期几。", "Choose the days of the week."))
        if self.every is RecurEvery.MONTH and not self.days:
            raise _wrong("days", T("请选择每月几号。", "Choose the days of the month."))

    def falls_on(self, day: date, start: date, works: Callable[[date], bool]) -> bool:
        """Whether the plan that starts on `start` is due on `day`."""
        if day < start or (self.months and day.month not in self.months):
            return False
        if self.every is RecurEvery.DAY:
            due = (day - start).days % self.n == 0
        elif self.every is RecurEvery.WEEK:
            weeks = (_monday(day) - _monday(start)).days // 7
            due = weeks % self.n == 0 and day.isoweekday() in self.weekdays
        else:
            months = (day.year - start.year) * 12 + day.month - start.month
            last = calendar.monthrange(day.year, day.month)[1]
            wanted = {last if chosen == -1 else min(chosen, last) for chosen in self.days}
            due = months % self.n == 0 and day.day in wanted
        return due and (not self.working or works(day))

    def between(
        self, since: date, until: date, start: date, works: Callable[[date], bool]
    ) -> Iterator[date]:
        """The days it is due from `since` to `until`, both included."""
        for ordinal in range(since.toordinal(), until.toordinal() + 1):
            if self.falls_on(day := date.fromordinal(ordinal), start, works):
                yield day

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        kept = asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Recurrence":
        """The inverse."""
        return cls(
            every=RecurEvery(kept["every"]),
            n=kept["n"],
            weekdays=tuple(sorted(set(kept["weekdays"]))),
            days=tuple(sorted(set(kept["days"]))),
            months=tuple(sorted(set(kept["months"]))),
            working=kept["working"],
        )


@dataclass(frozen=True, slots=True)
class Hours:
    """From when on the day to when, in minutes of the local day, `due_days` days later.

    `late_days`: how long afterwards it can be completed with a reason.
    """

    opens: int = 0
    closes: int = _DAY
    due_days: int = 0
    late_days: int = 3

    def check(self) -> None:
        """Raise `Invalid` naming the field at fault."""
        _within("opens", [self.opens], 0, _DAY - 1)
        _within("closes", [self.closes], 1, _DAY)
        _within("due_days", [self.due_days], 0, LONGEST_DUE)
        _within("late_days", [self.late_days], 0, LONGEST_DUE)
        if self.due_days == 0 and self.closes <= self.opens:
            raise _wrong(
                "closes", T("结束时间应晚于开始时间。", "The end must come after the beginning.")
            )

    def on(self, day: date) -> Window:
        """The window of a task of that day."""
        due = _moment(day + timedelta(days=self.due_days), self.closes)
        return Window(_moment(day, self.opens), due, due + timedelta(days=self.late_days))


def _moment(day: date, minute: int) -> datetime:
    # China has no summer time, so adding minutes to midnight is the wall clock.
    midnight = datetime.combine(day, time(), LOCAL)
    return (midnight + timedelta(minutes=minute)).astimezone(UTC)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _within(field: str, values: Any, least: int, most: int) -> None:
    if any(not least <= value <= most for value in values):
        raise _wrong(
            field,
            T("应在 {least} 到 {most} 之间。", "Must lie between {least} and {most}.").fill(
                least=least, most=most
            ),
        )


def _wrong(field: str, text: T) -> Invalid:
    return Invalid("recurrence_invalid", text, field=field)
