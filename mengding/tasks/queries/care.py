"""Reading consents to care visits. Contact data is masked here; only `actions.care` opens it."""

from datetime import datetime
from typing import Any

from django.db.models import Max

from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.tasks.models import CareConsent
from mengding.tasks.queries import visible


def consents(
    actor: Actor, *, ended: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of consents, newest first: those that hold, or those that ended."""
    require(actor, "care.read")
    rows = CareConsent.objects.filter(visible.consents(actor), ended_at__isnull=not ended)
    found, following = paginate(_with(rows), "-given_at", datetime, cursor=cursor, limit=limit)
    return _shown(found), following


def consent(actor: Actor, consent_id: int) -> dict[str, Any]:
    """One consent; `NotFound`."""
    require(actor, "care.read")
    rows = CareConsent.objects.filter(visible.consents(actor), pk=consent_id)
    found = _shown(_with(rows))
    if not found:
        raise NotFound("consent_not_found", T("没有这份同意。", "There is no such consent."))
    return found[0]


def _with(rows: Any) -> Any:
    return rows.select_related("village", "contact").annotate(last_visit=Max("carevisit__at"))


def _shown(rows: Any) -> list[dict[str, Any]]:
    found = list(rows)
    names = people.account_names({row.recorded_by for row in found})
    return [
        {
            "id": row.pk,
            "village": row.village.name if row.village else None,
            "masked": row.contact.masked if hasattr(row, "contact") else {},
            "scopes": row.scopes,
            "way": row.way,
            "given_at": row.given_at,
            "recorded_by": names.get(row.recorded_by, ""),
            "every_days": row.every_days,
            "delete_on": row.delete_on,
            "last_visit": row.last_visit,
            "ended_at": row.ended_at,
            "ended_as": row.ended_as,
        }
        for row in found
    ]
