"""Saying that one has a case open. Not in the ledger: it is nothing that happened to the case."""

import json
from dataclasses import asdict
from typing import Any

from django.db import connection, transaction

from mengding.cases.queries import get_case
from mengding.cases.visibility import bearings
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind
from mengding.policy.permissions import require
from mengding.presence.models import Presence, State
from mengding.presence.queries import LIFETIME, others

CHANNEL = "presence"
_UPSERT = """
WITH before AS (
  SELECT state, seen_at FROM presence_presence WHERE case_id = %(case)s AND account_id = %(account)s
)
INSERT INTO presence_presence (case_id, account_id, state, seen_at)
VALUES (%(case)s, %(account)s, %(state)s, %(now)s)
ON CONFLICT (case_id, account_id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at
RETURNING coalesce((SELECT state FROM before WHERE seen_at > %(alive)s), 'left')
"""


@transaction.atomic
def be_present(actor: Actor, case_id: int, state: State) -> list[dict[str, Any]]:
    """Say so, and learn who else is there: `{"account_id", "name", "state"}` by name.

    The others' consoles are told at once when something changed. `NotFound` for a case the actor
    may not see.
    """
    require(actor, "case.read")
    case = get_case(actor, case_id)
    if actor.account_id is None or actor.kind is not ActorKind.STAFF:
        return others(0, case_id)  # a machine looks at nothing; it may know who does
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "case": case_id,
                "account": actor.account_id,
                "state": state.value,
                "now": now,
                "alive": now - LIFETIME,
            },
        )
        row = cursor.fetchone()
        found = others(actor.account_id, case_id)
        if found and row is not None and row[0] != state.value:
            told = asdict(bearings(case)) | {
                "id": case_id,
                "assigned_org_ids": sorted(case.order_org_ids),
                "accounts": [each["account_id"] for each in found],
            }
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(told)])
    return found


def clear() -> int:
    """Delete what no longer counts; returns how many rows."""
    return Presence.objects.filter(seen_at__lt=clock.now() - 2 * LIFETIME).delete()[0]
