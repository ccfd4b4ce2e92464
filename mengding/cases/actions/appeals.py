"""超时申诉: an organisation asks to have its time-out exempted."""

from collections.abc import Sequence

from django.db import transaction

from mengding.cases import appeals
from mengding.cases.actions.approvals import ask
from mengding.cases.actions.engine import Move
from mengding.cases.models import Approval, Case
from mengding.cases.stages import ApprovalKind
from mengding.core.actor import Actor


@transaction.atomic
def request_appeal(
    actor: Actor,
    case_id: int,
    *,
    reason: str,
    evidence_ids: Sequence[int] = (),
    version: int | None = None,
) -> Case:
    """Within five working days after the work or the case ended; once more after a refusal,
    which somebody else then reviews."""
    move = Move(actor, case_id, "request_appeal", version=version)
    found = appeals.standing(move.case, move.facts.own)
    clock, own = found.clock, move.facts.own
    assert clock is not None  # guarded
    assert own is not None  # guarded
    assert clock.due_at is not None  # a late clock had a deadline
    assert clock.stopped_at is not None
    detail = {
        "clock": clock.pk,
        "org": own.organisation_id,
        "round": found.round,
        "due": clock.due_at.isoformat(),
        "stopped": clock.stopped_at.isoformat(),
    }
    if evidence_ids:
        detail["evidence"] = list(evidence_ids)
    if found.round > 1:
        # Others on the case may have appealed meanwhile, each against a clock of its own.
        first = Approval.objects.filter(
            case_id=case_id, kind=ApprovalKind.APPEAL, status="refused", detail__clock=clock.pk
        ).latest("pk")
        detail |= {"first": first.pk, "first_reviewer": first.decided_by}
    return ask(move, ApprovalKind.APPEAL, reason, detail)
