"""Demanding, answering, accepting an answer or demanding again, withdrawing.

A demand is made by the verb `supervise` of cases, which calls `keep`: there is one way to do it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mengding.cases import actions as cases
from mengding.cases.actions.filing import reason_given
from mengding.cases.demands import Asked
from mengding.cases.models import Case
from mengding.cases.stages import ENDED
from mengding.cases.visibility import visible_to
from mengding.clocks import queries as clocks
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import Invalid, NotAllowed, NotFound, WrongStage
from mengding.core.text import T
from mengding.ledger import feed
from mengding.ledger.actions import Entry, keep_words, record
from mengding.ledger.models import Words
from mengding.notices import telling
from mengding.notices.models import NoticeKind
from mengding.policy.permissions import require
from mengding.supervision.models import Demand, Ground, Outcome, Status, Turn, TurnKind
from mengding.worktime import Limit, Unit, due

USUAL = (1, Unit.WORK_DAY)
URGENT = (2, Unit.URGENT_HOUR)
LATE_BY = timedelta(days=7)  # how long a field worker's queue may hold an answer back
READER = "supervision"


def keep(actor: Actor, case: Case, asked: Asked) -> dict[str, Any]:
    """Keep the demand of `cases.actions.supervise`; on an open one it is the next round.

    What the event says: {"demand": {"id", "org", "round", "due", "ground"}}.
    """
    org = _asked_org(case, asked.organisation_id)
    amount, unit = _limit(case, asked)
    calendar_id, _ = clocks.active_rules()
    now = clock.now()
    due_at = due(now, Limit(amount, unit), clocks.calendar(calendar_id))
    assert due_at is not None  # no pauses
    row = (
        Demand.objects.select_for_update()
        .filter(case=case, organisation=org)
        .exclude(status=Status.CLOSED)
        .first()
    )
    if row is None:
        row, kind = Demand(case=case, organisation_id=org, round=0), TurnKind.DEMAND
    else:
        kind = TurnKind.AGAIN
    row.round += 1
    row.ground, row.status, row.answered_at = Ground(asked.ground).value, Status.WAITING, None
    row.amount, row.unit, row.calendar_id, row.due_at = amount, unit.value, calendar_id, due_at
    row.opened_at, row.opened_by, row.opened_post_id = now, actor.account_id, actor.post_id
    row.save()
    _turn(row, kind, actor, asked.words, due_at=due_at)
    return {
        "demand": {
            "id": row.pk,
            "org": org,
            "round": row.round,
            "due": due_at.isoformat(),
            "ground": row.ground,
        }
    }


def _asked_org(case: Case, given: int | None) -> int:
    """Who answers: one with a live order, or the owning centre."""
    usual = case.lead_org_id if case.lead_org_id in case.order_org_ids else None
    if given is None:
        return usual or case.owner_org_id
    if given not in {case.owner_org_id, *case.order_org_ids}:
        raise Invalid(
            "not_on_the_case",
            T(
                "该单位没有承办本案，也不是责任中心。",
                "This organisation has no order on the case and is not its centre.",
            ),
            field="organisation_id",
        )
    return given


def _limit(case: Case, asked: Asked) -> tuple[int, Unit]:
    usual = URGENT if case.grade == "urgent" else USUAL
    if (asked.amount is None) != (asked.unit is None):
        raise Invalid(
            "limit_half",
            T("时限要同时给出数量和单位。", "Give both the amount and the unit of the limit."),
            field="amount" if asked.amount is None else "unit",
        )
    if asked.amount is None or asked.unit is None:
        return usual
    return asked.amount, Unit(asked.unit)


def _turn(
    row: Demand,
    kind: TurnKind,
    actor: Actor,
    words: Words | None,
    *,
    due_at: datetime | None = None,
    late: bool = False,
    at: datetime | None = None,
) -> None:
    Turn.objects.create(
        demand=row,
        kind=kind.value,
        words=words,
        due_at=due_at,
        late=late,
        at=at or clock.now(),
        by=actor.account_id,
    )


def _locked(actor: Actor, demand_id: int, starts_from: set[Status]) -> Demand:
    """The demand, locked; NotFound also where the actor may not see it."""
    row = Demand.objects.select_for_update().filter(pk=demand_id).first()
    if row is None or not seen(actor, row):
        raise NotFound("demand_unknown", T("没有这份督办。", "There is no such demand."))
    if row.status not in starts_from:
        raise WrongStage(
            "demand_moved_on",
            T("督办“{now}”，不能这样处理。", "The demand is “{now}”; this is not possible.").fill(
                now=T(Status(row.status).label, row.status)
            ),
        )
    return row


def seen(actor: Actor, row: Demand) -> bool:
    """Whether the actor may see it: the case, and as a handler one's own organisation's only."""
    if actor.role == "handler" and row.organisation_id not in actor.org_ids:
        return False
    return Case.objects.filter(visible_to(actor), pk=row.case_id).exists()


def may_answer(actor: Actor, row: Demand) -> bool:
    """Whether the demand is to the actor's own organisation (or one below it)."""
    return row.organisation_id == actor.org_id or (
        actor.role == "handler" and row.organisation_id in actor.org_ids
    )


def _record(actor: Actor, row: Demand, action: str, words: "Words | str" = "", **more: Any) -> int:
    after = {"demand": {"id": row.pk, "org": row.organisation_id, "round": row.round, **more}}
    return record(actor, Entry("case", row.case_id, action, after=after, words=words))[0]


@transaction.atomic
def answer(actor: Actor, demand_id: int, *, text: str, at: datetime | None = None) -> Demand:
    """The organisation says what it has done. `at`: when it was written, from a queue that may
    have been offline; not in the future, not older than seven days."""
    require(actor, "supervision.answer")
    row = _locked(actor, demand_id, {Status.WAITING})
    if not may_answer(actor, row):
        raise NotAllowed(
            "not_yours",
            T("只有被督办单位可以答复。", "Only the organisation it is for answers."),
        )
    now = clock.now()
    said_at = at or now
    if said_at.tzinfo is None or not now - LATE_BY <= said_at <= now + timedelta(minutes=5):
        raise Invalid(
            "at_bad",
            T("时间应在最近七天内。", "The time lies within the last seven days."),
            field="at",
        )
    words = keep_words(reason_given(text, "text"))
    row.status, row.answered_at = Status.ANSWERED, now
    row.save(update_fields=["status", "answered_at"])
    # What counts is when it came; when it was written stands beside it.
    late = now > row.due_at
    _turn(row, TurnKind.ANSWER, actor, words, due_at=row.due_at, late=late, at=min(said_at, now))
    event = _record(actor, row, "supervision.answer", words, late=late)
    if row.opened_post_id is not None:
        telling.tell(
            NoticeKind.ANSWERED,
            [(event, row.case_id, [row.opened_post_id])],
            action="supervision.answer",
        )
    return row


@transaction.atomic
def accept(actor: Actor, demand_id: int, *, note: str = "") -> Demand:
    """The answer is good enough: the demand is closed."""
    require(actor, "supervision.decide")
    row = _locked(actor, demand_id, {Status.ANSWERED})
    return _close(actor, row, Outcome.ACCEPTED, TurnKind.ACCEPT, note)


@transaction.atomic
def withdraw(actor: Actor, demand_id: int, *, reason: str) -> Demand:
    """Close it without an accepted answer, for a reason."""
    require(actor, "supervision.decide")
    row = _locked(actor, demand_id, {Status.WAITING, Status.ANSWERED})
    return _close(actor, row, Outcome.WITHDRAWN, TurnKind.WITHDRAW, reason_given(reason))


@transaction.atomic
def again(
    actor: Actor,
    demand_id: int,
    *,
    demand: str,
    amount: int | None = None,
    unit: str | None = None,
) -> Demand:
    """The answer is not good enough, or did not come: demand again, with a new time to answer."""
    require(actor, "supervision.decide")
    row = Demand.objects.filter(pk=demand_id).first()
    if row is None or not seen(actor, row):
        raise NotFound("demand_unknown", T("没有这份督办。", "There is no such demand."))
    # The case is locked before its demand, here as in `supervise`.
    Case.objects.select_for_update(of=("self",)).get(pk=row.case_id)
    row = _locked(actor, demand_id, {Status.WAITING, Status.ANSWERED})
    cases.supervise(
        actor,
        row.case_id,
        demand=demand,
        organisation_id=row.organisation_id,
        amount=amount,
        unit=unit,
        ground=row.ground,
    )
    row.refresh_from_db()
    return row


def _close(actor: Actor, row: Demand, outcome: Outcome, kind: TurnKind, text: str) -> Demand:
    words = keep_words(text.strip()) if text.strip() else None
    row.status, row.outcome, row.closed_at = Status.CLOSED, outcome.value, clock.now()
    row.save(update_fields=["status", "outcome", "closed_at"])
    _turn(row, kind, actor, words)
    _record(actor, row, "supervision.close", words or "", outcome=outcome.value)
    return row


def follow(limit: int = 200) -> int:
    """Read the ledger on and close demands whose case has ended or left the organisation."""
    return feed.follow(READER, limit, _end)


def _end(events: list[dict[str, Any]]) -> None:
    touched = {e["subject_id"] for e in events if e["subject_kind"] == "case"}
    rows = Demand.objects.exclude(status=Status.CLOSED).filter(case__in=touched)
    for pk in list(rows.values_list("pk", flat=True)):
        # Its state now, under its lock: somebody may have closed it since.
        row = Demand.objects.select_for_update().get(pk=pk)
        case = Case.objects.get(pk=row.case_id)
        if row.status == Status.CLOSED:
            continue
        if case.stage in ENDED:
            _close(SYSTEM, row, Outcome.ENDED, TurnKind.END, "")
        elif row.organisation_id not in {case.owner_org_id, *case.order_org_ids}:
            _close(SYSTEM, row, Outcome.LEFT, TurnKind.END, "")
