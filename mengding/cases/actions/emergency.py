"""Emergencies: life and limb go to 110, 119 or 120 at once, and that they did is on record."""

from django.db import transaction

from mengding.cases.actions.engine import Move
from mengding.cases.actions.intake import Message, receive
from mengding.cases.models import Case, Report
from mengding.cases.stages import Emergency
from mengding.core.actor import Actor


@transaction.atomic
def hand_over(
    actor: Actor, case_id: int, *, service: Emergency, note: str = "", version: int | None = None
) -> Case:
    """Hand a matter over to an emergency service: the case ends here, the ledger says to whom.

    It ends as declined, since nothing is handled on this platform; the event tells it apart.
    """
    move = Move(actor, case_id, "hand_over", version=version)
    return move.commit(words=note.strip(), details={"service": service.value})


@transaction.atomic
def receive_and_hand_over(actor: Actor, message: Message, service: Emergency) -> Report:
    """Take a call in and hand it over in one step: both happen or neither."""
    report = receive(actor, message)
    report.case = hand_over(actor, report.case_id, service=service)
    return report
