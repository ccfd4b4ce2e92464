"""Leave and training: a span, nothing else. Days on which an area cannot be patrolled."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed, WrongStage
from mengding.core.text import T
from mengding.duty import rota
from mengding.duty.actions import checks
from mengding.duty.models import (
    Closure,
    ClosureReason,
    Leave,
    LeaveKind,
    LeaveState,
    Team,
)
from mengding.ledger.actions import Entry, record
from mengding.people.models import Post
from mengding.policy.permissions import can, require
from mengding.regions import locate

LONGEST = 366  # days
_BACK = timedelta(days=31)


def decides(actor: Actor, post: Post) -> bool:
    """Whether the actor decides on somebody's leave: who manages the area, a team's leader."""
    if can(actor, "duty.arrange", locate.chain(post.region_id)):
        return True
    teams = Team.objects.filter(
        Q(active=True), leader=actor.post_id or 0, members__post__account=post.account_id
    )
    return can(actor, "duty.own") and teams.exists()


@transaction.atomic
def ask_leave(
    actor: Actor,
    *,
    kind: str,
    first: date,
    last: date,
    post: int | None = None,
    at: datetime | None = None,
) -> Leave:
    """Ask for leave or training from the first to the last day.

    With `post` of somebody else, who decides on it enters it, granted at once (a course). No
    reason is asked or kept.
    """
    require(actor, "duty.own")
    asked_at = checks.bounded(at)
    mine = post is None or post == actor.post_id
    holder = checks.working_post(actor.post_id or 0 if post is None else post)
    if not mine and not decides(actor, holder):
        raise checks.refused()
    if kind not in LeaveKind.values:
        raise Invalid("kind_unknown", T("没有这种请假。", "No such kind."), field="kind")
    _span(first, last)
    leave = Leave(
        account_id=holder.account_id,
        post=holder,
        kind=kind,
        first=first,
        last=last,
        state=LeaveState.ASKED if mine else LeaveState.GRANTED,
        asked_at=asked_at,
        decided_at=None if mine else clock.now(),
        decided_by_id=None if mine else actor.account_id,
    )
    try:
        with transaction.atomic():
            leave.save()
    except IntegrityError as error:
        if "leave_once_a_day" not in str(error):
            raise
        raise Conflict(
            "leave_overlaps",
            T("这几天已有请假或培训。", "There is leave or training on these days already."),
            field="first",
        ) from error
    _record(actor, leave, "leave.ask" if mine else "leave.enter")
    return leave


@transaction.atomic
def decide_leave(actor: Actor, pk: int, *, grant: bool) -> Leave:
    """Grant it or refuse it. Not one's own."""
    require(actor, "duty.own")
    leave = _locked(pk)
    if not decides(actor, leave.post):
        raise checks.refused()
    if leave.account_id == actor.account_id:
        raise NotAllowed(
            "own_leave",
            T("自己的请假须由他人批准。", "Somebody else decides on your own leave."),
            action="duty.arrange",
        )
    _from(leave, LeaveState.ASKED)
    leave.decided_at, leave.decided_by_id = clock.now(), actor.account_id
    state = LeaveState.GRANTED if grant else LeaveState.REFUSED
    return _moved(actor, leave, state, "leave.grant" if grant else "leave.refuse")


@transaction.atomic
def withdraw_leave(actor: Actor, pk: int) -> Leave:
    """Take it back, granted or not, while it is not over: by the person, or who decides."""
    require(actor, "duty.own")
    leave = _locked(pk)
    if leave.account_id != actor.account_id and not decides(actor, leave.post):
        raise checks.refused()
    _from(leave, LeaveState.ASKED, LeaveState.GRANTED)
    if leave.last < _today():
        raise WrongStage("leave_over", T("这段请假已经过去。", "This leave is over."))
    return _moved(actor, leave, LeaveState.WITHDRAWN, "leave.withdraw")


@transaction.atomic
def close_area(actor: Actor, *, region: int, reason: str, first: date, last: date) -> Closure:
    """These days the area is not patrolled; they count against nobody."""
    require(actor, "duty.arrange")
    checks.require_area(actor, region)
    if reason not in ClosureReason.values:
        raise Invalid("reason_unknown", T("没有这个原因。", "No such reason."), field="reason")
    _span(first, last)
    closure = Closure.objects.create(region_id=region, reason=reason, first=first, last=last)
    _record_closure(actor, closure, "closure.enter")
    return closure


@transaction.atomic
def cancel_closure(actor: Actor, pk: int) -> Closure:
    """It was entered by mistake; it counts no more."""
    require(actor, "duty.arrange")
    closure = Closure.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if closure is None or not can(actor, "duty.arrange", locate.chain(closure.region_id)):
        raise checks.not_found("closure", T("没有这条停巡。", "No such closure."))
    if closure.active:
        closure.active = False
        closure.version += 1
        closure.save(update_fields=["active", "version"])
        _record_closure(actor, closure, "closure.cancel")
    return closure


def _today() -> date:
    return clock.now().astimezone(rota.LOCAL).date()


def _span(first: date, last: date) -> None:
    if last < first:
        raise Invalid(
            "span_bad",
            T("结束日期早于开始日期。", "The last day is before the first."),
            field="last",
        )
    if (last - first).days >= LONGEST:
        raise Invalid("span_long", T("不能超过一年。", "At most a year."), field="last")
    if first < _today() - _BACK:
        raise Invalid("span_old", T("只能补记一个月内的。", "At most a month back."), field="first")


def _locked(pk: int) -> Leave:
    row = Leave.objects.select_for_update(of=("self",), no_key=True).select_related("post")
    leave = row.filter(pk=pk).first()
    if leave is None:
        raise checks.not_found("leave", T("没有这条请假。", "No such leave."))
    return leave


def _from(leave: Leave, *states: LeaveState) -> None:
    if leave.state not in states:
        raise WrongStage(
            "leave_decided",
            T("这条请假已是“{state}”。", "This leave is {code} already.").fill(
                state=LeaveState(leave.state).label, code=leave.state
            ),
            state=leave.state,
        )


def _moved(actor: Actor, leave: Leave, state: LeaveState, action: str) -> Leave:
    before = leave.state
    leave.state = state
    leave.version += 1
    leave.save()
    _record(actor, leave, action, before)
    return leave


def _record(actor: Actor, leave: Leave, action: str, before: str = "") -> None:
    record(
        actor,
        Entry(
            "leave",
            leave.pk,
            action,
            before={"state": before} if before else {},
            after={
                "account": leave.account_id,
                "post": leave.post_id,
                "kind": leave.kind,
                "first": leave.first.isoformat(),
                "last": leave.last.isoformat(),
                "state": str(leave.state),
                "tell": [leave.post_id] if leave.account_id != actor.account_id else [],
            },
        ),
    )


def _record_closure(actor: Actor, closure: Closure, action: str) -> None:
    record(
        actor,
        Entry(
            "closure",
            closure.pk,
            action,
            after={
                "region": closure.region_id,
                "reason": closure.reason,
                "first": closure.first.isoformat(),
                "last": closure.last.isoformat(),
                "active": closure.active,
            },
        ),
    )
