"""核查 and what follows: close, rework, reopen. The handler never verifies."""

from django.db import transaction

from mengding.cases.actions.approvals import end_appeal
from mengding.cases.actions.engine import Move
from mengding.cases.actions.filing import reason_given
from mengding.cases.actions.handling import end_orders
from mengding.cases.actions.rechecks import decided
from mengding.cases.models import Case
from mengding.cases.stages import OrderKind, OrderStatus, Outcome, RecheckResult
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, Invalid
from mengding.core.text import T
from mengding.ledger.actions import keep_words


@transaction.atomic
def start_check(actor: Actor, case_id: int, *, note: str = "", version: int | None = None) -> Case:
    """Take or send the case for its check."""
    return Move(actor, case_id, "start_check", version=version).commit(words=note)


@transaction.atomic
def close(
    actor: Actor,
    case_id: int,
    *,
    outcome: Outcome,
    finding: str,
    condition_met: bool = False,
    version: int | None = None,
) -> Case:
    """结案: `fixed` confirms the closing condition; the others say why, or whose it is."""
    move = Move(actor, case_id, "close", version=version)
    if outcome is Outcome.FIXED and not condition_met:
        raise GuardFailed(
            "closing_condition",
            T("请确认已达到结案条件。", "Confirm that the closing condition is met."),
            field="condition_met",
        )
    move.case.outcome = outcome.value
    return move.commit(
        words=reason_given(finding, "finding"), details={"condition_met": condition_met}
    )


@transaction.atomic
def rework(actor: Actor, case_id: int, *, reason: str, version: int | None = None) -> Case:
    """返工: back to the lead organisation; its clock goes on where it stopped."""
    move = Move(actor, case_id, "rework", version=version)
    case = move.case
    lead = next((o for o in move.facts.orders if o.kind == OrderKind.LEAD), None)
    if lead is None:
        raise Invalid("no_lead", T("没有主办工单。", "There is no lead order."), field="case")
    lead.status, lead.done_at = OrderStatus.ACCEPTED.value, None
    lead.save(update_fields=["status", "done_at"])
    move.orders.append(lead)
    case.rework_count += 1
    case.fed_back_at, case.handled_late = None, None
    return move.commit(words=reason_given(reason), details=end_appeal(move))


@transaction.atomic
def reopen(actor: Actor, case_id: int, *, reason: str, version: int | None = None) -> Case:
    """A closed case was not settled after all: it is dispatched anew under the same number."""
    move = Move(actor, case_id, "reopen", version=version)
    case = move.case
    end_orders(move, OrderStatus.CANCELLED)
    case.outcome = ""
    case.fed_back_at, case.handled_late, case.dispatched_at = None, None, None
    words = keep_words(reason_given(reason))
    details = end_appeal(move) | decided(move, RecheckResult.REOPENED, words)
    return move.commit(words=words, details=details)
