"""Work counts by itself: an event of the ledger becomes a deed, the deed completes a task."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Words
from mengding.people import queries as people
from mengding.regions.locate import RegionChain
from mengding.tasks import matching
from mengding.tasks.models import Deed, Task
from mengding.tasks.queries import visible
from mengding.tasks.states import Status, Window


def columns(chain: RegionChain) -> dict[str, int | None]:
    """A chain of divisions as the columns of a row."""
    return {
        "district_id": chain.district_id,
        "town_id": chain.town_id,
        "village_id": chain.village_id,
        "grid_id": chain.grid_id,
    }


def window_of(task: Task) -> Window:
    """The task's window."""
    return Window(task.opens_at, task.due_at, task.until_at)


def _waiting(rows: Iterable[Task]) -> list[matching.Waiting]:
    return [
        matching.Waiting(task.pk, window_of(task), task.post_id is not None, task.place_id)
        for task in rows
    ]


def keep_deed(
    actor: Actor,
    event_id: int,
    kind: str,
    action: str,
    at: datetime,
    chain: RegionChain,
    *,
    place: int | None = None,
) -> Deed | None:
    """The deed of an event; None when it has one already (another follower was first)."""
    assert actor.account_id is not None
    deed, made = Deed.objects.get_or_create(
        event_id=event_id,
        defaults={
            "kind": kind,
            "action": action,
            "account_id": actor.account_id,
            "post_id": actor.post_id,
            "at": at,
            "place_id": place,
            **columns(chain),
        },
    )
    return deed if made else None


def assign(actor: Actor, deed: Deed) -> Task | None:
    """Complete the open task the deed counts for, if there is one; returns it."""
    rows = (
        Task.objects.select_for_update(of=("self",))
        .filter(
            visible.doable(actor),
            kind=deed.kind,
            status=Status.OPEN,
            consent=None,
            finding=None,
            opens_at__lte=deed.at,
            due_at__gte=deed.at,
        )
        .order_by("pk")
    )
    found = {task.pk: task for task in rows}
    wanted = matching.chosen(deed.at, _waiting(found.values()), deed.place_id)
    if wanted is None:
        return None
    complete(found[wanted], deed)
    return found[wanted]


def complete(task: Task, deed: Deed, reason: Words | None = None) -> None:
    """Put the deed on a task that the caller has locked and found open."""
    task.status = Status.COMPLETED.value
    task.done_at, task.received_at = deed.at, clock.now()
    task.done_by, task.done_event = deed.account_id, deed.event_id
    task.late, task.reason = reason is not None, reason
    task.save(
        update_fields=[
            "status", "done_at", "received_at", "done_by", "done_event", "late", "reason",
        ]
    )  # fmt: skip
    deed.task = task
    deed.save(update_fields=["task"])
    if deed.action != "task.complete":  # that event says it itself
        record(
            SYSTEM,
            Entry(
                kind="task",
                subject=task.pk,
                action="task.credited",
                before={"status": Status.OPEN.value},
                after={
                    "status": task.status,
                    "event": deed.event_id,
                    "by": deed.account_id,
                    "at": deed.at.isoformat(),
                    "late": task.late,
                },
            ),
        )


def call_off(actor: Actor, task: Task, code: str, words: Words | None = None) -> None:
    """Cancel a locked open task. `code`: decided | withdrawn | leave | reopened | plan."""
    task.status, task.cancel_code, task.reason = Status.CANCELLED.value, code, words
    task.save(update_fields=["status", "cancel_code", "reason"])
    record(
        actor,
        Entry(
            kind="task",
            subject=task.pk,
            action="task.cancel",
            before={"status": "open"},
            after={"status": "cancelled", "why": code},
            words=words or "",
        ),
    )


@transaction.atomic
def settle(tasks: Sequence[Task]) -> int:
    """Give deeds that nobody had planned to tasks that were made after them; returns how many."""
    done = 0
    for kind in sorted({task.kind for task in tasks}):
        own = [task for task in tasks if task.kind == kind]
        deeds = Deed.objects.select_for_update().filter(
            Q(kind=kind, task=None),
            at__gte=min(task.opens_at for task in own),
            at__lte=max(task.due_at for task in own),
        )
        for deed in deeds.order_by("at", "pk"):
            actor = people.actor_in_post(deed.account_id, deed.post_id or 0)
            if actor is not None and assign(actor, deed) is not None:
                done += 1
    return done
