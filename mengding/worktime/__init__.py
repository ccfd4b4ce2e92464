"""Working-time arithmetic for deadlines: pure rules, no Django, no clock of its own."""

from mengding.worktime.arithmetic import (
    Limit,
    Pause,
    Unit,
    due,
    fraction_used,
    instant_at_fraction,
    limit_length,
    used,
)
from mengding.worktime.calendar import (
    PUBLISHED_YEARS,
    CalendarWarning,
    Day,
    DayKind,
    WorkCalendar,
)
from mengding.worktime.explain import explain

__all__ = [
    "PUBLISHED_YEARS",
    "CalendarWarning",
    "Day",
    "DayKind",
    "Limit",
    "Pause",
    "Unit",
    "WorkCalendar",
    "due",
    "explain",
    "fraction_used",
    "instant_at_fraction",
    "limit_length",
    "used",
]
