"""The words beside a clock, line by line."""

from dataclasses import replace
from datetime import date, time

import pytest

from mengding.worktime import Limit, Pause, Unit, explain
from mengding.worktime.tests.test_arithmetic import CENTRE, at, pause


def test_over_the_national_holiday_in_chinese() -> None:
    lines = explain(
        at("2026-09-30 16:00"),
        Limit(3, Unit.WORK_DAY),
        CENTRE,
        [pause("2026-10-10 09:00", "2026-10-10 10:00")],
        now=at("2026-10-09 08:30"),
    )
    assert lines == [
        "时限 3 个工作日：只计日历“区中心”的工作时间 08:30–12:00、13:30–17:30"
        "（12:00–13:30 休息不计）；一个工作日等于 7 小时 30 分，共 22 小时 30 分。",
        "开始：2026-09-30（周三）16:00。",
        "2026-09-30（周三）：工作日，计 1 小时 30 分（16:00–17:30），累计 1 小时 30 分。",
        "2026-10-01（周四）至 2026-10-07（周三），共 7 天：国庆节放假，不计。",
        "2026-10-08（周四）至 2026-10-09（周五），共 2 天：工作日，"
        "每天计 7 小时 30 分（08:30–12:00、13:30–17:30），累计 16 小时 30 分。",
        "2026-10-10（周六）：调休上班（国庆节），计 6 小时"
        "（08:30–09:00、10:00–12:00、13:30–17:00；09:00–10:00 暂停不计），累计 22 小时 30 分。",
        "暂停：2026-10-10（周六）09:00 至 2026-10-10（周六）10:00，其间不计时。",
        "合计 22 小时 30 分，时限于 2026-10-10（周六）17:00 用完。",
        "截至 2026-10-09（周五）08:30：已用 9 小时（40%），还剩 13 小时 30 分。",
    ]


def test_in_english_from_lunch_over_a_weekend_until_late() -> None:
    lines = explain(
        at("2026-11-27 12:10"),
        Limit(5, Unit.WORK_HOUR),
        CENTRE,
        now=at("2026-11-30 10:00"),
        lang="en",
    )
    assert lines == [
        "Limit 5 working hours: only the working hours of “区中心” count, 08:30–12:00 and "
        "13:30–17:30 (the break 12:00–13:30 does not).",
        "Start: Fri 2026-11-27 12:10, in the break between working hours; "
        "counting begins Fri 2026-11-27 13:30.",
        "Fri 2026-11-27: working day, 4 h counted (13:30–17:30), 4 h so far.",
        "Sat 2026-11-28 to Sun 2026-11-29 (2 days): weekend; not counted.",
        "Mon 2026-11-30: working day, 1 h counted (08:30–09:30), 5 h so far.",
        "Total 5 h: the limit is used up on Mon 2026-11-30 09:30.",
        "By Mon 2026-11-30 10:00: 5 h 30 min used (110 %), 30 min over the limit.",
    ]


def test_continuous_time_is_told_by_running_spans() -> None:
    lines = explain(
        at("2026-09-30 22:00"),
        Limit(4, Unit.URGENT_HOUR),
        CENTRE,
        [pause("2026-09-30 23:00", "2026-10-01 01:00")],
    )
    assert lines == [
        "时限 4 个紧急工作时：连续计时，夜间、周末和节假日都计。",
        "开始：2026-09-30（周三）22:00。",
        "2026-09-30（周三）22:00 至 2026-09-30（周三）23:00：计 1 小时，累计 1 小时。",
        "2026-10-01（周四）01:00 至 2026-10-01（周四）04:00：计 3 小时，累计 4 小时。",
        "暂停：2026-09-30（周三）23:00 至 2026-10-01（周四）01:00，其间不计时。",
        "合计 4 小时，时限于 2026-10-01（周四）04:00 用完。",
    ]


def test_an_empty_pause_is_not_told() -> None:
    start, limit = at("2026-09-30 22:00"), Limit(4, Unit.URGENT_HOUR)
    empty = [pause("2026-09-30 23:00", "2026-09-30 23:00")]
    assert explain(start, limit, CENTRE, empty) == explain(start, limit, CENTRE)


def test_an_open_pause_has_no_deadline() -> None:
    pauses = [Pause(at("2026-11-24 10:00"), None)]
    zh = explain(at("2026-11-24 09:00"), Limit(3, Unit.WORK_HOUR), CENTRE, pauses)
    assert zh[-2:] == [
        "暂停：自 2026-11-24（周二）10:00 起，尚未恢复。",
        "合计 1 小时，还剩 2 小时；暂停未恢复，没有到期时间。",
    ]
    en = explain(at("2026-11-24 09:00"), Limit(1, Unit.NATURAL_DAY), CENTRE, pauses, lang="en")
    assert en[-1] == "Total 1 h, 23 h left; paused and not resumed, so there is no deadline."
    early = [Pause(at("2026-11-20 10:00"), None)]
    assert explain(at("2026-11-24 09:00"), Limit(3, Unit.WORK_HOUR), CENTRE, early)[-1] == (
        "合计 0 秒，还剩 3 小时；暂停未恢复，没有到期时间。"
    )


def test_days_of_a_long_pause_share_a_line() -> None:
    pauses = [pause("2026-11-23 08:00", "2026-12-04 20:00")]
    lines = explain(at("2026-11-20 17:00"), Limit(1, Unit.WORK_HOUR), CENTRE, pauses)
    assert (
        "2026-11-23（周一）至 2026-11-27（周五），共 5 天：工作日，"
        "08:30–12:00、13:30–17:30 暂停，不计。"
    ) in lines
    assert lines[-1] == "合计 1 小时，时限于 2026-12-07（周一）09:00 用完。"


def test_overrides_are_named() -> None:
    calendar = replace(CENTRE, overrides={date(2026, 11, 25): False, date(2026, 11, 28): True})
    zh = "\n".join(explain(at("2026-11-24 17:00"), Limit(20, Unit.WORK_HOUR), calendar))
    assert "2026-11-25（周三）：本日历设为休息，不计。" in zh
    assert "2026-11-28（周六）：本日历设为上班，计" in zh


def test_says_when_a_year_is_not_published() -> None:
    late_december = at("2026-12-31 16:00")
    lines = explain(late_december, Limit(2, Unit.WORK_HOUR), CENTRE)
    assert any(line.startswith("注意：2027 年的节假日和调休安排尚未公布") for line in lines)
    # also when only the count up to now reaches into it
    near = Limit(1, Unit.WORK_HOUR)
    assert not any("2027" in line for line in explain(late_december, near, CENTRE))
    now = at("2027-01-04 10:00")
    assert any(
        line.startswith("Note: the holidays and make-up days of 2027")
        for line in explain(late_december, near, CENTRE, now=now, lang="en")
    )
    # nothing is guessed where every second counts
    assert not any(
        "注意" in line for line in explain(late_december, Limit(9, Unit.NATURAL_DAY), CENTRE)
    )


def test_a_day_that_ends_at_midnight() -> None:
    calendar = replace(CENTRE, segments=((time(20), time(0)),))
    lines = explain(at("2026-11-24 22:00"), Limit(2, Unit.WORK_HOUR), calendar)
    assert lines[2:] == [
        "2026-11-24（周二）：工作日，计 2 小时（22:00–24:00），累计 2 小时。",
        "合计 2 小时，时限于 2026-11-25（周三）00:00 用完。",
    ]


def test_one_is_singular_and_seconds_are_told() -> None:
    start = at("2026-11-24 10:00:05.250000")
    en = explain(
        start, Limit(1, Unit.URGENT_MINUTE), CENTRE, now=start.replace(second=6), lang="en"
    )
    assert en[0].startswith("Limit 1 urgent minute:")
    assert en[-1].startswith("By Tue 2026-11-24 10:00:06: 1 s used (1 %), 59 s left")


def test_bad_input_is_named() -> None:
    start, limit = at("2026-11-24 10:00"), Limit(1, Unit.WORK_HOUR)
    with pytest.raises(ValueError, match=r"^lang: "):
        explain(start, limit, CENTRE, lang="fr")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^start: "):
        explain(start.replace(tzinfo=None), limit, CENTRE)
    with pytest.raises(ValueError, match=r"^now: "):
        explain(start, limit, CENTRE, now=start.replace(tzinfo=None))
