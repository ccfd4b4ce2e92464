"""Running the steps that are due.

Never twice: a worker holds the watch's row lock from reading to commit; it writes the watch only
over the fence it has read; the database holds one run for each step and instant; notices are
outbox rows of the same transaction, under a key made from the run's event. Never lost: what broke
off has left nothing behind and is due again, what is committed stays in the outbox until it is
delivered, and `auditing` counts.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from mengding.cases.models import Case
from mengding.clocks.models import Clock
from mengding.core import clock as time
from mengding.core.actor import SYSTEM
from mengding.escalation import frozen, whom
from mengding.escalation.following import LIVE
from mengding.escalation.models import Result, State, StepRun, Watch
from mengding.escalation.steps import Occurrence
from mengding.ledger.actions import Entry, record
from mengding.notices import telling
from mengding.notices.models import NoticeKind

log = logging.getLogger(__name__)
ACTION = "escalation.step"
STALE = timedelta(days=7)  # after a long standstill nobody is told of what was due last month
LONGEST_WAIT = 3600  # s between two tries of what fails


class Fenced(RuntimeError):
    """Somebody else has changed the watch since it was read."""


def run_due(limit: int = 500) -> dict[str, int]:
    """Run what is due, each watch in a transaction of its own; {"watches", "failed", "fenced"}."""
    found = {"watches": 0, "failed": 0, "fenced": 0}
    for _ in range(limit):
        try:
            outcome = _run_one()
        except Fenced as error:
            log.warning("escalation: %s", error)  # whoever moved it has run what was due
            found["fenced"] += 1
            continue
        if outcome is None:
            break
        found["watches"] += 1
        found["failed"] += not outcome
    return found


def _run_one() -> bool | None:
    """Whether the most urgent watch that nobody holds went well; None when none is due."""
    with transaction.atomic():
        watch = (
            Watch.objects.select_for_update(skip_locked=True)
            .filter(state=State.RUNNING, try_at__lte=time.now())
            .order_by("try_at")
            .first()
        )
        if watch is None:
            return None
        try:
            with transaction.atomic():
                run(watch)
        except Fenced:
            raise
        except Exception as error:
            # Kept on the row, tried again, and shown by the audit: one bad watch stops no other.
            log.exception("escalation: watch %s", watch.pk)
            watch.refresh_from_db()
            watch.failures += 1
            watch.error = f"{type(error).__name__}: {error}"[:500]
            wait = min(LONGEST_WAIT, 30 * 2 ** min(watch.failures, 10))
            watch.try_at = time.now() + timedelta(seconds=wait)
            save(watch)
            return False
    return True


def run(watch: Watch) -> None:
    """Run every step of a locked watch that is due, and say when the next one is."""
    now = time.now()
    clock = Clock.objects.get(pk=watch.clock_id)
    if clock.state not in LIVE:
        # It has stopped and the reader of the ledger has not come to it: nobody is told any more.
        watch.state, watch.ended_at = State.ENDED.value, clock.stopped_at or now
        watch.next_at = watch.try_at = None
        return save(watch)
    shape = frozen.shape(clock)
    if shape != watch.shape:
        watch.shape, watch.aimed_at = shape, now
    rest = frozen.left(watch, clock)
    case = Case.objects.get(pk=watch.case_id)
    for each in rest:
        if each.at <= now:
            _step(watch, case, clock, each, now)
    later = [each.at for each in rest if each.at > now]
    watch.next_at = watch.try_at = later[0] if later else None
    watch.failures, watch.error = 0, ""
    return save(watch)


def _step(watch: Watch, case: Case, clock: Clock, each: Occurrence, now: datetime) -> None:
    chain = frozen.chain_of(watch)
    assert chain is not None  # it has steps
    step = chain.steps[each.step]
    posts: list[int] = []
    if each.at > now - STALE:
        found = [whom.find(case, clock, target) for target in step.whom]
        posts = sorted({post for one in found for post in one.posts})
        result = Result.TOLD if posts else Result.NOBODY
    else:
        result = Result.STALE
    after = {
        "clock": clock.pk,
        "kind": clock.kind,
        "chains": watch.chains_id,
        "chain": watch.chain,
        "step": each.step + 1,
        "nth": each.nth + 1,
        "due": each.at.isoformat(),
        "told": posts,
        "count": len(posts),
        "result": result.value,
    }
    event = record(SYSTEM, Entry("case", case.pk, ACTION, after=after))[0]
    StepRun.objects.create(
        watch=watch,
        step=each.step,
        nth=each.nth,
        due_at=each.at,
        ran_at=now,
        result=result.value,
        fence=watch.fence + 1,
        event_id=event,
        posts=posts,
    )
    if posts:
        telling.tell(NoticeKind.ESCALATED, [(event, case.pk, posts)], action=ACTION)


def save(watch: Watch) -> None:
    """Write the watch over the fence it was read with; raises `Fenced` where that has moved."""
    seen = watch.fence
    watch.fence = seen + 1
    columns = (
        "state", "ended_at", "next_at", "try_at", "failures", "error", "shape", "aimed_at",
        "fence",
    )  # fmt: skip
    values = {name: getattr(watch, name) for name in columns}
    if not Watch.objects.filter(pk=watch.pk, fence=seen).update(**values):
        raise Fenced(f"watch {watch.pk}: fence {seen} has moved on")
