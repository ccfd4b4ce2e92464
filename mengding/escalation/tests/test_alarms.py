"""Alarms: raised once, told again at most so often, acknowledged, ended by themselves."""

from datetime import timedelta
from typing import Any

import pytest

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, take, who
from mengding.core import clock
from mengding.core.errors import NotFound
from mengding.escalation import actions, alarms, queries
from mengding.escalation.document import DEFAULT
from mengding.escalation.models import Alarm
from mengding.escalation.tests.made import MONDAY, publish
from mengding.jobs.models import JobRun
from mengding.ledger import outbox
from mengding.ledger.models import Cursor, Event
from mengding.ledger.tests.connections import other
from mengding.notices.models import Notice

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RULE = {"on": True, "after": 10, "every": 30, "role": "dispatcher", "tier": "district"}


def check(at: Any) -> dict[str, int]:
    with clock.at(at):
        found = actions.check_alarms()
        while outbox.deliver_due():
            pass
    return found


def mine(case: Case, kind: str) -> list[Alarm]:
    return list(Alarm.objects.filter(case=case, kind=kind).order_by("pk"))


def test_an_urgent_case_that_nobody_accepts() -> None:
    publish(unaccepted=RULE)
    with clock.at(MONDAY):
        case = case_at(Stage.DISPATCHED)
        assert case.grade == "urgent"
    check(MONDAY + 9 * MINUTE)
    assert mine(case, "unaccepted") == []
    for minute in (10, 11, 39):
        check(MONDAY + minute * MINUTE)
    (row,) = mine(case, "unaccepted")
    assert (row.times, row.post_id) == (1, who("dispatch").post_id)
    check(MONDAY + 41 * MINUTE)
    check(MONDAY + 42 * MINUTE)
    row.refresh_from_db()
    assert row.times == 2
    assert Notice.objects.filter(case=case, kind="alarm", post=row.post_id).count() == 2
    with clock.at(MONDAY + 45 * MINUTE):
        assert row.pk in {each["id"] for each in _open("dispatch")}
        with pytest.raises(NotFound):
            actions.acknowledge(who("town"), row.pk)  # the district's
        actions.acknowledge(who("dispatch"), row.pk)
        assert row.pk not in {each["id"] for each in _open("dispatch")}
    check(MONDAY + 200 * MINUTE)
    row.refresh_from_db()
    assert (row.times, row.ended_at) == (2, None)
    with clock.at(MONDAY + 201 * MINUTE):
        take("accept", case.pk)
    check(MONDAY + 202 * MINUTE)
    row.refresh_from_db()
    assert row.ended_at is not None


def _open(name: str) -> list[dict[str, Any]]:
    return queries.alarms(who(name), open_only=True, cursor=None, limit=200)[0]


def test_nobody_on_duty_for_a_village_with_an_urgent_case(monkeypatch: Any) -> None:
    publish(uncovered={**RULE, "after": 0})
    with clock.at(MONDAY):
        first, second = case_at(Stage.RECEIVED), case_at(Stage.RECEIVED)
        Case.objects.filter(pk__in=[first.pk, second.pk]).update(grade="urgent")
        # Nobody's loss: the oldest is hidden from who answers, the alarm is not.
        Case.objects.filter(pk=first.pk).update(confidential=True, received_by=None)
    on_duty = [False]
    monkeypatch.setattr("mengding.duty.queries.covers", lambda region, at: on_duty[0])
    check(MONDAY + MINUTE)
    rows = Alarm.objects.filter(kind="uncovered", region=first.village_id, ended_at=None)
    row = rows.get()  # one for the village, however many cases
    assert (row.case_id, row.post_id) == (None, who("dispatch").post_id)
    assert row.pk in {each["id"] for each in _open("dispatch")}
    assert Notice.objects.filter(kind="alarm", post=row.post_id, at=row.told_at).exists()
    on_duty[0] = True
    check(MONDAY + 2 * MINUTE)
    assert not rows.exists()


def test_notices_of_an_urgent_case_that_nobody_has_read() -> None:
    publish(unread=RULE)
    with clock.at(MONDAY):
        case = case_at(Stage.DISPATCHED)
        for name in ("handler", "town"):
            post = who(name).post_id
            assert post is not None
            Notice.objects.create(
                post_id=post, case=case, kind="dispatched", action="case.dispatch",
                event_id=10**12 + case.pk, at=MONDAY, created_at=MONDAY,
            )  # fmt: skip
    check(MONDAY + 11 * MINUTE)
    assert len(mine(case, "unread")) == 1
    Notice.objects.filter(case=case, post=who("handler").post_id).update(read_at=MONDAY)
    check(MONDAY + 12 * MINUTE)
    assert mine(case, "unread")[0].ended_at is not None


def test_no_console_of_the_centre_is_open() -> None:
    publish(stale={**RULE, "role": "supervisor"})
    with clock.at(MONDAY):
        case = case_at(Stage.FILED)
    owner = case.owner_org_id
    rows = Alarm.objects.filter(kind="stale", key=f"org:{owner}", ended_at=None)
    with clock.at(MONDAY + 15 * MINUTE):
        actions.consoles_seen([owner])
    check(MONDAY + 20 * MINUTE)
    assert not rows.exists()
    check(MONDAY + 30 * MINUTE)
    row = rows.get()
    # Not the absent centre's own affair: the post of the rule's tier is told.
    assert (row.organisation_id, row.post_id) == (who("supervise").org_id, who("supervise").post_id)
    event = Event.objects.get(subject_kind="alarm", subject_id=row.pk)
    told = Notice.objects.filter(event_id=event.pk, case=None, kind="alarm")
    assert [notice.post_id for notice in told] == event.after["told"] != []
    with clock.at(MONDAY + 31 * MINUTE):
        actions.consoles_seen([owner])
    check(MONDAY + 32 * MINUTE)
    assert not rows.exists()


def test_a_console_that_is_off_at_night_is_no_alarm_in_the_morning() -> None:
    publish(stale=RULE)
    Case.objects.filter(closed_at=None).update(closed_at=MONDAY, stage="closed")  # the demo's
    with clock.at(MONDAY + 8 * HOUR):  # 17:00
        case = case_at(Stage.RECEIVED)
        assert case.grade != "urgent"
        actions.consoles_seen([case.owner_org_id])
    with clock.at(MONDAY + 8.5 * HOUR):  # and switched off at 17:30
        actions.consoles_seen([case.owner_org_id])
    rows = Alarm.objects.filter(kind="stale", key=f"org:{case.owner_org_id}", ended_at=None)
    morning = MONDAY + 23.5 * HOUR  # 8:30
    for at in (MONDAY + 12 * HOUR, morning + MINUTE, morning + 9 * MINUTE):
        check(at)
        assert not rows.exists(), at
    check(morning + 10 * MINUTE)
    assert rows.exists()
    with clock.at(morning + 11 * MINUTE):
        actions.consoles_seen([case.owner_org_id])
        Case.objects.filter(pk=case.pk).update(grade="urgent")
    check(morning + 12 * MINUTE)
    assert not rows.exists()
    check(MONDAY + 36 * HOUR)  # 21:00: every minute counts now
    assert rows.exists()


def test_a_reader_of_the_ledger_that_stands_still() -> None:
    publish(lag={**RULE, "after": 2})
    with clock.at(MONDAY):
        case_at(Stage.RECEIVED)
    Cursor.objects.update_or_create(name="notices", defaults={"xact": 0, "event_id": 0})
    rows = Alarm.objects.filter(kind="lag", key="feed:notices", ended_at=None)
    late = MONDAY + timedelta(days=400)
    check(late)
    assert not rows.exists()  # it has not begun
    ran = {"cron": "", "started_at": late, "ended_at": late, "succeeded_at": late}
    JobRun.objects.update_or_create(name="notices.follow", defaults=ran)
    check(late + MINUTE)
    assert not rows.exists()  # what is of long ago waits since a minute
    check(late + 2 * MINUTE)
    # Only settled events count, and this test's own are not: those of the demo are.
    row = rows.get()
    assert row.since == late
    assert row.post_id == who("dispatch").post_id
    assert Notice.objects.filter(case=None, kind="alarm", post=row.post_id, at=row.told_at).exists()
    Cursor.objects.filter(name="notices").update(xact=2**62)
    check(late + 3 * MINUTE)
    assert rows.count() == 0


def test_what_is_switched_off_is_silent_and_ends() -> None:
    publish(unaccepted=RULE)
    with clock.at(MONDAY):
        case = case_at(Stage.DISPATCHED)
    check(MONDAY + 20 * MINUTE)
    assert len(mine(case, "unaccepted")) == 1
    publish(unaccepted={**RULE, "on": False})
    check(MONDAY + 21 * MINUTE)
    assert mine(case, "unaccepted")[0].ended_at is not None
    assert set(DEFAULT["alarms"]) == set(alarms._FINDERS)


def test_more_alarms_than_one_transaction_holds(monkeypatch: Any) -> None:
    monkeypatch.setattr(alarms, "PIECE", 2)
    publish(unaccepted=RULE)
    with clock.at(MONDAY):
        cases = [case_at(Stage.DISPATCHED) for _ in range(5)]
    check(MONDAY + 11 * MINUTE)
    for case in cases:
        (row,) = mine(case, "unaccepted")
        (event,) = Event.objects.filter(
            subject_kind="case", subject_id=case.pk, action=alarms.ACTION
        )
        assert (event.after["alarm"], event.after["count"]) == (row.pk, len(event.after["told"]))
        told = Notice.objects.filter(case=case, kind="alarm", event_id=event.pk)
        assert sorted(told.values_list("post_id", flat=True)) == sorted(event.after["told"])
        assert event.after["told"]
    assert check(MONDAY + 12 * MINUTE)["raised"] == 0
    publish(unaccepted=RULE | {"on": False})
    assert check(MONDAY + 13 * MINUTE)["ended"] >= 5


def test_acknowledged_between_the_look_and_the_writing(monkeypatch: Any) -> None:
    publish(unaccepted=RULE)
    with clock.at(MONDAY):
        case = case_at(Stage.DISPATCHED)
    check(MONDAY + 11 * MINUTE)
    (row,) = mine(case, "unaccepted")
    keep = alarms._keep

    def late(*given: Any) -> bool:
        actions.acknowledge(who("dispatch"), row.pk)
        return keep(*given)

    monkeypatch.setattr(alarms, "_keep", late)
    check(MONDAY + 50 * MINUTE)
    row.refresh_from_db()
    assert row.acknowledged_at is not None
    assert (row.times, Notice.objects.filter(case=case, kind="alarm").count()) == (1, 1)


def test_another_worker_is_left_alone() -> None:
    publish(unaccepted=RULE)
    with clock.at(MONDAY):
        case = case_at(Stage.DISPATCHED)
    with other() as held:
        held.execute(
            "SELECT pg_advisory_xact_lock(hashtext('ledger_cursor'), hashtext(%s))", [alarms.READER]
        )
        check(MONDAY + 11 * MINUTE)
        assert mine(case, "unaccepted") == []
        held.rollback()
    check(MONDAY + 11 * MINUTE)
    assert len(mine(case, "unaccepted")) == 1
