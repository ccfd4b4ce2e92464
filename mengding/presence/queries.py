"""Who else has a case open."""

from datetime import timedelta
from typing import Any

from mengding.core import clock
from mengding.people import queries as people
from mengding.presence.models import Presence, State

LIFETIME = timedelta(seconds=30)


def others(account_id: int, case_id: int) -> list[dict[str, Any]]:
    """Everybody but this account who has said within 30 s to have the case open, by name.

    For who may see the case; each of them had to be, to say so.
    """
    rows = (
        Presence.objects.filter(case_id=case_id, seen_at__gt=clock.now() - LIFETIME)
        .exclude(account_id=account_id)
        .exclude(state=State.LEFT)
        .values_list("account_id", "state")
    )
    states = dict(rows)
    names = people.account_names(states)
    found = [
        {"account_id": pk, "name": names.get(pk, ""), "state": state}
        for pk, state in states.items()
    ]
    return sorted(found, key=lambda each: str(each["name"]))
