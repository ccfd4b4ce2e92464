"""Deadlines worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mengding.worktime import (
    Limit,
    Pause,
    Unit,
    WorkCalendar,
    due,
    fraction_used,
    instant_at_fraction,
    limit_length,
    used,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CENTRE = WorkCalendar("区中心", ((time(8, 30), time(12)), (time(13, 30), time(17, 30))))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def pause(start: str, end: str | None) -> Pause:
    return Pause(at(start), (end and at(end)) or None)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        # lunch
        ("2026-11-24 11:30", 1, Unit.WORK_HOUR, "2026-11-24 14:00"),
        ("2026-11-24 11:50", 15, Unit.WORK_MINUTE, "2026-11-24 13:35"),
        ("2026-11-24 12:15", 15, Unit.WORK_MINUTE, "2026-11-24 13:45"),
        ("2026-11-24 11:30", 30, Unit.WORK_MINUTE, "2026-11-24 12:00"),
        # night and weekend
        ("2026-11-27 17:00", 1, Unit.WORK_HOUR, "2026-11-30 09:00"),
        ("2026-11-28 10:00", 1, Unit.WORK_HOUR, "2026-11-30 09:30"),
        # one work day: the same clock time on the next working day
        ("2026-11-24 10:00", 1, Unit.WORK_DAY, "2026-11-25 10:00"),
        ("2026-11-27 10:00", 1, Unit.WORK_DAY, "2026-11-30 10:00"),
        # begun outside working time, or with the day: the whole of that working day
        ("2026-11-24 08:30", 1, Unit.WORK_DAY, "2026-11-24 17:30"),
        ("2026-11-24 20:00", 1, Unit.WORK_DAY, "2026-11-25 17:30"),
        # 国庆节 2026: 1 to 7 October free, Saturday the 10th worked
        ("2026-09-30 16:00", 1, Unit.WORK_DAY, "2026-10-08 16:00"),
        ("2026-09-30 16:00", 3, Unit.WORK_DAY, "2026-10-10 16:00"),
        ("2026-09-30 16:00", 4, Unit.WORK_DAY, "2026-10-12 16:00"),
        # 国庆节 and 中秋节 2025: 1 to 8 October free, Sunday 28 September and Saturday 11 October
        # worked
        ("2025-09-26 10:00", 1, Unit.WORK_DAY, "2025-09-28 10:00"),
        ("2025-09-30 10:00", 1, Unit.WORK_DAY, "2025-10-09 10:00"),
        ("2025-10-10 10:00", 2, Unit.WORK_DAY, "2025-10-13 10:00"),
        # 春节 2026: 15 to 23 February free, Saturdays the 14th and 28th worked
        ("2026-02-13 17:00", 8, Unit.WORK_HOUR, "2026-02-14 17:30"),
        ("2026-02-14 17:00", 1, Unit.WORK_HOUR, "2026-02-24 09:00"),
        # continuous
        ("2026-09-30 22:00", 4, Unit.URGENT_HOUR, "2026-10-01 02:00"),
        ("2026-11-28 12:10", 15, Unit.URGENT_MINUTE, "2026-11-28 12:25"),
        ("2026-09-30 16:00", 7, Unit.NATURAL_DAY, "2026-10-07 16:00"),
    ],
)
def test_due(start: str, amount: int, unit: Unit, expected: str) -> None:
    limit = Limit(amount, unit)
    found = due(at(start), limit, CENTRE)
    assert found == at(expected)
    assert found is not None
    assert found.tzinfo is UTC
    assert used(at(start), found, unit, CENTRE) == limit_length(limit, CENTRE)


def test_overrides_move_deadlines() -> None:
    flood = replace(CENTRE, overrides={date(2026, 11, 25): False, date(2026, 11, 28): True})
    assert due(at("2026-11-24 10:00"), Limit(1, Unit.WORK_DAY), flood) == at("2026-11-26 10:00")
    assert due(at("2026-11-27 10:00"), Limit(1, Unit.WORK_DAY), flood) == at("2026-11-28 10:00")


def test_the_zone_of_the_input_does_not_matter() -> None:
    start = at("2026-11-24 11:30")
    for zone in (UTC, timezone(timedelta(hours=-9, minutes=-30))):
        found = due(start.astimezone(zone), Limit(1, Unit.WORK_HOUR), CENTRE)
        assert str(found) == "2026-11-24 06:00:00+00:00"


def test_a_clock_change_does_not_change_real_hours() -> None:
    new_york = WorkCalendar(
        "NY", ((time(0), time(0)),), frozenset(), {}, "America/New_York", use_chinese_holidays=False
    )
    start = datetime(2026, 3, 7, 20, tzinfo=ZoneInfo("America/New_York"))
    for unit in (Unit.WORK_HOUR, Unit.URGENT_HOUR):
        found = due(start, Limit(10, unit), new_york)
        assert str(found) == "2026-03-08 11:00:00+00:00"


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([pause("2026-11-24 10:00", "2026-11-24 11:00")], "2026-11-24 12:00"),
        ([pause("2026-11-24 12:00", "2026-11-24 13:30")], "2026-11-24 11:00"),
        # overlapping, repeated, out of order, empty, before the start
        (
            [
                pause("2026-11-24 09:30", "2026-11-24 10:30"),
                pause("2026-11-24 09:00", "2026-11-24 10:00"),
                pause("2026-11-24 09:00", "2026-11-24 10:00"),
                pause("2026-11-24 10:45", "2026-11-24 10:45"),
                pause("2026-11-23 09:00", "2026-11-23 17:00"),
            ],
            "2026-11-24 14:00",
        ),
        ([pause("2026-11-20 00:00", "2026-11-24 09:30")], "2026-11-24 11:30"),
        ([pause("2026-11-24 10:00", "2027-11-24 10:00")], "2027-11-24 11:00"),
        # the limit is used up just before the pause
        ([pause("2026-11-24 11:00", None)], "2026-11-24 11:00"),
        ([pause("2026-11-24 10:59", None)], None),
        ([pause("2026-11-20 00:00", None)], None),
    ],
)
def test_pauses(pauses: list[Pause], expected: str | None) -> None:
    found = due(at("2026-11-24 09:00"), Limit(2, Unit.WORK_HOUR), CENTRE, pauses)
    assert found == (expected and at(expected))
    assert due(at("2026-11-24 09:00"), Limit(2, Unit.WORK_HOUR), CENTRE, iter(pauses)) == found


@pytest.mark.parametrize(
    ("resumes", "opens", "expected"),
    [
        ("2026-11-24 09:40", "2026-11-24 11:10", "2026-11-24 11:10"),  # just before the second
        ("2026-11-24 09:40", "2026-11-24 11:09", None),
        ("2026-11-24 09:30", None, "2026-11-24 11:00"),
    ],
)
def test_pauses_of_continuous_time(resumes: str, opens: str | None, expected: str | None) -> None:
    pauses = [pause("2026-11-24 09:30", resumes)]
    if opens:
        pauses.append(pause(opens, None))
    found = due(at("2026-11-24 09:00"), Limit(2, Unit.URGENT_HOUR), CENTRE, pauses)
    assert found == (expected and at(expected))


def test_an_hour_that_occurs_twice() -> None:
    """The result still equals the same instant elsewhere, which zoned datetimes would not."""
    new_york = replace(CENTRE, tz="America/New_York")
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert due(start, Limit(1, Unit.URGENT_HOUR), new_york) == start + timedelta(hours=1)


def test_used_stops_at_an_open_pause_and_is_never_negative() -> None:
    start = at("2026-11-24 09:00")
    open_pause = [pause("2026-11-24 10:00", None)]
    assert used(start, at("2026-12-24 09:00"), Unit.WORK_HOUR, CENTRE, open_pause) == timedelta(
        hours=1
    )
    for unit in Unit:
        earlier = at("2026-11-20 09:00")
        wide = [pause("2026-11-19 09:00", "2026-11-21 09:00")]
        assert used(start, earlier, unit, CENTRE, wide) == timedelta(0)
        assert used(start, start, unit, CENTRE) == timedelta(0)


def test_fractions_and_the_yellow_point() -> None:
    start, limit = at("2026-11-24 10:00"), Limit(1, Unit.WORK_DAY)
    yellow = instant_at_fraction(start, limit, CENTRE, 0.8)
    assert yellow == at("2026-11-24 17:30")  # 6 of 7.5 hours
    # That instant is the last green one: exactly 0.8, not a rounding error more.
    for amount in range(1, 60):
        limit = Limit(amount, Unit.WORK_MINUTE)
        yellow = instant_at_fraction(start, limit, CENTRE, 0.8)
        assert yellow is not None
        assert fraction_used(start, yellow, limit, CENTRE) == 0.8
    two = Limit(2, Unit.WORK_HOUR)
    assert fraction_used(start, at("2026-11-24 14:30"), two, CENTRE) == 1.5
    assert instant_at_fraction(start, two, CENTRE, 1.5) == at("2026-11-24 14:30")
    assert instant_at_fraction(start, two, CENTRE, 0) == start


NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAIVE = NOW.replace(tzinfo=None)
TWO = Limit(2, Unit.WORK_HOUR)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: due(NAIVE, TWO, CENTRE), "start"),
        (lambda: used(NAIVE, NOW, TWO.unit, CENTRE), "start"),
        (lambda: used(NOW, NAIVE, TWO.unit, CENTRE), "now"),
        (lambda: fraction_used(NOW, NAIVE, TWO, CENTRE), "now"),
        (lambda: instant_at_fraction(NAIVE, TWO, CENTRE, 0.8), "start"),
        (lambda: instant_at_fraction(NOW, TWO, CENTRE, -0.1), "fraction"),
        (lambda: instant_at_fraction(NOW, TWO, CENTRE, float("nan")), "fraction"),
        (lambda: Pause(NAIVE, None), "Pause.start"),
        (lambda: Pause(NOW, NAIVE), "Pause.end"),
        (lambda: Pause(NOW, NOW - timedelta(minutes=1)), "Pause.end"),
        (lambda: Limit(0, Unit.WORK_DAY), "amount"),
        (lambda: Limit(True, Unit.WORK_DAY), "amount"),
        (lambda: Limit(1.5, Unit.WORK_DAY), "amount"),  # type: ignore[arg-type]
        (lambda: Limit(1, "fortnight"), "unit"),  # type: ignore[arg-type]
        (lambda: due(NOW, Limit(9_000_000, Unit.NATURAL_DAY), CENTRE), "limit"),
        (lambda: due(NOW, Limit(9_000_000, Unit.WORK_DAY), CENTRE), "limit"),
        (lambda: due(NOW, TWO, replace(CENTRE, weekend=frozenset(range(7)))), "calendar"),
    ],
)
def test_bad_input_is_named(call: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


def test_a_unit_may_be_given_by_its_value() -> None:
    assert Limit(2, "work_hour") == TWO  # type: ignore[arg-type]
    assert used(NOW, NOW + timedelta(hours=1), "urgent_hour", CENTRE) == timedelta(  # type: ignore[arg-type]
        hours=1
    )
