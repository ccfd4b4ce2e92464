"""Demands as their two sides see them, and appeals against time-outs."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mengding.cases.models import Approval, Case
from mengding.cases.queries.approvals import shown as shown_approvals
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.stages import ApprovalKind
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.people.models import Organisation
from mengding.policy.permissions import can, holds, require
from mengding.supervision.actions import may_answer
from mengding.supervision.models import Demand, Status, Turn


def visible(actor: Actor) -> QuerySet[Demand]:
    """Demands on cases the actor sees; a handler sees those to the own organisation only."""
    require(actor, "supervision.read")
    seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
    rows = Demand.objects.filter(Exists(seen))
    if actor.role is Role.HANDLER:
        rows = rows.filter(organisation_id__in=sorted(actor.org_ids))
    return rows


def demands(
    actor: Actor,
    *,
    status: str = "",
    org: int | None = None,
    case: int | None = None,
    mine: bool = False,
    late: bool = False,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page. Open ones by their deadline, the nearest first; `closed` newest first.

    `mine`: what waits for me: demands to answer, or as a supervisor answers to judge.
    `late`: the answer is overdue.
    """
    rows = visible(actor)
    if case is not None:
        rows = rows.filter(case_id=case)
    if org is not None:
        rows = rows.filter(organisation_id=org)
    if mine:
        rows = rows.filter(_waits_for(actor))
    if late:
        rows = rows.filter(status=Status.WAITING, due_at__lt=clock.now())
    if status == Status.CLOSED:
        rows = rows.filter(status=Status.CLOSED)
        found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    elif status:
        rows = rows.filter(status=status)
        found, following = paginate(rows, "due_at", datetime, cursor=cursor, limit=limit)
    elif case is not None:
        found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    else:
        rows = rows.exclude(status=Status.CLOSED)
        found, following = paginate(rows, "due_at", datetime, cursor=cursor, limit=limit)
    return _shown(actor, found), following


def _waits_for(actor: Actor) -> Q:
    if holds(actor, "supervision.decide"):
        return Q(status=Status.ANSWERED)
    if not holds(actor, "supervision.answer"):
        return Q(pk__in=[])
    own = sorted(actor.org_ids) if actor.role is Role.HANDLER else [actor.org_id or 0]
    return Q(status=Status.WAITING, organisation_id__in=own)


def counts(actor: Actor) -> dict[str, int]:
    """How many demands wait for an answer, of these are overdue, wait to be judged, wait for me."""
    rows, now = visible(actor), clock.now()
    waiting = rows.filter(status=Status.WAITING)
    return {
        "waiting": waiting.count(),
        "late": waiting.filter(due_at__lt=now).count(),
        "answered": rows.filter(status=Status.ANSWERED).count(),
        "mine": rows.filter(_waits_for(actor)).count(),
    }


def one(actor: Actor, demand_id: int) -> dict[str, Any]:
    """One demand with everything said in it, oldest first."""
    row = visible(actor).filter(pk=demand_id).first()
    if row is None:
        raise NotFound("demand_unknown", T("没有这份督办。", "There is no such demand."))
    return _shown(actor, [row])[0]


def _shown(actor: Actor, rows: list[Demand]) -> list[dict[str, Any]]:
    now = clock.now()
    cases = Case.objects.filter(pk__in={row.case_id for row in rows}).values(*COLUMNS)
    by_case = {case["id"]: listed(case, now) for case in cases}
    orgs = Organisation.objects.in_bulk({row.organisation_id for row in rows})
    turns: dict[int, list[Turn]] = {row.pk: [] for row in rows}
    for turn in Turn.objects.filter(demand__in=turns).select_related("words").order_by("pk"):
        turns[turn.demand_id].append(turn)
    accounts = {turn.by for each in turns.values() for turn in each}
    names = people.account_names(accounts | {row.opened_by for row in rows})
    return [
        {
            "id": row.pk,
            "case": by_case[row.case_id],
            "organisation_id": row.organisation_id,
            "organisation": org_name(orgs[row.organisation_id]),
            "ground": row.ground,
            "status": row.status,
            "outcome": row.outcome,
            "round": row.round,
            "amount": row.amount,
            "unit": row.unit,
            "due_at": row.due_at,
            "late": row.status == Status.WAITING and now > row.due_at,
            "opened_at": row.opened_at,
            "opened_by": names.get(row.opened_by),
            "answered_at": row.answered_at,
            "closed_at": row.closed_at,
            "turns": [_said(turn, names) for turn in turns[row.pk]],
            "may": _may(actor, row),
        }
        for row in rows
    ]


def _said(turn: Turn, names: dict[int | None, str]) -> dict[str, Any]:
    return {
        "kind": turn.kind,
        "at": turn.at,
        "by": names.get(turn.by),
        "words": turn.words.text if turn.words else "",
        "due_at": turn.due_at,
        "late": turn.late,
    }


def _may(actor: Actor, row: Demand) -> list[str]:
    """Which of answer, accept, again and withdraw the actor may do now."""
    found = []
    if row.status == Status.WAITING and can(actor, "supervision.answer") and may_answer(actor, row):
        found.append("answer")
    if can(actor, "supervision.decide") and row.status != Status.CLOSED:
        found += ["accept"] if row.status == Status.ANSWERED else []
        found += ["again", "withdraw"]
    return found


def appeals(
    actor: Actor, *, status: str = "", cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Appeals against time-outs on visible cases, newest first, decided ones too."""
    require(actor, "supervision.read")
    seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
    rows = Approval.objects.filter(Exists(seen), kind=ApprovalKind.APPEAL)
    rows = rows.select_related("reason", "answer")
    if status:
        rows = rows.filter(status=status)
    found, following = paginate(rows, "-id", int, cursor=cursor, limit=limit)
    return shown_approvals(actor, found), following
