"""Marking notices read, and forgetting old ones."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.notices.models import Notice
from mengding.policy.permissions import require

KEEP = timedelta(days=90)


@transaction.atomic
def mark_read(actor: Actor, ids: Sequence[int] | None = None, *, up_to: int | None = None) -> int:
    """Mark the actor's notices read: the named ones, or all up to an id.

    Returns how many were unread. Ids of other posts' notices do nothing. No ledger event: who has
    read what is nobody else's business.
    """
    require(actor, "case.read")
    rows = Notice.objects.filter(post_id=actor.post_id or 0, read_at__isnull=True)
    rows = rows.filter(pk__in=ids) if ids is not None else rows.filter(pk__lte=up_to or 0)
    return rows.update(read_at=clock.now())


def forget_old() -> int:
    """Delete notices older than 90 days, read or not; returns how many."""
    return Notice.objects.filter(created_at__lt=clock.now() - KEEP).delete()[0]
