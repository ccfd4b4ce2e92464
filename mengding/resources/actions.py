"""Keeping the inventory. What is looked at in it: `checking`."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from mengding.cases.place import Place, resolve
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import in_area, require
from mengding.resources import queries
from mengding.resources.models import Resource, ResourceKind, ResourceState


@dataclass(frozen=True, slots=True)
class ResourceData:
    """What an entry is made of. `organisation`, `contact_post`: ids."""

    kind: str
    name: str
    lon: float
    lat: float
    quantity: Decimal
    unit: str
    organisation: int
    needed: Decimal = Decimal(0)
    address: str = ""
    expires_on: date | None = None
    contact_post: int | None = None
    state: str = ResourceState.READY.value


def missing(field: str) -> Invalid:
    return Invalid("text_missing", T("请填写。", "Please fill this in."), field=field)


def _check(data: ResourceData) -> None:
    """Raise `Invalid` naming the field at fault."""
    for field, value, known in (
        ("kind", data.kind, ResourceKind.values),
        ("state", data.state, ResourceState.values),
    ):
        if value not in known:
            raise Invalid(
                "value_unknown",
                T("只能是：{known}。", "One of: {known}.").fill(known="、".join(known)),
                field=field,
            )
    for field, text, longest in (
        ("name", data.name, 80),
        ("unit", data.unit, 12),
        ("address", data.address, 120),
    ):
        if field != "address" and not text.strip():
            raise missing(field)
        if len(text) > longest:
            raise Invalid(
                "text_long",
                T("不能超过 {n} 字。", "At most {n} characters.").fill(n=longest),
                field=field,
            )
    for field in ("quantity", "needed"):
        check_amount(getattr(data, field), field)
    if people.organisation(data.organisation) is None:
        raise Invalid(
            "organisation_unknown",
            T("没有这个机构。", "There is no such organisation."),
            field="organisation",
        )
    if (
        data.contact_post is not None
        and not Post.objects.filter(pk=data.contact_post, active=True).exists()
    ):
        raise Invalid(
            "post_unknown", T("没有这个岗位。", "There is no such post."), field="contact_post"
        )


def check_amount(value: Decimal, field: str) -> None:
    """An amount: 0 to 9,999,999,999 with two decimals; raises `Invalid`."""
    if not value.is_finite() or not 0 <= value < 10**10 or value != round(value, 2):
        raise Invalid(
            "amount_bad",
            T("数量应不小于 0，最多两位小数。", "An amount is 0 or more, with two decimals."),
            field=field,
        )


def _place(actor: Actor, data: ResourceData) -> Place:
    place = resolve(actor, data.lon, data.lat, None)
    if not in_area(actor, place) and actor.region_id is not None:
        raise NotAllowed(
            "not_allowed",
            T("该位置不在您的区域内。", "This place is outside your area."),
            action="resources.keep",
        )
    return place


def _put(row: Resource, data: ResourceData, place: Place) -> None:
    row.kind, row.state = data.kind, data.state
    row.name, row.unit, row.address = data.name.strip(), data.unit.strip(), data.address.strip()
    row.lon, row.lat = data.lon, data.lat
    assert place.district_id is not None  # a place without a division was refused
    row.district_id, row.town_id = place.district_id, place.town_id
    row.village_id, row.grid_id = place.village_id, place.grid_id
    row.quantity, row.needed = data.quantity, data.needed
    row.expires_on, row.organisation_id = data.expires_on, data.organisation
    row.contact_post_id = data.contact_post
    row.updated_at = clock.now()


def _taken(data: ResourceData, row_id: int | None) -> None:
    same = Resource.objects.filter(
        organisation=data.organisation, kind=data.kind, name=data.name.strip()
    ).exclude(state=ResourceState.RETIRED)
    if row_id is not None:
        same = same.exclude(pk=row_id)
    if data.state != ResourceState.RETIRED and same.exists():
        raise Conflict(
            "resource_taken",
            T("该单位已有同名资源。", "The organisation has one of this name already."),
            field="name",
        )


def _facts(row: Resource) -> dict[str, Any]:
    """What the ledger keeps: codes, ids, numbers, days."""
    return {
        "kind": row.kind,
        "state": row.state,
        "quantity": str(row.quantity),
        "needed": str(row.needed),
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "organisation": row.organisation_id,
        "contact_post": row.contact_post_id,
        "version": row.version,
    }


@transaction.atomic
def create(actor: Actor, data: ResourceData) -> Resource:
    """A new entry. Raises `Invalid` naming the field, `NotAllowed` outside of the area,
    `Conflict` for a second one of the same name, kind and custodian."""
    require(actor, "resources.keep")
    _check(data)
    place = _place(actor, data)
    _taken(data, None)
    row = Resource()
    _put(row, data, place)
    row.save(force_insert=True)
    record(actor, Entry("resource", row.pk, "resource.create", after=_facts(row)))
    return row


@transaction.atomic
def update(
    actor: Actor, resource_id: int, data: ResourceData, *, version: int | None = None
) -> Resource:
    """Replace an entry; `Conflict` when somebody else changed it meanwhile."""
    require(actor, "resources.keep")
    queries.one(actor, resource_id)
    _check(data)
    place = _place(actor, data)
    row = Resource.objects.select_for_update().get(pk=resource_id)
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T(
                "资源已被他人更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
                "The resource has changed (you saw version {yours}, it is now {current}).",
            ).fill(yours=version, current=row.version),
            yours={"version": version},
            current={"version": row.version},
        )
    _taken(data, row.pk)
    before = _facts(row)
    _put(row, data, place)
    row.version += 1
    row.save()
    record(actor, Entry("resource", row.pk, "resource.update", before, _facts(row)))
    return row


@transaction.atomic
def exported(actor: Actor, filters: queries.Filters, rows: int) -> None:
    """Record that a copy of the inventory was taken."""
    require(actor, "resources.keep")
    assert actor.account_id is not None
    after = {k: v for k, v in asdict(filters).items() if k != "words"} | {"rows": rows}
    record(actor, Entry("account", actor.account_id, "resource.export", after=after))
