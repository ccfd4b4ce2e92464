"""Numbers keep up with the ledger; months close by themselves."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from mengding.core import clock
from mengding.core.actor import SYSTEM
from mengding.indicators import actions
from mengding.indicators.facts import local_day
from mengding.indicators.models import Fact, Period
from mengding.jobs.schedule import every
from mengding.regions.models import Region


@every("* * * * * */2", "indicators.follow")
def follow() -> dict[str, Any]:
    """Read the ledger to its end and let limits run out."""
    return {"read": actions.catch_up()}


@every("23 19 * * *", "indicators.freeze")
def freeze() -> dict[str, Any]:
    """Close the month before, once the day set for it has come (03:23 in China)."""
    today = local_day(clock.now())
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    if today.day < settings.FREEZE_DAY:
        return {"closed": 0}
    actions.catch_up()
    closed = 0
    for district in Region.objects.filter(level="district", active=True):
        # A month without anything in it is not closed: an import of the past may still fill it.
        counted = Fact.objects.filter(
            district=district.pk, day__gte=month, day__lt=today.replace(day=1)
        )
        closed_already = Period.objects.filter(district=district, since=month).exists()
        if not closed_already and counted.exists():
            actions.freeze(SYSTEM, month, district.pk)
            closed += 1
    return {"closed": closed, "month": month.isoformat()}
