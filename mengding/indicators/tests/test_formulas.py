"""Each formula against cases written by hand and counted on paper.

Ten cases of one day, each with its lead order to the department D (1) or E (2). The columns say
what I counted, before the code did:

    case                              应处置 处置 按时 超时 超时待 未到期 派遣 退回 应结案 结案 返工
    a  D done in time, closed             x    x    x                          x         x     x
    b  D done late, closed                x    x           x                   x         x     x
    c  D done late, exempted, closed      x    x                               x         x     x
    d  D running, over the limit          x                     x              x         x
    e  D running, in time                 x                            x       x         x
    f  D suspended                        x                            x       x
    g  D returned, E done in time         xE   xE   xE                         xx  xD    xE
    h  D reassigned to E, E running       xE                           xE      xx        xE
    i  void after dispatch to D                             (counts nowhere)
    j  D done, sent back, done again      x    x    x                          x         x         x
                                        ----------------------------------------------------------
    all                                   9    5    3      1     1      3      11   1    8     3   1
    D                                     7    4    2      1     1      2       9   1    6     3   1
    E                                     2    1    1      0     0      1       2   0    2     0   0

i is not among the dispatches: void. 按时处置率: c is exempted, so 3 of 9-1=8; D 2 of 6; E 1 of 2.
准确派遣率: g and h went wrong once each, 9 of 11. 退回率 1 of 11. 结案率 3 of 8. 返工率 1 of 8.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mengding.indicators.definitions import BY_NAME, INDICATORS
from mengding.indicators.facts import CallFacts, CaseFacts, Item, Limit, OrderFacts, items
from mengding.indicators.measures import BY_CODE, MEASURES, Value

D, E = 1, 2
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # ten in the morning in China
DUE = AT + timedelta(days=1)
NOW = AT + timedelta(days=2)
LATER = NOW + timedelta(days=3)


def order(number: int, org: int = D, status: str = "done", **other: object) -> OrderFacts:
    """A lead order; done in time unless said otherwise."""
    made = OrderFacts(
        id=number,
        organisation=org,
        kind="lead",
        status=status,
        sent_at=AT,
        limit=Limit(running=False, due=DUE, stopped=True, late=False),
    )
    return replace(made, **other)  # type: ignore[arg-type]


LATE = Limit(running=False, due=DUE, stopped=True, late=True)
EXEMPT = replace(LATE, exempted=True)
OVER = Limit(running=True, due=DUE, stopped=False, late=False)
RUNNING = Limit(running=True, due=LATER, stopped=False, late=False)
PAUSED = Limit(running=False, due=None, stopped=False, late=False)


def case(number: int, stage: str, *orders: OrderFacts, **other: object) -> CaseFacts:
    """A case of the day, filed, from the phone."""
    made = CaseFacts(
        id=number,
        stage=stage,
        channel="phone",
        reported_at=AT,
        district=9,
        numbered=True,
        ended_at=NOW if stage in ("closed", "void", "merged", "declined") else None,
        outcome="fixed" if stage == "closed" else "",
        lead_org=orders[-1].organisation if orders else 0,
        orders=orders,
    )
    return replace(made, **other)  # type: ignore[arg-type]


TABLE = [
    case(1, "closed", order(1)),
    case(2, "closed", order(2, limit=LATE)),
    case(3, "closed", order(3, limit=EXEMPT)),
    case(4, "handling", order(4, status="accepted", limit=OVER)),
    case(5, "handling", order(5, status="sent", limit=RUNNING)),
    case(6, "suspended", order(6, status="accepted", limit=PAUSED, suspended=True)),
    case(7, "checking", order(7, status="returned", limit=None), order(8, E)),
    case(8, "dispatched", order(9, status="cancelled", limit=None, reassigned=True),
         order(10, E, "sent", limit=RUNNING)),
    case(9, "void", order(11, status="cancelled", limit=None)),
    case(10, "checking", order(12, reworked=True)),
]  # fmt: skip


def facts(cases: list[CaseFacts], as_of: datetime = NOW) -> list[Item]:
    """All facts of these cases."""
    return [item for each in cases for item in items(each, as_of)]


def value(code: str, found: list[Item]) -> Value:
    """The indicator, added up over facts."""
    indicator = BY_NAME[code]

    def count(measure: str) -> int:
        return sum(item.bits >> BY_CODE[measure].bit & 1 for item in found)

    return Value(count(indicator.counts), count(indicator.over) if indicator.over else None)


ALL = {
    "to_handle": 9, "handled": 5, "in_time": 3, "late_done": 1, "overdue": 1, "not_due": 3,
    "sent": 11, "returned": 1, "should_close": 8, "reworked": 1, "suspended": 1,
}  # fmt: skip
OF_D = {
    "to_handle": 7, "handled": 4, "in_time": 2, "late_done": 1, "overdue": 1, "not_due": 2,
    "sent": 9, "returned": 1, "should_close": 6, "reworked": 1, "suspended": 1,
}  # fmt: skip
OF_E = {
    "to_handle": 2, "handled": 1, "in_time": 1, "late_done": 0, "overdue": 0, "not_due": 1,
    "sent": 2, "returned": 0, "should_close": 2, "reworked": 0, "suspended": 0,
}  # fmt: skip


@pytest.mark.parametrize(("org", "counted"), [(None, ALL), (D, OF_D), (E, OF_E)])
def test_counts_are_those_on_paper(org: int | None, counted: dict[str, int]) -> None:
    found = [each for each in facts(TABLE) if org is None or each.org == org]
    assert {code: value(code, found).n for code in counted} == counted


RATES = {
    "handled_rate": (5, 9), "in_time_rate": (3, 8), "accurate_rate": (9, 11),
    "return_rate": (1, 11), "closed_rate": (3, 8), "rework_rate": (1, 8),
}  # fmt: skip


@pytest.mark.parametrize(("code", "counted"), RATES.items())
def test_rates_are_those_on_paper(code: str, counted: tuple[int, int]) -> None:
    found = value(code, facts(TABLE))
    assert (found.n, found.of) == counted


def test_a_rate_of_rates_is_not_the_rate() -> None:
    """按时处置率 is 2 of 6 for D and 1 of 2 for E: together 3 of 8, and not their mean."""
    found = facts(TABLE)
    d, e = (value("in_time_rate", [f for f in found if f.org == org]) for org in (D, E))
    whole = value("in_time_rate", found)
    assert (d.share, e.share, whole.share) == (2 / 6, 1 / 2, 3 / 8)
    assert whole.share != ((d.share or 0) + (e.share or 0)) / 2


def test_timed_orders_are_in_one_of_four_states() -> None:
    for as_of in (AT, DUE, DUE + timedelta(microseconds=1), NOW, LATER + timedelta(days=9)):
        found = facts(TABLE, as_of)
        parts = ("in_time", "late_done", "overdue", "not_due")
        timed = value("in_time_rate", found).of
        assert sum(value(code, found).n for code in parts) == timed, as_of


def test_a_limit_is_over_after_its_last_moment() -> None:
    """In the very moment of the limit it is not over; the fact says when it turns."""
    running = case(1, "handling", order(1, status="accepted", limit=OVER))
    at, after = (facts([running], m) for m in (DUE, DUE + timedelta(microseconds=1)))
    assert (value("overdue", at).n, value("overdue", after).n) == (0, 1)
    assert [each.turns_at for each in at if each.kind == "lead"] == [DUE]
    assert [each.turns_at for each in after if each.kind == "lead"] == [None]


def test_reopened_cases_count_with_their_new_dispatch() -> None:
    """Sent on Tuesday, closed, reopened; sent again on Thursday: 应处置 is Thursday's."""
    first = order(1, status="cancelled", was_done=True)
    again = order(2, status="sent", sent_at=NOW, limit=RUNNING)
    waiting, sent = case(1, "filed", first), case(1, "dispatched", first, again)
    assert (value("to_handle", facts([waiting])).n, value("reopened", facts([waiting])).n) == (0, 1)
    found = facts([sent])
    (counted,) = [f for f in found if f.bits & BY_CODE["to_handle"].mask]
    assert counted.day == date(2026, 11, 26)
    assert (value("sent", found).n, value("reopened", found).n) == (2, 1)
    # It was not a wrong address: both dispatches were accurate.
    assert value("accurate_rate", found) == Value(2, 2)


def test_what_came_in_and_out() -> None:
    """Five came: filed, declined, void, merged, waiting. Three ended; one is filed and open."""
    found = facts([
        case(1, "filed"),
        case(2, "declined", numbered=False),
        case(3, "void"),
        case(4, "merged", numbered=False),
        case(5, "received", numbered=False),
    ])  # fmt: skip
    counted = {c: value(c, found).n for c in ("received", "filed", "declined", "voided", "merged")}
    assert counted == {"received": 5, "filed": 1, "declined": 1, "voided": 1, "merged": 1}
    assert (value("ended", found).n, value("closed", found).n) == (3, 0)


def test_missed_by_patrols() -> None:
    """Filed: phone, phone with a grid report joined, grid, sensor, web. Not filed: phone.
    Missed are the first and the web one: 2 of 5."""
    found = facts([
        case(1, "filed"),
        case(2, "filed", patrolled=True),
        case(3, "filed", channel="grid", patrolled=True),
        case(4, "filed", channel="sensor"),
        case(5, "filed", channel="web"),
        case(6, "received", numbered=False),
        case(7, "void"),
    ])  # fmt: skip
    assert value("missed_rate", found) == Value(2, 5)


def test_first_response() -> None:
    """Answered in time, answered late, not answered and over, not answered yet: 1 of 3."""
    answered = Limit(running=False, due=DUE, stopped=True, late=False)
    found = facts([
        case(1, "filed", response=answered),
        case(2, "filed", response=replace(answered, late=True)),
        case(3, "received", numbered=False, response=OVER),
        case(4, "received", numbered=False, response=RUNNING),
        case(5, "void", response=None),  # void before anybody answered
    ])  # fmt: skip
    assert value("response_rate", found) == Value(1, 3)


def test_call_backs() -> None:
    """Satisfied and resolved; basically and resolved; dissatisfied but resolved; dissatisfied:
    满意率 2 of 4, 解决率 3 of 4; counted on the day of the call."""
    said = [("satisfied", True), ("basically", True), ("dissatisfied", True),
            ("dissatisfied", False)]  # fmt: skip
    found = facts([
        case(n, "closed", order(n), call=CallFacts(LATER, *each)) for n, each in enumerate(said, 1)
    ])  # fmt: skip
    assert value("satisfied_rate", found) == Value(2, 4)
    assert value("resolved_rate", found) == Value(3, 4)
    assert {f.day for f in found if f.kind == "call"} == {date(2026, 11, 29)}


def test_extensions_and_suspensions_that_were_over_before_count_too() -> None:
    extended = order(1, extended=True)
    resumed = order(2, suspended=True)
    found = facts([case(1, "closed", extended), case(2, "closed", resumed)])
    assert (value("extended", found).n, value("suspended", found).n) == (1, 1)
    assert value("should_close", found).n == 2


def test_a_case_sent_back_and_suspended_then_is_not_to_be_closed_now() -> None:
    """返工 is a share of 应结案: what stands still now is in neither."""
    waits = order(1, status="accepted", limit=PAUSED, suspended=True, reworked=True)
    found = facts([case(1, "suspended", waits), case(2, "checking", order(2, reworked=True))])
    assert value("rework_rate", found) == Value(1, 1)


def test_assisting_departments_have_their_own_numbers() -> None:
    """E assists twice: done in time, not done. Nothing of it is in 应处置."""
    helps = replace(order(3, E), kind="assist")
    waits = replace(order(4, E, "sent", limit=RUNNING), kind="assist")
    found = facts([case(1, "closed", order(1), helps), case(2, "handling", order(2), waits)])
    assert value("assist_in_time_rate", found) == Value(1, 2)
    assert value("to_handle", [f for f in found if f.org == E]).n == 0
    assert value("to_handle", found).n == 2


def test_days_are_those_of_china() -> None:
    """16:30 UTC is half past midnight of the next day."""
    late = case(1, "filed", reported_at=datetime(2026, 11, 30, 16, 30, tzinfo=UTC))
    assert [each.day for each in facts([late])] == [date(2026, 12, 1)]


def test_definitions_hold_together() -> None:
    assert len({each.code for each in INDICATORS}) == len(INDICATORS)
    assert [measure.bit for measure in MEASURES] == list(range(len(MEASURES)))
    for each in INDICATORS:
        # Above and below the line of a rate stands the same kind of fact, or shares mean nothing.
        assert len({m.kind for m in each.measures}) == 1 or each.stock, each.code
        assert all((each.name.zh, each.name.en, each.formula.zh, each.formula.en)), each.code


@pytest.mark.parametrize("each", [i for i in INDICATORS if i.rate], ids=lambda i: i.code)
def test_what_is_above_the_line_is_below_it_too(each: object) -> None:
    """No rate exceeds 1, in any fact of any case here."""
    over, counts = BY_CODE[each.over].mask, BY_CODE[each.counts].mask  # type: ignore[attr-defined]
    for found in facts(TABLE):
        assert not found.bits & counts or found.bits & over, (each, found)
