"""Jobs run in a real worker, leave their proof, and their absence is noticed."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from mengding.core import clock
from mengding.jobs import check, schedule
from mengding.jobs.models import JobRun
from mengding.jobs.schedule import catch_up, every, forget_old, jobs, run
from mengding.jobs.worker import PLACES, QUICK, SLOW, work

EXPECTED = {
    "cases.erase", "cases.resume", "http.forget", "jobs.forget", "jobs.overdue", "ledger.forget",
    "ledger.outbox", "ledger.verify", "notices.follow", "notices.forget", "people.sessions",
}  # fmt: skip


@pytest.fixture
def broken() -> Iterator[str]:
    """A job that fails."""
    name = "test.broken"

    @every("* * * * *", name)
    def work() -> dict[str, object]:
        raise ValueError("on purpose")

    yield name
    forget(name)


def forget(name: str) -> None:
    """A job that a test has registered."""
    del schedule._jobs[name]
    del app.tasks[name]
    for key in [key for key in app.periodic_registry.periodic_tasks if key[0] == name]:
        del app.periodic_registry.periodic_tasks[key]


def test_every_job_is_known_to_the_worker() -> None:
    assert set(jobs()) >= EXPECTED
    scheduled = {
        task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()
    }
    for name, cron in jobs().items():
        assert scheduled[name] == cron


@pytest.mark.django_db
def test_each_job_runs_and_leaves_its_proof() -> None:
    start = clock.now()
    for name in jobs():
        run(name)
    for name in jobs():
        row = JobRun.objects.get(name=name)
        assert row.succeeded_at is not None
        assert row.succeeded_at >= start
        assert (row.runs, row.failures, row.error) == (1, 0, "")


@pytest.mark.django_db
def test_a_failure_is_kept_and_the_last_success_too(broken: str) -> None:
    run("jobs.forget")
    good = JobRun.objects.get(name="jobs.forget")
    cron, work = schedule._jobs["jobs.forget"]

    def fail() -> dict[str, object]:
        raise ValueError("out of order")

    schedule._jobs["jobs.forget"] = (cron, fail)
    try:
        with pytest.raises(ValueError, match="out of order"):
            run("jobs.forget")
    finally:
        schedule._jobs["jobs.forget"] = (cron, work)
    row = JobRun.objects.get(name="jobs.forget")
    assert row.error == "ValueError: out of order"
    assert (row.runs, row.failures) == (2, 1)
    assert (row.succeeded_at, row.result) == (good.succeeded_at, good.result)
    run("jobs.forget")
    row.refresh_from_db()
    assert (row.runs, row.failures, row.error) == (3, 1, "")
    with pytest.raises(RuntimeError, match="twice"):
        every("* * * * *", broken)(fail)


@pytest.mark.django_db
def test_the_check_names_what_does_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run([]) == 1
    assert capsys.readouterr().out.count("never") == len(jobs())
    for name in jobs():
        run(name)
    assert check.run([]) == 0
    with clock.at(clock.now() + timedelta(minutes=15)):
        assert check.run([]) == 1
        lines = capsys.readouterr().out.splitlines()
        late = {line.split()[1] for line in lines if line.startswith("late")}
    assert {"ledger.outbox", "notices.follow", "cases.resume"} <= late
    assert "people.sessions" not in late
    JobRun.objects.filter(name="people.sessions").update(error="x")
    assert check.run([]) == 1
    assert "failed people.sessions" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_runs_what_is_queued_and_keeps_no_finished_rows() -> None:
    for _ in range(2):
        app.tasks["ledger.outbox"].defer(timestamp=1)
    app.tasks["people.sessions"].defer(timestamp=1)
    work(wait=False)
    assert JobRun.objects.get(name="ledger.outbox").runs >= 1  # the second may come beside it
    assert JobRun.objects.get(name="people.sessions").runs >= 1  # 2 where a minute ended meanwhile
    assert not ProcrastinateJob.objects.exclude(status="todo").exists()


@pytest.fixture
def busy() -> Iterator[list[str]]:
    """Jobs of the night for every place there is, each waiting for the last: a quick one."""
    quick_ran = threading.Event()

    def long() -> dict[str, object]:
        return {"in_time": quick_ran.wait(20)}

    def quick() -> dict[str, object]:
        quick_ran.set()
        return {}

    names = [f"test.long{n}" for n in range(PLACES[SLOW])]
    for name in names:
        every("0 3 * * *", name)(long)
    every("* * * * * */2", "test.quick")(quick)
    yield [*names, "test.quick"]
    for name in [*names, "test.quick"]:
        forget(name)


@pytest.mark.django_db(transaction=True)
def test_long_jobs_do_not_hold_up_those_that_follow_the_ledger(busy: list[str]) -> None:
    for name in busy:
        app.tasks[name].defer(timestamp=1)
    work(wait=False)
    for name in busy[:-1]:
        assert JobRun.objects.get(name=name).result == {"in_time": True}


@pytest.fixture
def slow() -> Iterator[tuple[str, str, list[int]]]:
    """A job of seconds that takes until another of them has run, how many of it ran at once."""
    at_once: list[int] = []
    running, other_ran = threading.Semaphore(0), threading.Event()
    counting = threading.Lock()
    now = [0]

    def long() -> dict[str, object]:
        with counting:
            now[0] += 1
            at_once.append(now[0])
        running.release()
        assert other_ran.wait(20)
        with counting:
            now[0] -= 1
        return {}

    def other() -> dict[str, object]:
        assert running.acquire(timeout=20)
        other_ran.set()
        return {}

    every("* * * * * */2", "test.long")(long)
    every("* * * * * */2", "test.other")(other)
    yield "test.long", "test.other", at_once
    forget("test.long")
    forget("test.other")


@pytest.mark.django_db(transaction=True)
def test_one_job_never_takes_every_place(slow: tuple[str, str, list[int]]) -> None:
    """As many of it queued as there are places, before another: that one ran beside the first."""
    long, other, at_once = slow
    for n in range(PLACES[QUICK]):
        app.tasks[long].defer(timestamp=n)
    app.tasks[other].defer(timestamp=1)
    work(wait=False)
    assert JobRun.objects.get(name=other).failures == 0
    assert JobRun.objects.get(name=long).failures == 0
    assert set(at_once) == {1}


@pytest.mark.django_db(transaction=True)
def test_what_missed_its_time_is_caught_up_on() -> None:
    with clock.at(clock.now() - timedelta(days=2)):
        run("people.sessions")
    for name in set(jobs()) - {"people.sessions", "ledger.verify"}:
        run(name)
    queued = set(ProcrastinateJob.objects.values_list("task_name", flat=True))
    assert queued >= {"people.sessions", "ledger.verify"}  # by the run of jobs.overdue above
    assert not set(catch_up()) & queued  # once is enough
    work(wait=False)
    assert check.run([]) == 0
    assert JobRun.objects.get(name="people.sessions").runs >= 2


@pytest.mark.django_db(transaction=True)
def test_old_rows_of_the_worker_are_forgotten() -> None:
    def age(job_id: int, status: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, job_id]
            )
            cursor.execute(
                "UPDATE procrastinate_events SET at = now() - interval '8 days' WHERE job_id = %s",
                [job_id],
            )

    there = set(ProcrastinateJob.objects.values_list("id", flat=True))  # queued by a worker before
    task = app.tasks["ledger.outbox"]
    waiting, failed, stuck = (task.defer(timestamp=n) for n in range(3))
    fresh = task.defer(timestamp=4)
    age(waiting, "todo")
    age(failed, "failed")
    age(stuck, "doing")
    assert forget_old() == 2
    kept = set(ProcrastinateJob.objects.values_list("id", flat=True))
    assert kept - there == {waiting, fresh}
