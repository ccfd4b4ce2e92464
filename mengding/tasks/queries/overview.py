"""What was done where, and by whom. Coverage first; nobody is ranked."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Max,
    Q,
    Value,
)

from mengding.core import clock
from mengding.core.actor import Actor, Level, Role
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.regions.models import Region
from mengding.tasks.models import Deed, Finding, Place, Task
from mengding.tasks.queries import visible
from mengding.tasks.queries.tasks import check_span, day_bounds, in_state
from mengding.tasks.states import TaskState

# Work that takes somebody out to the village.
_ON_SITE = ("visit.record", "inspection.record", "care.visit", "case.receive")


def _states(now: datetime) -> dict[str, Count]:
    wanted = (TaskState.READY, TaskState.MISSED, TaskState.FAILED, TaskState.COMPLETED)
    counts = {each.value: Count("pk", filter=in_state(each, now)) for each in wanted}
    return {
        **counts,
        "planned": Count("pk", filter=Q(opens_at__lte=now) & ~Q(status="cancelled")),
        "late": Count("pk", filter=Q(status="completed", late=True)),
    }


def _days(since: date, until: date) -> tuple[datetime, datetime]:
    check_span(since, until)
    return day_bounds(since)[0], day_bounds(until)[1]


def villages(actor: Actor, since: date, until: date) -> dict[str, Any]:
    """Each village of the area: what was planned and done there, and what nobody looked at.

    Those nobody visited come first; within both groups in the order of their codes.
    """
    require(actor, "tasks.oversee")
    start, end = _days(since, until)
    now = clock.now()
    area = visible.in_area(actor)
    tasks = _by_village(
        Task.objects.filter(area, day__gte=since, day__lte=until)
        .order_by()
        .values("village")
        .annotate(**_states(now))
    )
    deeds = _by_village(
        Deed.objects.filter(area, at__gte=start, at__lt=end, action__in=_ON_SITE)
        .order_by()
        .values("village")
        .annotate(visits=Count("pk"), last_at=Max("at"))
    )
    places = _by_village(
        Place.objects.filter(area, active=True)
        .order_by()
        .values("village")
        .annotate(
            places=Count("pk"),
            places_waiting=Count("pk", filter=waiting(now)),
        )
    )
    found = _by_village(
        Finding.objects.filter(area)
        .exclude(state="resolved")
        .order_by()
        .values("village")
        .annotate(
            findings=Count("pk"),
            rechecks_overdue=Count("pk", filter=overdue(now)),
        )
    )
    rows = []
    for region in _villages(actor):
        row = {
            "region": region["pk"],
            "code": region["code"],
            "name": region["name"],
            "town": region["parent__name"],
            **dict.fromkeys(("planned", "ready", "missed", "failed", "completed", "late"), 0),
            "visits": 0,
            "last_at": None,
            "places": 0,
            "places_waiting": 0,
            "findings": 0,
            "rechecks_overdue": 0,
        }
        for part in (tasks, deeds, places, found):
            row |= part.get(region["pk"], {})
        rows.append(row)
    rows.sort(key=lambda row: (row["visits"] > 0, row["code"]))
    return {
        "since": since,
        "until": until,
        "unvisited": sum(not row["visits"] for row in rows),
        "items": rows,
    }


def _by_village(rows: Any) -> dict[int, dict[str, Any]]:
    return {row["village"]: {k: v for k, v in row.items() if k != "village"} for row in rows}


def _villages(actor: Actor) -> list[dict[str, Any]]:
    rows = Region.objects.filter(level=Level.VILLAGE, active=True)
    if actor.region_id is not None:
        rows = rows.filter(pk__in=tree().regions_below(actor.region_id))
    found = rows.order_by("code").values("pk", "code", "name", "parent__name")
    return [dict(row) for row in found]


def waiting(now: datetime) -> Q:
    """Places never inspected, or not within their own rhythm."""
    rhythm = Func(
        F("every_days"),
        template="make_interval(days => %(expressions)s)",
        output_field=DurationField(),
    )
    last = ExpressionWrapper(Value(now) - rhythm, output_field=DateTimeField())
    return Q(inspected_at=None) | Q(inspected_at__lt=last)


def overdue(now: datetime) -> Q:
    """Findings whose re-inspection should have been done."""
    return Q(state="recheck", recheck_due_at__lt=now)


def workers(actor: Actor, since: date, until: date) -> list[dict[str, Any]]:
    """The grid workers of the area by name: what each had to do and did. Shared tasks count for
    who did them.
    """
    require(actor, "tasks.oversee")
    start, end = _days(since, until)
    now = clock.now()
    area = tree().regions_below(actor.region_id) if actor.region_id is not None else frozenset()
    posts = list(
        Post.objects.filter(
            active=True, role=Role.COLLECTOR, region__in=area, account__is_active=True
        )
        .order_by("account__name", "pk")
        .values("pk", "account_id", name=F("account__name"), region_name=F("region__name"))
    )
    own = {
        row["post"]: row
        for row in Task.objects.filter(
            post__in=[post["pk"] for post in posts], day__gte=since, day__lte=until
        )
        .order_by()
        .values("post")
        .annotate(**_states(now))
    }
    deeds: dict[int, dict[str, int]] = defaultdict(dict)
    for row in (
        Deed.objects.filter(
            account_id__in=[post["account_id"] for post in posts], at__gte=start, at__lt=end
        )
        .exclude(action="task.complete")
        .order_by()
        .values("account_id", "kind")
        .annotate(n=Count("pk"))
    ):
        deeds[row["account_id"]][row["kind"]] = row["n"]
    empty = dict.fromkeys(("planned", "ready", "missed", "failed", "completed", "late"), 0)
    return [
        {
            "post": post["pk"],
            "name": post["name"],
            "region": post["region_name"],
            **empty,
            **{k: v for k, v in own.get(post["pk"], {}).items() if k != "post"},
            "work": [
                {"kind": kind, "count": count}
                for kind, count in sorted(deeds.get(post["account_id"], {}).items())
            ],
        }
        for post in posts
    ]
