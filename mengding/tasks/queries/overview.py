"""What was planned and done where; who did it is not asked here."""

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
from mengding.core.actor import Actor, Level
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.regions.models import Region
from mengding.tasks.models import Deed, Finding, Place, Task
from mengding.tasks.queries import visible
from mengding.tasks.queries.tasks import check_span, day_bounds, in_state
from mengding.tasks.states import TaskState

# Work that takes somebody out to the village.
ON_SITE = ("visit.record", "inspection.record", "care.visit", "case.receive")


def conditions(now: datetime) -> dict[str, Q]:
    """How tasks stand, each as a condition; `planned`: begun and not called off."""
    wanted = (TaskState.READY, TaskState.MISSED, TaskState.FAILED, TaskState.COMPLETED)
    return {
        **{each.value: in_state(each, now) for each in wanted},
        "planned": Q(opens_at__lte=now) & ~Q(status="cancelled"),
        "late": Q(status="completed", late=True),
    }


def states(now: datetime) -> dict[str, Count]:
    """Counts of tasks by how they stand, for `annotate`."""
    return {name: Count("pk", filter=each) for name, each in conditions(now).items()}


def _days(since: date, until: date) -> tuple[datetime, datetime]:
    check_span(since, until)
    return day_bounds(since)[0], day_bounds(until)[1]


def villages(actor: Actor, since: date, until: date) -> dict[int, dict[str, Any]]:
    """Each village of the area, by id: what was planned and done there, what waits to be looked at.

    Both days included. `visits`: pieces of work that take somebody out to the village.
    """
    require(actor, "tasks.oversee")
    start, end = _days(since, until)
    now = clock.now()
    area = visible.in_area(actor)
    tasks = _by_village(
        Task.objects.filter(area, day__gte=since, day__lte=until)
        .order_by()
        .values("village")
        .annotate(**states(now))
    )
    deeds = _by_village(
        Deed.objects.filter(area, at__gte=start, at__lt=end, action__in=ON_SITE)
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
    empty = dict.fromkeys((*states(now), "visits", "places", "places_waiting", "findings",
                           "rechecks_overdue"), 0)  # fmt: skip
    return {
        village: {
            **empty, "last_at": None,
            **{name: value for part in (tasks, deeds, places, found)
               for name, value in part.get(village, {}).items()},
        }
        for village in _villages(actor)
    }  # fmt: skip


def _by_village(rows: Any) -> dict[int, dict[str, Any]]:
    return {row["village"]: {k: v for k, v in row.items() if k != "village"} for row in rows}


def _villages(actor: Actor) -> list[int]:
    rows = Region.objects.filter(level=Level.VILLAGE, active=True)
    if actor.region_id is not None:
        rows = rows.filter(pk__in=tree().regions_below(actor.region_id))
    return list(rows.values_list("pk", flat=True))


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
