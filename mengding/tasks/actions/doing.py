"""Completing and cancelling tasks; visits and outreach, which are their own record."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, Invalid, NotFound, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.ledger.models import Words
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.locate import RegionChain
from mengding.regions.models import Region
from mengding.tasks.actions.counting import (
    assign,
    call_off,
    columns,
    complete,
    keep_deed,
    window_of,
)
from mengding.tasks.catalogue import Kind, Named, Record
from mengding.tasks.models import Deed, Task, Visit
from mengding.tasks.moments import done_at
from mengding.tasks.queries import editions, visible
from mengding.tasks.states import DOABLE, STATE_NAMES, Status, state_of

LONGEST_REASON = 200
KEEP_DAYS = 180  # an address is kept as long as contact data of a report


def locked(actor: Actor, task_id: int) -> Task:
    """A task the actor may do, locked; `NotFound`."""
    task = Task.objects.select_for_update(of=("self",)).filter(pk=task_id).first()
    if task is None or not visible.can_see(actor, visible.doable, task):
        raise no_task()
    return task


def no_task() -> NotFound:
    """The one answer for what is not there and what is somebody else's."""
    return NotFound("task_not_found", T("没有这项任务。", "There is no such task."))


def require_doable(task: Task, at: datetime) -> None:
    """Raise `WrongStage` unless the task could be completed at `at`."""
    state = state_of(Status(task.status), window_of(task), at)
    if state not in DOABLE:
        raise WrongStage(
            "task_not_open",
            T("任务“{state}”，不能完成。", "The task is “{state}” and cannot be completed.").fill(
                state=STATE_NAMES[state]
            ),
            state=state.value,
            done_by=task.done_by,
            done_at=task.done_at.isoformat() if task.done_at else None,
        )


def reason_if_late(task: Task, at: datetime, reason: str) -> Words | None:
    """The words that a completion after the window needs; None in time."""
    if window_of(task).holds(at):
        return None
    text = reason.strip()
    if not text:
        raise GuardFailed(
            "reason_missing",
            T("已过时间，请说明原因。", "The time has passed; say why."),
            field="reason",
        )
    if len(text) > LONGEST_REASON:
        raise _long("reason")
    return keep_words(text)


def _long(field: str) -> Invalid:
    return Invalid(
        "text_long",
        T("不能超过 {n} 字。", "At most {n} characters.").fill(n=LONGEST_REASON),
        field=field,
    )


@transaction.atomic
def complete_late(
    actor: Actor, task_id: int, *, at: datetime | None = None, reason: str = ""
) -> Task:
    """Complete a task whose window has passed, with a reason.

    In time a task is completed by the work itself, so this refuses: no second form.
    """
    require(actor, "tasks.do")
    task = locked(actor, task_id)
    when = done_at(at, clock.now())
    require_doable(task, when)
    if window_of(task).holds(when):
        raise GuardFailed(
            "counts_itself",
            T(
                "这项任务由工作本身完成，不用另外填报。",
                "The work itself completes this task; nothing else is to be filled in.",
            ),
        )
    words = reason_if_late(task, when, reason)
    event = record(
        actor,
        Entry(
            kind="task",
            subject=task.pk,
            action="task.complete",
            before={"status": task.status},
            after={"status": "completed", "late": True, "at": when.isoformat()},
            words=words or "",
        ),
    )[0]
    chain = locate.chain(task.region_id)
    deed = keep_deed(actor, event, task.kind, "task.complete", when, chain, place=task.place_id)
    assert deed is not None  # its event is new
    complete(task, deed, words)
    return task


@transaction.atomic
def cancel(actor: Actor, task_id: int, *, reason: str) -> Task:
    """Call a task off, with a reason kept as words. Again: nothing happens."""
    require(actor, "tasks.oversee")
    task = Task.objects.select_for_update(of=("self",)).filter(pk=task_id).first()
    if task is None or not visible.can_see(actor, visible.seen, task):
        raise no_task()
    require(actor, "tasks.oversee", task)
    if task.status == Status.CANCELLED:
        return task
    if task.status != Status.OPEN:
        raise WrongStage(
            "task_not_open",
            T("任务已完成，不能取消。", "The task is done; it cannot be cancelled."),
        )
    text = reason.strip()
    if not text:
        raise Invalid("reason_missing", T("请填写原因。", "Give a reason."), field="reason")
    if len(text) > LONGEST_REASON:
        raise _long("reason")
    call_off(actor, task, "decided", keep_words(text))
    return task


@dataclass(frozen=True, slots=True)
class VisitData:
    """A visit or an outreach. `region`: where, the own division unless given."""

    kind: str
    address: str
    purpose: str
    result: str
    at: datetime | None = None
    task: int | None = None
    reason: str = ""
    region: str | None = None

    def check(self, kind: Kind) -> None:
        """Raise `Invalid` naming the field at fault."""
        if kind.record is not Record.VISIT or not kind.active:
            raise Invalid(
                "kind_no_visit",
                T("这类任务不这样登记。", "This kind is not recorded like this."),
                field="kind",
            )
        if not self.address.strip() or len(self.address) > 120 or "\x00" in self.address:
            raise Invalid(
                "address_bad",
                T("请填写地址，最多 120 字。", "Give the address, at most 120 characters."),
                field="address",
            )
        one_of("purpose", self.purpose, kind.purposes)
        one_of("result", self.result, kind.results)


def one_of(field: str, code: str, known: tuple[Named, ...]) -> None:
    """Raise `Invalid` unless the code is among those of the catalogue."""
    if code not in {each.code for each in known}:
        raise Invalid(
            "code_unknown",
            T("请从列表中选择。", "Choose one of the list."),
            field=field,
            known=[each.code for each in known],
        )


def own_chain(actor: Actor, region: str | None) -> RegionChain:
    """Where the actor works, or the named division in it."""
    pk = actor.region_id
    if region is not None:
        pk = Region.objects.filter(code=region, active=True).values_list("pk", flat=True).first()
    if pk is None:
        raise Invalid(
            "region_unknown", T("没有这个区划。", "There is no such division."), field="region"
        )
    return locate.chain(pk)


@transaction.atomic
def visit(actor: Actor, data: VisitData) -> tuple[Visit, Task | None]:
    """Record a visit; the record completes a task of the kind, the given one where it is open.

    A shared task that somebody else completed meanwhile takes nothing from the visit.
    """
    require(actor, "tasks.do")
    kind = editions.catalogue().kind(data.kind)
    data.check(kind)
    when = done_at(data.at, clock.now())
    chain = own_chain(actor, data.region)
    require(actor, "tasks.do", chain)
    assert actor.account_id is not None  # a visit is somebody's
    row = Visit.objects.create(
        kind=kind.code,
        address=data.address.strip(),
        purpose=data.purpose,
        result=data.result,
        at=when,
        account_id=actor.account_id,
        **columns(chain),
    )
    event = record(
        actor,
        Entry(
            kind="visit",
            subject=row.pk,
            action="visit.record",
            after={
                "kind": row.kind,
                "purpose": row.purpose,
                "result": row.result,
                "at": when.isoformat(),
                "village": row.village_id,
            },
        ),
    )[0]
    deed = keep_deed(actor, event, kind.code, "visit.record", when, chain)
    assert deed is not None  # its event is new
    return row, count(actor, deed, task_id=data.task, reason=data.reason)


def count(actor: Actor, deed: Deed, *, task_id: int | None, reason: str = "") -> Task | None:
    """Complete the task the worker chose, where it is still open; else whichever it counts for."""
    if task_id is not None:
        task = locked(actor, task_id)
        if task.kind != deed.kind or (task.place_id is not None and task.place_id != deed.place_id):
            raise Invalid(
                "task_other",
                T("这项任务不是这样完成的。", "This is not how that task is done."),
                field="task",
            )
        if task.status == Status.OPEN:
            require_doable(task, deed.at)
            complete(task, deed, reason_if_late(task, deed.at, reason))
            return task
    return assign(actor, deed)


def erase_addresses(limit: int = 1000) -> int:
    """Erase the addresses of visits older than `KEEP_DAYS`; returns how many."""
    old = Visit.objects.filter(
        erased_at=None, at__lt=clock.now() - timedelta(days=KEEP_DAYS)
    ).order_by("at")
    found = list(old.values_list("pk", flat=True)[:limit])
    return Visit.objects.filter(pk__in=found).update(address="", erased_at=clock.now())
