"""Work, rates and money without a database: examples counted by hand, and rules for all cases."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.core.errors import Invalid
from mengding.costs.activities import ACTIVITIES, AGAIN, BY_CODE
from mengding.costs.rates import Rate, Version, checked, version_of, version_on
from mengding.costs.reckon import half_up, price, reckon
from mengding.costs.tests.before import middle
from mengding.costs.work import Line, Work, work

T0 = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
CENTRE, WATER = 7, 9


def minutes(since: datetime, until: datetime) -> int:
    """As it passed."""
    return int((until - since).total_seconds() // 60)


def event(action: str, hours: float = 0, post: int | None = 1, **after: Any) -> dict[str, Any]:
    return {
        "action": f"case.{action}",
        "at": T0 + timedelta(hours=hours),
        "post_id": post,
        "after": after,
    }


def order(number: int, status: str, org: int = WATER) -> dict[str, Any]:
    return {"id": number, "org": org, "kind": "lead", "status": status}


def received(channel: str = "phone", post: int = 1) -> dict[str, Any]:
    return event("receive", post=post, channel=channel, owner_org_id=CENTRE, reports_count=1)


def counts(found: Work) -> dict[str, int]:
    listed = [line.activity for line in found.lines]
    return {name: listed.count(name) for name in dict.fromkeys(listed)}


def version(number: int = 1, starts_on: date = date(2026, 1, 1), **changed: Any) -> Version:
    document = checked(
        {
            "rates": {
                "call": {"fen": 350, "minutes": 6},
                "dispatch": {"fen": 210, "minutes": 4},
                "travel": {"fen": 2000, "minutes": 40},
                "handle": {"fen": 6000, "unit": "hour"},
                "handle_plain": {"fen": 3000, "minutes": 30},
                "decide": {"fen": 100, "minutes": 2},
                "check": {"fen": 1500, "minutes": 30},
                "merge": {"fen": 50, "minutes": 1},
            },
            **changed,
        }
    )
    return version_of(number, starts_on, document, {"dept-water": WATER})


ALL_THE_WAY = [
    received(),
    event("file", 1),
    event("dispatch", 2, orders=[order(1, "sent")]),
    event("reassign", 3, orders=[order(1, "cancelled"), order(2, "sent")]),
    event("accept", 3.5, orders=[order(2, "accepted")]),
    event("arrive", 4, order=2),
    event("feed_back", 5.1, orders=[order(2, "done")]),
    event("rework", 6, orders=[order(2, "accepted")]),
    event("feed_back", 7, orders=[order(2, "done")]),
    event("close", 8),
    event("call_back", 9),
]


def test_each_piece_of_work_is_counted_once() -> None:
    found = work(ALL_THE_WAY, minutes)
    assert counts(found) == {
        "call": 1, "decide": 1, "dispatch": 2, "travel": 1, "handle": 1, "material": 2,
        "check": 2, "handle_plain": 1, "call_back": 1,
    }  # fmt: skip
    # 66 minutes on site: five quarters of an hour. The second feedback had no arrival of its own.
    assert [line.minutes for line in found.lines if line.activity == "handle"] == [75]
    assert {line.org for line in found.lines if line.activity in ("travel", "handle")} == {WATER}
    assert {line.org for line in found.lines if line.activity == "dispatch"} == {CENTRE}


def test_the_reckoning_by_hand() -> None:
    found = reckon(work(ALL_THE_WAY, minutes), [version()], DAY)
    by_activity = {line.activity: line.fen for line in found.lines}
    assert by_activity == {
        "call": 350,
        "decide": 100,
        "dispatch": 2 * 210,
        "travel": 2000,
        "handle": 7500,  # 1.25 h × 60 CNY
        "handle_plain": 3000,
        "material": 0,  # no rate set
        "check": 2 * 1500,
        "call_back": 0,
    }
    assert found.fen == 16370
    assert found.minutes == 6 + 2 + 8 + 40 + 75 + 30 + 60
    assert found.whole
    assert (found.merged, found.spot) == (None, None)


def test_a_department_may_have_its_own_rate() -> None:
    own = version(departments={"dept-water": {"handle": {"fen": 9000, "unit": "hour"}}})
    found = reckon(work(ALL_THE_WAY, minutes), [own], DAY)
    assert next(line.fen for line in found.lines if line.activity == "handle") == 11250


def test_on_site_no_more_than_the_limit() -> None:
    days = [
        received(),
        event("dispatch", 1, orders=[order(1, "sent")]),
        event("arrive", 2, order=1),
        event("feed_back", 74, orders=[order(1, "done")]),
    ]
    found = reckon(work(days, minutes), [version(most_hours=8)])
    assert next(line for line in found.lines if line.activity == "handle").minutes == 8 * 60


def test_what_came_from_sensors_and_imports_was_not_taken_in_by_anybody() -> None:
    for channel in ("sensor", "import"):
        assert work([received(channel)], minutes).lines == ()


def test_a_case_split_off_was_not_received_again() -> None:
    split = [received(), event("split_off", 0.1, reports_count=2), event("file", 1)]
    assert counts(work(split, minutes)) == {"decide": 1}


def test_merging_spares_the_later_steps_of_each_report() -> None:
    joined = [
        *ALL_THE_WAY[:2],
        event("join", 1.2, report_channel="phone", reports_count=2),
        event("absorb", 1.5, reports_count=4),
        *ALL_THE_WAY[2:],
    ]
    found = work(joined, minutes)
    assert found.joined == 3
    assert counts(found)["call"] == 2  # the absorbed ones were received on their own case
    saved = reckon(found, [version(merge_percent=50)], DAY).merged
    assert saved is not None
    own = 420 + 2000 + 7500 + 3000 + 3000  # dispatch, travel, handle, handle_plain, check
    assert saved.gross == 3 * own
    assert (saved.less, saved.fen) == (50, half_up(3 * own, 2) - 50)
    # An open case has saved nothing yet.
    assert reckon(found, [version()]).merged is None


SPOT = [
    received("grid", post=5),
    event("file", 0.1, post=5),
    event("dispatch", 0.1, post=5, orders=[order(1, "sent", CENTRE)]),
    event("accept", 0.1, post=5, orders=[order(1, "accepted", CENTRE)]),
    {**event("attach", 0.1, post=5), "action": "evidence.attach"},
    event("feed_back", 0.1, post=5, orders=[order(1, "done", CENTRE)]),
    event("close", 20, post=8),
]


def test_dealt_with_on_the_spot() -> None:
    found = work(SPOT, minutes)
    assert counts(found) == {"found": 1, "check": 1, "self_handle": 1}
    saved = reckon(found, [version(self_percent=80)], DAY).spot
    assert saved is not None
    assert (saved.gross, saved.fen) == (100 + 210 + 2000, 1848)
    assert saved.minutes == half_up(46 * 80, 100)


@pytest.mark.parametrize("place", [1, 2, 3, 5])
def test_steps_by_different_posts_are_ordinary_work(place: int) -> None:
    events = [dict(each) for each in SPOT]
    events[place]["post_id"] = 6
    found = work(events, minutes)
    assert found.spot is None
    assert counts(found)["dispatch"] == 1


def test_imports_without_posts_are_not_on_the_spot() -> None:
    assert work([{**each, "post_id": None} for each in SPOT], minutes).spot is None


def test_old_days_keep_their_rates() -> None:
    old = version(1, date(2026, 1, 1))
    new = version(2, date(2026, 11, 25), rates={"call": {"fen": 999}, "check": {"fen": 1}})
    events = [received(), event("close", 24)]
    found = reckon(work(events, minutes), [old, new])
    assert [(line.activity, line.version, line.fen) for line in found.lines] == [
        ("call", 1, 350), ("check", 2, 1),
    ]  # fmt: skip


def test_work_before_the_first_rates_is_said() -> None:
    found = reckon(work(ALL_THE_WAY, minutes), [version(1, DAY + timedelta(days=1))], DAY)
    assert not found.whole
    assert found.fen == 0
    assert found.merged is None


patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DATES = st.dates(date(2025, 1, 1), date(2027, 12, 31))
LINES = st.builds(
    Line,
    st.sampled_from([each.code for each in ACTIVITIES if not each.beside]),
    DATES,
    st.sampled_from([CENTRE, WATER]),
    st.none(),
)


def _rated(number: int, starts_on: date, rates: dict[str, Rate]) -> Version:
    return Version(number, starts_on, rates, {}, 50, 80, 8, 5)


VERSIONS = st.lists(
    st.tuples(
        DATES,
        st.dictionaries(
            st.sampled_from(sorted(BY_CODE)),
            st.builds(Rate, st.integers(0, 10**6), st.just("event"), st.integers(1, 600)),
            max_size=6,
        ),
    ),
    max_size=4,
).map(lambda rows: [_rated(n, day, rates) for n, (day, rates) in enumerate(rows, 1)])


@patient
@given(st.lists(LINES, max_size=12), VERSIONS)
def test_the_sum_is_that_of_each_piece_alone(lines: list[Line], versions: list[Version]) -> None:
    """Grouping changes nothing, and later versions never touch earlier days."""
    found = reckon(Work(tuple(lines)), versions)
    alone = 0
    for line in lines:
        held = version_on(versions, line.day)
        rate = held.rate(line.activity, line.org) if held else None
        alone += rate.fen if rate else 0
    assert found.fen == alone
    assert sum(line.count for line in found.lines) == len(lines)
    assert found.whole == all(version_on(versions, line.day) for line in lines)


@patient
@given(st.lists(LINES, max_size=12), VERSIONS, DATES, st.integers(0, 10**6))
def test_a_version_from_a_day_on_leaves_earlier_work_alone(
    lines: list[Line], versions: list[Version], day: date, fen: int
) -> None:
    rates = {each.code: Rate(fen) for each in ACTIVITIES}
    early = [line for line in lines if line.day < day]
    more = [*versions, _rated(len(versions) + 1, day, rates)]
    assert reckon(Work(tuple(early)), more) == reckon(Work(tuple(early)), versions)


@patient
@given(st.lists(LINES, max_size=12), st.integers(0, 9), st.integers(0, 100))
def test_saved_by_merging_follows_the_formula(lines: list[Line], joined: int, percent: int) -> None:
    rates = {code: Rate(100 * n, "event", n) for n, code in enumerate(BY_CODE, 1)}
    held = Version(1, date(2024, 1, 1), rates, {}, percent, 80, 8, 5)
    saved = reckon(Work(tuple(lines), joined), [held], DAY).merged
    if not joined:
        assert saved is None
        return
    assert saved is not None
    own = sum(rates[line.activity].fen for line in lines if line.activity in AGAIN)
    merging = sum(rates["merge"].fen for line in lines if line.activity == "merge")
    assert saved.fen == half_up(joined * own * percent, 100) - merging


@given(st.dictionaries(st.integers(0, 10**7), st.integers(1, 20), max_size=30))
def test_the_median_is_the_middle(counted: dict[int, int]) -> None:
    values = [value for value, often in counted.items() for _ in range(often)]
    if not values:
        assert middle({}) is None
        return
    assert middle(counted) == half_up(round(2 * median(values)), 2)


@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(1, 1440))
def test_a_price_an_hour(fen: int, count: int, each: int) -> None:
    cost, spent = price(Rate(fen, "hour", each), count, None)
    assert spent == count * each
    assert abs(cost * 60 - fen * count * each) <= 30  # to the nearest fen
    assert price(Rate(fen, "hour", each), count, 0)[0] == 0  # recorded wins over the estimate


GOOD: dict[str, Any] = {"rates": {"call": {"fen": 1}}}
BAD: Sequence[tuple[Any, str]] = [
    ([], "rates"),
    ({}, "rates"),
    ({"rates": {}}, "rates"),
    ({"rates": {"dance": {"fen": 1}}}, "rates.dance"),
    ({"rates": {"call": {"fen": -1}}}, "rates.call.fen"),
    ({"rates": {"call": {"fen": 1.5}}}, "rates.call.fen"),
    ({"rates": {"call": {"fen": True}}}, "rates.call.fen"),
    ({"rates": {"call": {"fen": 1, "unit": "day"}}}, "rates.call.unit"),
    ({"rates": {"call": {"fen": 1, "unit": "hour"}}}, "rates.call.minutes"),
    ({"rates": {"call": {"fen": 1, "minutes": 0}}}, "rates.call.minutes"),
    ({"rates": {"call": {"fen": 1, "who": "x"}}}, "rates.call"),
    (GOOD | {"departments": {"a b": {}}}, "departments"),
    (GOOD | {"departments": {"x": {"call": {"fen": "1"}}}}, "departments.x.call.fen"),
    (GOOD | {"merge_percent": 101}, "merge_percent"),
    (GOOD | {"fewest": 1}, "fewest"),
    (GOOD | {"workers": {}}, "workers"),
]


@pytest.mark.parametrize(("document", "field"), BAD)
def test_what_is_wrong_is_said_at_its_place(document: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(document)
    assert refused.value.field == field


def test_checking_twice_changes_nothing() -> None:
    once = checked(GOOD | {"departments": {"dept-water": {}}})
    assert checked(once) == once
    assert once["departments"] == {}
