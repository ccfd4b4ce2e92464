"""Going on and off duty. What was said is kept as marks; `book` makes intervals of them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind, Role
from mengding.core.errors import NotAllowed
from mengding.core.text import T
from mengding.duty import book
from mengding.duty.actions.checks import OLDEST, bounded
from mengding.duty.models import EndedBy, Interval, Mark, Slot
from mengding.ledger.actions import Entry, record
from mengding.people.models import Post
from mengding.policy.permissions import require

CHANNEL = "duty"
EARLY = timedelta(hours=2)  # who comes this much before a shift works that shift
_WINDOW = OLDEST + timedelta(days=2)  # marks older than this change nothing any more


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands now. `already`: saying so changed nothing. `interval`: the open one, or the
    one that was meant."""

    on: bool
    already: bool
    interval: Interval | None


@transaction.atomic
def go_on(actor: Actor, at: datetime | None = None) -> Outcome:
    """On duty since `at` (default: now), in the actor's post. This is the sign-in.

    `at` in the future (a wrong clock) counts as now; more than 7 days back is `Invalid`. Who is
    on duty already stays so. A span that is over by now (late from a phone without signal) is
    booked, and ends when it was left or ended by itself.
    """
    return _say(actor, on=True, at=at)


@transaction.atomic
def go_off(actor: Actor, at: datetime | None = None) -> Outcome:
    """Off duty since `at`, with the bounds of `go_on`. Who is off duty already stays so."""
    return _say(actor, on=False, at=at)


def _say(actor: Actor, *, on: bool, at: datetime | None) -> Outcome:
    require(actor, "duty.own")
    if actor.account_id is None or actor.post_id is None or actor.kind is ActorKind.SYSTEM:
        raise NotAllowed(
            "not_allowed", T("只有本人可以上下岗。", "Only people go on duty."), action="duty.own"
        )
    _lock(actor.account_id)
    now = clock.now()  # behind the lock: of two that say it at once the second changes nothing
    when = bounded(at)
    Mark.objects.bulk_create(
        [
            Mark(
                account_id=actor.account_id,
                post_id=actor.post_id,
                on=on,
                at=when,
                said_at=at or now,
                recorded_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    changed = _rebuild(actor, actor.account_id)
    return _outcome(actor.account_id, when, now, changed)


def _outcome(account_id: int, when: datetime, now: datetime, changed: bool) -> Outcome:
    rows = Interval.objects.filter(account=account_id).select_related("post", "team", "shift")
    current = rows.filter(ended_at=None, ends_by__gt=now).first()
    meant = rows.filter(started_at__lte=when).order_by("-started_at").first()
    return Outcome(current is not None, not changed, current or meant)


def _lock(account_id: int) -> None:
    """One at a time for each person; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('duty'), %s)", [account_id])


@transaction.atomic
def end_for_post(account_id: int, post_id: int | None) -> None:
    """The post was closed (None: the whole account): off duty now, if on duty in it."""
    rows = Interval.objects.filter(account=account_id, ended_at=None)
    if post_id is not None:
        rows = rows.filter(post=post_id)
    if not rows.exists():
        return
    _lock(account_id)
    open_one = rows.first()
    if open_one is None:
        return
    now = clock.now()
    Mark.objects.bulk_create(
        [
            Mark(
                account_id=account_id,
                post_id=open_one.post_id,
                on=False,
                at=now,
                said_at=now,
                recorded_at=now,
                by=EndedBy.POST,
            )
        ],
        ignore_conflicts=True,
    )
    _rebuild(SYSTEM, account_id)


def end_due() -> int:
    """End what has run to its limit, each in a transaction of its own; returns how many.

    It ends at its limit, however late this runs: nobody was on duty after it.
    """
    due = Interval.objects.filter(ended_at=None, ends_by__lte=clock.now())
    accounts = list(due.order_by("ends_by").values_list("account_id", flat=True))
    for account_id in accounts:
        with transaction.atomic():
            _lock(account_id)
            _rebuild(SYSTEM, account_id)
    return len(accounts)


KEEP_MARKS = timedelta(days=30)


def forget_old() -> dict[str, int]:
    """Delete marks older than 30 days, and time on duty older than `settings.DUTY_KEEP_DAYS`."""
    now = clock.now()
    over = now - timedelta(days=settings.DUTY_KEEP_DAYS)
    return {
        "marks": Mark.objects.filter(recorded_at__lt=now - KEEP_MARKS).delete()[0],
        "intervals": Interval.objects.filter(ended_at__lt=over).delete()[0],
    }


def extend(actor: Actor, account_id: int) -> None:
    """A line of the roster was added: somebody on duty may stay on for it.

    Called in the transaction of that change. A limit is never brought forward.
    """
    _lock(account_id)
    row = Interval.objects.filter(account=account_id, ended_at=None).first()
    if row is None or row.ends_by <= clock.now():
        return
    slot, limit = _limit(account_id, row.post_id, row.started_at)
    if slot is None or limit.at <= row.ends_by:
        return
    before = _facts(row)
    row.ends_by, row.limited_by = limit.at, limit.why
    row.save(update_fields=["ends_by", "limited_by"])
    _tell(actor, row, before)


# From marks to rows


def _rebuild(actor: Actor, account_id: int) -> bool:
    """Bring the intervals in line with the marks; whether anything changed."""
    now = clock.now()
    stored = list(
        Interval.objects.filter(account=account_id)
        .filter(Q(ended_at=None) | Q(ended_at__gt=now - _WINDOW))
        .order_by("started_at")
    )
    since = min([now - _WINDOW, *(row.started_at for row in stored)])
    marks = {mark.pk: mark for mark in Mark.objects.filter(account=account_id, at__gte=since)}
    by_start = {row.started_at: row for row in stored}
    slots: dict[int, Slot | None] = {}

    def limit(start: book.Mark) -> book.Limit:
        if known := by_start.get(start.at):
            return book.Limit(known.ends_by, known.limited_by)
        slot, found = _limit(account_id, marks[start.key].post_id, start.at)
        slots[start.key] = slot
        return found

    plan = book.spans(
        [book.Mark(mark.at, mark.on, mark.by, mark.pk) for mark in marks.values()],
        limit,
        now,
        owned=by_start.keys(),
    )
    changed = False
    free = list(stored)
    for span in plan:
        row = next((r for r in free if _same(r, span)), None)
        if row is not None:
            free.remove(row)
        changed |= _apply(actor, account_id, row, span, marks, slots.get(span.start.key))
    if changed:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS interval_no_overlap IMMEDIATE")
            cursor.execute("SET CONSTRAINTS interval_no_overlap DEFERRED")
    return changed


def _same(row: Interval, span: book.Span) -> bool:
    """Whether a stored interval is this span, whose start may have moved back."""
    if row.started_at == span.start.at:
        return True
    return span.start.at < row.started_at and (span.end is None or row.started_at < span.end)


def _apply(
    actor: Actor,
    account_id: int,
    row: Interval | None,
    span: book.Span,
    marks: dict[int, Mark],
    slot: Slot | None,
) -> bool:
    start = marks[span.start.key]
    before: dict[str, Any] = {} if row is None else _facts(row)
    old = None if row is None else (row.started_at, row.ended_at)
    if row is None or row.started_at != span.start.at:
        row = row or Interval(account_id=account_id)
        row.started_at, row.on_recorded_at = span.start.at, start.recorded_at
        row.ends_by, row.limited_by = span.limit.at, span.limit.why
        row.post_id = start.post_id
        row.slot = slot
        row.team_id = slot.team_id if slot else None
        row.shift_id = slot.shift_id if slot else None
        row.region_id = _covered(row.post_id, slot)
    row.ended_at, row.ended_by = span.end, span.by
    row.off_recorded_at = None
    if span.end is not None:
        row.off_recorded_at = marks[span.off.key].recorded_at if span.off else clock.now()
    if old == (row.started_at, row.ended_at):
        return False
    row.save()
    _tell(actor, row, before)
    return True


def _covered(post_id: int, slot: Slot | None) -> int | None:
    """The area patrolled: the team's, a grid worker's own; None for who patrols nothing."""
    if slot is not None:
        return int(slot.team.region_id)
    post = Post.objects.get(pk=post_id)
    return post.region_id if post.role == Role.COLLECTOR else None


def _limit(account_id: int, post_id: int, at: datetime) -> tuple[Slot | None, book.Limit]:
    """The shift somebody going on at `at` works, and when it ends by itself."""
    grace = timedelta(minutes=settings.DUTY_GRACE_MIN)
    rows = list(
        Slot.objects.filter(
            account=account_id, ends_at__gt=at, starts_at__lte=at + timedelta(days=2)
        )
        .select_related("team")
        .order_by("starts_at", "ends_at")
    )
    near = [row for row in rows if row.starts_at - EARLY <= at]
    # In the own post if there is one; what has begun before what is to come.
    near.sort(key=lambda row: (row.post_id != post_id, row.starts_at > at, row.starts_at))
    if not near:
        return None, book.Limit(at + timedelta(hours=settings.DUTY_LONGEST_H), "longest")
    end = near[0].ends_at
    for row in rows:  # the next shift follows at once
        if row.starts_at <= end + grace:
            end = max(end, row.ends_at)
    return near[0], book.Limit(end + grace, "shift")


def _facts(row: Interval) -> dict[str, Any]:
    return {
        "account": row.account_id,
        "post": row.post_id,
        "shift": row.shift_id,
        "team": row.team_id,
        "started": row.started_at.isoformat(),
        "ended": row.ended_at.isoformat() if row.ended_at else None,
        "ended_by": row.ended_by,
        "ends_by": row.ends_by.isoformat(),
    }


def _tell(actor: Actor, row: Interval, before: dict[str, Any]) -> None:
    """The ledger, and who listens."""
    if not before:
        action = "duty.on"
    elif row.ended_at is None and before["ends_by"] != row.ends_by.isoformat():
        action = "duty.extend"
    elif before["ended"] is None and row.ended_at is not None:
        by_itself = row.ended_by in (EndedBy.SHIFT, EndedBy.LONGEST, EndedBy.POST)
        action = "duty.end" if by_itself else "duty.off"
    else:
        action = "duty.correct"
    # Ended for somebody who forgot: they get a notice, and that is all.
    forgot = row.ended_by in (EndedBy.SHIFT, EndedBy.LONGEST)
    after = _facts(row) | ({"tell": [row.post_id]} if forgot else {})
    entries = [Entry("duty", row.pk, action, before=before, after=after)]
    if not before and row.ended_at is not None:  # all of it arrived late
        entries = [
            Entry("duty", row.pk, action, after=_facts(row)),
            Entry("duty", row.pk, "duty.end", after=after),
        ]
    record(actor, *entries)
    told = {
        "account_id": row.account_id,
        "on": row.ended_at is None,
        "interval_id": row.pk,
        "since": row.started_at.isoformat(),
        "until": (row.ended_at or row.ends_by).isoformat(),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(told)])
