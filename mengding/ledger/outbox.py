"""Side effects that must leave the house: written with the change, delivered afterwards.

`handles(kind)` registers a deliverer. A delivery runs in the transaction that marks it done, so
effects inside the database happen exactly once per key; an effect outside is repeated only when
the process dies between sending and committing, under the same key for the receiver to drop.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from mengding.core import clock
from mengding.ledger.models import Outbox

Deliver = Callable[[str, dict[str, Any]], None]
_deliverers: dict[str, Deliver] = {}
MAX_ATTEMPTS = 12


def handles(kind: str) -> Callable[[Deliver], Deliver]:
    """Register the deliverer of one kind: `deliver(key, payload)`; it raises to be retried."""

    def register(deliver: Deliver) -> Deliver:
        if kind in _deliverers:
            raise RuntimeError(f"outbox kind {kind!r} registered twice")
        _deliverers[kind] = deliver
        return deliver

    return register


def put(rows: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Queue (key, kind, payload) rows; a key already queued is left as it is."""
    at = clock.now()
    Outbox.objects.bulk_create(
        [Outbox(key=k, kind=kind, payload=p, due_at=at) for k, kind, p in rows],
        ignore_conflicts=True,
    )


def deliver_due(limit: int = 100) -> int:
    """Deliver what is due, each in a transaction of its own; returns how many were tried."""
    tried = 0
    while tried < limit and _deliver_one():
        tried += 1
    return tried


def _deliver_one() -> bool:
    now = clock.now()
    with transaction.atomic():
        row = (
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(done_at__isnull=True, failed_at__isnull=True, due_at__lte=now)
            .order_by("due_at")
            .first()
        )
        if row is None:
            return False
        row.attempts += 1
        try:
            with transaction.atomic():
                _deliverers[row.kind](row.key, row.payload)
            row.done_at, row.error = now, ""
        except Exception as error:  # noqa: BLE001 - kept on the row and retried, never lost
            row.error = f"{type(error).__name__}: {error}"[:2000]
            row.due_at = now + timedelta(seconds=min(3600, 5 * 2**row.attempts))
            if row.attempts >= MAX_ATTEMPTS:
                row.failed_at = now
        row.save()
    return True


KEEP = timedelta(days=90)


def forget_done() -> int:
    """Delete rows delivered more than 90 days ago; returns how many. Failed ones stay."""
    return Outbox.objects.filter(done_at__lt=clock.now() - KEEP).delete()[0]
