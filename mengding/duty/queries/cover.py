"""Whether somebody on duty covers a village, and which villages nobody does."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.duty import rota
from mengding.duty.models import Closure, Interval, Slot
from mengding.duty.queries import scope
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions.models import Region


def covers(region_id: int, at: datetime | None = None) -> bool:
    """Whether somebody is (was) on duty for a division: patrolling it, a wider area it lies in,
    or a part of it. Desks, handlers and verifiers cover nothing."""
    known = people.tree()
    near = {*known.chain(region_id), *known.regions_below(region_id)}
    return _on_duty(min(at or clock.now(), clock.now())).filter(region__in=near).exists()


def _on_duty(moment: datetime) -> QuerySet[Interval]:
    rows = Interval.objects.filter(started_at__lte=moment, ends_by__gt=moment)
    return rows.filter(Q(ended_at=None) | Q(ended_at__gt=moment))


def days_covered(villages: set[int], since: date, until: date) -> dict[int, set[date]]:
    """On which of the days [since, until) each village had somebody on duty, as `covers` means
    it: in it, in a part of it or for an area it lies in. Days only: hours are not summed."""
    first, last = (datetime.combine(day, time(), rota.LOCAL) for day in (since, until))
    now = clock.now()
    rows = Interval.objects.filter(started_at__lt=min(last, now), ends_by__gt=first)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=first)).exclude(region=None)
    known = people.tree()
    near = {pk: {*known.chain(pk), *known.regions_below(pk)} for pk in villages}
    days: dict[int, set[date]] = defaultdict(set)
    for region, start, ends_by, ended in rows.values_list(
        "region", "started_at", "ends_by", "ended_at"
    ):
        begin = max(start, first).astimezone(rota.LOCAL).date()
        # Up to the end, not included: who leaves at midnight was not there on the next day.
        end = min(ended or ends_by, ends_by, last, now) - timedelta(microseconds=1)
        day = begin
        while day <= end.astimezone(rota.LOCAL).date():
            days[region].add(day)
            day += timedelta(days=1)
    return {
        pk: set().union(*(days[each] for each in divisions if each in days))
        for pk, divisions in near.items()
    }


def coverage(actor: Actor, at: datetime | None = None) -> dict[str, Any]:
    """The villages of the area and how many are on duty for each at a moment.

    `own`: in the village or its grids; `wider`: for an area it lies in; `rostered`: planned, the
    only figure for a moment to come. `closed`: the reason for which it is not patrolled that day.
    Villages nobody covers first, then by code. Counts, no names.
    """
    require(actor, "duty.read")
    now = clock.now()
    moment = at or now
    known = people.tree()
    ahead = moment > now
    present = [] if ahead else _regions(_on_duty(moment), "region")
    planned = _regions(
        Slot.objects.filter(starts_at__lte=moment, ends_at__gt=moment), "team__region"
    )
    day = moment.astimezone(rota.LOCAL).date()
    closed = dict(
        Closure.objects.filter(active=True, first__lte=day, last__gte=day)
        .order_by("pk")
        .values_list("region_id", "reason")
    )
    here, rostered = Counter(present), Counter(planned)
    rows = []
    for village in (
        Region.objects.filter(level="village", active=True, pk__in=scope.below(actor))
        .order_by("code")
        .values("id", "code", "name", "parent_id", "parent__name")
    ):
        within = known.regions_below(village["id"])
        above = [pk for pk in known.chain(village["id"]) if pk != village["id"]]
        own, wider = _sum(here, within), _sum(here, above)
        plan = _sum(rostered, within) + _sum(rostered, above)
        rows.append(
            {
                "region_id": village["id"],
                "code": village["code"],
                "name": village["name"],
                "town_id": village["parent_id"],
                "town_name": village["parent__name"],
                "own": own,
                "wider": wider,
                "rostered": plan,
                "covered": plan > 0 if ahead else own + wider > 0,
                "closed": next(
                    (closed[pk] for pk in known.chain(village["id"]) if pk in closed), ""
                ),
            }
        )
    rows.sort(key=lambda row: bool(row["covered"]))
    return {"at": moment, "ahead": ahead, "villages": rows}


def _regions(rows: QuerySet[Any], column: str) -> list[int]:
    return list(rows.exclude(**{column: None}).values_list(column, flat=True))


def _sum(counts: Counter[int], regions: Iterable[int]) -> int:
    return sum(counts[pk] for pk in regions)
