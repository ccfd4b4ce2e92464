"""Spans of days in months."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from mengding.indicators.spans import Span, cut_up

SPANS = st.tuples(
    st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(1, 75) | st.integers(1, 900)
).map(lambda s: Span(s[0], s[0] + timedelta(days=s[1])))


@given(SPANS)
@example(Span(date(2026, 1, 20), date(2026, 2, 10)))
@example(Span(date(2026, 1, 10), date(2026, 2, 20)))
def test_a_span_is_whole_months_and_days_more_or_less(asked: Span) -> None:
    pieces = cut_up(asked)
    often: Counter[date] = Counter()
    for spans, times in (([pieces.months] if pieces.months else [], 1), (pieces.more, 1),
                         (pieces.less, -1)):  # fmt: skip
        for each in spans:
            assert each.days > 0
            often.update({each.since + timedelta(days=n): times for n in range(each.days)})
    wanted = {asked.since + timedelta(days=n) for n in range(asked.days)}
    assert {day: n for day, n in often.items() if n} == dict.fromkeys(wanted, 1)
    assert sum(each.days for each in (*pieces.more, *pieces.less)) <= 31
    assert not pieces.months or pieces.months.since.day == pieces.months.until.day == 1
