"""Working calendars: which days are worked and at what hours.

Whether a day is worked is decided in this order:

1. the calendar's own ``overrides`` (a local notice, a typhoon day, an extra shift);
2. the State Council's yearly notice on holidays and make-up days (调休), as published by the
   ``chinesecalendar`` package, if ``use_chinese_holidays`` is set and the year is published;
3. the weekday: days in ``weekend`` are rest days.

For a year that is not published only 1 and 3 are left. That answer is a guess, so
``Day.published`` says so, ``WorkCalendar.warnings`` reports it and ``explain`` writes it down.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import chinese_calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MIDNIGHT = time(0, 0)

_MAX_CACHED_DAYS = 5_000
_FIELDS = ("name", "segments", "weekend", "overrides", "tz", "use_chinese_holidays")
_OPTIONAL: dict[str, type] = {
    "weekend": list,
    "overrides": dict,
    "tz": str,
    "use_chinese_holidays": bool,
}

# The package's own Chinese names drop 节 from some of them (清明, 端午, 中秋).
_HOLIDAY_ZH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}
_HOLIDAY_ZH_PACKAGE = {str(h.value): str(h.chinese) for h in chinese_calendar.Holiday}

_published = [d.year for d in chinese_calendar.constants.holidays]
PUBLISHED_YEARS = range(min(_published), max(_published) + 1)
"""Years whose holidays the installed ``chinesecalendar`` knows (1.11.0: 2004 to 2026)."""

Spans = tuple[tuple[int, int], ...]
"""Ascending, disjoint [start, end) in microseconds since 1970 UTC."""


class DayKind(StrEnum):
    """Why a day is, or is not, a working day."""

    WORKDAY = "workday"
    MAKEUP = "makeup"
    """调休上班: a weekend day worked in exchange for a holiday."""
    OVERRIDE_WORK = "override_work"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    OVERRIDE_REST = "override_rest"


_WORKING = frozenset({DayKind.WORKDAY, DayKind.MAKEUP, DayKind.OVERRIDE_WORK})


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day and the rule that decided it.

    ``holiday_zh``/``holiday_en`` name the holiday of HOLIDAY and MAKEUP days, otherwise empty.
    ``published`` is False where the weekday rule stood in for an unpublished year.
    """

    date: date
    kind: DayKind
    holiday_zh: str = ""
    holiday_en: str = ""
    published: bool = True

    @property
    def working(self) -> bool:
        return self.kind in _WORKING


@dataclass(frozen=True, slots=True)
class CalendarWarning:
    """Something the people who rely on a calendar should know.

    Codes: ``year_unknown`` (level ``error``: deadlines of this year are guesses now) and
    ``next_year_unknown`` (``info`` until the end of October, because the State Council publishes
    between late October and mid November; then ``warning``). Either drops to ``info`` once
    overrides have been entered for that year.
    """

    code: Literal["year_unknown", "next_year_unknown"]
    level: Literal["info", "warning", "error"]
    year: int
    zh: str
    en: str


@dataclass(frozen=True)
class WorkCalendar:
    """A named working calendar; immutable, hashable, comparable by value.

    ``segments``: the working hours of one working day in local wall-clock time, ascending and not
    overlapping, e.g. 08:30-12:00 and 13:30-17:30; the gap between is the lunch break. An end of
    00:00 means the end of the day (24:00). A segment may not cross midnight.
    ``weekend``: weekday numbers, Monday = 0.
    ``overrides``: True makes a date a working day, False a rest day; wins over everything.
    ``tz``: an IANA zone name. Day boundaries and segments are read in it.

    Raises ValueError, starting with the field's name, for anything else.
    """

    name: str
    segments: tuple[tuple[time, time], ...]
    weekend: frozenset[int] = frozenset({5, 6})
    overrides: Mapping[date, bool] = field(default_factory=dict)
    tz: str = "Asia/Shanghai"
    use_chinese_holidays: bool = True
    zone: ZoneInfo = field(init=False, repr=False, compare=False)
    day_minutes: int = field(init=False, repr=False, compare=False)
    """Working minutes of one working day, the worth of one WORK_DAY."""
    _days: dict[int, tuple[Spans, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        segments = tuple((start, end) for start, end in self.segments)
        weekend = frozenset(self.weekend)
        overrides = dict(self.overrides)
        _check_segments(segments)
        if not all(type(day) is int and 0 <= day <= 6 for day in weekend):
            raise ValueError("weekend: weekday numbers must be 0 (Monday) to 6 (Sunday)")
        for day, works in overrides.items():
            if type(day) is not date or type(works) is not bool:
                raise ValueError(f"overrides: expected date to bool, got {day!r}: {works!r}")
        minutes = sum(_minute(end, closing=True) - _minute(start) for start, end in segments)
        rule = (
            segments,
            weekend,
            frozenset(overrides.items()),
            self.tz,
            self.use_chinese_holidays,
        )
        assign = object.__setattr__  # the dataclass is frozen
        assign(self, "segments", segments)
        assign(self, "weekend", weekend)
        assign(self, "overrides", MappingProxyType(overrides))
        assign(self, "zone", _zone(self.tz))
        assign(self, "day_minutes", minutes)
        assign(self, "_days", _day_cache(rule))

    def __hash__(self) -> int:
        return hash((self.name, self.segments, self.weekend, self.tz, self.use_chinese_holidays))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by value: neither the read-only mapping nor the cache can be."""
        values = [getattr(self, name) for name in _FIELDS]
        values[_FIELDS.index("overrides")] = dict(self.overrides)
        return type(self), tuple(values)

    def day(self, d: date) -> Day:
        """What kind of day ``d`` is, and by which rule. Raises TypeError for a datetime."""
        if isinstance(d, datetime):
            raise TypeError("d: expected a date, got a datetime (convert it to the calendar's tz)")
        published = not self.use_chinese_holidays or d.year in PUBLISHED_YEARS
        works = self.overrides.get(d)
        if works is not None:
            # An override is certain even in an unpublished year.
            return Day(d, DayKind.OVERRIDE_WORK if works else DayKind.OVERRIDE_REST)
        if self.use_chinese_holidays and published:
            rest, name = chinese_calendar.get_holiday_detail(d)
            if name is not None:
                zh = _HOLIDAY_ZH.get(name) or _HOLIDAY_ZH_PACKAGE.get(name, name)
                return Day(d, DayKind.HOLIDAY if rest else DayKind.MAKEUP, zh, name)
        kind = DayKind.WEEKEND if d.weekday() in self.weekend else DayKind.WORKDAY
        return Day(d, kind, published=published)

    def is_workday(self, d: date) -> bool:
        """Whether ``d`` is worked. Raises TypeError for a datetime."""
        return self.day(d).working

    def warnings(self, today: date) -> list[CalendarWarning]:
        """What is uncertain about this calendar on ``today``, most serious first."""
        if isinstance(today, datetime):
            raise TypeError("today: expected a date, got a datetime")
        if not self.use_chinese_holidays:
            return []
        found = []
        if today.year not in PUBLISHED_YEARS:
            found.append(self._warning("year_unknown", today.year, "error"))
        if today.year + 1 not in PUBLISHED_YEARS:
            late = today.month >= 11
            found.append(
                self._warning("next_year_unknown", today.year + 1, "warning" if late else "info")
            )
        return found

    def _warning(
        self,
        code: Literal["year_unknown", "next_year_unknown"],
        year: int,
        level: Literal["info", "warning", "error"],
    ) -> CalendarWarning:
        entered = sum(1 for d in self.overrides if d.year == year)
        zh = (
            f"日历“{self.name}”没有 {year} 年的节假日和调休安排，{year} 年暂按星期推算，"
            f"前一年年末几天也可能调整。请更新 chinesecalendar，或按国务院通知录入例外日期。"
        )
        en = (
            f"Calendar “{self.name}” has no holidays and make-up days for {year}; days of {year} "
            f"follow the weekday rule, and the last days of the year before may still change. "
            f"Update chinesecalendar, or enter overrides from the State Council's notice."
        )
        if entered:
            level = "info"
            zh += f"{year} 年已录入 {entered} 个例外日期。"
            en += f" Overrides entered for {year}: {entered}."
        return CalendarWarning(code, level, year, zh, en)

    def to_json(self) -> dict[str, Any]:
        """The calendar as plain JSON values (for a JSON column or ``json.dumps``)."""
        return {
            "name": self.name,
            "segments": [
                [_time_text(start), _time_text(end, closing=True)] for start, end in self.segments
            ],
            "weekend": sorted(self.weekend),
            "overrides": {d.isoformat(): works for d, works in sorted(self.overrides.items())},
            "tz": self.tz,
            "use_chinese_holidays": self.use_chinese_holidays,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | str) -> Self:
        """Read what ``to_json`` wrote, as values or as text.

        ``name`` and ``segments`` are required. Raises ValueError naming the field.
        """
        values = _parsed("calendar", json.loads, data) if isinstance(data, str) else data
        if not isinstance(values, Mapping):
            raise ValueError("calendar: expected a JSON object")
        for key in values:
            if key not in _FIELDS:
                raise ValueError(f"{key}: unknown field of a calendar")
        for key, kind in (("name", str), ("segments", list)):
            if not isinstance(values.get(key), kind):
                raise ValueError(f"{key}: required, a {kind.__name__}")
        rest: dict[str, Any] = {}
        for key, expected in _OPTIONAL.items():
            if key in values:
                if not isinstance(values[key], expected):
                    raise ValueError(f"{key}: expected a {expected.__name__}")
                rest[key] = values[key]
        if "weekend" in rest:
            rest["weekend"] = _parsed("weekend", frozenset, rest["weekend"])
        if "overrides" in rest:
            rest["overrides"] = {
                _parsed("overrides", date.fromisoformat, d): works
                for d, works in rest["overrides"].items()
            }
        segments = tuple(_parsed("segments", _segment_from_text, s) for s in values["segments"])
        return cls(name=values["name"], segments=segments, **rest)

    def local(self, micros: int) -> datetime:
        """An instant, in microseconds since 1970 UTC, as a datetime in the calendar's zone."""
        return (EPOCH + micros * MICROSECOND).astimezone(self.zone)

    def spans(self, ordinal: int) -> tuple[Spans, int]:
        """The working spans of one day (proleptic ordinal) as UTC microseconds, and their sum."""
        found = self._days.get(ordinal)
        if found is None:
            if len(self._days) >= _MAX_CACHED_DAYS:
                self._days.clear()
            found = self._days[ordinal] = self._find_spans(date.fromordinal(ordinal))
        return found

    def _find_spans(self, d: date) -> tuple[Spans, int]:
        if not self.day(d).working:
            return (), 0
        spans = []
        last = None
        for opens, closes in self.segments:
            closing_day = d + timedelta(days=1) if closes == MIDNIGHT else d
            start = micros(datetime.combine(d, opens, self.zone))
            end = micros(datetime.combine(closing_day, closes, self.zone))
            # Where clocks go forward, hours that do not exist would overlap the next segment.
            start = start if last is None else max(start, last)
            if start < end:
                spans.append((start, end))
                last = end
        return tuple(spans), sum(end - start for start, end in spans)


def micros(moment: datetime) -> int:
    """An aware datetime as whole microseconds since 1970 UTC."""
    gap = moment - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


@lru_cache(maxsize=256)
def _day_cache(rule: object) -> dict[int, tuple[Spans, int]]:
    """One cache per rule, so that a calendar read again from the database starts warm."""
    return {}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise ValueError(f"tz: unknown time zone {name!r}") from error


def _check_segments(segments: tuple[tuple[time, time], ...]) -> None:
    if not segments:
        raise ValueError("segments: at least one working segment is required")
    last = 0
    for start, end in segments:
        for moment in (start, end):
            if not isinstance(moment, time) or moment.tzinfo or moment.second or moment.microsecond:
                raise ValueError(f"segments: {moment!r} is not a whole local minute")
        if not last <= _minute(start) < _minute(end, closing=True):
            raise ValueError(
                f"segments: {_time_text(start)}-{_time_text(end, closing=True)} "
                "must end after it starts and start after the one before"
            )
        last = _minute(end, closing=True)


def _minute(moment: time, closing: bool = False) -> int:
    if closing and moment == MIDNIGHT:
        return 24 * 60
    return moment.hour * 60 + moment.minute


def _time_text(moment: time, closing: bool = False) -> str:
    return "24:00" if closing and moment == MIDNIGHT else moment.strftime("%H:%M")


def _segment_from_text(pair: Any) -> tuple[time, time]:
    start, end = pair
    return time.fromisoformat(start), MIDNIGHT if end == "24:00" else time.fromisoformat(end)


def _parsed(name: str, parse: Any, value: Any) -> Any:
    try:
        return parse(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: cannot read {value!r}") from error
