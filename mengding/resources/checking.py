"""Looking at what there is: checks, rounds of them, and a case made of a shortage."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.late import done_at
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.resources import queries
from mengding.resources.actions import check_amount, missing
from mengding.resources.models import Check, Item, Resource, ResourceCondition, ResourceState, Round

MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody saw. `at` None: now."""

    quantity: Decimal
    condition: str
    expires_on: date | None = None
    at: datetime | None = None


@transaction.atomic
def check(actor: Actor, resource_id: int, found: Found, *, note: str = "") -> Check:
    """Record what was found; open items of rounds for this resource are done with it.

    It may arrive late: a look older than the latest one is kept but changes nothing in the
    entry. Raises `Invalid` naming the field, `NotFound` out of sight.
    """
    require(actor, "resources.check")
    assert actor.account_id is not None
    queries.one(actor, resource_id)
    check_amount(found.quantity, "quantity")
    if found.condition not in ResourceCondition.values:
        raise Invalid(
            "value_unknown",
            T("只能是：{known}。", "One of: {known}.").fill(
                known="、".join(ResourceCondition.values)
            ),
            field="condition",
        )
    if len(note) > 500:
        raise Invalid("text_long", T("不能超过 500 字。", "At most 500 characters."), field="note")
    at = done_at(found.at)
    row = Resource.objects.select_for_update().get(pk=resource_id)
    short = found.quantity < row.needed or found.condition == ResourceCondition.BROKEN
    made = Check.objects.create(
        resource=row,
        account_id=actor.account_id,
        post_id=actor.post_id,
        at=at,
        recorded_at=clock.now(),
        quantity=found.quantity,
        condition=found.condition,
        expires_on=found.expires_on,
        short=short,
    )
    if row.checked_at is None or at >= row.checked_at:
        row.quantity, row.condition = found.quantity, found.condition
        row.expires_on, row.checked_at = found.expires_on or row.expires_on, at
        row.version += 1
        row.updated_at = clock.now()
        row.save()
    opened = Item.objects.filter(
        resource=row, check_of=None, round__closed_at=None, round__created_at__lte=clock.now()
    )
    rounds = list(opened.values_list("round_id", flat=True))
    opened.update(check_of=made)
    Round.objects.filter(pk__in=rounds).exclude(items__check_of=None).update(closed_at=clock.now())
    record(
        actor,
        Entry(
            "resource",
            row.pk,
            "resource.check",
            after={
                "check": made.pk,
                "at": at.isoformat(),
                "quantity": str(made.quantity),
                "condition": made.condition,
                "short": short,
                "rounds": rounds,
            },
            words=note.strip(),
        ),
    )
    return made


@transaction.atomic
def raise_case(actor: Actor, check_id: int) -> Check:
    """Make a case of a shortage, once: a second call returns the first.

    Raises `Invalid` when the check found no shortage.
    """
    require(actor, "resources.raise")
    made = (
        Check.objects.select_for_update()
        .filter(pk=check_id, resource__in=queries.visible(actor))
        .first()
    )
    if made is None:
        raise NotFound("check_not_found", T("没有这次检查。", "There is no such check."))
    if made.case_id is not None:
        return made
    if not made.short:
        raise Invalid(
            "no_shortage",
            T("本次检查没有发现短缺。", "The check found no shortage."),
            field="check",
        )
    row = made.resource
    report = cases.receive(
        actor,
        Message(
            text=_words(row, made),
            channel=Channel.GRID,
            lon=row.lon,
            lat=row.lat,
            address=row.address or row.name,
            source="resource",
            source_ref=str(made.pk),
        ),
    )
    made.case = report.case
    made.save(update_fields=["case"])
    record(
        actor,
        Entry(
            "resource",
            row.pk,
            "resource.raise_case",
            after={"check": made.pk, "case": report.case_id},
        ),
    )
    return made


def _words(row: Resource, made: Check) -> str:
    org = people.organisation(row.organisation_id)
    keeper = org.name if org else ""
    if made.condition == ResourceCondition.BROKEN:
        return f"应急资源不能使用：{row.name}（{keeper}），检查时状况为不能使用，请修复或更换。"
    return (
        f"应急资源短缺：{row.name}（{keeper}）应有 {row.needed.normalize():f} {row.unit}，"
        f"实有 {made.quantity.normalize():f} {row.unit}，请补充。"
    )


@transaction.atomic
def open_round(
    actor: Actor, title: str, due_on: date, resources: list[int], *, region_id: int | None = None
) -> Round:
    """A round over these resources of the actor's area, to be done by a day.

    Raises `Invalid` naming the field (no title, a day gone by, nothing chosen), `NotFound` for
    resources out of sight.
    """
    require(actor, "resources.keep")
    title = title.strip()
    if not title:
        raise missing("title")
    if len(title) > 60:
        raise Invalid("text_long", T("不能超过 60 字。", "At most 60 characters."), field="title")
    if due_on < queries.today():
        raise Invalid("day_past", T("期限不能早于今天。", "The day has gone by."), field="due_on")
    wanted = list(dict.fromkeys(resources))
    known = queries.visible(actor).exclude(state=ResourceState.RETIRED).filter(pk__in=wanted)
    ids = list(known.order_by("pk").values_list("pk", flat=True))
    if not 0 < len(wanted) <= MOST_ITEMS:
        raise Invalid(
            "resources_bad",
            T("请选择 1 到 {n} 项资源。", "Choose 1 to {n} resources.").fill(n=MOST_ITEMS),
            field="resources",
        )
    if len(ids) != len(wanted):
        raise NotFound(
            "resource_not_found",
            T("所选资源中有的不在您的区域或已停用。", "Some are not in use in your area."),
        )
    home = actor.region_id if region_id is None else region_id
    chain = locate.chain(home) if home is not None else None
    first = Resource.objects.get(pk=ids[0])
    district = chain.district_id if chain else first.district_id
    assert district is not None  # every division lies in one
    row = Round.objects.create(
        title=title,
        due_on=due_on,
        district_id=district,
        town_id=chain.town_id if chain else None,
        village_id=chain.village_id if chain else None,
        grid_id=chain.grid_id if chain else None,
        created_at=clock.now(),
    )
    Item.objects.bulk_create([Item(round=row, resource_id=pk) for pk in ids])
    record(
        actor,
        Entry(
            "resource_round",
            row.pk,
            "resource_round.open",
            after={"due_on": due_on.isoformat(), "resources": len(ids)},
        ),
    )
    return row


@transaction.atomic
def close_round(actor: Actor, round_id: int) -> Round:
    """End a round; what is not checked stays unchecked. Nothing happens when it has ended."""
    require(actor, "resources.keep")
    queries.one_round(actor, round_id)
    row = Round.objects.select_for_update().get(pk=round_id)
    if row.closed_at is None:
        row.closed_at = clock.now()
        row.save(update_fields=["closed_at"])
        left = row.items.filter(check_of=None).count()
        record(
            actor,
            Entry("resource_round", row.pk, "resource_round.close", after={"left": left}),
        )
    return row
