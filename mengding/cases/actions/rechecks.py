"""After the end: the reporter is called back, and another verifier looks once more."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from mengding.cases.actions.engine import Move, plain
from mengding.cases.actions.filing import reason_given
from mengding.cases.facts import stand
from mengding.cases.models import Callback, Case, Recheck
from mengding.cases.stages import RecheckKind, RecheckResult, Satisfaction
from mengding.core.actor import Actor, Role
from mengding.ledger.actions import keep_words
from mengding.ledger.models import Event, Words


def closers(case_ids: Iterable[int]) -> dict[int, int | None]:
    """Who closed each case last, by case id, from the ledger."""
    rows = Event.objects.filter(
        subject_kind="case", subject_id__in=list(case_ids), action="case.close"
    )
    return dict(rows.order_by("subject_id", "seq").values_list("subject_id", "account_id"))


@transaction.atomic
def call_back(
    actor: Actor,
    case_id: int,
    *,
    satisfaction: Satisfaction,
    resolved: bool,
    note: str = "",
    version: int | None = None,
) -> Case:
    """回访: what the reporter says of the outcome.

    Dissatisfied, or not resolved, needs words and makes a recheck by another verifier.
    """
    move = Move(actor, case_id, "call_back", version=version)
    again = satisfaction is Satisfaction.DISSATISFIED or not resolved
    note = reason_given(note, "note") if again else note
    words = keep_words(note) if note.strip() else None
    made = Callback.objects.create(
        case=move.case,
        satisfaction=satisfaction.value,
        resolved=resolved,
        words=words,
        at=move.now,
        by=actor.account_id,
    )
    details: dict[str, Any] = {
        "callback": {
            "id": made.pk,
            "satisfaction": satisfaction.value,
            "resolved": resolved,
            "at": plain(made.at),
        }
    }
    waiting = [each for each in move.facts.rechecks if each.kind == RecheckKind.DISSATISFIED]
    if again and not waiting:
        recheck = Recheck.objects.create(
            case=move.case,
            kind=RecheckKind.DISSATISFIED.value,
            callback=made,
            closed_by=closers([case_id]).get(case_id),
            made_at=move.now,
        )
        details["recheck"] = {"id": recheck.pk, "kind": recheck.kind}
    return move.commit(words=words or "", details=details)


@transaction.atomic
def uphold(
    actor: Actor,
    case_id: int,
    *,
    finding: str,
    evidence_ids: Sequence[int] = (),
    version: int | None = None,
) -> Case:
    """复核维持: another verifier looked, and the case stays closed."""
    move = Move(actor, case_id, "uphold", version=version)
    words = keep_words(reason_given(finding, "finding"))
    details = decided(move, RecheckResult.UPHELD, words)
    if evidence_ids:
        details["evidence"] = list(evidence_ids)
    return move.commit(words=words, details=details)


def decided(move: Move, result: RecheckResult, words: Words) -> dict[str, Any]:
    """End the open rechecks this decides; what the event says of them.

    A verifier upholds only what is theirs to look at; reopening ends them all.
    """
    ended = []
    for each in move.facts.rechecks:
        mine = stand(move.actor, each, move.case.order_org_ids) == "yours"
        if result is RecheckResult.UPHELD and not (mine and move.actor.role is Role.VERIFIER):
            continue
        each.result, each.words = result.value, words
        each.decided_at, each.decided_by = move.now, move.actor.account_id
        each.save(update_fields=["result", "words", "decided_at", "decided_by"])
        ended.append({"id": each.pk, "kind": each.kind, "result": each.result})
    return {"rechecks": ended} if ended else {}
