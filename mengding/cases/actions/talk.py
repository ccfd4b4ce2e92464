"""What is said: public replies to the reporter, internal notes."""

from django.db import transaction

from mengding.cases.actions.engine import Move
from mengding.cases.actions.filing import reason_given
from mengding.cases.indexing import reindex
from mengding.cases.models import Case
from mengding.core.actor import Actor
from mengding.ledger.actions import keep_words


@transaction.atomic
def reply(actor: Actor, case_id: int, *, text: str, version: int | None = None) -> Case:
    """A public answer; the newest one is what the reporter is shown."""
    move = Move(actor, case_id, "reply", version=version)
    words = keep_words(reason_given(text, "text"))
    move.case.reply = words
    reindex(move.case, reply=words.text)
    return move.commit(words=words)


@transaction.atomic
def note(actor: Actor, case_id: int, *, text: str, version: int | None = None) -> Case:
    """An internal remark; never shown outside."""
    return Move(actor, case_id, "note", version=version).commit(words=reason_given(text, "text"))
