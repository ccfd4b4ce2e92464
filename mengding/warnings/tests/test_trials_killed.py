"""Trials with real connections and real workers: two asks at once, a worker that is killed."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from mengding.cases.tests.made import who
from mengding.core.actor import Actor
from mengding.jobs.tests.running import python
from mengding.jobs.worker import runs
from mengding.tasks.tests.test_races import at_once
from mengding.warnings import actions, trying
from mengding.warnings.models import Trial


@pytest.fixture(autouse=True)
def committed(fresh_world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield
        Trial.objects.all().delete()


def _wait(what: Any, seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def _counted(results: list[object]) -> Counter[str]:
    return Counter(type(each).__name__ for each in results)


def test_two_who_ask_at_once_get_one_trial() -> None:
    boss, admin = who("supervise"), who("sysadmin")

    def ask(actor: Actor, least: int) -> Any:
        return lambda: actions.ask(actor, {"kinds": {"repeat": {"least": least}}}, ["repeat"])

    # The same from four windows: one trial, whoever asked.
    same = at_once(ask(boss, 5), ask(boss, 5), ask(admin, 5), ask(admin, 5))
    assert _counted(same) == {"Trial": 4}
    assert Trial.objects.count() == 1
    # Two persons with other settings: one is told of the other.
    Trial.objects.all().delete()
    other = at_once(ask(boss, 6), ask(admin, 7))
    assert _counted(other) == {"Trial": 1, "Conflict": 1}
    # One person with three: two are replaced, one waits.
    Trial.objects.all().delete()
    assert _counted(at_once(ask(boss, 6), ask(boss, 7), ask(boss, 8))) == {"Trial": 3}
    assert Counter(Trial.objects.values_list("state", flat=True)) == {"cancelled": 2, "waiting": 1}
    # However often it was asked for, one job waits for the worker.
    assert ProcrastinateJob.objects.filter(task_name="warnings.try", status="todo").count() == 1


def test_two_workers_count_one_trial_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    counted = trying.counted

    def slow(district: int, *others: Any) -> Any:
        begun.append(district)
        time.sleep(0.5)
        return counted(district, *others)

    monkeypatch.setattr(trying, "counted", slow)
    row = actions.ask(who("supervise"), {}, ["overdue"])
    results = at_once(actions.carry_out, actions.carry_out)
    assert sorted(results, key=str) == [{"done": 1}, {}]
    assert len(begun) == 1
    row.refresh_from_db()
    assert (row.state, row.begun) == ("done", 1)


def test_called_off_and_finished_at_once_it_ends_one_way() -> None:
    boss = who("supervise")
    for _ in range(5):
        pk = actions.ask(boss, {}, ["overdue"]).pk
        ended, _ = at_once(actions.carry_out, lambda pk=pk: actions.call_off(boss, pk))  # type: ignore[misc]
        row = Trial.objects.get(pk=pk)
        assert row.state in ("done", "cancelled")
        assert ended == ({"done": 1} if row.state == "done" else ended)
        assert (row.answer != []) or row.state == "cancelled"


# A worker in which one look of the finder takes a tenth of a second.
_SLOW = """
import time
from mengding.cli.main import main
import django; django.setup()
from mengding.warnings.finding.repeats import Repeats
plain = Repeats.keys
Repeats.keys = lambda self, now: time.sleep(0.1) or plain(self, now)
from mengding.jobs.worker import work
work()
"""


def worker(*command: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """A real worker on this test's database."""
    known = urlsplit(os.environ["DATABASE_URL"])
    url = known._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return python(*command, env=os.environ | {"DATABASE_URL": url})


def test_a_killed_worker_leaves_nothing_locked() -> None:
    boss = who("supervise")
    pk = actions.ask(boss, {}, ["repeat"]).pk

    def row() -> Trial:
        return Trial.objects.get(pk=pk)

    with worker("-c", _SLOW) as first:
        # Queued by the asking itself: it begins long before the next full minute's job.
        _wait(lambda: row().done > 0)
        assert runs()
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    left = row()
    assert (left.state, left.begun) == ("running", 1)
    # Asking again is possible at once, and so is calling off.
    assert actions.ask(boss, {}, ["repeat"]).pk == pk
    with worker("-m", "mengding", "worker"):
        _wait(lambda: row().state == "done", 90)
    assert (row().begun, row().done) == (2, row().total)


def test_what_a_dead_worker_ran_is_replaced() -> None:
    boss = who("supervise")
    with worker("-c", _SLOW) as first:
        pk = actions.ask(boss, {}, ["repeat"]).pk
        _wait(lambda: Trial.objects.get(pk=pk).done > 0)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    other = actions.ask(boss, {}, ["overdue"]).pk
    _wait(lambda: bool(actions.carry_out()))  # the server may take a moment to notice the death
    assert Trial.objects.get(pk=pk).state == "cancelled"
    assert Trial.objects.get(pk=other).state == "done"


def test_a_running_one_is_replaced_and_its_worker_goes_on_with_the_new() -> None:
    boss = who("supervise")
    with worker("-c", _SLOW):
        pk = actions.ask(boss, {}, ["repeat"]).pk
        _wait(lambda: Trial.objects.get(pk=pk).done > 0)
        begin = time.monotonic()
        other = actions.ask(boss, {}, ["overdue"]).pk
        _wait(lambda: Trial.objects.get(pk=other).state == "done")
        # Not after the nine seconds that the first would have taken.
        assert time.monotonic() - begin < 5
    assert Trial.objects.get(pk=pk).state == "cancelled"
