"""A task ordered singly, outside any plan: somebody is sent to look at something."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.locate import RegionChain
from mengding.tasks.actions.counting import call_off, columns
from mengding.tasks.models import Place, Task
from mengding.tasks.queries import editions
from mengding.tasks.recurrence import LOCAL
from mengding.tasks.states import Status, recheck_key

LOOK = "look"  # the kind of the catalogue for going and looking, where no place is registered
LATE_DAYS = 7
LATEST = timedelta(days=60)
LONGEST = 500


@dataclass(frozen=True, slots=True)
class OrderData:
    """`place`: what is inspected, with its checklist; without it a look at `region`. `post`: the
    grid worker; None: whoever of the village. `origin`, `origin_id`: what it follows from, once."""

    region: int
    due_at: datetime
    words: str
    origin: str
    origin_id: int
    place: int | None = None
    post: int | None = None


@transaction.atomic
def order(actor: Actor, data: OrderData) -> Task:
    """Make the task; it shows on the worker's list at once. Raises `Invalid` naming the field."""
    require(actor, "tasks.oversee")
    now = clock.now()
    place = Place.objects.filter(pk=data.place, active=True).first() if data.place else None
    if data.place is not None and place is None:
        raise _bad("place", T("没有这个场所。", "There is no such place."))
    chain = locate.chain(place.region_id if place is not None else data.region)
    require(actor, "tasks.oversee", chain)
    words = data.words.strip()
    if not words or len(words) > LONGEST or "\x00" in words:
        raise _bad(
            "words",
            T(
                "请说明要看什么，最多 {n} 字。", "Say what to look at, in at most {n} characters."
            ).fill(n=LONGEST),
        )
    _check_due(data.due_at, now)
    known = editions.catalogue()
    kind = known.place_kind(place.kind).task if place is not None else LOOK
    if place is None and LOOK not in {each.code for each in known.kinds}:
        raise _bad(
            "place",
            T(
                "任务目录中没有“现场查看”，请选择场所或发布新版目录。",
                "The task catalogue has no looks: choose a place, or publish a newer one.",
            ),
        )
    _check_worker(data.post, chain)
    if data.post is None and chain.village_id is None:
        # What is shared is found by its village: nobody would see it.
        raise _bad(
            "region" if place is None else "post",
            T("请选择村或网格员。", "Choose a village or a grid worker."),
        )
    task = Task.objects.create(
        key=uuid.uuid4(),
        kind=kind,
        edition_id=editions.edition_in_force(),
        day=now.astimezone(LOCAL).date(),
        opens_at=now,
        due_at=data.due_at,
        until_at=data.due_at + timedelta(days=LATE_DAYS),
        post_id=data.post,
        place=place,
        origin=data.origin,
        origin_id=data.origin_id,
        order=keep_words(words),
        **columns(chain),
    )
    _record(actor, task)
    return task


@transaction.atomic
def order_recheck(actor: Actor, finding_id: int, data: OrderData) -> Task | None:
    """The finding's open re-inspection, given to somebody with a new deadline: there is never a
    second one. None where the finding waits for no re-inspection. Raises `Invalid` naming the
    field."""
    require(actor, "tasks.oversee")
    task = (
        Task.objects.select_for_update(of=("self",))
        .select_related("finding")
        .filter(finding=finding_id, status=Status.OPEN)
        .first()
    )
    if task is None or task.finding is None:
        return None
    require(actor, "tasks.oversee", task)
    chain = locate.chain(task.region_id)
    _check_worker(data.post, chain)
    now = clock.now()
    _check_due(data.due_at, now)
    if task.until_at < now:
        # Its time is over for good: it is called off, and one more is made.
        call_off(actor, task, "renewed")
        task.pk, task._state.adding = None, True
        task.key = recheck_key(finding_id, -(data.origin_id))
        task.opens_at, task.day = now, now.astimezone(LOCAL).date()
        task.status, task.cancel_code, task.reason = Status.OPEN.value, "", None
    task.due_at = max(data.due_at, task.opens_at + timedelta(minutes=1))
    task.until_at = max(task.until_at, task.due_at + timedelta(days=LATE_DAYS))
    task.post_id = data.post
    task.origin, task.origin_id = data.origin, data.origin_id
    task.order = keep_words(data.words.strip()[:LONGEST]) if data.words.strip() else None
    task.save()
    _record(actor, task)
    return task


def _check_due(due_at: datetime, now: datetime) -> None:
    if not now < due_at <= now + LATEST:
        raise _bad(
            "due_at", T("时限应在今后 60 天内。", "The deadline lies within the next 60 days.")
        )


def _check_worker(post: int | None, chain: RegionChain) -> None:
    """Raise `Invalid` unless it is a grid worker whose area holds the place."""
    if post is None:
        return
    row = Post.objects.filter(pk=post, active=True, role=Role.COLLECTOR).first()
    deepest = chain.grid_id or chain.village_id or chain.town_id or chain.district_id
    inside = (
        row is not None
        and deepest is not None
        and (people.within(deepest, row.region_id) or people.within(row.region_id, deepest))
    )
    if not inside:
        raise _bad("post", T("请选择当地的网格员。", "Choose a grid worker of that area."))


def _record(actor: Actor, task: Task) -> None:
    record(
        actor,
        Entry(
            kind="task",
            subject=task.pk,
            action="task.order",
            after={
                "kind": task.kind,
                "post": task.post_id,
                "place": task.place_id,
                "region": task.region_id,
                "due_at": task.due_at.isoformat(),
                "origin": task.origin,
                "origin_id": task.origin_id,
            },
            words=task.order or "",
        ),
    )


def _bad(field: str, text: T) -> Invalid:
    return Invalid("order_bad", text, field=field)
