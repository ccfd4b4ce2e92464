"""What reaches a post, and what a centre has sent out."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.outreach.models import Acknowledgement, Bulletin, Material
from mengding.people import queries as people
from mengding.people.models import ROLE_NAMES, Post
from mengding.regions import areas, locate
from mengding.regions import queries as regions
from mengding.regions.models import Region

LOCAL = ZoneInfo("Asia/Shanghai")
_MOST = 200


def today() -> date:
    """The day it is in the district."""
    return clock.now().astimezone(LOCAL).date()


def addressed(actor: Actor) -> Q:
    """Rows for the area the actor works in, or for one around it."""
    if actor.region_id is None:
        return Q() if actor.kind is ActorKind.SYSTEM else Q(pk__in=[])
    chain = locate.chain(actor.region_id)
    found = Q(district=chain.district_id)
    for level in ("town", "village", "grid"):
        own = getattr(chain, f"{level}_id")
        none = Q(**{f"{level}__isnull": True})
        found &= none | Q(**{level: own}) if own else none
    return found


def read(actor: Actor) -> list[dict[str, Any]]:
    """The notices in force for the actor's post, newest first, with `acknowledged`."""
    rows = Bulletin.objects.filter(addressed(actor), withdrawn_at=None, ends_on__gte=today())
    rows = rows.filter(Q(roles=[]) | Q(roles__contains=[actor.role.value if actor.role else ""]))
    found = list(rows.order_by("-pk").select_related("by")[:_MOST])
    mine = set(
        Acknowledgement.objects.filter(bulletin__in=found, post=actor.post_id or 0).values_list(
            "bulletin", flat=True
        )
    )
    return [shown(row) | {"acknowledged": row.pk in mine} for row in found]


def shown(row: Bulletin) -> dict[str, Any]:
    """A bulletin as the API answers it."""
    region = row.grid_id or row.village_id or row.town_id or row.district_id
    return {
        "id": row.pk,
        "title": row.title,
        "text": row.text,
        "asks": row.asks,
        "roles": row.roles,
        "region_id": region,
        "region": " ".join(locate.names(region)),
        "by": row.by.name,
        "published_at": row.published_at,
        "ends_on": row.ends_on,
        "withdrawn_at": row.withdrawn_at,
    }


def addressees(row: Bulletin) -> QuerySet[Post]:
    """The posts a bulletin is for: its roles, in its area or below."""
    region = Region.objects.get(pk=row.grid_id or row.village_id or row.town_id or row.district_id)
    inside = Region.objects.filter(regions.below(region.path))
    posts = Post.objects.filter(active=True, account__is_active=True, region__in=inside)
    return posts.filter(role__in=row.roles) if row.roles else posts


def sent(actor: Actor) -> list[dict[str, Any]]:
    """What was sent within the actor's area, newest first; answers are counted where asked."""
    rows = Bulletin.objects.filter(areas.mine(actor)).annotate(answers_count=Count("answers"))
    found = list(rows.order_by("-pk").select_related("by")[:_MOST])
    return [
        shown(row)
        | {
            "acknowledged_count": getattr(row, "answers_count", 0),
            "addressed_count": addressees(row).count() if row.asks else None,
            "over": row.withdrawn_at is not None or row.ends_on < today(),
        }
        for row in found
    ]


def bulletin(actor: Actor, bulletin_id: int) -> Bulletin:
    """One that was sent within the actor's area; raises NotFound."""
    row = Bulletin.objects.filter(areas.mine(actor), pk=bulletin_id).first()
    if row is None:
        raise NotFound("bulletin_not_found", T("没有这条通知。", "There is no such notice."))
    return row


def waiting(actor: Actor, bulletin_id: int) -> list[dict[str, Any]]:
    """Posts that were asked and have not said "understood", by organisation, for a call."""
    row = bulletin(actor, bulletin_id)
    if not row.asks:
        return []
    posts = addressees(row).exclude(
        pk__in=Acknowledgement.objects.filter(bulletin=row).values("post")
    )
    found = posts.order_by("organisation__code", "pk").values_list(
        "pk", "organisation__name", "role", "account_id"
    )[:500]
    names = people.account_names(account for _, _, _, account in found)
    return [
        {
            "post": pk,
            "organisation": org,
            "role": ROLE_NAMES[Role(role)].said(),
            "name": names.get(account, ""),
        }
        for pk, org, role, account in found
    ]


def materials(actor: Actor, *, topic: str = "", every: bool = False) -> list[dict[str, Any]]:
    """Material for the actor's area, newest first; with `every` also what is out of use there."""
    rows = Material.objects.filter(areas.mine(actor) if every else addressed(actor))
    if not every:
        rows = rows.filter(active=True)
    if topic:
        rows = rows.filter(topic=topic)
    return shown_materials(rows.order_by("-active", "-pk")[:_MOST])


def shown_materials(rows: Iterable[Material]) -> list[dict[str, Any]]:
    """Rows with their files."""
    from mengding.evidence.models import Evidence

    found = list(rows)
    files: dict[int, list[dict[str, Any]]] = {}
    attached = Evidence.objects.filter(
        subject_kind="material",
        subject_id__in=[row.pk for row in found],
        erased_at__isnull=True,
    ).select_related("blob")
    for each in attached.order_by("pk"):
        files.setdefault(each.subject_id, []).append(
            {
                "id": each.pk,
                "name": each.name,
                "size": each.blob.size,
                "file_url": f"/api/v1/evidence/{each.pk}/file",
            }
        )
    return [
        {
            "id": row.pk,
            "topic": row.topic,
            "title": row.title,
            "text": row.text,
            "region_id": row.grid_id or row.village_id or row.town_id or row.district_id,
            "region": " ".join(
                locate.names(row.grid_id or row.village_id or row.town_id or row.district_id)
            ),
            "active": row.active,
            "version": row.version,
            "updated_at": row.updated_at,
            "files": files.get(row.pk, []),
        }
        for row in found
    ]


def material(actor: Actor, material_id: int) -> Material:
    """One that belongs to the actor's area or to one around it; raises NotFound."""
    row = Material.objects.filter(areas.mine(actor) | addressed(actor), pk=material_id).first()
    if row is None:
        raise NotFound("material_not_found", T("没有这份材料。", "There is no such material."))
    return row


def bulletin_names(ids: set[int]) -> dict[int, str]:
    """Titles, for the ledger."""
    return dict(Bulletin.objects.filter(pk__in=ids).values_list("pk", "title"))


def material_names(ids: set[int]) -> dict[int, str]:
    """Titles, for the ledger."""
    return dict(Material.objects.filter(pk__in=ids).values_list("pk", "title"))
