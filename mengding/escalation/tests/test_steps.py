"""When steps are due, against a model that looks at every minute on its own."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.escalation.document import DEFAULT, Bad, read
from mengding.escalation.steps import (
    CONTINUOUS,
    WORKED,
    At,
    Occurrence,
    Ran,
    Span,
    Step,
    Timing,
    Whom,
    occurrences,
    outstanding,
)
from mengding.worktime import Limit, Pause, Unit, WorkCalendar
from mengding.worktime.tests.brute import counted_minutes, limit_minutes

CALENDAR = WorkCalendar(
    name="district", segments=((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
)
BEGIN = datetime(2026, 9, 21, tzinfo=UTC)  # two weeks with the long holiday of October in them
DAYS = 60
WHOM = (Whom("handler", "holder"),)
minutes = st.integers(0, 14 * 1440)


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        start = BEGIN + timedelta(minutes=draw(minutes))
        length = draw(st.one_of(st.none(), st.integers(0, 3 * 1440)))
        end = None if length is None else start + timedelta(minutes=length)
        found.append(Pause(start, end))
    return found


@st.composite
def steps(draw: st.DrawFn) -> Step:
    at = draw(st.sampled_from(At))
    return Step(
        zh="x",
        en="x",
        at=at,
        whom=WHOM,
        percent=draw(st.sampled_from([25, 50, 75])) if at is At.USED else 100,
        amount=draw(st.integers(1, 3)) if at is At.OVER else 0,
        unit=draw(st.sampled_from(Span)),
        times=draw(st.integers(1, 3)),
        every_amount=draw(st.integers(1, 2)),
        every_unit=draw(st.sampled_from(Span)),
    )


def slow(step: Step, timing: Timing) -> list[datetime]:
    """The instants of a step, minute by minute; up to where the model looks."""
    most = DAYS * 1440
    counts = {
        unit: counted_minutes(timing.start, most, unit, timing.calendar, timing.pauses)
        for unit in (Unit.WORK_MINUTE, Unit.URGENT_MINUTE)
    }

    def reached(start: int, need: int, unit: Unit) -> int | None:
        per = counts[Unit.URGENT_MINUTE if unit.continuous else Unit.WORK_MINUTE]
        for index in range(start, most + 1):
            if per[index] - per[start] >= need:
                return index
        return None

    unit = timing.limit.unit
    if timing.urgent:
        unit = {Unit.WORK_HOUR: Unit.URGENT_HOUR, Unit.WORK_DAY: Unit.NATURAL_DAY}.get(unit, unit)
    whole = limit_minutes(timing.limit.amount, unit, timing.calendar)
    # A part of a minute: the model, which knows whole ones, says the first at which it is over.
    at = reached(0, -(-whole * step.percent // 100), unit)
    spans = CONTINUOUS if timing.urgent or timing.limit.unit.continuous else WORKED

    def later(start: int | None, amount: int, span: Span) -> int | None:
        if start is None:
            return None
        return reached(start, limit_minutes(amount, spans[span], timing.calendar), spans[span])

    if step.at is At.OVER:
        at = later(at, step.amount, step.unit)
    found = []
    for nth in range(step.times):
        here = at if nth == 0 else later(at, nth * step.every_amount, step.every_unit)
        if here is None:
            break
        found.append(timing.start + timedelta(minutes=here))
    return found


@settings(max_examples=60, deadline=None)
@given(
    step=steps(),
    start=minutes,
    amount=st.sampled_from([4, 8]),
    unit=st.sampled_from([Unit.WORK_HOUR, Unit.URGENT_HOUR, Unit.WORK_DAY, Unit.NATURAL_DAY]),
    gaps=pauses(),
    urgent=st.booleans(),
)
def test_every_instant_is_the_first_minute_at_which_enough_was_counted(
    step: Step, start: int, amount: int, unit: Unit, gaps: list[Pause], urgent: bool
) -> None:
    amount = amount if unit in (Unit.WORK_HOUR, Unit.URGENT_HOUR) else amount // 4
    timing = Timing(
        BEGIN + timedelta(minutes=start), Limit(amount, unit), CALENDAR, tuple(gaps), urgent
    )
    found = [each.at for each in sorted(occurrences([step], timing), key=lambda o: o.nth)]
    expected = slow(step, timing)
    # The model stops looking after sixty days; the product does not. It knows whole minutes only:
    # a quarter of a day of 450 minutes ends within the minute that the model names.
    assert len(found) >= len(expected)
    for at, minute in zip(found, expected, strict=False):
        assert timedelta() <= minute - at < timedelta(minutes=1)
    assert all(at > timing.start + timedelta(days=DAYS - 1) for at in found[len(expected) :])


def made(at: At, **fields: int) -> Step:
    return Step(zh="x", en="x", at=at, whom=WHOM, **fields)  # type: ignore[arg-type]


FRIDAY = datetime(2026, 11, 20, 8, tzinfo=UTC)  # 16:00 in the district


def test_hours_after_the_limit_are_the_clocks_own() -> None:
    over = made(At.OVER, amount=2)
    worked = Timing(FRIDAY, Limit(1, Unit.WORK_HOUR), CALENDAR)
    # Due at 17:00; half an hour is left that day, the rest on Monday from 8:30.
    assert occurrences([over], worked)[0].at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    urgent = Timing(FRIDAY, Limit(1, Unit.WORK_HOUR), CALENDAR, urgent=True)
    assert occurrences([over], urgent)[0].at == FRIDAY + timedelta(hours=3)
    around = Timing(FRIDAY, Limit(1, Unit.URGENT_HOUR), CALENDAR)
    assert occurrences([over], around)[0].at == FRIDAY + timedelta(hours=3)


def test_an_open_pause_holds_back_what_lies_behind_it_only() -> None:
    chain = [made(At.USED, percent=50), made(At.DUE)]
    pause = Pause(FRIDAY + timedelta(hours=3), None)
    found = occurrences(chain, Timing(FRIDAY, Limit(4, Unit.URGENT_HOUR), CALENDAR, (pause,)))
    assert [(each.step, each.at) for each in found] == [(0, FRIDAY + timedelta(hours=2))]


def test_what_ran_is_not_repeated_unless_it_moved_into_the_future() -> None:
    at = FRIDAY
    found = [Occurrence(at + timedelta(hours=n), n, 0) for n in range(4)]
    ran = [Ran(n, 0, found[n].at) for n in range(2)]
    assert outstanding(found, ran, None) == found[2:]
    # An extension at 2.5 h moves everything by two hours: step 0 now lies before that moment.
    moved = [Occurrence(each.at + timedelta(hours=2), each.step, 0) for each in found]
    aimed = at + timedelta(hours=2.5)
    assert [each.step for each in outstanding(moved, ran, aimed)] == [1, 2, 3]
    assert [each.step for each in outstanding(moved, [], aimed)] == [0, 1, 2, 3]


def test_the_default_can_be_read_and_fits_every_clock() -> None:
    found = read(DEFAULT)
    for grade in ("general", "important", "urgent"):
        for clock in ("receive", "precheck", "dispatch", "handle", "check"):
            fits = found.chain_for(class_code="E0110", grade=grade, tier="town", clock=clock)
            assert fits is not None, (grade, clock)
    urgent = found.chain_for(class_code="C0101", grade="urgent", tier="town", clock="handle")
    assert urgent is not None
    assert urgent.code == "urgent"


STEP = {"zh": "提醒", "when": {"at": "due"}, "whom": [{"role": "handler", "relation": "holder"}]}
CHAIN = {"code": "a", "zh": "甲", "steps": [STEP]}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "document"),
        ({"chains": {}}, "chains"),
        ({"chains": [CHAIN, CHAIN]}, "chains.1.code"),
        ({"chains": [{**CHAIN, "steps": []}]}, "chains.0.steps"),
        ({"chains": [{**CHAIN, "grades": ["mild"]}]}, "chains.0.grades.0"),
        ({"chains": [{**CHAIN, "classes": ["X1"]}]}, "chains.0.classes.0"),
        (
            {"chains": [{**CHAIN, "steps": [{**STEP, "when": {"at": "used"}}]}]},
            "chains.0.steps.0.when.percent",
        ),
        (
            {"chains": [{**CHAIN, "steps": [{**STEP, "when": {"at": "over", "amount": 1}}]}]},
            "chains.0.steps.0.when.unit",
        ),
        ({"chains": [{**CHAIN, "steps": [{**STEP, "whom": []}]}]}, "chains.0.steps.0.whom"),
        (
            {"chains": [{**CHAIN, "steps": [{**STEP, "whom": [{"relation": "tier"}]}]}]},
            "chains.0.steps.0.whom.0.tier",
        ),
        (
            {"chains": [{**CHAIN, "steps": [{**STEP, "repeat": {"times": 99}}]}]},
            "chains.0.steps.0.repeat.times",
        ),
        ({"chains": [], "alarms": {"fire": {}}}, "alarms.fire"),
        ({"chains": [], "alarms": {"stale": {"on": 1}}}, "alarms.stale.on"),
    ],
)
def test_what_is_wrong_names_its_field(document: object, field: str) -> None:
    with pytest.raises(Bad) as bad:
        read(document)
    assert bad.value.field == field
