"""HTTP shapes of working calendars and stage limits, and a place to try a deadline out."""

from datetime import date, datetime, timedelta
from typing import Any

from ninja import Field, Query, Router, Schema, Status

from mengding.clocks import actions, queries
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T, language
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.worktime import (
    PUBLISHED_YEARS,
    CalendarWarning,
    Limit,
    Pause,
    Unit,
    WorkCalendar,
    due,
    explain,
)

router = Router(tags=["clocks"])

_SPEC = {
    "name": "district",
    "segments": [["08:30", "12:00"], ["13:30", "17:30"]],
    "weekend": [5, 6],
    "overrides": {"2027-01-04": False},
    "tz": "Asia/Shanghai",
    "use_chinese_holidays": True,
}
_LIMITS = {
    "receive": {"amount": 15, "unit": "work_minute"},
    "precheck": {"amount": 30, "unit": "work_minute"},
    "dispatch": {"amount": 15, "unit": "work_minute"},
    "check": {"amount": 30, "unit": "work_minute"},
}
# How the arithmetic's messages open, and the field of `DueIn` each means.
_FIELDS = {"start": "start", "amount": "amount", "unit": "unit", "Pause.end": "pauses"}


class CalendarRow(Schema):
    """One version of a calendar, without its content."""

    id: int
    code: str
    version: int
    name: str
    active: bool
    created_at: datetime


class CalendarOut(CalendarRow):
    """One version. `spec`: working hours, weekend (0 = Monday), dates that differ, time zone."""

    spec: dict[str, Any] = Field(examples=[_SPEC])


class LimitsOut(Schema):
    """Limits of the stages; the handling limit comes from the filing condition."""

    id: int
    version: int
    active: bool
    limits: dict[str, Any] = Field(examples=[_LIMITS])
    yellow_percent: int = Field(description="Share of a limit after which its light is yellow.")
    created_at: datetime


class WarningOut(Schema):
    """What is uncertain about the calendar in force, e.g. next year's holidays."""

    code: str
    level: str = Field(description="info, warning or error")
    year: int
    text: str


class InForce(Schema):
    """What new clocks are frozen with."""

    calendar: CalendarOut
    limits: LimitsOut
    warnings: list[WarningOut]


class CalendarPage(Schema):
    """A page of versions, newest first."""

    items: list[CalendarRow]
    next: str | None


class LimitsPage(Schema):
    """A page of versions, newest first."""

    items: list[LimitsOut]
    next: str | None


class CalendarIn(Schema):
    """A calendar to put in force as the next version. Clocks already running keep theirs."""

    code: str = Field("district", max_length=20, pattern="^[a-z][a-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=80, examples=["名山区工作日历"])
    spec: dict[str, Any] = Field(examples=[_SPEC])


class LimitsIn(Schema):
    """Stage limits to put in force as the next version."""

    limits: dict[str, dict[str, Any]] = Field(examples=[_LIMITS])
    yellow_percent: int = Field(80, ge=1, le=99)


class PauseIn(Schema):
    """Time that does not count; without `end` it still lasts."""

    start: datetime = Field(examples=["2026-11-20T16:00:00+08:00"])
    end: datetime | None = Field(None, examples=["2026-11-20T17:00:00+08:00"])


class DueIn(Schema):
    """A made-up clock; nothing of it is kept. `spec`: another calendar than the one in force."""

    start: datetime = Field(examples=["2026-11-20T15:00:00+08:00"])
    amount: int = Field(ge=1, examples=[2])
    unit: Unit = Field(examples=["work_day"])
    pauses: list[PauseIn] = Field([], max_length=50)
    now: datetime | None = Field(None, description="Also say how much is used by then.")
    spec: dict[str, Any] | None = Field(None, description="As in POST /calendars.")


class YearIn(Schema):
    """A year to lay out. `spec`: another calendar than the one in force."""

    year: int = Field(ge=2000, le=2100, examples=[2026])
    spec: dict[str, Any] | None = Field(None, description="As in POST /calendars.")


class DayOut(Schema):
    """A day and the rule that decided it; `holiday` names holidays and their make-up days."""

    date: date
    kind: str = Field(
        description="workday, makeup, override_work, weekend, holiday or override_rest",
        examples=["holiday"],
    )
    working: bool
    holiday: str = Field(examples=["国庆节"])


class YearOut(Schema):
    """`published`: the State Council's notice for that year is known; otherwise the weekday rule
    stands in for it."""

    year: int
    published: bool
    working_days: int
    days: list[DayOut]
    warnings: list[WarningOut]


class DueOut(Schema):
    """The deadline (null while paused) and the steps to it, one line each."""

    due_at: datetime | None
    steps: list[str]


@router.get("/calendars/active", response=InForce, operation_id="calendars_active")
@allows("calendars.read")
def get_active(request: Request) -> dict[str, Any]:
    """The calendar and limits in force, and what is uncertain about them."""
    calendar, limits = queries.rules_in_force()
    warnings = _warnings(queries.calendar_warnings(calendar.pk))
    return {"calendar": calendar, "limits": limits, "warnings": warnings}


@router.get("/calendars", response=CalendarPage, operation_id="calendars_list")
@allows("calendars.read")
def list_calendars(request: Request, paging: Query[Paging]) -> dict[str, Any]:
    """All versions, newest first."""
    items, after = paginate(
        queries.calendars(), "-created_at", datetime, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": after}


@router.get("/calendars/{int:pk}", response=CalendarOut, operation_id="calendars_get")
@allows("calendars.read")
def get_calendar(request: Request, pk: int) -> Any:
    """One version with its content."""
    return queries.calendar_row(pk)


@router.post("/calendars", response={201: CalendarOut}, operation_id="calendars_publish")
@allows("calendars.manage")
def publish_calendar(request: Request, data: CalendarIn) -> Status[Any]:
    """Put a new version in force."""
    made = actions.publish_calendar(_actor(request), data.code, data.name, data.spec)
    return Status(201, made)


@router.post("/calendars/due", response=DueOut, operation_id="calendars_due")
@allows("calendars.read")
def try_due(request: Request, data: DueIn) -> dict[str, Any]:
    """When a limit would run out, and why."""
    calendar = _calendar(data.spec)
    for name in ("start", "now"):
        _check_zone(getattr(data, name), name)
    try:
        for number, given in enumerate(data.pauses):
            _check_zone(given.start, f"pauses.{number}.start")
            _check_zone(given.end, f"pauses.{number}.end")
        pauses = tuple(Pause(given.start, given.end) for given in data.pauses)
        limit = Limit(data.amount, data.unit)
        steps = explain(data.start, limit, calendar, pauses, now=data.now, lang=language.get())
        return {"due_at": due(data.start, limit, calendar, pauses), "steps": steps}
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "no_deadline",
            T("无法计算时限：{why}", "No deadline can be found: {why}").fill(why=error),
            field=_FIELDS.get(str(error).partition(":")[0]),
        ) from error


@router.post("/calendars/year", response=YearOut, operation_id="calendars_year")
@allows("calendars.read")
def lay_out_year(request: Request, data: YearIn) -> dict[str, Any]:
    """Every day of a year, worked or not, and why; nothing of it is kept."""
    calendar = _calendar(data.spec)
    first = date(data.year, 1, 1)
    length = (date(data.year + 1, 1, 1) - first).days
    days = [calendar.day(first + timedelta(days=n)) for n in range(length)]
    return {
        "year": data.year,
        "published": not calendar.use_chinese_holidays or data.year in PUBLISHED_YEARS,
        "working_days": sum(day.working for day in days),
        "days": [
            {
                "date": day.date,
                "kind": day.kind.value,
                "working": day.working,
                "holiday": T(day.holiday_zh, day.holiday_en).said(),
            }
            for day in days
        ],
        "warnings": _warnings(queries.warnings_today(calendar)),
    }


@router.get("/stage-limits", response=LimitsPage, operation_id="stage_limits_list")
@allows("calendars.read")
def list_limits(request: Request, paging: Query[Paging]) -> dict[str, Any]:
    """All versions, newest first."""
    items, after = paginate(
        queries.all_limits(), "-version", int, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": after}


@router.post("/stage-limits", response={201: LimitsOut}, operation_id="stage_limits_publish")
@allows("calendars.manage")
def publish_limits(request: Request, data: LimitsIn) -> Status[Any]:
    """Put new limits in force. Clocks already running keep theirs."""
    return Status(201, actions.publish_limits(_actor(request), data.limits, data.yellow_percent))


def _actor(request: Request) -> Actor:
    assert request.actor is not None  # `allows` has seen to it
    return request.actor


def _warnings(found: list[CalendarWarning]) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "level": each.level,
            "year": each.year,
            "text": T(each.zh, each.en).said(),
        }
        for each in found
    ]


def _check_zone(moment: datetime | None, field: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid(
            "time_naive", T("时间需要带时区。", "The time needs a time zone."), field=field
        )


def _calendar(spec: dict[str, Any] | None) -> WorkCalendar:
    if spec is None:
        return queries.calendar(queries.active_rules()[0])
    try:
        return WorkCalendar.from_json(spec)
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "bad_calendar",
            T("工作日历无法读取：{why}", "The calendar cannot be read: {why}").fill(why=error),
            field="spec",
        ) from error
