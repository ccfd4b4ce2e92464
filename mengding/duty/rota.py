"""Shifts on days: when they are worked, when they begin and end, who works which. Pure.

Local time is Asia/Shanghai, which has no daylight saving, so a shift is as long as its clock
times say. A shift whose end is not after its start ends the next day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When a shift is worked: local times, weekdays (0 Monday), "all", "work" or "rest" days."""

    starts: time
    ends: time
    weekdays: frozenset[int]
    days: str = "all"

    @property
    def overnight(self) -> bool:
        """Whether it ends the next day."""
        return self.ends <= self.starts

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Its first instant, and the one behind its last, of the shift that begins on `day`."""
        end_day = day + DAY if self.overnight else day
        return (
            datetime.combine(day, self.starts, LOCAL),
            datetime.combine(end_day, self.ends, LOCAL),
        )

    def on(self, day: date, is_workday: Callable[[date], bool]) -> bool:
        """Whether it begins on `day`; holidays and make-up days as the calendar has them."""
        if day.weekday() not in self.weekdays:
            return False
        return self.days == "all" or is_workday(day) == (self.days == "work")


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY


def assign(
    cycle: Sequence[int | None], people: Sequence[int], first: date, last: date, step: int
) -> Iterator[tuple[date, int, int]]:
    """(day, person, shift) of a pattern that repeats after `len(cycle)` days.

    None in the cycle is a day off. Each person is `step` days further on in the cycle than the
    one before, so that a cycle of day, night, off, off with step 1 and four people has one of
    them on each shift every day.
    """
    for number, day in enumerate(days(first, last)):
        for index, person in enumerate(people):
            shift = cycle[(number + index * step) % len(cycle)]
            if shift is not None:
                yield day, person, shift


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a roster, as far as conflicts go."""

    id: int
    person: int
    start: datetime
    end: datetime


def overlaps(lines: Iterable[Line]) -> dict[int, list[int]]:
    """Line → the other lines of the same person it overlaps, ids ascending. Touching is fine."""
    found: dict[int, list[int]] = {}
    by_person: dict[int, list[Line]] = {}
    for line in lines:
        by_person.setdefault(line.person, []).append(line)
    for own in by_person.values():
        own.sort(key=lambda line: (line.start, line.id))
        for index, line in enumerate(own):
            for other in own[index + 1 :]:
                if other.start >= line.end:
                    break
                found.setdefault(line.id, []).append(other.id)
                found.setdefault(other.id, []).append(line.id)
    return {pk: sorted(others) for pk, others in found.items()}


def touches(start: datetime, end: datetime, first: date, last: date) -> bool:
    """Whether a span reaches into the days from first to last (local, both included)."""
    opens = datetime.combine(first, time(0), LOCAL)
    closes = datetime.combine(last + DAY, time(0), LOCAL)
    return start < closes and opens < end
