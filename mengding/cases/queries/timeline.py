"""A case's history, read from the ledger alone."""

from typing import Any

from mengding.cases.queries.detail import get_case
from mengding.core.actor import Actor
from mengding.ledger.models import Event
from mengding.people import queries as people


def timeline(actor: Actor, case_id: int, *, after_seq: int = 0) -> list[dict[str, Any]]:
    """Events of the case behind `after_seq`, oldest first, with who and their words."""
    get_case(actor, case_id)
    rows = (
        Event.objects.filter(subject_kind="case", subject_id=case_id, seq__gt=after_seq)
        .select_related("words")
        .order_by("seq")
    )
    events = list(rows)
    names = people.account_names({event.account_id for event in events})
    return [
        {
            "seq": event.seq,
            "at": event.at,
            "action": event.action,
            "by": {
                "kind": event.actor_kind,
                "account_id": event.account_id,
                "name": names.get(event.account_id),
            },
            "before": event.before,
            "after": event.after,
            "words": event.words.text if event.words else "",
            "words_erased": bool(event.words and event.words.erased_at),
        }
        for event in events
    ]
