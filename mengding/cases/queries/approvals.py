"""Applications: those waiting for a decision, one's own, and one with what it would change."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from mengding.cases import appeals
from mengding.cases.models import Approval, Case
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.cases.stages import ApprovalKind
from mengding.cases.visibility import bearings, visible_to
from mengding.clocks import queries as clocks
from mengding.clocks.models import Clock, ClockKind, ClockState
from mengding.core import clock as time
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T, language
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.policy.permissions import can
from mengding.worktime import Limit, Pause, Unit, due

NOT_YOURS = T("您的岗位不能审批。", "Your post does not decide applications.")


def approval_queue(
    actor: Actor, *, mine: bool = False, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Pending applications of visible cases, longest waiting first; or all of one's own, newest
    first, also where the case has left one's hands."""
    rows = Approval.objects.select_related("reason", "answer")
    if mine:
        rows = rows.filter(asked_by=actor.account_id or 0)
        found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    else:
        seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
        rows = rows.filter(Exists(seen), status="pending")
        found, following = paginate(rows, "id", int, cursor=cursor, limit=limit)
    return shown(actor, found), following


def approval_detail(actor: Actor, approval_id: int) -> dict[str, Any]:
    """One application with what granting would change, its clock in words, and earlier ones."""
    row = Approval.objects.select_related("reason", "answer").filter(pk=approval_id).first()
    found = shown(actor, [row]) if row is not None else []
    if row is None or (found[0]["case"] is None and row.asked_by != actor.account_id):
        raise NotFound("approval_not_found", T("没有这项申请。", "There is no such application."))
    clock = _clock(row)
    earlier = Approval.objects.select_related("reason", "answer").filter(
        case_id=row.case_id, pk__lt=row.pk
    )
    return found[0] | {
        "proposal": _proposal(row, clock),
        "clock": clock
        and {
            "id": clock.pk,
            "kind": clock.kind,
            "due_at": clock.due_at,
            "stopped_at": clock.stopped_at,
            "steps": clocks.explained(clock, language.get()),
        },
        "earlier": shown(actor, list(earlier.order_by("-pk"))),
    }


def shown(actor: Actor, found: Iterable[Approval]) -> list[dict[str, Any]]:
    """Applications as the API shows them; `case` is null where the actor may not see it."""
    rows = list(found)
    numbers = {row.case_id for row in rows}
    visible = {case.pk: case for case in Case.objects.filter(visible_to(actor), pk__in=numbers)}
    names = people.account_names({row.asked_by for row in rows} | {row.decided_by for row in rows})
    now = time.now()
    return [
        {
            "id": row.pk,
            "case_id": row.case_id,
            "kind": row.kind,
            "status": row.status,
            "detail": row.detail,
            "reason": row.reason.text if row.reason else "",
            "answer": row.answer.text if row.answer else "",
            "asked_at": row.asked_at,
            "asked_by": row.asked_by,
            "asked_by_name": names.get(row.asked_by),
            "decided_at": row.decided_at,
            "decided_by_name": names.get(row.decided_by),
            "case": _case(visible.get(row.case_id), now),
            "barred": _barred(actor, row, visible.get(row.case_id)),
        }
        for row in rows
    ]


def _case(case: Case | None, now: datetime) -> dict[str, Any] | None:
    return listed({name: getattr(case, name) for name in COLUMNS}, now) if case else None


def _barred(actor: Actor, row: Approval, case: Case | None) -> T | None:
    """Why the actor may not decide it, in words; None when they may."""
    if row.status != "pending":
        return T("已有结果。", "It is decided.")
    if case is None or not can(actor, "case.approve", bearings(case)):
        return NOT_YOURS
    barred = appeals.why_not(actor, row, case)
    return barred[1] if barred else None


def _clock(row: Approval) -> Clock | None:
    """The clock an application is about: the appealed one, else the lead's handling clock."""
    rows = Clock.objects.filter(case_id=row.case_id)
    if row.kind == ApprovalKind.APPEAL:
        return rows.filter(pk=row.detail.get("clock")).first()
    live = rows.filter(kind=ClockKind.HANDLE, state__in=[ClockState.RUNNING, ClockState.PAUSED])
    lead = row.case.lead_org_id or 0
    return live.filter(
        order_id__in=row.case.workorder_set.filter(organisation_id=lead).values("pk")
    ).first()


def _proposal(row: Approval, clock: Clock | None) -> dict[str, Any]:
    """What granting does to the deadline: {"due_now", "due_then"}, times or null."""
    if clock is None or row.status != "pending":
        return {}
    calendar, pauses = clocks.calendar(clock.calendar_id), clocks.pauses_of(clock)
    limit = clocks.limit_of(clock)
    match row.kind:
        case ApprovalKind.EXTENSION:
            more = Limit(limit.amount + int(row.detail["amount"]), Unit(clock.unit))
            then = due(clock.started_at, more, calendar, pauses)
        case ApprovalKind.SUSPENSION:
            until = datetime.fromisoformat(row.detail["until"])
            rest = (*pauses, Pause(time.now(), until)) if until > time.now() else pauses
            then = due(clock.started_at, limit, calendar, rest)
        case _:
            return {}
    return {"due_now": clock.due_at, "due_then": then}
