"""What the workbench shows besides lists of cases: what came back and why, applications."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from mengding.cases.models import Approval, Case
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.cases.stages import Stage
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.policy.permissions import holds, require

MOST = 20
RECENT = timedelta(days=7)
# Who says why: the verifier who asks for rework, the department that asked to give it back.
_REASONS = ("case.rework", "case.request_return")
_REWORKED = Q(rework_count__gt=0, stage__in=[Stage.DISPATCHED, Stage.HANDLING])
_RETURNED = Q(return_count__gt=0, stage__in=[Stage.RECEIVED, Stage.FILED])


def workbench(actor: Actor) -> dict[str, Any]:
    """`returned`: open cases sent back, with the words of who did; `asked`: my applications,
    undecided or decided within seven days; `decide`: applications that wait for me. At most 20
    each."""
    require(actor, "case.read")
    return {"returned": _returned(actor), "asked": _asked(actor), "decide": _decide(actor)}


def _returned(actor: Actor) -> list[dict[str, Any]]:
    """Sent back for rework (who handles sees these), or given back by a department (who
    dispatches sees these); whose deadline is nearest first."""
    wanted = Q(pk__in=[])
    if holds(actor, "case.accept") or holds(actor, "case.supervise"):
        own = actor.role is Role.COLLECTOR  # 自办: what the own village centre handles
        wanted |= _REWORKED & Q(lead_org=actor.org_id) if own else _REWORKED
    if holds(actor, "case.dispatch") or holds(actor, "case.file") or holds(actor, "case.supervise"):
        wanted |= _RETURNED
    rows = list(
        Case.objects.filter(visible_to(actor), wanted, closed_at__isnull=True)
        .order_by("due_at", "pk")
        .values(*COLUMNS)[:MOST]
    )
    reasons = _last_words([row["id"] for row in rows])
    now = clock.now()
    return [{**listed(row, now), "why": reasons.get(row["id"])} for row in rows]


def _last_words(case_ids: list[int]) -> dict[int, dict[str, Any]]:
    """By case: the newest event that sent it back, with its words and by whom."""
    events = list(
        Event.objects.filter(subject_kind="case", subject_id__in=case_ids, action__in=_REASONS)
        .order_by("subject_id", "-seq")
        .distinct("subject_id")
        .select_related("words")
    )
    names = people.account_names({event.account_id for event in events})
    return {
        event.subject_id: {
            "action": event.action,
            "at": event.at,
            "by": names.get(event.account_id),
            "words": event.words.text if event.words else "",
        }
        for event in events
    }


def _asked(actor: Actor) -> list[dict[str, Any]]:
    rows = Approval.objects.filter(
        Q(status="pending") | Q(decided_at__gt=clock.now() - RECENT), asked_by=actor.account_id or 0
    )
    return _shown(actor, rows.order_by("-pk"))


def _decide(actor: Actor) -> list[dict[str, Any]]:
    if not holds(actor, "case.approve"):
        return []
    rows = Approval.objects.filter(status="pending").exclude(asked_by=actor.account_id)
    return _shown(actor, rows.order_by("pk"))


def _shown(actor: Actor, rows: Any) -> list[dict[str, Any]]:
    seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
    found = list(
        rows.filter(Exists(seen)).values(
            "id", "case_id", "case__number", "kind", "status", "detail", "reason__text",
            "asked_at", "asked_by", "decided_at", "decided_by",
        )[:MOST]
    )  # fmt: skip
    names = people.account_names(_people(found))
    return [
        {
            "id": row["id"],
            "case": row["case_id"],
            "case_number": row["case__number"],
            "kind": row["kind"],
            "status": row["status"],
            "detail": row["detail"],
            "reason": row["reason__text"] or "",
            "asked_at": row["asked_at"],
            "asked_by": names.get(row["asked_by"]),
            "decided_at": row["decided_at"],
            "decided_by": names.get(row["decided_by"]),
        }
        for row in found
    ]


def _people(rows: Iterable[dict[str, Any]]) -> set[int | None]:
    return {row[name] for row in rows for name in ("asked_by", "decided_by")}
