"""Reading one's own notices."""

from typing import Any

from mengding.core.actor import Actor
from mengding.http.paging import paginate
from mengding.notices.models import Notice
from mengding.policy.permissions import require


def mine(
    actor: Actor, *, unread: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the post's notices, newest first, and the cursor of the next."""
    require(actor, "case.read")
    rows = Notice.objects.filter(post_id=actor.post_id or 0).select_related("case")
    if unread:
        rows = rows.filter(read_at__isnull=True)
    found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    return [
        {
            "id": notice.pk,
            "kind": notice.kind,
            "action": notice.action,
            "case": notice.case_id,
            "case_number": notice.case.number if notice.case else None,
            "at": notice.at,
            "read_at": notice.read_at,
        }
        for notice in found
    ], following


def unread_count(actor: Actor) -> int:
    """How many of the post's notices are unread."""
    require(actor, "case.read")
    return Notice.objects.filter(post_id=actor.post_id or 0, read_at__isnull=True).count()
