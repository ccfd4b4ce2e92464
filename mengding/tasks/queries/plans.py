"""Reading plans, and what a plan would make."""

from datetime import timedelta
from typing import Any

from mengding.core.actor import Actor, Role
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.tasks.actions import generate as making
from mengding.tasks.models import Plan

PREVIEW = timedelta(days=30)


def _plans(actor: Actor) -> Any:
    require(actor, "tasks.plan")
    rows = Plan.objects.filter(consent=None).select_related("region", "place")
    if actor.region_id is None:
        return rows.none()
    return rows.filter(region__in=tree().regions_below(actor.region_id))


def plans(
    actor: Actor, *, kind: str, active: bool | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of plans, newest first."""
    rows = _plans(actor)
    if kind:
        rows = rows.filter(kind=kind)
    if active is not None:
        rows = rows.filter(active=active)
    found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    return [shown(row) for row in found], following


def plan(actor: Actor, plan_id: int) -> dict[str, Any]:
    """One plan; `NotFound`."""
    row = _plans(actor).filter(pk=plan_id).first()
    if row is None:
        raise NotFound("plan_not_found", T("没有这个计划。", "There is no such plan."))
    return shown(row)


def shown(row: Plan) -> dict[str, Any]:
    """A plan as answers carry it."""
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "who": row.who,
        "posts": row.posts,
        "team": row.team_id,
        "region": row.region.code,
        "region_name": row.region.name,
        "place": row.place.code if row.place else None,
        "place_name": row.place.name if row.place else None,
        "place_kind": row.place_kind,
        "recurrence": row.recurrence,
        "opens": row.opens,
        "closes": row.closes,
        "due_days": row.due_days,
        "late_days": row.late_days,
        "times": row.times,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "active": row.active,
        "version": row.version,
        "updated_at": row.updated_at,
    }


def preview(row: Plan) -> dict[str, Any]:
    """What the plan (saved or not) is due for in the next 30 days: days with their windows, and
    how many tasks on each.
    """
    start = max(making.today(), row.starts_on)
    slots = len(making.slots_of(row))
    hours = making.hours_of(row)
    days = [
        {"day": day, "opens_at": hours.on(day).opens, "due_at": hours.on(day).due}
        for day in making.days_of(row, start, start + PREVIEW)
    ]
    return {"tasks_a_day": slots, "days": days, "total": slots * len(days)}


def workers(actor: Actor, region: int | None = None) -> list[dict[str, Any]]:
    """Posts a plan may name: grid workers and mediators in the area, by name."""
    require(actor, "tasks.plan")
    area = tree().regions_below(actor.region_id) if actor.region_id is not None else frozenset()
    rows = Post.objects.filter(
        active=True,
        account__is_active=True,
        role__in=[Role.COLLECTOR, Role.MEDIATOR],
        region__in=area & tree().regions_below(region) if region is not None else area,
    ).select_related("account", "region")
    return [
        {
            "post": post.pk,
            "name": post.account.name,
            "role": post.role,
            "region_name": post.region.name,
        }
        for post in rows.order_by("account__name", "pk")
    ]
