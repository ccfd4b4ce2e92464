"""Random clocks against the minute-by-minute model, and the laws between the functions."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.worktime import (
    Limit,
    Pause,
    Unit,
    WorkCalendar,
    due,
    explain,
    fraction_used,
    instant_at_fraction,
    limit_length,
    used,
)
from mengding.worktime.explain import trace
from mengding.worktime.tests.brute import counted_minutes, limit_minutes

HORIZON = 10 * 1440
# The days before long holidays, make-up days, an unpublished year, Shanghai's summer time of
# 1988 and the American changes of 2026.
SHANGHAI_DAYS = [
    date(2025, 1, 24),
    date(2025, 4, 25),
    date(2025, 9, 26),
    date(2026, 2, 12),
    date(2026, 9, 18),
    date(2026, 9, 28),
    date(2026, 12, 27),
    date(1988, 4, 14),
]
NEW_YORK_DAYS = [date(2026, 3, 5), date(2026, 10, 29)]


@st.composite
def segments(draw: st.DrawFn, earliest: int) -> tuple[tuple[time, time], ...]:
    marks = draw(
        st.lists(st.integers(earliest, 1440), min_size=2, max_size=6, unique=True).filter(
            lambda marks: len(marks) % 2 == 0
        )
    )
    clock = [time(mark // 60 % 24, mark % 60) for mark in sorted(marks)]
    return tuple(zip(clock[::2], clock[1::2], strict=True))


@st.composite
def clocks(draw: st.DrawFn) -> tuple[datetime, WorkCalendar, list[Pause]]:
    shanghai = draw(st.booleans()) or draw(st.booleans())
    day = draw(st.sampled_from(SHANGHAI_DAYS if shanghai else NEW_YORK_DAYS))
    minute = st.integers(0, 8 * 1440)
    origin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    start = origin + timedelta(minutes=draw(st.integers(0, 2 * 1440)))
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begin = origin + timedelta(minutes=draw(minute))
        length = draw(st.none() | st.integers(0, 3 * 1440) | st.integers(0, 600))
        if length is None and draw(st.booleans()):  # open pauses end most clocks: fewer of them
            length = 30
        pauses.append(Pause(begin, None if length is None else begin + timedelta(minutes=length)))
    calendar = WorkCalendar(
        "random",
        draw(segments(0 if shanghai and day.year > 2000 else 240)),
        draw(st.just(frozenset({5, 6})) | st.frozensets(st.integers(0, 6), max_size=4)),
        draw(
            st.dictionaries(
                st.integers(0, 12).map(lambda n: day + timedelta(days=n)), st.booleans(), max_size=4
            )
        ),
        "Asia/Shanghai" if shanghai else "America/New_York",
        draw(st.booleans()) if shanghai else False,
    )
    return start, calendar, pauses


limits = st.one_of(
    st.builds(Limit, st.integers(1, 3000), st.sampled_from([Unit.WORK_MINUTE, Unit.URGENT_MINUTE])),
    st.builds(Limit, st.integers(1, 40), st.sampled_from([Unit.WORK_HOUR, Unit.URGENT_HOUR])),
    st.builds(Limit, st.integers(1, 6), st.sampled_from([Unit.WORK_DAY, Unit.NATURAL_DAY])),
)


@settings(max_examples=100, deadline=None)
@given(clock=clocks(), limit=limits, stops=st.lists(st.integers(0, HORIZON), max_size=6))
def test_equals_looking_at_every_minute(
    clock: tuple[datetime, WorkCalendar, list[Pause]], limit: Limit, stops: list[int]
) -> None:
    start, calendar, pauses = clock
    counts = counted_minutes(start, HORIZON, limit.unit, calendar, pauses)
    for stop in stops:
        now = start + timedelta(minutes=stop)
        assert used(start, now, limit.unit, calendar, pauses) == timedelta(minutes=counts[stop])
    need = limit_minutes(limit.amount, limit.unit, calendar)
    found = due(start, limit, calendar, pauses)
    if counts[-1] >= need:
        assert found == start + timedelta(minutes=counts.index(need))
    else:
        assert found is None or found > start + timedelta(minutes=HORIZON)
        if any(pause.end is None for pause in pauses):
            assert found is None  # every drawn pause begins inside the horizon


@settings(max_examples=150, deadline=None)
@given(clock=clocks(), limit=limits, micros=st.integers(0, 59_999_999))
def test_used_is_the_inverse_of_due(
    clock: tuple[datetime, WorkCalendar, list[Pause]], limit: Limit, micros: int
) -> None:
    start, calendar, pauses = clock
    start += timedelta(microseconds=micros)
    found = due(start, limit, calendar, pauses)
    if found is None:
        assert any(pause.end is None for pause in pauses)
        return
    just_before = found - timedelta(microseconds=1)
    assert used(start, found, limit.unit, calendar, pauses) == limit_length(limit, calendar)
    assert used(start, just_before, limit.unit, calendar, pauses) < limit_length(limit, calendar)
    assert fraction_used(start, found, limit, calendar, pauses) == 1.0
    assert instant_at_fraction(start, limit, calendar, 1.0, pauses) == found


@settings(max_examples=100, deadline=None)
@given(clock=clocks(), limit=limits, later=st.integers(0, 3000), share=st.floats(0.01, 2))
def test_monotone(
    clock: tuple[datetime, WorkCalendar, list[Pause]], limit: Limit, later: int, share: float
) -> None:
    """A later start, a longer limit or one more pause never brings a deadline forward."""
    start, calendar, pauses = clock
    found = due(start, limit, calendar, pauses)
    longer = Limit(limit.amount + 1, limit.unit)
    pause = Pause(start + timedelta(minutes=later), start + timedelta(minutes=later + 90))
    for other in (
        due(start + timedelta(minutes=later), limit, calendar, pauses),
        due(start, longer, calendar, pauses),
        due(start, limit, calendar, [*pauses, pause]),
    ):
        assert other is None or (found is not None and other >= found)
    point = instant_at_fraction(start, limit, calendar, share, pauses)
    if point is not None:
        if share > 1:
            assert found is not None
            assert found <= point
        else:
            assert found is None or point <= found
        gap = used(start, point, limit.unit, calendar, pauses) - share * limit_length(
            limit, calendar
        )
        assert abs(gap) <= timedelta(microseconds=1)


@settings(max_examples=100, deadline=None)
@given(clock=clocks(), limit=limits, order=st.randoms(use_true_random=False))
def test_pauses_may_come_twice_and_in_any_order(
    clock: tuple[datetime, WorkCalendar, list[Pause]], limit: Limit, order: object
) -> None:
    start, calendar, pauses = clock
    shuffled: Sequence[Pause] = sorted([*pauses, *pauses], key=lambda _: order.random())  # type: ignore[attr-defined]
    assert due(start, limit, calendar, shuffled) == due(start, limit, calendar, pauses)


def spoken_length(text: str) -> timedelta:
    total = timedelta()
    for number, unit in re.findall(r"([\d.]+) (小时|分|秒|h|min|s)\b", text):
        word = {"小时": "hours", "h": "hours", "分": "minutes", "min": "minutes"}
        total += timedelta(**{word.get(unit, "seconds"): float(number)})
    return total


@settings(max_examples=150, deadline=None)
@given(
    clock=clocks(),
    limit=limits,
    stop=st.integers(0, HORIZON),
    lang=st.sampled_from(["zh", "en"]),
)
def test_explain_says_what_used_counts(
    clock: tuple[datetime, WorkCalendar, list[Pause]], limit: Limit, stop: int, lang: str
) -> None:
    start, calendar, pauses = clock
    found = due(start, limit, calendar, pauses)
    last = found or datetime(2040, 1, 1, tzinfo=UTC)
    total = used(start, last, limit.unit, calendar, pauses)
    steps = trace(start, limit, calendar, pauses)
    assert timedelta(microseconds=steps.total) == total
    assert steps.due == found

    now = start + timedelta(minutes=stop)
    lines = explain(start, limit, calendar, pauses, now, lang)  # type: ignore[arg-type]
    assert spoken_length(re.split("[，,:]", lines[-2])[0]) == total
    spent = used(start, now, limit.unit, calendar, pauses)
    assert spoken_length(re.split("已用|By .{20}:", lines[-1])[-1].split("%")[0]) == spent
    running = [line for line in lines if "累计" in line or "so far" in line]
    if running:
        assert spoken_length(re.split("累计|, (?=[^,]*so far)", running[-1])[-1]) == total
    else:
        assert total == timedelta()
