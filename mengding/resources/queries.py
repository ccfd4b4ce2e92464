"""Reading the inventory: lists, the map, what is near a place, and what has to be looked at."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.errors import NotFound
from mengding.core.spreadsheet import harmless
from mengding.core.text import T, language
from mengding.people import queries as people
from mengding.people.models import ADMINISTRATORS, ROLE_NAMES, Post
from mengding.policy.permissions import holds, require
from mengding.regions import areas, locate
from mengding.resources.models import Check, Item, Resource, ResourceState, Round

LOCAL = ZoneInfo("Asia/Shanghai")
MOST_ON_MAP = 5000
_EARTH_M = 6_371_008.8
_SHOWN = (
    *("id", "kind", "name", "lon", "lat", "address", "quantity", "needed", "unit", "expires_on"),
    *("organisation_id", "contact_post_id", "state", "condition", "checked_at", "version"),
    *("district_id", "town_id", "village_id", "grid_id", "updated_at"),
)
SHORT = Q(quantity__lt=F("needed")) | Q(condition="broken")


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the inventory; empty: no condition. `expiring`: within so many days."""

    kind: str = ""
    state: str = ""
    expiring: int | None = None
    short: bool = False
    words: str = ""


def today() -> date:
    """The day it is in the district."""
    return clock.now().astimezone(LOCAL).date()


def visible(actor: Actor) -> QuerySet[Resource]:
    """What a post sees: its area; a handler what its own organisation keeps."""
    if actor.kind is not ActorKind.SYSTEM and not holds(actor, "resources.read"):
        return Resource.objects.none()
    if actor.role is Role.HANDLER:
        return Resource.objects.filter(organisation__in=sorted(actor.org_ids))
    return Resource.objects.filter(areas.mine(actor))


def narrowed(actor: Actor, filters: Filters) -> QuerySet[Resource]:
    """The visible part of the inventory that fits; retired entries only when asked for."""
    rows = visible(actor)
    rows = (
        rows.filter(state=filters.state)
        if filters.state
        else rows.exclude(state=ResourceState.RETIRED)
    )
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.expiring is not None:
        rows = rows.filter(expires_on__lte=today() + timedelta(days=filters.expiring))
    if filters.short:
        rows = rows.filter(SHORT)
    if words := filters.words.strip():
        rows = rows.filter(
            Q(name__icontains=words)
            | Q(address__icontains=words)
            | Q(organisation__name__icontains=words)
        )
    return rows


def listed(actor: Actor, filters: Filters) -> QuerySet[Resource, dict[str, Any]]:
    """`narrowed` as dictionaries; give pages of them to `shown`."""
    rows: QuerySet[Resource, dict[str, Any]] = narrowed(actor, filters).values(*_SHOWN)
    return rows


def shown(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the names a reader needs: place, custodian, contact post, what is wrong."""
    found = list(rows)
    posts = _posts({row["contact_post_id"] for row in found})
    day = today()
    return [_shown(row, posts, day) for row in found]


def _shown(row: dict[str, Any], posts: dict[int, str], day: date) -> dict[str, Any]:
    region = row["grid_id"] or row["village_id"] or row["town_id"] or row["district_id"]
    org = people.organisation(row["organisation_id"])
    left = (row["expires_on"] - day).days if row["expires_on"] else None
    return row | {
        "region": " ".join(locate.names(region)[1:]),
        "organisation_name": org.name if org else "",
        "contact": posts.get(row["contact_post_id"] or 0),
        "short": row["quantity"] < row["needed"] or row["condition"] == "broken",
        "days_left": left,
    }


def _posts(ids: Iterable[int | None], *, region: bool = False) -> dict[int, str]:
    """What posts are called: organisation and role (and region), never a person."""
    wanted = [pk for pk in ids if pk is not None]
    rows = Post.objects.filter(pk__in=wanted).values_list(
        "pk", "organisation__name", "role", "region__name"
    )
    return {
        pk: " ".join((org, ROLE_NAMES[Role(role)].said(), *([where] if region else [])))
        for pk, org, role, where in rows
    }


def contacts(actor: Actor, *, organisation: int | None, words: str) -> list[dict[str, Any]]:
    """Posts that may be turned to, at most 50: `post`, `label`; never who holds them.

    Of an organisation, or with `words` in the name of any; where several people hold the same
    one, it stands once.
    """
    require(actor, "resources.keep")
    rows = Post.objects.filter(active=True, organisation__active=True)
    rows = rows.exclude(role__in=sorted(ADMINISTRATORS))
    if words.strip():
        rows = rows.filter(organisation__name__icontains=words.strip())
    else:
        rows = rows.filter(organisation=organisation or 0)
    same = ("organisation_id", "role", "region_id")
    once = rows.order_by(*same, "pk").distinct(*same)[:50].values_list("pk", flat=True)
    found = _posts(set(once), region=True)
    return [{"post": pk, "label": found[pk]} for pk in sorted(found, key=lambda pk: found[pk])]


def one(actor: Actor, resource_id: int) -> Resource:
    """One entry; raises NotFound where it is not there or out of sight."""
    row = visible(actor).filter(pk=resource_id).first()
    if row is None:
        raise NotFound("resource_not_found", T("没有这项资源。", "There is no such resource."))
    return row


def detail(actor: Actor, resource_id: int) -> dict[str, Any]:
    """One entry with its last twenty checks, newest first."""
    one(actor, resource_id)
    row = shown(Resource.objects.filter(pk=resource_id).values(*_SHOWN))[0]
    checks = list(
        Check.objects.filter(resource=resource_id).values(
            *("id", "at", "recorded_at", "quantity", "condition", "expires_on", "short"),
            *("account_id", "case_id"),
        )[:20]
    )
    names = people.account_names(each["account_id"] for each in checks)
    for each in checks:
        each["by"] = names.get(each.pop("account_id"))
    return row | {"checks": checks}


def metres(lon: float, lat: float, lon2: float, lat2: float) -> float:
    """The distance of two places in WGS-84 degrees on a sphere (haversine)."""
    a, b = math.radians(lat), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def nearest(
    actor: Actor, filters: Filters, lon: float, lat: float, limit: int
) -> list[dict[str, Any]]:
    """What stands nearest to a place, with `distance_m`. An inventory is small: all are asked."""
    rows = narrowed(actor, filters).values_list("pk", "lon", "lat")
    far = sorted((metres(lon, lat, x, y), pk) for pk, x, y in rows)[:limit]
    by_id = {
        row["id"]: row
        for row in shown(Resource.objects.filter(pk__in=[pk for _, pk in far]).values(*_SHOWN))
    }
    return [by_id[pk] | {"distance_m": round(m)} for m, pk in far]


def rounds(actor: Actor, *, open_only: bool) -> list[dict[str, Any]]:
    """Rounds of the area, the next due first, with how much of each is done."""
    rows = Round.objects.filter(areas.mine(actor)).annotate(
        items_count=Count("items"), done_count=Count("items__check_of")
    )
    if open_only:
        rows = rows.filter(closed_at__isnull=True)
    fields = ("id", "title", "due_on", "created_at", "closed_at", "items_count", "done_count")
    found = list(rows.order_by("closed_at", "due_on", "pk").values(*fields)[:200])
    day = today()
    return [row | {"late": row["closed_at"] is None and row["due_on"] < day} for row in found]


def one_round(actor: Actor, round_id: int) -> Round:
    """One round of the actor's area; raises NotFound."""
    row = Round.objects.filter(areas.mine(actor), pk=round_id).first()
    if row is None:
        raise NotFound("round_not_found", T("没有这次检查。", "There is no such round."))
    return row


def due(actor: Actor, *, round_id: int | None = None) -> list[dict[str, Any]]:
    """Items that nobody has looked at yet, as far as the actor sees them, the next due first.

    With `round_id` all items of that round, the done ones behind.
    """
    rows = Item.objects.filter(resource__in=visible(actor))
    if round_id is None:
        rows = rows.filter(check_of__isnull=True, round__closed_at__isnull=True)
    else:
        rows = rows.filter(round=round_id)
    fields = ("id", "round_id", "round__title", "round__due_on", "resource_id", "check_of_id")
    found = list(
        rows.order_by(F("check_of").asc(nulls_first=True), "round__due_on", "pk").values(*fields)[
            :500
        ]
    )
    ids = [row["resource_id"] for row in found]
    by_id = {r["id"]: r for r in shown(Resource.objects.filter(pk__in=ids).values(*_SHOWN))}
    day = today()
    return [
        {
            "item": row["id"],
            "round": row["round_id"],
            "title": row["round__title"],
            "due_on": row["round__due_on"],
            "late": row["check_of_id"] is None and row["round__due_on"] < day,
            "done": row["check_of_id"] is not None,
            "resource": by_id[row["resource_id"]],
        }
        for row in found
    ]


COLUMNS: dict[str, T] = {
    "kind": T("类型", "kind"),
    "name": T("名称", "name"),
    "lon": T("经度", "lon"),
    "lat": T("纬度", "lat"),
    "address": T("地点", "address"),
    "quantity": T("数量", "quantity"),
    "needed": T("应有数量", "needed"),
    "unit": T("单位", "unit"),
    "expires_on": T("有效期至", "expires_on"),
    "organisation": T("保管单位代码", "organisation"),
    "state": T("状态", "state"),
    "contact": T("联系岗位", "contact"),
}


def exported(actor: Actor, filters: Filters) -> Iterator[list[str]]:
    """The inventory as rows of a table, its head first; what `actions.import_csv` reads."""
    yield [text.said(language.get()) for text in COLUMNS.values()]
    rows = (
        narrowed(actor, filters)
        .order_by("pk")
        .values_list(
            *("kind", "name", "lon", "lat", "address", "quantity", "needed", "unit"),
            *("expires_on", "organisation__code", "state"),
            *(f"contact_post__{part}" for part in ("organisation__code", "role", "region__code")),
        )
    )
    for *row, org, role, region in rows.iterator(chunk_size=2000):
        contact = f"{org}/{role}/{region}" if org else ""
        yield [_cell(value) for value in (*row, contact)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    return str(value)


def names(ids: set[int]) -> dict[int, str]:
    """Names of entries, for the ledger."""
    return dict(Resource.objects.filter(pk__in=ids).values_list("pk", "name"))


def round_names(ids: set[int]) -> dict[int, str]:
    """Titles of rounds, for the ledger."""
    return dict(Round.objects.filter(pk__in=ids).values_list("pk", "title"))
