"""Reading calendars, limits and clocks; what a clock says about itself."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest

from django.db.models import QuerySet

from mengding.clocks.models import Calendar, Clock, ClockState, StageLimits
from mengding.core import clock as time
from mengding.core.cache import Versioned, on_forget_everything
from mengding.core.errors import GuardFailed, NotFound
from mengding.core.text import Language, T
from mengding.worktime import CalendarWarning, Limit, Pause, Unit, WorkCalendar, explain


@lru_cache(maxsize=64)
def _spec(calendar_id: int) -> WorkCalendar:
    """A calendar version never changes once stored, so it is cached for good."""
    return WorkCalendar.from_json(Calendar.objects.get(pk=calendar_id).spec)


@lru_cache(maxsize=64)
def stage_limits(limits_id: int) -> StageLimits:
    """One version of the stage limits, cached for good."""
    return StageLimits.objects.get(pk=limits_id)


on_forget_everything(_spec.cache_clear)
on_forget_everything(stage_limits.cache_clear)


def _load_rules() -> tuple[int, int]:
    calendar = Calendar.objects.filter(code="district", active=True).values_list("pk").first()
    limits = StageLimits.objects.filter(active=True).values_list("pk").first()
    if calendar is None or limits is None:
        raise GuardFailed(
            "no_clock_rules",
            T("尚未启用工作日历和环节时限。", "No working calendar or stage limits are active."),
        )
    return calendar[0], limits[0]


_rules = Versioned(_load_rules, seconds=5)


def active_rules() -> tuple[int, int]:
    """(calendar id, stage limits id) new clocks are frozen with; at most 5 s old."""
    return _rules.get()


def forget_active_rules() -> None:
    """Called when this process activates another version."""
    _rules.forget()


def calendar(calendar_id: int) -> WorkCalendar:
    """The pure calendar of one version."""
    return _spec(calendar_id)


def limit_of(clock: Clock) -> Limit:
    """The clock's whole limit, extension included."""
    return Limit(clock.amount + clock.extra, Unit(clock.unit))


def pauses_of(clock: Clock) -> tuple[Pause, ...]:
    """The clock's pauses; the last one may be open."""
    return tuple(
        Pause(start, end) for start, end in zip_longest(clock.pauses[::2], clock.pauses[1::2])
    )


def colour(yellow_at: datetime | None, due_at: datetime | None, now: datetime | None = None) -> str:
    """green up to the yellow point, yellow up to the limit, red behind it; grey while paused."""
    if due_at is None or yellow_at is None:
        return "grey"
    now = now or time.now()
    return "green" if now <= yellow_at else "yellow" if now <= due_at else "red"


def colour_of(clock: Clock, now: datetime | None = None) -> str:
    """The clock's light; a stopped one keeps the light it stopped under."""
    if clock.state == ClockState.CANCELLED:
        return "grey"
    at = clock.stopped_at or now
    return colour(clock.yellow_at, clock.due_at, at)


def explained(clock: Clock, lang: Language) -> list[str]:
    """How the deadline came about and what has been used, in words."""
    # To the second: nobody reads a deadline in microseconds.
    pauses = [
        Pause(pause.start.replace(microsecond=0), pause.end and pause.end.replace(microsecond=0))
        for pause in pauses_of(clock)
    ]
    return explain(
        clock.started_at.replace(microsecond=0),
        limit_of(clock),
        calendar(clock.calendar_id),
        pauses,
        now=(clock.stopped_at or time.now()).replace(microsecond=0),
        lang=lang,
    )


def clocks_of(case_ids: Iterable[int]) -> list[Clock]:
    """All clocks of the cases, in the order they were started."""
    return list(Clock.objects.raw(_CLOCKS, [list(case_ids)]))


# In plain SQL, as everything a case's page is made of: putting a query together took the ORM
# longer than the database took to answer it.
_CLOCKS = "SELECT * FROM clocks_clock WHERE case_id = ANY(%s) ORDER BY started_at, id"


def rules_in_force() -> tuple[Calendar, StageLimits]:
    """The rows new clocks are frozen with."""
    calendar_id, limits_id = active_rules()
    return calendar_row(calendar_id), stage_limits(limits_id)


def calendar_warnings(calendar_id: int) -> list[CalendarWarning]:
    """What is uncertain about a calendar today, most serious first."""
    return warnings_today(calendar(calendar_id))


def warnings_today(found: WorkCalendar) -> list[CalendarWarning]:
    """The same of a calendar that need not be stored."""
    return found.warnings(time.now().astimezone(found.zone).date())


def calendars() -> QuerySet[Calendar]:
    """All versions of all calendars."""
    return Calendar.objects.all()


def calendar_row(calendar_id: int) -> Calendar:
    """One version as stored, or `NotFound`."""
    found = calendars().filter(pk=calendar_id).first()
    if found is None:
        raise NotFound("calendar_unknown", T("没有这个工作日历。", "There is no such calendar."))
    return found


def all_limits() -> QuerySet[StageLimits]:
    """All versions of the stage limits."""
    return StageLimits.objects.all()
