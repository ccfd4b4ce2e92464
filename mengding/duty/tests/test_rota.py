"""Shifts on days: over midnight, over months, on holidays; patterns; conflicts."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mengding.duty import rota
from mengding.duty.rota import DAY, LOCAL, Line, Times, assign, overlaps, touches
from mengding.worktime import WorkCalendar

ALL = frozenset(range(7))
CALENDAR = WorkCalendar(name="t", segments=((time(9), time(17)),))
minutes = st.integers(0, 24 * 60 - 1).map(lambda m: time(m // 60, m % 60))
a_day = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(minutes, minutes, a_day)
def test_a_shift_is_as_long_as_its_clock_says(starts: time, ends: time, day: date) -> None:
    begin, end = Times(starts, ends, ALL).span(day)
    length = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    assert end - begin == timedelta(minutes=length if length > 0 else length + 24 * 60)
    assert timedelta(0) < end - begin <= DAY
    assert begin.astimezone(LOCAL).date() == day
    # No daylight saving, whatever month: the offset is that of Beijing at both ends.
    assert begin.utcoffset() == end.utcoffset() == timedelta(hours=8)
    assert (begin.timetz().replace(tzinfo=None), end.timetz().replace(tzinfo=None)) == (
        starts,
        ends,
    )


@given(minutes, minutes, a_day, st.integers(1, 40))
def test_shifts_of_all_days_follow_each_other(
    starts: time, ends: time, day: date, number: int
) -> None:
    times = Times(starts, ends, ALL)
    found = [times.span(each) for each in rota.days(day, day + number * DAY)]
    assert len(found) == number + 1
    lines = [Line(n, 1, *span) for n, span in enumerate(found)]
    assert overlaps(lines) == {}  # a shift never overlaps that of the next day


def test_workdays_holidays_and_made_up_days() -> None:
    work = Times(time(9), time(17), ALL, "work")
    rest = Times(time(9), time(17), ALL, "rest")
    mondays = Times(time(9), time(17), frozenset({0}), "work")
    for day, worked in (
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 10), True),  # a Saturday worked for it
        (date(2026, 10, 12), True),
        (date(2026, 11, 28), False),  # a Saturday
    ):
        assert work.on(day, CALENDAR.is_workday) == worked, day
        assert rest.on(day, CALENDAR.is_workday) == (not worked), day
    assert mondays.on(date(2026, 10, 12), CALENDAR.is_workday)
    assert not mondays.on(date(2026, 10, 5), CALENDAR.is_workday)  # a Monday of the holidays
    assert not mondays.on(date(2026, 10, 13), CALENDAR.is_workday)


@given(a_day, st.sets(st.integers(0, 6), min_size=1))
def test_every_day_is_a_work_day_or_a_rest_day(day: date, weekdays: set[int]) -> None:
    made = [Times(time(9), time(17), frozenset(weekdays), kind) for kind in ("work", "rest", "all")]
    work, rest, both = (each.on(day, CALENDAR.is_workday) for each in made)
    assert both == (day.weekday() in weekdays)
    assert both == (work or rest)
    assert not (work and rest)


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 3)), min_size=1, max_size=9),
    st.integers(1, 6),
    st.integers(0, 8),
    a_day,
)
def test_a_pattern_repeats(cycle: list[int | None], people: int, step: int, day: date) -> None:
    length = len(cycle)
    last = day + (3 * length - 1) * DAY
    found = list(assign(cycle, list(range(people)), day, last, step))
    worked = sum(shift is not None for shift in cycle)
    for person in range(people):
        own = {(each, shift) for each, who, shift in found if who == person}
        assert len(own) == 3 * worked  # everybody has the same number of shifts, whole cycles
        for each, shift in own:
            if each + length * DAY <= last:
                assert (each + length * DAY, shift) in own
    assert len({(each, who) for each, who, _ in found}) == len(found)  # one shift a day


def test_day_night_off_off_fills_every_shift() -> None:
    first = date(2026, 12, 1)
    found = list(assign([1, 2, None, None], [10, 11, 12, 13], first, first + 13 * DAY, 1))
    for day in rota.days(first, first + 13 * DAY):
        assert sorted(shift for each, _, shift in found if each == day) == [1, 2]


spans = st.tuples(st.integers(0, 60), st.integers(1, 24), st.integers(1, 3))


@given(st.lists(spans, max_size=12))
def test_overlaps_are_those_of_each_pair(given_spans: list[tuple[int, int, int]]) -> None:
    start = datetime(2026, 12, 1, tzinfo=LOCAL)
    lines = [
        Line(n, who, start + timedelta(hours=a), start + timedelta(hours=a + length))
        for n, (a, length, who) in enumerate(given_spans)
    ]
    found = overlaps(lines)
    for one in lines:
        others = [
            two.id
            for two in lines
            if two.id != one.id
            and two.person == one.person
            and max(one.start, two.start) < min(one.end, two.end)
        ]
        assert found.get(one.id, []) == sorted(others)


def test_a_night_shift_reaches_into_the_leave_of_the_next_day() -> None:
    begin, end = Times(time(20), time(8), ALL).span(date(2026, 12, 6))
    assert touches(begin, end, date(2026, 12, 7), date(2026, 12, 8))
    assert not touches(begin, end, date(2026, 12, 8), date(2026, 12, 8))
    evening = Times(time(18), time(0), ALL).span(date(2026, 12, 6))
    assert not touches(*evening, date(2026, 12, 7), date(2026, 12, 7))  # over at midnight
