"""Taking a copy of a list away: recorded before the first byte leaves."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from mengding.core.actor import Actor
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@transaction.atomic
def export(actor: Actor, what: Mapping[str, Any]) -> None:
    """Record who takes which list: codes, ids, times and numbers, never what was searched for."""
    require(actor, "case.export")
    assert actor.account_id is not None
    record(actor, Entry("account", actor.account_id, "case.export", after=what))
