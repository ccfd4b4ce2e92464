"""Clocks under frozen rules: their lights, pauses, extensions and what they say of themselves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.cases.tests.made import report, who
from mengding.clocks import actions, queries
from mengding.clocks.models import Calendar, Clock, ClockKind, ClockState, StageLimits
from mengding.core import clock as time
from mengding.core.errors import Invalid, NotAllowed
from mengding.demo.roster import STAGE_LIMITS
from mengding.ledger.models import Event
from mengding.worktime import Limit, Pause, Unit, due, limit_length, used

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
CN = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=CN)
HOURS = Limit(8, Unit.WORK_HOUR)


@pytest.fixture(autouse=True)
def at_monday() -> Iterator[None]:
    with time.at(MONDAY):
        yield


@pytest.fixture
def case_id() -> int:
    """A case to hang clocks on; its own clock is of another kind."""
    return report().case_id


def after(**span: float) -> Any:
    """That long after Monday nine o'clock."""
    return time.at(MONDAY + timedelta(**span))


def reread(clock: Clock) -> Clock:
    """The clock as stored."""
    return Clock.objects.get(pk=clock.pk)


def spec() -> dict[str, Any]:
    """The active calendar's content."""
    content: dict[str, Any] = Calendar.objects.get(code="district", active=True).spec
    return content


def test_a_calendar_is_a_new_version_and_the_only_active_one() -> None:
    first = Calendar.objects.get(code="district", active=True)
    second = actions.publish_calendar(who("sysadmin"), "district", "新", spec())
    assert second.version == first.version + 1
    assert list(Calendar.objects.filter(code="district", active=True)) == [second]
    event = Event.objects.get(subject_kind="calendar", subject_id=second.pk)
    assert (event.action, event.after) == (
        "calendar.publish",
        {"code": "district", "version": second.version},
    )
    other = actions.publish_calendar(who("sysadmin"), "night", "夜班", spec())
    assert other.version == 1
    assert queries.active_rules()[0] == second.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Calendar.objects.filter(pk=first.pk).update(active=True)


@pytest.mark.parametrize(
    "bad", [{}, {"name": "x"}, {"segments": 3}, [], None, {"name": "x", "segments": [["9:00"]]}]
)
def test_an_unreadable_calendar_is_refused(bad: Any) -> None:
    before = queries.active_rules()
    with pytest.raises(Invalid) as wrong:
        actions.publish_calendar(who("sysadmin"), "district", "坏", bad)
    assert wrong.value.field == "spec"
    assert queries.active_rules() == before


@pytest.mark.parametrize("name", ["desk", "secadmin", "audit", "supervise"])
def test_only_the_system_administrator_publishes(name: str) -> None:
    with pytest.raises(NotAllowed):
        actions.publish_calendar(who(name), "district", "x", spec())
    with pytest.raises(NotAllowed):
        actions.publish_limits(who(name), STAGE_LIMITS)


def test_limits_are_a_new_version_and_say_which_is_wrong() -> None:
    first = StageLimits.objects.get(active=True)
    wrong: list[Any] = [
        {},
        {"amount": 0, "unit": "work_hour"},
        {"amount": 1, "unit": "fortnight"},
        {"amount": "1", "unit": "work_hour"},
        {"amount": 1},
        None,
    ]
    for row in wrong:
        for kind in ("receive", "precheck", "dispatch", "check"):
            with pytest.raises(Invalid) as refused:
                actions.publish_limits(who("sysadmin"), STAGE_LIMITS | {kind: row})
            assert refused.value.field == f"limits.{kind}"
    assert StageLimits.objects.get(active=True) == first
    second = actions.publish_limits(who("sysadmin"), STAGE_LIMITS, yellow_percent=50)
    assert second.version == first.version + 1
    assert StageLimits.objects.get(active=True) == second
    assert queries.active_rules()[1] == second.pk
    assert Event.objects.filter(subject_kind="limits", subject_id=second.pk).count() == 1


@pytest.mark.parametrize("percent", [0, 100, -1, 101])
def test_yellow_lies_within_the_limit(percent: int) -> None:
    with pytest.raises(Invalid) as refused:
        actions.publish_limits(who("sysadmin"), STAGE_LIMITS, yellow_percent=percent)
    assert refused.value.field == "yellow_percent"


def test_a_clock_keeps_the_rules_it_started_under(case_id: int) -> None:
    old = actions.start(case_id, ClockKind.CHECK)
    content = spec() | {"segments": [["08:30", "09:10"]]}
    actions.publish_calendar(who("sysadmin"), "district", "短", content)
    limits = STAGE_LIMITS | {"check": {"amount": 2, "unit": "natural_day"}}
    actions.publish_limits(who("sysadmin"), limits, yellow_percent=50)
    new = actions.start(case_id, ClockKind.PRECHECK)
    assert old.due_at == MONDAY + timedelta(minutes=30)
    assert new.due_at == MONDAY + timedelta(days=1, minutes=-10)  # ten minutes today, the rest
    with after(minutes=5):
        actions.pause(old)
    with after(minutes=15):
        actions.resume(old)
    assert old.due_at == MONDAY + timedelta(minutes=40)
    assert old.yellow_at == MONDAY + timedelta(minutes=34)  # still 80 %
    assert (old.calendar_id, old.limits_id) != (new.calendar_id, new.limits_id)
    Clock.objects.filter(pk=new.pk).delete()
    fresh = actions.start(case_id, ClockKind.DISPATCH)
    assert fresh.limits_id == new.limits_id


def test_lights_change_at_exactly_eighty_and_a_hundred_percent(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=Limit(10, Unit.URGENT_HOUR))
    moment = timedelta(microseconds=1)
    for at, light in {
        timedelta(0): "green",
        timedelta(hours=8): "green",
        timedelta(hours=8) + moment: "yellow",
        timedelta(hours=10): "yellow",
        timedelta(hours=10) + moment: "red",
    }.items():
        assert queries.colour_of(clock, MONDAY + at) == light
        with time.at(MONDAY + at):
            assert queries.colour(clock.yellow_at, clock.due_at) == light
    assert queries.colour(None, None) == "grey"


def test_a_stopped_clock_keeps_its_light_and_whether_it_was_late(case_id: int) -> None:
    limit = Limit(10, Unit.URGENT_HOUR)
    seconds = {10 * 3600.0: ("yellow", False), 10 * 3600 + 0.000001: ("red", True)}
    for order, (passed, (light, late)) in enumerate(seconds.items()):
        clock = actions.start(case_id, ClockKind.HANDLE, limit=limit)
        with after(seconds=passed):
            actions.stop(clock)
        stored = reread(clock)
        assert (stored.state, stored.late) == (ClockState.STOPPED, late), order
        assert queries.colour_of(stored, MONDAY + timedelta(days=30)) == light
    cancelled = actions.start(case_id, ClockKind.HANDLE, limit=limit)
    with after(days=3):
        actions.cancel(cancelled)
    assert queries.colour_of(cancelled) == "grey"
    assert reread(cancelled).late is False


def test_no_kind_runs_twice(case_id: int) -> None:
    actions.start(case_id, ClockKind.CHECK)
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.start(case_id, ClockKind.CHECK)


def test_a_case_without_clock_rules_is_refused_in_words(case_id: int) -> None:
    from mengding.core.errors import GuardFailed

    Calendar.objects.update(active=False)
    with pytest.raises(GuardFailed) as refused:
        actions.start(case_id, ClockKind.CHECK)
    assert refused.value.code == "no_clock_rules"


def test_a_pause_over_night_counts_working_time_only(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=HOURS)
    assert clock.due_at == MONDAY + timedelta(
        days=1, minutes=30
    )  # seven hours on Monday, one on Tuesday
    with after(hours=1):
        actions.pause(clock)
    paused = reread(clock)
    assert paused.state == ClockState.PAUSED
    assert (paused.due_at, paused.yellow_at) == (None, None)
    assert queries.colour_of(clock) == "grey"
    with after(hours=22, minutes=30):  # Tuesday 07:30, before work
        actions.resume(clock)
    # One of eight hours is used, seven are left from 08:30: until 17:00 with the break.
    assert reread(clock).due_at == datetime(2026, 11, 24, 17, 0, tzinfo=CN)


def test_an_extension_adds_to_the_limit(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=Limit(2, Unit.NATURAL_DAY))
    actions.extend(clock, 1)
    actions.extend(clock, 2)
    stored = reread(clock)
    assert (stored.amount, stored.extra) == (2, 3)
    assert stored.due_at == MONDAY + timedelta(days=5)
    assert stored.yellow_at == MONDAY + timedelta(days=4)
    assert queries.limit_of(stored) == Limit(5, Unit.NATURAL_DAY)


def test_rework_goes_on_where_it_stopped(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=Limit(10, Unit.URGENT_HOUR))
    with after(hours=11):
        actions.stop(clock)
    assert clock.late
    with after(hours=20):
        actions.restart(clock)
    assert (clock.state, clock.late, clock.stopped_at) == (ClockState.RUNNING, False, None)
    assert reread(clock).due_at == MONDAY + timedelta(hours=10)  # used up before it stopped
    with after(hours=20, minutes=1):
        actions.stop(clock)
    assert clock.late


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pause", "resume", "extend", "stop", "restart"]),
        st.integers(0, 3 * 86400),
    ),
    max_size=12,
)
LIMITS = st.builds(Limit, st.integers(1, 12), st.sampled_from(Unit))


def test_any_history_is_what_worktime_says(case_id: int) -> None:
    """Whatever was done to a clock, its deadline is the pure arithmetic's."""

    @settings(max_examples=80, deadline=None)
    @given(limit=LIMITS, steps=STEPS, start=st.integers(0, 14 * 86400))
    def check(limit: Limit, steps: list[tuple[str, int]], start: int) -> None:
        now = begin = MONDAY + timedelta(seconds=start)
        with transaction.atomic():
            with time.at(now):
                clock = actions.start(case_id, ClockKind.HANDLE, limit=limit)
            calendar = queries.calendar(clock.calendar_id)
            pauses: list[Pause] = []
            since: datetime | None = None
            extra = 0
            for step, seconds in steps:
                now += timedelta(seconds=seconds)
                with time.at(now):
                    match step, clock.state:
                        case "pause", ClockState.RUNNING:
                            actions.pause(clock)
                            since = now
                        case "resume", ClockState.PAUSED:
                            actions.resume(clock)
                        case "extend", ClockState.RUNNING:
                            actions.extend(clock, 1)
                            extra += 1
                        case "stop", ClockState.RUNNING:
                            actions.stop(clock)
                            since = now
                        case "restart", ClockState.STOPPED:
                            actions.restart(clock)
                        case _:
                            continue
                if step in {"resume", "restart"}:
                    assert since is not None
                    pauses.append(Pause(since, now))
            whole = Limit(limit.amount + extra, limit.unit)
            stored = reread(clock)
            if stored.state == ClockState.PAUSED:
                assert stored.due_at is None
                assert queries.pauses_of(stored)[:-1] == tuple(pauses)
                assert queries.pauses_of(stored)[-1].end is None
            else:
                assert stored.due_at == due(begin, whole, calendar, pauses)
                assert stored.due_at is not None
                assert stored.yellow_at is not None
                assert stored.yellow_at <= stored.due_at
                spent = used(begin, stored.due_at, limit.unit, calendar, pauses)
                assert spent == limit_length(whole, calendar)
                assert queries.pauses_of(stored) == tuple(pauses)
            if stored.state == ClockState.STOPPED:
                assert stored.due_at is not None
                assert stored.stopped_at is not None
                assert stored.late == (stored.stopped_at > stored.due_at)
            connection.check_constraints()
            transaction.set_rollback(True)

    check()


def test_a_clock_explains_itself_in_both_languages(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=HOURS)
    with after(hours=1):
        actions.pause(clock)
    with after(hours=2):
        zh, en = queries.explained(clock, "zh"), queries.explained(clock, "en")
        assert any("8 个工作时" in line for line in zh)
        assert any("8 working hours" in line for line in en)
        assert len(zh) == len(en)
        actions.resume(clock)
        actions.extend(clock, 2)
    with after(hours=3):
        text = "\n".join(queries.explained(clock, "zh"))
        assert "10 个工作时" in text
        assert "10:00" in text  # the pause began
        assert "11:00" in text
        actions.stop(clock)
    told = queries.explained(clock, "zh")
    with after(days=9):
        assert queries.explained(clock, "zh") == told  # a stopped clock stands still


def test_clocks_of_a_case_come_in_the_order_they_started(case_id: int) -> None:
    first = Clock.objects.get(case_id=case_id)
    with after(minutes=1):
        third = actions.start(case_id, ClockKind.CHECK)
        fourth = actions.start(case_id, ClockKind.DISPATCH)
    assert queries.clocks_of([case_id]) == [first, third, fourth]
    assert queries.clocks_of([]) == []


def test_what_the_ledger_keeps_of_a_clock(case_id: int) -> None:
    clock = actions.start(case_id, ClockKind.HANDLE, limit=HOURS)
    assert clock.due_at is not None
    assert actions.described([clock]) == [
        {
            "id": clock.pk,
            "kind": "handle",
            "order": None,
            "state": "running",
            "due": clock.due_at.isoformat(),
            "late": False,
        }
    ]
    actions.pause(clock)
    assert actions.described([clock])[0]["due"] is None
