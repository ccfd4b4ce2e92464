"""Dispatch and the departments' part: accept, work jointly, feed back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from mengding.cases.actions.engine import Move
from mengding.cases.actions.filing import reason_given
from mengding.cases.models import Case, WorkOrder
from mengding.cases.stages import OrderKind, OrderStatus
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.evidence.sending import Photo
from mengding.people import queries as people


@transaction.atomic
def dispatch(
    actor: Actor,
    case_id: int,
    *,
    lead_org_id: int | None = None,
    assist_org_ids: Sequence[int] = (),
    note: str = "",
    version: int | None = None,
) -> Case:
    """派遣: one lead organisation (the proposed one by default) and any number of assisting."""
    move = Move(actor, case_id, "dispatch", version=version)
    return dispatched(move, lead_org_id or move.case.proposed_org_id, assist_org_ids, note)


def dispatched(
    move: Move, lead_org_id: int | None, assist_org_ids: Sequence[int] = (), note: str = ""
) -> Case:
    """Carry the dispatch out."""
    _send(move, lead_org_id, assist_org_ids)
    return move.commit(words=note, details={"proposed": move.case.proposed_org_id})


@transaction.atomic
def reassign(
    actor: Actor,
    case_id: int,
    *,
    lead_org_id: int,
    assist_org_ids: Sequence[int] = (),
    reason: str,
    version: int | None = None,
) -> Case:
    """重派: the orders sent so far end, new ones start with a full limit."""
    move = Move(actor, case_id, "reassign", version=version)
    end_orders(move, OrderStatus.CANCELLED)
    _send(move, lead_org_id, assist_org_ids)
    return move.commit(words=reason_given(reason))


def _send(move: Move, lead_org_id: int | None, assist_org_ids: Sequence[int]) -> None:
    case = move.case
    if lead_org_id is None:
        raise Invalid(
            "lead_missing",
            T("请选择主办单位。", "Choose a lead organisation."),
            field="lead_org_id",
        )
    wanted = [(lead_org_id, OrderKind.LEAD, "lead_org_id")]
    wanted += [(org, OrderKind.ASSIST, "assist_org_ids") for org in assist_org_ids]
    _new_orders(move, wanted)
    case.lead_org_id = lead_org_id
    case.order_org_ids = [org for org, _, _ in wanted]
    case.dispatched_at = move.now


def send_assists(move: Move, org_ids: Sequence[int]) -> None:
    """Assisting orders beside those the case has; `Invalid` names `assist_org_ids`."""
    wanted = [(org, OrderKind.ASSIST, "assist_org_ids") for org in org_ids]
    _new_orders(move, wanted)
    move.case.order_org_ids = [*move.case.order_org_ids, *org_ids]


def _new_orders(move: Move, wanted: list[tuple[int, OrderKind, str]]) -> None:
    case = move.case
    busy = {order.organisation_id for order in move.facts.orders if order not in move.orders}
    named = [org for org, _, _ in wanted]
    if len({*named}) < len(named) or busy & {*named}:
        raise Invalid(
            "org_twice",
            T("同一单位不能重复。", "An organisation is named twice."),
            field="assist_org_ids",
        )
    for org_id, kind, field in wanted:
        org = people.organisation(org_id)
        if org is None or not people.within(case.district_id, _top(org.region_id)):
            raise Invalid(
                "org_unknown",
                T("没有这个单位或已停用。", "There is no such active organisation."),
                field=field,
            )
        move.new_orders.append(
            WorkOrder(
                case=case,
                organisation_id=org_id,
                kind=kind.value,
                status=OrderStatus.SENT.value,
                sent_at=move.now,
            )
        )
    WorkOrder.objects.bulk_create(move.new_orders)
    move.orders += move.new_orders


def _top(region_id: int) -> int:
    """The district an organisation's region belongs to."""
    *_, top = people.tree().chain(region_id)
    return top


def end_orders(move: Move, status: OrderStatus) -> None:
    """The live orders end without being done; the case belongs to no department."""
    for order in move.facts.orders:
        order.status, order.ended_at = status.value, move.now
        order.save(update_fields=["status", "ended_at"])
        move.orders.append(order)
    move.case.order_org_ids = []
    move.case.lead_org_id = None
    move.case.handle_due_at = None
    move.case.help_asked_at = None


def _step(move: Move, status: OrderStatus) -> None:
    """Move the actor's own order on."""
    order = move.facts.own
    assert order is not None  # guarded
    order.status = status.value
    if status is OrderStatus.ACCEPTED:
        order.accepted_at, order.accepted_by = move.now, move.actor.account_id
    else:
        order.done_at = move.now
    order.save(update_fields=["status", "accepted_at", "accepted_by", "done_at"])
    move.orders.append(order)


@transaction.atomic
def accept(
    actor: Actor, case_id: int, *, at: datetime | None = None, version: int | None = None
) -> Case:
    """接单: the lead organisation takes the work."""
    move = Move(actor, case_id, "accept", version=version, at=at)
    _step(move, OrderStatus.ACCEPTED)
    return move.commit()


@transaction.atomic
def assist_accept(
    actor: Actor, case_id: int, *, at: datetime | None = None, version: int | None = None
) -> Case:
    """An assisting organisation takes its part."""
    move = Move(actor, case_id, "assist_accept", version=version, at=at)
    _step(move, OrderStatus.ACCEPTED)
    return move.commit()


@transaction.atomic
def assist_done(
    actor: Actor,
    case_id: int,
    *,
    report: str,
    photos: Sequence[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """An assisting organisation signs its part off."""
    move = Move(actor, case_id, "assist_done", version=version, at=at)
    _step(move, OrderStatus.DONE)
    return move.commit(words=reason_given(report, "report"), details=shown_by(move.attach(photos)))


@transaction.atomic
def feed_back(
    actor: Actor,
    case_id: int,
    *,
    report: str,
    evidence_ids: Sequence[int] = (),
    photos: Sequence[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """反馈: the lead organisation reports what it did; the supervision side checks next."""
    move = Move(actor, case_id, "feed_back", version=version, at=at)
    _step(move, OrderStatus.DONE)
    case = move.case
    case.fed_back_at = move.now
    case.handled_late = case.handle_due_at is not None and move.now > case.handle_due_at
    seen = shown_by([*evidence_ids, *move.attach(photos)])
    return move.commit(words=reason_given(report, "report"), details=seen)


def shown_by(evidence: Sequence[int]) -> dict[str, Any]:
    """What an event says of the attachments that belong to it."""
    return {"evidence": list(evidence)} if evidence else {}
