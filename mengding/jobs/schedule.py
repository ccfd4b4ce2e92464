"""`every(cron, name)`: a function the worker calls on time, whose every run is recorded.

The worker (`mengding worker`) defers a job when its time has come; several workers defer it once.
A job left waiting is not queued twice, and in one process a job runs once at a time. Several
workers may run it at once and it may be cut off: it works in transactions of its own, on rows
nobody else holds.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import croniter  # type: ignore[import-untyped]
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.types.json import Jsonb

from mengding.core import clock
from mengding.jobs.models import JobRun
from mengding.jobs.worker import QUICK, SLOW

log = logging.getLogger(__name__)

Work = Callable[[], dict[str, Any]]
_jobs: dict[str, tuple[str, Work]] = {}

_RECORD = """
INSERT INTO jobs_jobrun AS j
  (name, cron, started_at, ended_at, succeeded_at, result, error, runs, failures)
VALUES (%(name)s, %(cron)s, %(start)s, %(end)s, %(good)s, %(result)s, %(error)s, 1, %(failed)s)
ON CONFLICT (name) DO UPDATE SET
  cron = excluded.cron, started_at = excluded.started_at, ended_at = excluded.ended_at,
  succeeded_at = coalesce(excluded.succeeded_at, j.succeeded_at),
  result = CASE WHEN excluded.error = '' THEN excluded.result ELSE j.result END,
  error = excluded.error, runs = j.runs + 1, failures = j.failures + excluded.failures
"""


def every(cron: str, name: str) -> Callable[[Work], Work]:
    """Run the function at the times of `cron` (UTC; a sixth field gives seconds).

    It returns what it did, as JSON of codes, numbers and times; an exception is recorded and
    left to the worker's log.
    """

    def register(work: Work) -> Work:
        if name in _jobs:
            raise RuntimeError(f"job {name!r} registered twice")
        _jobs[name] = (cron, work)

        alone = threading.Lock()

        def task(timestamp: int) -> None:
            # Late ones pile up behind a long run: they would take every place of the queue. What
            # this one was to do, that run or the next one does.
            if alone.acquire(blocking=False):
                try:
                    run(name)
                finally:
                    alone.release()

        queue = QUICK if len(cron.split()) > 5 else SLOW  # a field for seconds
        app.periodic(cron=cron, queueing_lock=name)(app.task(name=name, queue=queue)(task))
        return work

    return register


def jobs() -> dict[str, str]:
    """Name → cron of every job there is."""
    return {name: cron for name, (cron, _) in sorted(_jobs.items())}


def run(name: str) -> dict[str, Any]:
    """Run one job now and record how it went; returns its result, raises what it raised."""
    cron, work = _jobs[name]
    start = clock.now()
    try:
        result = work()
    except Exception as error:
        _record(name, cron, start=start, result={}, error=f"{type(error).__name__}: {error}")
        raise
    _record(name, cron, start=start, result=result, error="")
    return result


def _record(name: str, cron: str, *, start: Any, result: dict[str, Any], error: str) -> None:
    end = clock.now()
    values = {
        "name": name,
        "cron": cron,
        "start": start,
        "end": end,
        "good": None if error else end,
        "result": Jsonb(result),
        "error": error[:2000],
        "failed": 1 if error else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)


KEEP = timedelta(days=7)
GRACE = timedelta(minutes=10)  # a restart of the worker, a long run before it


def state(cron: str, row: JobRun | None) -> str:
    """ok | never | failed | late."""
    if row is None:
        return "never"
    if row.error:
        return "failed"
    following = croniter.croniter(cron, row.started_at).get_next(ret_type=datetime)
    return "late" if following + GRACE < clock.now() else "ok"


def catch_up() -> list[str]:
    """Queue what never ran or missed its time, as when the machine sleeps at night.

    Returns the names of the jobs queued.
    """
    kept = {row.name: row for row in JobRun.objects.all()}
    queued = []
    for name, cron in jobs().items():
        if state(cron, kept.get(name)) in ("never", "late") and hurry(name):
            queued.append(name)
    return queued


def hurry(name: str) -> bool:
    """Queue a job now, when the transaction around this is committed; false where it waits for
    the worker as it is."""
    try:
        with transaction.atomic():  # a refused insert ends a transaction around it
            app.configure_task(name, queueing_lock=name).defer(timestamp=0)
    except AlreadyEnqueued:
        return False
    return True


def forget_old() -> int:
    """Delete the worker's rows of jobs added over a week ago: failed, or cut off by a crash.

    Rows of successful jobs go at once (PROCRASTINATE_WORKER_DEFAULTS). Returns how many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status <> 'todo' AND id IN"
            " (SELECT job_id FROM procrastinate_events WHERE type = 'deferred' AND at < %s)",
            [clock.now() - KEEP],
        )
        return int(cursor.rowcount)
