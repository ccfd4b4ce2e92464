"""Two connections at once: a task is done once, an event counts once, a plan makes its tasks once.

These tests commit for real, in a copy of the demo district of their own.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import DomainError, WrongStage
from mengding.ledger.models import Event
from mengding.tasks import following
from mengding.tasks.actions import care, doing, findings, generate
from mengding.tasks.actions.doing import VisitData
from mengding.tasks.models import CareContact, Deed, FindingCase, Plan, Task
from mengding.tasks.recurrence import Hours
from mengding.tasks.tests.made import consent, inspect, place, plan, tasks_of
from mengding.tasks.tests.test_tasks import reported

WAIT = 60


@pytest.fixture(autouse=True)
def committed(fresh_world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Start the calls together, each on a connection of its own; results or refusals."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            gate.wait(WAIT)
            return call()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [one.result(WAIT) for one in [threads.submit(run, call) for call in calls]]


def test_two_complete_one_task() -> None:
    with clock.at(clock.now() - timedelta(days=1)):
        row = plan("incident", hours=Hours(0, 1440, 0, 5))
        task = tasks_of(row)[0]
    done = at_once(*[lambda: doing.complete_late(who("grid"), task.pk, reason="停电")] * 2)
    assert sorted(type(each).__name__ for each in done) == ["Task", "WrongStage"]
    refusal = next(each for each in done if isinstance(each, WrongStage))
    assert refusal.extra["done_by"] == who("grid").account_id
    assert Event.objects.filter(subject_kind="task", subject_id=task.pk).count() == 1


def test_two_visits_take_two_tasks_or_count_unplanned() -> None:
    row = plan("newcomer", hours=Hours(0, 1440, 1))
    data = VisitData(kind="newcomer", address="村口", purpose="school", result="done")
    at_once(*[lambda: doing.visit(who("grid"), data)] * 3)
    assert Deed.objects.filter(kind="newcomer").count() == 3
    assert Deed.objects.filter(kind="newcomer", task__plan=row).count() == 1


def test_an_event_counts_once_under_two_followers() -> None:
    plan("incident", hours=Hours(0, 1440, 1))
    case = reported()
    event = Event.objects.get(subject_kind="case", subject_id=case, action="case.receive")

    def count() -> bool:
        return following.count(
            {
                "id": event.pk, "subject_kind": "case", "subject_id": case,
                "action": event.action, "at": event.at, "account_id": event.account_id,
                "post_id": event.post_id, "before": event.before, "after": event.after,
            }
        )  # fmt: skip

    assert sorted(map(bool, at_once(count, count))) == [False, True]
    assert Deed.objects.filter(event_id=event.pk).count() == 1
    assert Task.objects.filter(done_event=event.pk).count() == 1
    at_once(following.follow, following.follow)
    assert Deed.objects.filter(event_id=event.pk).count() == 1


def test_two_workers_generate_one_set() -> None:
    row = plan("legal")
    Task.objects.filter(plan=row).delete()
    made = at_once(lambda: generate.generate(row.pk), lambda: generate.generate(row.pk))
    assert sorted(made) == [0, Task.objects.filter(plan=row).count()]  # type: ignore[type-var]


def test_two_taps_make_one_case() -> None:
    hydrant = place("race-1")
    inspect(hydrant, "hose")
    found = hydrant.finding_set.get()
    made = at_once(*[lambda: findings.make_case(who("grid"), found.pk).case_id] * 2)
    assert len(set(made)) == 1
    assert FindingCase.objects.filter(finding=found).count() == 1


def test_a_withdrawal_beats_the_plan() -> None:
    row = consent()
    made = Plan.objects.get(consent=row)
    at_once(lambda: care.withdraw(who("grid"), row.pk), lambda: generate.generate(made.pk))
    assert not CareContact.objects.filter(pk=row.pk).exists()
    assert not Task.objects.filter(consent=row, status="open").exists()
