"""Which days are worked, what a calendar warns of, and its JSON form."""

import copy
import json
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from mengding.worktime import PUBLISHED_YEARS, DayKind, WorkCalendar

SEGMENTS = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
CENTRE = WorkCalendar("区中心", SEGMENTS)
ALWAYS = WorkCalendar("值班", ((time(0), time(0)),), frozenset(), use_chinese_holidays=False)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        # 国办发明电〔2024〕12号, for 2025
        (date(2025, 1, 26), DayKind.MAKEUP, "春节"),
        (date(2025, 1, 28), DayKind.HOLIDAY, "春节"),
        (date(2025, 4, 27), DayKind.MAKEUP, "劳动节"),
        (date(2025, 9, 28), DayKind.MAKEUP, "国庆节"),
        (date(2025, 10, 8), DayKind.HOLIDAY, "国庆节"),
        (date(2025, 10, 9), DayKind.WORKDAY, ""),
        (date(2025, 10, 11), DayKind.MAKEUP, "国庆节"),
        # the notice for 2026
        (date(2026, 1, 4), DayKind.MAKEUP, "元旦"),
        (date(2026, 2, 14), DayKind.MAKEUP, "春节"),
        (date(2026, 2, 23), DayKind.HOLIDAY, "春节"),
        (date(2026, 4, 6), DayKind.HOLIDAY, "清明节"),
        (date(2026, 6, 19), DayKind.HOLIDAY, "端午节"),
        (date(2026, 9, 20), DayKind.MAKEUP, "国庆节"),
        (date(2026, 9, 25), DayKind.HOLIDAY, "中秋节"),
        (date(2026, 10, 7), DayKind.HOLIDAY, "国庆节"),
        (date(2026, 10, 8), DayKind.WORKDAY, ""),
        (date(2026, 10, 10), DayKind.MAKEUP, "国庆节"),
        (date(2026, 10, 11), DayKind.WEEKEND, ""),
    ],
)
def test_holidays_and_makeup_days(day: date, kind: DayKind, name: str) -> None:
    found = CENTRE.day(day)
    assert (found.kind, found.holiday_zh, found.published) == (kind, name, True)
    assert CENTRE.is_workday(day) == (kind in (DayKind.WORKDAY, DayKind.MAKEUP))


def test_overrides_win_over_everything() -> None:
    calendar = replace(CENTRE, overrides={date(2026, 10, 1): True, date(2026, 10, 10): False})
    assert calendar.day(date(2026, 10, 1)).kind is DayKind.OVERRIDE_WORK
    assert calendar.day(date(2026, 10, 10)).kind is DayKind.OVERRIDE_REST
    assert not calendar.is_workday(date(2026, 10, 2))


def test_own_weekend_keeps_the_holidays() -> None:
    calendar = replace(CENTRE, weekend=frozenset({6}))
    assert calendar.is_workday(date(2026, 11, 21))  # an ordinary Saturday
    assert not calendar.is_workday(date(2026, 10, 3))  # the Saturday of 国庆节
    assert ALWAYS.is_workday(date(2026, 10, 1))


def test_unpublished_years_fall_back_to_the_weekday_and_say_so() -> None:
    unknown = PUBLISHED_YEARS[-1] + 1
    first = CENTRE.day(date(unknown, 1, 1))
    assert not first.published
    assert first.working == (date(unknown, 1, 1).weekday() < 5)
    assert not CENTRE.day(date(2003, 12, 31)).published
    assert CENTRE.day(date(PUBLISHED_YEARS[-1], 12, 31)).published
    # What the operator entered is certain, and so is a calendar that needs no holidays.
    entered = replace(CENTRE, overrides={date(unknown, 1, 1): False})
    assert entered.day(date(unknown, 1, 1)).published
    assert ALWAYS.day(date(unknown, 1, 1)).published


def test_warnings() -> None:
    known = PUBLISHED_YEARS[-1]
    assert CENTRE.warnings(date(known - 1, 12, 31)) == []
    assert ALWAYS.warnings(date(known + 5, 1, 1)) == []

    (early,) = CENTRE.warnings(date(known, 10, 31))
    assert (early.code, early.level, early.year) == ("next_year_unknown", "info", known + 1)
    (late,) = CENTRE.warnings(date(known, 11, 1))
    assert (late.code, late.level) == ("next_year_unknown", "warning")
    assert f"没有 {known + 1} 年的节假日" in late.zh
    assert f"no holidays and make-up days for {known + 1}" in late.en

    now, following = CENTRE.warnings(date(known + 1, 1, 1))
    assert (now.code, now.level, now.year) == ("year_unknown", "error", known + 1)
    assert following.year == known + 2

    entered = replace(CENTRE, overrides={date(known + 1, 1, 1): False})
    (told,) = entered.warnings(date(known, 12, 1))
    assert told.level == "info"
    assert "已录入 1 个例外日期" in told.zh


def test_json_round_trip() -> None:
    full = WorkCalendar(
        "夜市执勤",
        ((time(9), time(11, 45)), (time(18), time(0))),
        frozenset({0, 6}),
        {date(2026, 10, 1): True, date(2026, 3, 2): False},
        "Asia/Urumqi",
        False,
    )
    for calendar in (CENTRE, full, ALWAYS):
        text = json.dumps(calendar.to_json())
        assert WorkCalendar.from_json(text) == calendar
        assert WorkCalendar.from_json(calendar.to_json()) == calendar
    assert full.to_json()["segments"] == [["09:00", "11:45"], ["18:00", "24:00"]]
    assert full.to_json()["overrides"] == {"2026-03-02": False, "2026-10-01": True}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segments": [["17:00", "08:00"]]}, "segments: 17:00-08:00"),
        ({"segments": [["08:00", "12:00"], ["11:00", "13:00"]]}, "segments: 11:00-13:00"),
        ({"segments": [["08:00", "24:00"], ["11:00", "13:00"]]}, "segments: 11:00-13:00"),
        ({"segments": []}, "segments: at least one"),
        ({"segments": [["08:00"]]}, "segments: cannot read"),
        ({"segments": [["08:00:30", "09:00"]]}, "segments: .* whole local minute"),
        ({"segments": [["08:00+08:00", "09:00"]]}, "segments: .* whole local minute"),
        ({"segments": None}, "segments: required"),
        ({"name": 5}, "name: required"),
        ({"weekend": [7]}, "weekend: weekday numbers"),
        ({"weekend": [True]}, "weekend: weekday numbers"),
        ({"weekend": "56"}, "weekend: expected a list"),
        ({"weekend": [[5]]}, "weekend: cannot read"),
        ({"overrides": {"2026-02-30": True}}, "overrides: cannot read '2026-02-30'"),
        ({"overrides": {"2026-02-03": 1}}, "overrides: expected date to bool"),
        ({"overrides": []}, "overrides: expected a dict"),
        ({"tz": "Asia/Nowhere"}, "tz: unknown time zone"),
        ({"tz": "Asia"}, "tz: unknown time zone"),
        ({"use_chinese_holidays": "yes"}, "use_chinese_holidays: expected a bool"),
        ({"lunch": "12:00"}, "lunch: unknown field"),
    ],
)
def test_bad_json_names_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        WorkCalendar.from_json({**CENTRE.to_json(), **change})


@pytest.mark.parametrize("text", ["[]", "{"])
def test_json_that_is_no_object(text: str) -> None:
    with pytest.raises(ValueError, match=r"^calendar: "):
        WorkCalendar.from_json(text)


def test_is_a_value() -> None:
    entered = {date(2026, 10, 1): True}
    calendar = replace(CENTRE, overrides=entered)
    entered[date(2026, 10, 2)] = True
    assert not calendar.is_workday(date(2026, 10, 2))  # not changed from outside
    twin = WorkCalendar.from_json(calendar.to_json())
    assert len({calendar, twin, copy.deepcopy(calendar), pickle.loads(pickle.dumps(calendar))}) == 1
    assert calendar != CENTRE


def test_equal_rules_share_their_days_and_different_ones_do_not() -> None:
    october = date(2026, 10, 1).toordinal()
    assert CENTRE.spans(october) == ((), 0)
    assert replace(CENTRE, name="other").spans(october) == ((), 0)
    for changed in (
        replace(CENTRE, overrides={date(2026, 10, 1): True}),
        replace(CENTRE, use_chinese_holidays=False),
    ):
        assert changed.spans(october)[1] == 450 * 60_000_000


def test_a_datetime_is_not_a_date() -> None:
    moment = datetime(2026, 10, 1, 23, tzinfo=UTC)
    with pytest.raises(TypeError, match=r"^d: "):
        CENTRE.is_workday(moment)
    with pytest.raises(TypeError, match=r"^today: "):
        CENTRE.warnings(moment)
