"""Numbers keep up with the ledger; periods close by themselves."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from mengding.core import clock
from mengding.core.actor import SYSTEM
from mengding.indicators import actions
from mengding.indicators.facts import local_day
from mengding.indicators.models import Fact, Period
from mengding.indicators.spans import Span, called, months_of, span
from mengding.jobs.schedule import every
from mengding.regions.models import Region


@every("* * * * * *", "indicators.follow")  # with what a round takes, numbers are a second old
def follow() -> dict[str, Any]:
    """Read the ledger to its end and let limits run out."""
    return {"read": actions.catch_up()}


@every("23 19 * * *", "indicators.freeze")
def freeze() -> dict[str, Any]:
    """Close the month before, once the day set for it has come (03:23 in China), and the quarter
    and the year that end with it when all of their months are closed."""
    today = local_day(clock.now())
    if today.day < settings.FREEZE_DAY:
        return {"closed": []}
    month = span("month", today.replace(day=1) - timedelta(days=1))
    actions.catch_up()
    closed = []
    for district in Region.objects.filter(level="district", active=True):
        for kind in actions.CLOSING:
            days = span(kind, month.since)
            if days.until == month.until and _ripe(district.pk, days):
                actions.freeze(SYSTEM, days.since, district.pk, kind)
                closed.append(called(days))
    return {"closed": closed}


def _ripe(district: int, days: Span) -> bool:
    """Not closed yet; a month with anything in it, anything longer with all its months closed.

    A month without anything is not closed: an import of the past may still fill it.
    """
    periods = Period.objects.filter(district=district)
    if periods.filter(since=days.since, until=days.until).exists():
        return False
    months = months_of(days)
    if months == [days]:
        return Fact.objects.filter(
            district=district, day__gte=days.since, day__lt=days.until
        ).exists()
    ends = periods.filter(since__in=[month.since for month in months])
    closed = set(ends.values_list("since", "until"))
    return all((month.since, month.until) in closed for month in months)
