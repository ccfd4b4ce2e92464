"""Two connections at once: one owner, one case, one inspection, one version of the settings."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mengding.cases.models import Report
from mengding.cases.tests.made import who
from mengding.core.errors import Conflict, GuardFailed
from mengding.ledger.models import Event
from mengding.tasks.models import Task
from mengding.tasks.tests.test_races import at_once
from mengding.warnings import actions
from mengding.warnings.actions import CaseData, TaskData
from mengding.warnings.models import Alert, RuleSet
from mengding.warnings.tests.test_warnings import cases, look


@pytest.fixture(autouse=True)
def committed(fresh_world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield


def _alert() -> int:
    cases("C0137", [1, 5, 9])
    look()
    return Alert.objects.get(kind="repeat", class_code="C0137", status="open").pk


def _kinds(results: list[object]) -> Counter[str]:
    return Counter(type(each).__name__ for each in results)


def test_two_people_at_once_give_one_owner_one_case_one_task_one_version() -> None:
    pk = _alert()
    # Two dispatchers at one warning: one owns it, the other is told who does.
    taken = at_once(
        lambda: actions.take(who("dispatch"), pk), lambda: actions.take(who("town"), pk)
    )
    if who("town").role is who("dispatch").role:
        assert _kinds(taken) == {"Alert": 1, "GuardFailed": 1}
    owner = who("supervise")
    opened = at_once(
        *[lambda: actions.open_case(owner, pk, CaseData(words="同一盏灯"))] * 3,
        *[lambda: actions.order_task(owner, pk, TaskData(words="去看看"))] * 3,
    )
    assert _kinds(opened) == {"Alert": 6}
    assert Report.objects.filter(source="warning", source_ref=str(pk)).count() == 1
    assert Task.objects.filter(origin="warning", origin_id=pk).count() == 1
    events = Event.objects.filter(subject_kind="warning", subject_id=pk)
    counted = Counter(events.values_list("action", flat=True))
    assert (counted["warning.case"], counted["warning.task"]) == (1, 1)
    # The end and a second case at once: whichever comes first, nothing is opened after the end.
    ended = at_once(
        lambda: actions.decide(owner, pk, real=True, words="已修"),
        lambda: actions.decide(owner, pk, real=False, words="误报"),
    )
    assert _kinds(ended) == {"Alert": 1, "WrongStage": 1}
    published = at_once(
        *[lambda: actions.publish(who("sysadmin"), {"without": ["E0110"]}, version=0)] * 2
    )
    assert sum(isinstance(each, Conflict) for each in published) == 1
    assert RuleSet.objects.count() == 1
    assert not any(isinstance(each, GuardFailed) for each in opened)
