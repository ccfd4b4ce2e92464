"""Sending notices, saying "understood", keeping material."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.core.late import done_at
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.outreach import queries
from mengding.outreach.models import Acknowledgement, Bulletin, Material, Topic
from mengding.policy.permissions import in_area, require
from mengding.regions import locate
from mengding.regions.locate import RegionChain
from mengding.regions.models import Region

LONGEST = 4000
LAST = timedelta(days=366)


def _words(title: str, text: str) -> tuple[str, str]:
    for field, said, longest in (("title", title, 80), ("text", text, LONGEST)):
        if not said.strip():
            raise Invalid("text_missing", T("请填写。", "Please fill this in."), field=field)
        if len(said) > longest:
            raise Invalid(
                "text_long",
                T("不能超过 {n} 字。", "At most {n} characters.").fill(n=longest),
                field=field,
            )
    return title.strip(), text.strip()


def _area(actor: Actor, region: str) -> RegionChain:
    """The chain of a division by its code; without one that of the actor's post."""
    pk = actor.region_id
    if region:
        pk = Region.objects.filter(code=region, active=True).values_list("pk", flat=True).first()
        if pk is None:
            raise Invalid(
                "region_unknown", T("没有这个区划。", "There is no such division."), field="region"
            )
    if pk is None:
        raise Invalid("region_missing", T("请选择区域。", "Choose an area."), field="region")
    chain = locate.chain(pk)
    if actor.region_id is not None and not in_area(actor, chain):
        raise NotAllowed(
            "not_allowed",
            T("只能面向本区域。", "Only within your own area."),
            action="outreach.send",
        )
    return chain


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\n".join(texts).encode()).digest()


@transaction.atomic
def publish(
    actor: Actor,
    title: str,
    text: str,
    *,
    region: str = "",
    roles: list[str] | None = None,
    asks: bool = False,
    ends_on: date | None = None,
) -> Bulletin:
    """Tell the staff of an area (a code; without: the own one), all or some roles.

    In force to the end of `ends_on` (without: 30 days). Raises `Invalid` naming the field,
    `NotAllowed` outside of the area.
    """
    require(actor, "outreach.send")
    title, text = _words(title, text)
    wanted = list(dict.fromkeys(roles or []))
    if unknown := set(wanted) - {role.value for role in Role}:
        raise Invalid(
            "role_unknown",
            T("没有岗位 {r}。", "There is no role {r}.").fill(r=", ".join(sorted(unknown))),
            field="roles",
        )
    day = queries.today()
    ends_on = ends_on or day + timedelta(days=30)
    if not day <= ends_on <= day + LAST:
        raise Invalid(
            "day_bad",
            T("有效期从今天起，最长一年。", "From today, for a year at most."),
            field="ends_on",
        )
    chain = _area(actor, region)
    assert actor.account_id is not None
    assert chain.district_id is not None
    row = Bulletin.objects.create(
        title=title,
        text=text,
        asks=asks,
        roles=wanted,
        district_id=chain.district_id,
        town_id=chain.town_id,
        village_id=chain.village_id,
        grid_id=chain.grid_id,
        by_id=actor.account_id,
        published_at=clock.now(),
        ends_on=ends_on,
    )
    record(
        actor,
        Entry(
            "bulletin",
            row.pk,
            "bulletin.publish",
            after={
                "roles": wanted,
                "asks": asks,
                "ends_on": ends_on.isoformat(),
                "region": chain.path,
            },
            digest=_digest(title, text),
        ),
    )
    return row


@transaction.atomic
def withdraw(actor: Actor, bulletin_id: int) -> Bulletin:
    """Take a notice back; nothing happens when it is so already."""
    require(actor, "outreach.send")
    queries.bulletin(actor, bulletin_id)
    row = Bulletin.objects.select_for_update().get(pk=bulletin_id)
    if row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        row.save(update_fields=["withdrawn_at"])
        record(actor, Entry("bulletin", row.pk, "bulletin.withdraw"))
    return row


@transaction.atomic
def acknowledge(actor: Actor, bulletin_id: int, *, at: datetime | None = None) -> bool:
    """Say "understood" of a notice that asks for it; whether it was said just now.

    Also of one that has ended meanwhile: it was read without signal. Raises `Invalid` for a
    notice that asks for nothing, `NotFound` for one addressed to others.
    """
    require(actor, "outreach.read")
    row = Bulletin.objects.filter(queries.addressed(actor), pk=bulletin_id).first()
    if row is None or (row.roles and (actor.role is None or actor.role.value not in row.roles)):
        raise NotFound("bulletin_not_found", T("没有这条通知。", "There is no such notice."))
    if not row.asks:
        raise Invalid(
            "nothing_asked",
            T("这条通知不需要确认。", "This notice asks for no answer."),
            field="bulletin",
        )
    said = done_at(at)
    assert actor.post_id is not None  # a notice is read in a post
    _, new = Acknowledgement.objects.get_or_create(
        bulletin=row, post_id=actor.post_id, defaults={"at": said, "recorded_at": clock.now()}
    )
    if new:
        record(
            actor,
            Entry("bulletin", row.pk, "bulletin.acknowledge", after={"at": said.isoformat()}),
        )
    return new


@dataclass(frozen=True, slots=True)
class MaterialData:
    """What material is made of; `region`: a code, empty: the own area."""

    topic: str
    title: str
    text: str
    region: str = ""


def _put(actor: Actor, row: Material, data: MaterialData) -> None:
    if data.topic not in Topic.values:
        raise Invalid(
            "topic_unknown",
            T("类别只能是法治或平安宣传。", "A topic is law or safety."),
            field="topic",
        )
    row.title, row.text = _words(data.title, data.text)
    chain = _area(actor, data.region)
    assert chain.district_id is not None
    row.topic = data.topic
    row.district_id, row.town_id = chain.district_id, chain.town_id
    row.village_id, row.grid_id = chain.village_id, chain.grid_id
    row.updated_at = clock.now()


def _tell(actor: Actor, row: Material, action: str) -> None:
    record(
        actor,
        Entry(
            "material",
            row.pk,
            action,
            after={"topic": row.topic, "active": row.active, "version": row.version},
            digest=_digest(row.title, row.text),
        ),
    )


@transaction.atomic
def add_material(actor: Actor, data: MaterialData) -> Material:
    """New material. Raises `Invalid` naming the field, `NotAllowed` outside of the area."""
    require(actor, "outreach.send")
    row = Material()
    _put(actor, row, data)
    row.save(force_insert=True)
    _tell(actor, row, "material.create")
    return row


def _locked(actor: Actor, material_id: int, version: int | None) -> Material:
    require(actor, "outreach.send")
    seen = queries.material(actor, material_id)
    if actor.region_id is not None and not in_area(actor, seen):
        raise NotAllowed(
            "not_allowed",
            T("只能维护本区域的材料。", "You may change material of your own area only."),
            action="outreach.send",
        )
    row = Material.objects.select_for_update().get(pk=material_id)
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T("材料已被他人更新。", "The material has changed meanwhile."),
            yours={"version": version},
            current={"version": row.version},
        )
    return row


@transaction.atomic
def update_material(
    actor: Actor, material_id: int, data: MaterialData, *, version: int | None = None
) -> Material:
    """Replace material; its files stay."""
    row = _locked(actor, material_id, version)
    _put(actor, row, data)
    row.version += 1
    row.save()
    _tell(actor, row, "material.update")
    return row


@transaction.atomic
def set_material_active(actor: Actor, material_id: int, *, active: bool) -> Material:
    """Take material out of use, or bring it back; nothing happens when it is so already."""
    row = _locked(actor, material_id, None)
    if row.active != active:
        row.active, row.updated_at = active, clock.now()
        row.version += 1
        row.save(update_fields=["active", "updated_at", "version"])
        _tell(actor, row, "material.restore" if active else "material.retire")
    return row
