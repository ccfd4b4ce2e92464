"""Applications that need a decision: extension, suspension, return, void, appeal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mengding.cases import appeals
from mengding.cases.actions.engine import Move, lock
from mengding.cases.actions.filing import reason_given
from mengding.cases.actions.handling import end_orders
from mengding.cases.models import Approval, Case
from mengding.cases.stages import ApprovalKind, OrderStatus
from mengding.clocks import actions as clocks
from mengding.clocks.models import Clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotAllowed
from mengding.core.text import T
from mengding.ledger.actions import keep_words

LONGEST_SUSPENSION = timedelta(days=365)


def ask(
    move: Move, kind: ApprovalKind, reason: str, detail: Mapping[str, Any] | None = None
) -> Case:
    """Put the application up for decision; `detail` holds codes, ids and times."""
    words = keep_words(reason_given(reason))
    approval = Approval.objects.create(
        case=move.case,
        kind=kind.value,
        detail=dict(detail or {}),
        reason=words,
        asked_at=move.now,
        asked_by=move.actor.account_id,
    )
    return move.commit(
        words=words,
        details={"approval": {"id": approval.pk, "kind": kind.value, "status": "pending"}}
        | dict(detail or {}),
    )


@transaction.atomic
def request_return(
    actor: Actor,
    case_id: int,
    *,
    reason: str,
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """The lead organisation says the case is not its own."""
    move = Move(actor, case_id, "request_return", version=version, at=at)
    return ask(move, ApprovalKind.RETURN, reason)


@transaction.atomic
def request_extension(
    actor: Actor,
    case_id: int,
    *,
    amount: int,
    reason: str,
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """延期 by `amount` of the limit's unit: at most one original limit, before the time-out."""
    move = Move(actor, case_id, "request_extension", version=version, at=at)
    condition = move.case.condition
    assert condition is not None
    if not 1 <= amount <= condition.limit_amount:
        raise Invalid(
            "extension_amount",
            T(
                "延期须在 1 到 {n}（原时限）之间。",
                "An extension is between 1 and {n} (the original limit).",
            ).fill(n=condition.limit_amount),
            field="amount",
        )
    return ask(
        move,
        ApprovalKind.EXTENSION,
        reason,
        {"amount": amount, "unit": condition.limit_unit},
    )


@transaction.atomic
def request_suspension(
    actor: Actor, case_id: int, *, until: datetime, reason: str, version: int | None = None
) -> Case:
    """挂账 until an aware instant within a year; the clocks stand meanwhile."""
    move = Move(actor, case_id, "request_suspension", version=version)
    if until.tzinfo is None or not move.now < until <= move.now + LONGEST_SUSPENSION:
        raise Invalid(
            "suspension_until",
            T("挂账截止时间须在一年以内。", "A suspension ends within one year from now."),
            field="until",
        )
    return ask(move, ApprovalKind.SUSPENSION, reason, {"until": until.isoformat()})


@transaction.atomic
def request_void(actor: Actor, case_id: int, *, reason: str, version: int | None = None) -> Case:
    """Ask to void a case that should never have been filed."""
    return ask(Move(actor, case_id, "request_void", version=version), ApprovalKind.VOID, reason)


_GRANTED = {
    ApprovalKind.RETURN: "return",
    ApprovalKind.EXTENSION: "extend",
    ApprovalKind.SUSPENSION: "suspend",
    ApprovalKind.VOID: "void",
    ApprovalKind.APPEAL: "exempt",
}


def _decide(move: Move, status: str, words: str) -> Approval:
    """Close the pending application; who has a part in it may not decide."""
    approval = move.facts.pending
    assert approval is not None  # guarded
    if barred := appeals.why_not(move.actor, approval, move.case):
        raise NotAllowed(*barred)
    approval.status, approval.decided_at = status, move.now
    approval.decided_by = move.actor.account_id
    approval.answer = keep_words(words) if words.strip() else None
    approval.save(update_fields=["status", "decided_at", "decided_by", "answer"])
    return approval


def end_appeal(move: Move) -> dict[str, Any]:
    """An appeal still waiting is moot when its order goes on; what the event says of it."""
    approval = move.facts.pending
    if approval is None:
        return {}
    approval.status, approval.decided_at = "moot", move.now
    approval.save(update_fields=["status", "decided_at"])
    return {"approval": {"id": approval.pk, "kind": approval.kind, "status": "moot"}}


@transaction.atomic
def grant(actor: Actor, case_id: int, *, note: str = "", version: int | None = None) -> Case:
    """同意: carry out what was asked for."""
    # The pending row decides which transition this is, so the case is locked before it is read:
    # otherwise another application could take its place in between.
    lock(actor, case_id)
    pending = Approval.objects.filter(case_id=case_id, status="pending").first()
    action = _GRANTED[ApprovalKind(pending.kind)] if pending else "refuse"
    move = Move(actor, case_id, action, version=version)
    approval = _decide(move, "granted", note)
    case = move.case
    match ApprovalKind(approval.kind):
        case ApprovalKind.RETURN:
            end_orders(move, OrderStatus.RETURNED)
            case.return_count += 1
        case ApprovalKind.EXTENSION:
            move.extension = int(approval.detail["amount"])
            case.extension_count += 1
        case ApprovalKind.SUSPENSION:
            case.suspension_count += 1
            case.suspended_until = datetime.fromisoformat(approval.detail["until"])
            case.handle_due_at = None
        case ApprovalKind.VOID:
            end_orders(move, OrderStatus.CANCELLED)
        case ApprovalKind.APPEAL:
            late = Clock.objects.get(pk=approval.detail["clock"], case_id=case_id)
            clocks.exempt(late)
            move.clocks.append(late)
    return move.commit(words=approval.answer or "", details=_decision(approval))


@transaction.atomic
def refuse(actor: Actor, case_id: int, *, reason: str, version: int | None = None) -> Case:
    """不同意: the case goes on as it was."""
    move = Move(actor, case_id, "refuse", version=version)
    approval = _decide(move, "refused", reason_given(reason))
    return move.commit(words=approval.answer or "", details=_decision(approval))


def _decision(approval: Approval) -> dict[str, Any]:
    decided = {"id": approval.pk, "kind": approval.kind, "status": approval.status}
    return {"approval": decided, **approval.detail}


@transaction.atomic
def resume(actor: Actor, case_id: int, *, reason: str = "", version: int | None = None) -> Case:
    """End a suspension, early by hand or on its day by the system."""
    move = Move(actor, case_id, "resume", version=version)
    move.case.suspended_until = None
    return move.commit(words=reason)
