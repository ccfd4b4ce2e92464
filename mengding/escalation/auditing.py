"""Proof that every step ran: worked out anew from clocks and frozen chains, compared with the runs.

It trusts neither the time a watch says it is due next, nor that a watch was made at all.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from mengding.clocks.models import Clock
from mengding.core import clock as time
from mengding.escalation import frozen
from mengding.escalation.following import OLD
from mengding.escalation.models import Audit, ChainSet, Result, State, StepRun, Watch
from mengding.jobs.models import JobRun
from mengding.jobs.schedule import jobs, state
from mengding.ledger.models import Outbox

GRACE = timedelta(minutes=3)  # what is due this moment need not have run
LATE = timedelta(minutes=20)  # it runs every ten: after this the worker does not
WINDOW = timedelta(days=2)  # how far back ended clocks are looked at
MOST_GAPS = 500
KEEP = timedelta(days=90)
_CHUNK = 500


def audit() -> Audit:
    """Look at every live clock and those ended within two days; store and return the result."""
    now = time.now()
    gaps: list[dict[str, Any]] = []
    clocks = due = 0
    reasons: Counter[str] = Counter()
    for watches in _watches(now - WINDOW):
        found = Clock.objects.in_bulk([watch.clock_id for watch in watches])
        runs: dict[int, list[StepRun]] = {watch.pk: [] for watch in watches}
        for run in StepRun.objects.filter(watch__in=runs):
            runs[run.watch_id].append(run)
        for watch in watches:
            clocks += 1
            wanted, missing = _of(watch, found[watch.clock_id], runs[watch.pk], now)
            due += wanted
            reasons.update(gap["why"] for gap in missing)
            gaps += missing[: MOST_GAPS - len(gaps)]
    for gap in _never_frozen(now):
        clocks, due = clocks + 1, due + 1
        reasons["not_frozen"] += 1
        gaps += [gap] if len(gaps) < MOST_GAPS else []
    missing_all = sum(reasons.values())
    Audit.objects.filter(at__lt=now - KEEP).delete()
    return Audit.objects.create(
        at=now,
        since=now - WINDOW,
        clocks=clocks,
        due=due,
        ran=due - missing_all,
        missing=missing_all,
        by_reason=dict(sorted(reasons.items())),
        gaps=gaps,
    )


def _watches(since: datetime) -> Iterator[list[Watch]]:
    """Watches with a chain, a chunk at a time."""
    last = 0
    rows = Watch.objects.filter(Q(state=State.RUNNING) | Q(ended_at__gte=since)).exclude(chain="")
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _of(
    watch: Watch, clock: Clock, runs: list[StepRun], now: datetime
) -> tuple[int, list[dict[str, Any]]]:
    """How many steps were due on this clock, and those that did not do their work."""
    until = min(now, clock.stopped_at or now) - GRACE
    wanted = [each for each in frozen.all_of(watch, clock) if each.at <= until]
    undone = [each for each in frozen.left(watch, clock, runs) if each.at <= until]
    missing = [_gap(clock, each.step, each.nth, each.at, *_why(watch)) for each in undone]
    waiting = _undelivered([run for run in runs if run.result == Result.TOLD], now)
    exact = {(each.step, each.nth, each.at) for each in wanted}
    for run in runs:
        if (run.step, run.nth, run.due_at) not in exact:
            continue  # for an instant that an extension has moved since
        if run.result != Result.TOLD:
            missing.append(_gap(clock, run.step, run.nth, run.due_at, run.result, ""))
        elif run.pk in waiting:
            missing.append(
                _gap(clock, run.step, run.nth, run.due_at, "undelivered", waiting[run.pk])
            )
    return len(wanted), missing


def _gap(clock: Clock, step: int, nth: int, at: datetime, why: str, detail: str) -> dict[str, Any]:
    return {
        "clock": clock.pk,
        "case": clock.case_id,
        "kind": clock.kind,
        "step": step + 1,
        "nth": nth + 1,
        "due": at.isoformat(),
        "why": why,
        "detail": detail,
    }


def _why(watch: Watch) -> tuple[str, str]:
    """failed (with the error) | worker_down | missed."""
    if watch.error:
        return "failed", watch.error
    name = "escalation.run"
    if state(jobs()[name], JobRun.objects.filter(name=name).first()) != "ok":
        return "worker_down", name
    return "missed", ""


def _undelivered(runs: list[StepRun], now: datetime) -> dict[int, str]:
    """Runs whose notices still wait or were given up, by id, with the last error."""
    old = {f"notice:{run.event_id}:escalated": run for run in runs if run.ran_at < now - GRACE}
    rows = Outbox.objects.filter(key__in=old, done_at__isnull=True)
    return {old[row.key].pk: row.error for row in rows}


_NEVER = """
SELECT c.id FROM clocks_clock c
WHERE c.state IN ('running', 'paused') AND c.started_at > %(since)s AND c.started_at < %(grace)s
  AND NOT EXISTS (SELECT FROM escalation_watch w WHERE w.clock_id = c.id)
ORDER BY c.id LIMIT 10000
"""


def _never_frozen(now: datetime) -> Iterator[dict[str, Any]]:
    """Live clocks that should be watched and are not: the reader of the ledger stands still."""
    first = ChainSet.objects.order_by("version").values_list("created_at", flat=True).first()
    if first is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NEVER, {"since": max(first, now - OLD), "grace": now - GRACE})
        ids = [row[0] for row in cursor.fetchall()]
    for clock in Clock.objects.filter(pk__in=ids).order_by("pk"):
        yield _gap(clock, -1, -1, clock.started_at, "not_frozen", "")
