"""Which villages nobody visited, by kind of task. About places; people come behind them."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count

from mengding.core.actor import Actor, Level, Role
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.regions import areas
from mengding.regions.models import Region
from mengding.scores.queries import LOCAL, kind_names, today
from mengding.tasks.models import Deed, Task
from mengding.tasks.queries import overview

LONGEST = 92  # days


def matrix(actor: Actor, since: date, until: date) -> dict[str, Any]:
    """Each village of the area × each kind of task: what was done, and what was planned; and how
    tasks, places and findings stand there.

    Those nobody visited come first, then those with more gaps (planned and not done once), then
    by code. Both days included.
    """
    require(actor, "scores.coverage")
    if until < since or (until - since).days >= LONGEST:
        raise Invalid(
            "span_bad",
            T("起止日期有误，最长 {n} 天。", "From a day to a later one, at most {n} days.").fill(
                n=LONGEST
            ),
            field="until",
        )
    start = datetime.combine(since, time(), LOCAL)
    end = datetime.combine(until + timedelta(days=1), time(), LOCAL)
    done: dict[int, dict[str, int]] = defaultdict(dict)
    for village, kind, count in (
        Deed.objects.filter(areas.mine(actor), at__gte=start, at__lt=end, village__isnull=False)
        .exclude(action="task.complete")
        .order_by()
        .values_list("village", "kind")
        .annotate(n=Count("pk"))
    ):
        done[village][kind] = count
    planned: dict[int, dict[str, int]] = defaultdict(dict)
    for village, kind, count in (
        Task.objects.filter(
            areas.mine(actor), day__gte=since, day__lte=until, village__isnull=False
        )
        .exclude(status="cancelled")
        .order_by()
        .values_list("village", "kind")
        .annotate(n=Count("pk"))
    ):
        planned[village][kind] = count
    names = kind_names()
    stand = overview.villages(actor, since, until)
    rows = []
    for region in _villages(actor):
        pk = region["pk"]
        gaps = [kind for kind in names if planned[pk].get(kind) and not done[pk].get(kind)]
        rows.append(
            {
                "region": pk,
                "code": region["code"],
                "name": region["name"],
                "town": region["parent__name"],
                "done": done[pk],
                "planned": planned[pk],
                "total": sum(done[pk].values()),
                "gaps": gaps,
                "stand": stand[pk],
                "last_at": stand[pk].pop("last_at"),
            }
        )
    rows.sort(key=lambda row: (row["stand"]["visits"] > 0, -len(row["gaps"]), row["code"]))
    return {
        "since": since,
        "until": until,
        "kinds": [{"code": code, "name": name} for code, name in names.items()],
        "unvisited": sum(not row["stand"]["visits"] for row in rows),
        "items": rows,
    }


def _villages(actor: Actor) -> list[dict[str, Any]]:
    rows = Region.objects.filter(level=Level.VILLAGE, active=True)
    if actor.region_id is not None:
        rows = rows.filter(pk__in=tree().regions_below(actor.region_id))
    found = rows.order_by("code").values("pk", "code", "name", "parent__name")
    return [dict(row) for row in found]


def village_people(actor: Actor, region_id: int) -> dict[str, Any]:
    """Who works in a village, by name; without any number about them.

    Raises `NotFound` for a village outside of the area.
    """
    require(actor, "scores.coverage")
    village = next((row for row in _villages(actor) if row["pk"] == region_id), None)
    if village is None:
        raise NotFound("village_not_found", T("本区域没有这个村。", "No such village here."))
    posts = Post.objects.filter(
        active=True,
        account__is_active=True,
        role=Role.COLLECTOR,
        region__in=tree().regions_below(region_id),
    )
    return {
        "region": region_id,
        "name": village["name"],
        "town": village["parent__name"],
        "months": [f"{day:%Y-%m}" for day in _months()],
        "people": [
            {"account": account, "name": name, "organisation": org}
            for account, name, org in posts.order_by("account__name", "pk").values_list(
                "account", "account__name", "organisation__name"
            )
        ],
    }


def _months() -> list[date]:
    first = today().replace(day=1)
    found = [first]
    for _ in range(2):
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
