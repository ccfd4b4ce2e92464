"""A slow, obvious model of a clock: look at every minute on its own. Shares no code with it."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chinese_calendar.constants import holidays, workdays

from mengding.worktime import Pause, Unit, WorkCalendar

ONE = timedelta(minutes=1)


def is_working_minute(calendar: WorkCalendar, local: datetime) -> bool:
    day = local.date()
    if day in calendar.overrides:
        works = calendar.overrides[day]
    elif calendar.use_chinese_holidays and 2004 <= day.year <= 2026 and day in workdays:
        works = True
    elif calendar.use_chinese_holidays and 2004 <= day.year <= 2026 and day in holidays:
        works = False
    else:
        works = day.weekday() not in calendar.weekend
    clock = local.time()
    return works and any(
        start <= clock and (clock < end or end == time(0)) for start, end in calendar.segments
    )


def counted_minutes(
    start: datetime, minutes: int, unit: Unit, calendar: WorkCalendar, pauses: Sequence[Pause]
) -> list[int]:
    """Element i: minutes counted in the i minutes after ``start``."""
    zone = ZoneInfo(calendar.tz)
    moment = start.astimezone(UTC)
    counts = [0]
    for _ in range(minutes):
        counts.append(counts[-1])
        paused = any(p.start <= moment and (p.end is None or moment < p.end) for p in pauses)
        if not paused and (
            unit in (Unit.URGENT_HOUR, Unit.URGENT_MINUTE, Unit.NATURAL_DAY)
            or is_working_minute(calendar, moment.astimezone(zone))
        ):
            counts[-1] += 1
        moment += ONE
    return counts


def limit_minutes(amount: int, unit: Unit, calendar: WorkCalendar) -> int:
    day = 0
    for start, end in calendar.segments:
        day += (end.hour * 60 + end.minute or 1440) - (start.hour * 60 + start.minute)
    worth = {
        Unit.URGENT_HOUR: 60,
        Unit.URGENT_MINUTE: 1,
        Unit.WORK_HOUR: 60,
        Unit.WORK_MINUTE: 1,
        Unit.WORK_DAY: day,
        Unit.NATURAL_DAY: 1440,
    }
    return amount * worth[unit]
