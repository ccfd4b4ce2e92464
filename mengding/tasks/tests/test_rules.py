"""States, recurrences and matching: rules without a database."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.core.errors import Invalid, NotFound
from mengding.tasks.catalogue import Record, bundled, parse
from mengding.tasks.matching import Rule, Waiting, Work, assigned, chosen, kind_of
from mengding.tasks.moments import OLDEST, SKEW, done_at
from mengding.tasks.recurrence import LOCAL, Hours, RecurEvery, Recurrence
from mengding.tasks.states import (
    DOABLE,
    FOLLOWING,
    Status,
    TaskState,
    Window,
    planned_key,
    recheck_key,
    state_of,
)

NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
_NAIVE = NOON.replace(tzinfo=None)  # as Hypothesis wants its bounds
_YEAR = timedelta(days=365)
MOMENTS = st.datetimes(_NAIVE - _YEAR, _NAIVE + _YEAR, timezones=st.just(UTC))
SPANS = st.timedeltas(timedelta(0), timedelta(days=30))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens = draw(MOMENTS)
    due = opens + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=5)))
    return Window(opens, due, due + draw(SPANS))


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    return Recurrence(
        every=draw(st.sampled_from(RecurEvery)),
        n=draw(st.integers(1, 20)),
        weekdays=tuple(sorted(draw(st.sets(st.integers(1, 7), min_size=1)))),
        days=tuple(sorted(draw(st.sets(st.integers(1, 31) | st.just(-1), min_size=1)))),
        months=tuple(sorted(draw(st.sets(st.integers(1, 12))))),
        working=draw(st.booleans()),
    )


def works(day: date) -> bool:
    return day.isoweekday() <= 5


# States


@given(windows(), MOMENTS, SPANS)
def test_time_only_leads_where_the_table_says(window: Window, now: datetime, on: timedelta) -> None:
    before = state_of(Status.OPEN, window, now)
    after = state_of(Status.OPEN, window, now + on)
    reached = {before}
    while more := {nxt for state in reached for nxt in FOLLOWING[state]} - reached:
        reached |= more
    assert after in reached


@given(windows(), MOMENTS)
def test_what_was_done_stays_done(window: Window, now: datetime) -> None:
    assert state_of(Status.COMPLETED, window, now) is TaskState.COMPLETED
    assert state_of(Status.CANCELLED, window, now) is TaskState.CANCELLED


@given(windows(), MOMENTS)
def test_doable_means_in_time_or_late(window: Window, now: datetime) -> None:
    doable = state_of(Status.OPEN, window, now) in DOABLE
    assert doable == (window.holds(now) or window.late(now))
    assert not (window.holds(now) and window.late(now))


def test_a_window_needs_an_order() -> None:
    for due, until in ((NOON, NOON), (NOON + timedelta(1), NOON)):
        with pytest.raises(ValueError, match="opens"):
            Window(NOON, due, until)


# Keys


@given(st.integers(1, 9), DAYS, st.integers(1, 3), st.integers(1, 5), st.integers(1, 5))
def test_the_same_task_has_the_same_key(
    plan: int, day: date, slot: int, post: int, place: int
) -> None:
    first = planned_key(plan, day, slot, post=post, region=7, place=place)
    assert first == planned_key(plan, day, slot, post=post, region=8, place=place)
    others = {
        planned_key(plan + 1, day, slot, post=post, region=7, place=place),
        planned_key(plan, day + timedelta(1), slot, post=post, region=7, place=place),
        planned_key(plan, day, slot + 1, post=post, region=7, place=place),
        planned_key(plan, day, slot, post=None, region=post, place=place),
        planned_key(plan, day, slot, post=post, region=7, place=None),
        recheck_key(plan, slot),
    }
    assert len(others) == 6
    assert first not in others


def test_keys_never_change() -> None:
    """Those of tasks made by earlier versions must be found again."""
    key = planned_key(1, date(2026, 12, 1), 1, post=2, region=3, place=None)
    assert key == uuid.UUID("cda3e75d-f9e8-5ddd-971b-c3b352c628db")
    assert recheck_key(1, 1) == recheck_key(1, 1) != recheck_key(1, 2)


# Recurrence


@given(recurrences(), DAYS, DAYS)
def test_a_recurrence_keeps_its_own_words(rule: Recurrence, start: date, day: date) -> None:
    rule.check()
    assert Recurrence.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    if not rule.falls_on(day, start, works):
        return
    assert day >= start
    assert not rule.months or day.month in rule.months
    assert not rule.working or works(day)
    if rule.every is RecurEvery.WEEK:
        assert day.isoweekday() in rule.weekdays
    if rule.every is RecurEvery.DAY:
        assert (day - start).days % rule.n == 0


@given(recurrences(), DAYS, st.integers(0, 60), st.integers(0, 60))
def test_days_are_the_same_however_they_are_cut(
    rule: Recurrence, start: date, first: int, more: int
) -> None:
    middle, end = start + timedelta(first), start + timedelta(first + more)
    whole = list(rule.between(start, end, start, works))
    parts = [
        *rule.between(start, middle, start, works),
        *rule.between(middle + timedelta(1), end, start, works),
    ]
    assert parts == whole
    assert whole == sorted(set(whole))


@pytest.mark.parametrize(
    ("rule", "start", "until", "days"),
    [
        (Recurrence(RecurEvery.DAY, 3), "2026-11-30", "2026-12-08", ["11-30", "12-03", "12-06"]),
        (
            Recurrence(RecurEvery.WEEK, 2, weekdays=(1, 5)),
            "2026-12-02",
            "2026-12-31",
            ["12-04", "12-14", "12-18", "12-28"],
        ),
        (
            Recurrence(RecurEvery.MONTH, 1, days=(31,)),
            "2026-01-01",
            "2026-04-30",
            ["01-31", "02-28", "03-31", "04-30"],
        ),
        (
            Recurrence(RecurEvery.MONTH, 1, days=(-1,), months=(2, 3)),
            "2028-01-01",
            "2028-12-31",
            ["02-29", "03-31"],
        ),
        (
            Recurrence(RecurEvery.DAY, 1, working=True),
            "2026-12-04",
            "2026-12-08",
            ["12-04", "12-07", "12-08"],
        ),
    ],
)
def test_known_days(rule: Recurrence, start: str, until: str, days: list[str]) -> None:
    first = date.fromisoformat(start)
    found = rule.between(first, date.fromisoformat(until), first, works)
    assert [day.strftime("%m-%d") for day in found] == days


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Recurrence(n=0), "n"),
        (Recurrence(RecurEvery.WEEK), "weekdays"),
        (Recurrence(RecurEvery.WEEK, weekdays=(8,)), "weekdays"),
        (Recurrence(RecurEvery.MONTH), "days"),
        (Recurrence(RecurEvery.MONTH, days=(0,)), "days"),
        (Recurrence(months=(13,)), "months"),
    ],
)
def test_what_is_no_recurrence_is_named(rule: Recurrence, field: str) -> None:
    with pytest.raises(Invalid) as error:
        rule.check()
    assert error.value.field == field


@given(DAYS, st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 5), st.integers(0, 5))
def test_a_window_begins_on_its_day(
    day: date, opens: int, closes: int, due: int, late: int
) -> None:
    hours = Hours(opens, closes, due, late)
    if due == 0 and closes <= opens:
        with pytest.raises(Invalid):
            hours.check()
        return
    hours.check()
    window = hours.on(day)
    assert window.opens.astimezone(LOCAL).date() == day
    assert window.until - window.due == timedelta(days=late)


# Which task work counts for


@given(
    st.dictionaries(st.integers(1, 20), st.tuples(MOMENTS, st.none() | st.integers(1, 3))),
    st.lists(st.tuples(windows(), st.booleans(), st.none() | st.integers(1, 3)), max_size=12),
    st.randoms(),
)
def test_work_counts_once_and_in_its_window(
    deeds: dict[int, Any], tasks: list[Any], shuffle: Any
) -> None:
    waiting = [Waiting(n, w, exact, place) for n, (w, exact, place) in enumerate(tasks)]
    found = assigned(deeds, waiting)
    assert len(set(found.values())) == len(found)
    for deed, task in found.items():
        at, place = deeds[deed]
        assert waiting[task].window.holds(at)
        assert waiting[task].place in (None, place)
    mixed, order = list(waiting), list(deeds.items())
    shuffle.shuffle(mixed)
    shuffle.shuffle(order)
    assert assigned(dict(order), mixed) == found
    # Nothing is left that could have been given.
    left = [each for each in waiting if each.id not in found.values()]
    for deed, (at, place) in deeds.items():
        if deed not in found:
            assert chosen(at, left, place) is None


def test_ones_own_task_goes_first_and_the_place_decides() -> None:
    window = Window(NOON, NOON + timedelta(hours=2), NOON + timedelta(days=1))
    shared, own = Waiting(1, window, False), Waiting(2, window, True)
    assert chosen(NOON, [shared, own]) == 2
    here, there = Waiting(3, window, False, place=8), Waiting(4, window, False, place=9)
    assert chosen(NOON, [own, there, here], place=8) == 3
    assert chosen(NOON, [here, there]) is None


def test_the_class_decides_what_a_report_counts_for() -> None:
    rules = parse(bundled()).rules

    def kind(action: str, code: str = "", role: str = "collector") -> str | None:
        return kind_of(Work(action, NOON, code, "grid", role), rules)

    assert kind("duty.on") == "sign_in"
    assert kind("case.receive", "E0703") == "hazard"
    assert kind("case.receive", "E0802") == "hazard"
    assert kind("case.receive", "C0101") == "incident"
    assert kind("case.receive", "E0107") == "incident"
    assert kind("case.receive", "S0102") == "mediation"
    assert kind("case.file", "S0102", "mediator") == "mediation"
    assert kind("case.receive", "S0401") == "feedback"
    assert kind("case.receive", "C0101", "desk") is None
    assert kind("case.close", "C0101", "verifier") is None


def test_a_rule_without_conditions_takes_all_of_its_action() -> None:
    assert Rule("x.y").fits(Work("x.y", NOON))
    assert not Rule("x.y").fits(Work("x.z", NOON))


# When


@given(st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_when_it_was_done_is_believed_within_bounds(off: timedelta) -> None:
    if off > SKEW or off < -OLDEST:
        with pytest.raises(Invalid) as error:
            done_at(NOON + off, NOON)
        assert error.value.field == "at"
    else:
        assert done_at(NOON + off, NOON) == min(NOON + off, NOON)
    assert done_at(None, NOON) == NOON
    with pytest.raises(Invalid):
        done_at(NOON.replace(tzinfo=None), NOON)


# The catalogue


def test_the_twelve_daily_tasks_and_the_one_that_is_ordered() -> None:
    known = parse(bundled())
    assert [kind.code for kind in known.kinds] == [
        *("sign_in", "household_visit", "feedback", "key_place", "newcomer", "rental", "hazard"),
        *("care_visit", "mediation", "incident", "legal", "community"),
        "look",
    ]
    for kind in known.kinds:
        assert kind.text.zh
        assert kind.text.en
        assert (kind.record is Record.EVENT) == bool(kind.rules)
    assert {"hose", "water"} <= {item.code for item in known.checklist("hydrant").items}
    assert {"extinguisher", "exit", "wiring"} <= {i.code for i in known.checklist("public").items}
    with pytest.raises(NotFound):
        known.kind("nothing")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("format",), "x", "format"),
        (("kinds", 0, "code"), "A B", "kinds.0.code"),
        (("kinds", 0, "zh"), "", "kinds.0.zh"),
        (("kinds", 0, "record"), "paper", "kinds.0.record"),
        (("kinds", 0, "credited_by"), [], "kinds.0.credited_by"),
        (("kinds", 1, "purposes"), [], "kinds.1.purposes"),
        (("kinds", 1, "code"), "sign_in", "kinds"),
        (("place_kinds", 0, "checklist"), "none", "place_kinds.0.checklist"),
        (("place_kinds", 0, "task"), "legal", "place_kinds.0.task"),
        (("place_kinds", 0, "every_days"), 0, "place_kinds.0.every_days"),
        (("checklists", 0, "items"), [], "checklists.0.items"),
        (("care",), None, "care"),
        (("recheck_days",), True, "recheck_days"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(
    path: tuple[Any, ...], value: Any, field: str
) -> None:
    document = json.loads(json.dumps(bundled()))
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(Invalid) as error:
        parse(document)
    assert error.value.field == field
