"""Numbers over real cases: whose they are, what lies behind them, any span, the follower."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.stages import Satisfaction, Stage
from mengding.cases.tests.made import LEAD_ACTOR, case_at, report, spot, take, who
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.indicators import actions, queries
from mengding.indicators.check import compare
from mengding.indicators.models import Cell, Fact
from mengding.indicators.queries import Filters, table
from mengding.indicators.spans import (
    Span,
    compared,
    months_on,
    span,
)
from mengding.indicators.tests.following import caught_up

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

MOMENT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning
DAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)
MONTH, AFTER = date(2026, 11, 1), date(2026, 12, 1)
OTHER_TOWN = "511803105"
ELSEWHERE = "511803105201"


@pytest.fixture(autouse=True)
def _that_tuesday() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def number(actor: Actor, code: str, filters: Filters = Filters()) -> int:  # noqa: B008
    """One number of that Tuesday."""
    return queries.measure(actor, [code], "", DAY, NEXT, filters).total[code].n


@pytest.fixture
def every_stage() -> list[Case]:
    """One case in each stage, one with an assisting department, one confidential."""
    made = [case_at(stage) for stage in Stage] + [case_at(Stage.HANDLING, assist=True)]
    made.append(report(class_code="S0101", by="desk").case)
    caught_up()
    return made


@pytest.mark.parametrize("by", queries.BYS)
def test_rows_add_up_to_the_total(every_stage: list[Case], by: str) -> None:
    found = queries.measure(who("supervise"), [], by, DAY, NEXT)
    whole = queries.measure(who("supervise"), [], "", DAY, NEXT).total  # read on its own
    assert found.total == {code: whole[code] for code in found.total}
    for code, value in found.total.items():
        assert sum(row.values[code].n for row in found.rows) == value.n, code
        if value.of is not None:
            assert sum(row.values[code].of or 0 for row in found.rows) == value.of, code


@pytest.mark.parametrize("by", queries.BYS)
@pytest.mark.parametrize("username", ["supervise", "town", LEAD_ACTOR])
def test_every_number_has_exactly_its_cases(
    every_stage: list[Case], by: str, username: str
) -> None:
    """反查: the list behind a number is as long as the number, with what may not be opened."""
    actor = who(username)
    if by == "post" and username != "supervise":
        return  # numbers by post are for supervisors
    shown = table.table(actor, table.Asked([], by, Span(DAY, NEXT)), Filters())
    for row in shown["rows"] or [{"key": "", "code": "", "values": shown["total"]}]:
        narrowed = {
            "org": Filters(org=int(row["key"])) if by == "org" else None,
            "region": Filters(region=row["code"] or f"{shown['area']}-"),
            "class": Filters(class_code=row["key"] or "-"),
            "channel": Filters(channel=row["key"]),
            "tier": Filters(tier=row["key"]),
            "post": Filters(post=int(row["key"])) if by == "post" else None,
        }.get(by) or Filters()
        for code, value in row["values"].items():
            parts = {"counts": value.n}
            if value.of is not None:
                parts |= {"over": value.of, "rest": value.of - value.n}
            for part, wanted in parts.items():
                found = queries.cases_of(actor, code, DAY, NEXT, narrowed, part=part, limit=200)
                assert found.total == wanted, (row["key"], code, part)
                assert len(found.items) + found.hidden == wanted, (row["key"], code, part)
                assert found.hidden == 0 or username == LEAD_ACTOR


def test_the_list_is_read_page_by_page(every_stage: list[Case]) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = queries.cases_of(who("supervise"), "received", DAY, NEXT, cursor=cursor, limit=4)
        seen += [row["id"] for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page.total
    assert set(seen) == set(Case.objects.filter(confidential=False).values_list("pk", flat=True))


def test_the_rest_of_a_rate_is_what_went_wrong(every_stage: list[Case]) -> None:
    rest = queries.cases_of(who("supervise"), "handled_rate", DAY, NEXT, part="rest", limit=200)
    stages = {row["stage"] for row in rest.items}
    assert stages == {"dispatched", "handling", "suspended"}
    with pytest.raises(Invalid):
        queries.cases_of(who("supervise"), "handled", DAY, NEXT, part="rest")


# Whose numbers


def test_confidential_cases_are_in_nobodys_numbers_but_the_mediators() -> None:
    """Not even as a count: the desk that took one in does not see it in a number."""
    report(class_code="S0101", by="desk")
    caught_up()
    for username in ("supervise", "desk", "dispatch", "verify"):
        actor = who(username)
        assert number(actor, "received") == 0
        for by in ("class", "region", "channel", "org"):
            assert queries.measure(actor, ["received"], by, DAY, NEXT).rows == []
        assert queries.cases_of(actor, "received", DAY, NEXT).items == []
        assert number(actor, "received", Filters(class_code="S0101")) == 0
    assert number(who("mediate"), "received") == 1
    assert len(queries.cases_of(who("mediate"), "received", DAY, NEXT).items) == 1


def test_a_case_that_becomes_confidential_leaves_the_numbers() -> None:
    case = report().case
    caught_up()
    assert number(who("supervise"), "received") == 1
    cases.amend(who("desk"), case.pk, class_code="S0101")
    caught_up()
    assert number(who("supervise"), "received") == 0
    assert compare().different == []


def test_a_department_sees_its_own_numbers_only() -> None:
    """The water bureau assists once; the urban management leads twice, one of them returned."""
    take_part = case_at(Stage.HANDLING, assist=True)
    returned = case_at(Stage.HANDLING)
    cases.request_return(who(LEAD_ACTOR), returned.pk, reason="不归我管")
    cases.grant(who("supervise"), returned.pk)
    caught_up()
    lead, water = who(LEAD_ACTOR), who("water")
    assert (number(lead, "sent"), number(lead, "returned"), number(lead, "to_handle")) == (2, 1, 1)
    assert (number(water, "sent"), number(water, "assist_due")) == (0, 1)
    assert {row.key for row in queries.measure(water, [], "org", DAY, NEXT).rows} == {
        str(water.org_id)
    }
    # What was returned counts, and is not theirs to open any more: the answer says so.
    found = queries.cases_of(lead, "sent", DAY, NEXT)
    assert (found.total, found.hidden) == (2, 1)
    assert [row["id"] for row in found.items] == [take_part.pk]
    with pytest.raises(NotFound):
        number(water, "sent", Filters(org=lead.org_id))


def test_a_town_sees_its_own_area_only() -> None:
    report()
    report(village=ELSEWHERE)
    caught_up()
    town = who("town")
    assert number(who("supervise"), "received") == 2
    assert number(town, "received") == 1
    with pytest.raises(NotFound):
        number(town, "received", Filters(region=OTHER_TOWN))
    with pytest.raises(NotFound):
        number(town, "received", Filters(region="511803"))
    assert number(who("supervise"), "received", Filters(region=OTHER_TOWN)) == 1
    assert number(who("supervise"), "received", Filters(region=ELSEWHERE)) == 1


def test_numbers_by_post_are_for_supervisors(every_stage: list[Case]) -> None:
    assert queries.measure(who("supervise"), ["sent"], "post", DAY, NEXT).rows
    dispatch = who("dispatch")
    with pytest.raises(Invalid):
        queries.measure(dispatch, ["sent"], "post", DAY, NEXT)
    with pytest.raises(Invalid):
        number(dispatch, "sent", Filters(post=who("desk").post_id))
    assert number(dispatch, "sent", Filters(post=dispatch.post_id)) > 0


def test_what_nobody_did_is_a_post_too() -> None:
    """A case that an import or the system received: the row of 0 is as long as its list."""
    report()
    lon, lat = spot()
    cases.receive(SYSTEM, cases.Message(text="井盖丢失", class_code="C0101", lon=lon, lat=lat))
    caught_up()
    supervisor, nobody = who("supervise"), Filters(post=0)
    rows = queries.measure(supervisor, ["received"], "post", DAY, NEXT).rows
    assert {row.key: row.values["received"].n for row in rows}["0"] == 1
    assert number(supervisor, "received", nobody) == 1
    found = queries.cases_of(supervisor, "received", DAY, NEXT, nobody)
    assert (found.total, len(found.items)) == (1, 1)


def test_administrators_see_no_numbers() -> None:
    for username in ("sysadmin", "secadmin", "audit"):
        with pytest.raises(NotAllowed):
            number(who(username), "received")


# Time


def test_a_limit_that_runs_out_is_noticed_without_an_event() -> None:
    case_at(Stage.HANDLING)
    caught_up()
    supervisor = who("supervise")
    assert (number(supervisor, "overdue"), number(supervisor, "not_due")) == (0, 1)
    with clock.at(MOMENT + timedelta(days=60)):
        assert actions.tick()
        assert (number(supervisor, "overdue"), number(supervisor, "not_due")) == (1, 0)
        assert compare().different == []


def test_any_span_is_the_sum_of_its_days() -> None:
    """Whole months are read from sums by month, the days beside them by day: no seam."""
    supervisor = who("supervise")
    for days in (0, 3, 24, 30, 61, 62, 90):
        with clock.at(MOMENT - timedelta(days=days)):
            case_at(Stage.FED_BACK)
    caught_up()
    codes = ["received", "in_time", "handled_rate"]
    for since, until in (
        (date(2026, 8, 1), AFTER), (date(2026, 9, 10), date(2026, 11, 22)),
        (date(2026, 10, 25), date(2026, 11, 25)), (DAY, NEXT),
    ):  # fmt: skip
        for by in ("", "org", "class", "region", "channel"):
            whole = queries.measure(supervisor, codes, by, since, until)
            daily = queries.measure(supervisor, codes, by, since, until, step="day")
            for row in whole.rows:
                for code in codes:
                    parts = [r.values[code].n for r in daily.rows if r.key == row.key]
                    assert sum(parts) == row.values[code].n, (since, until, by, code)
    stood = queries.measure(supervisor, ["open"], "", MONTH, AFTER, step="day").rows
    assert stood[-1].values["open"].n == 7


@pytest.mark.parametrize("step", ["day", "week"])
def test_what_stands_open_is_told_of_quiet_steps_too(step: Any) -> None:
    """One came on the 3rd and is dispatched on the 24th; an older one ended on the 3rd."""
    with clock.at(MOMENT - timedelta(days=60)):
        older = report().case.pk
    with clock.at(MOMENT - timedelta(days=21)):
        waiting = case_at(Stage.FILED)
        take("decline", older)
    take("dispatch", waiting.pk)
    caught_up()
    supervisor = who("supervise")
    rows = queries.measure(supervisor, [], "", MONTH, AFTER, step=step).rows
    wanted = [MONTH + timedelta(days=n) for n in range(24)]
    wanted = sorted({span(step, day).since for day in wanted})
    assert [row.step for row in rows] == wanted  # and none after today
    assert {row.values["open"].n for row in rows} == {1}
    # Nothing is told of the time before anything came.
    early = queries.measure(supervisor, ["open"], "org", date(2025, 1, 1), AFTER, step=step).rows
    assert min(row.step for row in early if row.step) == span(step, date(2026, 9, 25)).since


def test_what_happens_at_midnight_is_on_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is written a little after the row of the case, here on the next day."""
    midnight = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    closed = case_at(Stage.CLOSED)
    for act in (
        report,
        lambda: cases.call_back(
            who("desk"), closed.pk, satisfaction=Satisfaction.SATISFIED, resolved=True
        ),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(
                clock, "now", chain([midnight - timedelta(seconds=1)], repeat(midnight)).__next__
            )
            act()
    with clock.at(midnight):
        caught_up()
    assert compare().different == []
    supervisor = who("supervise")
    assert (number(supervisor, "received"), number(supervisor, "called")) == (2, 1)


def test_spans_and_what_they_are_compared_with() -> None:
    assert span("week", DAY) == Span(date(2026, 11, 23), date(2026, 11, 30))
    assert span("quarter", DAY) == Span(date(2026, 10, 1), date(2027, 1, 1))
    assert months_on(date(2024, 2, 29), -12) == date(2023, 2, 28)
    # On the 24th: the first 24 days of each.
    before, earlier = compared("month", span("month", DAY), DAY)
    assert (before, earlier) == (
        Span(date(2026, 10, 1), date(2026, 10, 25)),
        Span(date(2025, 11, 1), date(2025, 11, 25)),
    )
    # A month that is over: the whole of the others, February shorter than March.
    before, _ = compared("month", span("month", date(2026, 3, 9)), DAY)
    assert before == Span(date(2026, 2, 1), date(2026, 3, 1))


# The roll-ups


def test_rebuilding_from_the_ledger_gives_the_same(every_stage: list[Case]) -> None:
    before = (set(Fact.objects.values_list()), set(map(str, Cell.objects.values_list())))
    assert actions.rebuild() >= len(every_stage)
    facts, cells = set(Fact.objects.values_list()), set(map(str, Cell.objects.values_list()))
    assert facts == before[0]
    zero = {row for row in before[1] if _empty(row)}
    assert cells == before[1] - zero
    assert compare().different == []


def _empty(row: str) -> bool:
    return not any(character in "123456789" for character in row.rsplit("False", 1)[-1])


def test_the_comparison_sees_one_sum_and_one_fact_that_differ(every_stage: list[Case]) -> None:
    assert compare().mismatches == 0
    Cell.objects.filter(cut=1, grain="d").update(received=41)
    assert compare().mismatches > 0
    actions.rebuild()
    Fact.objects.filter(case_id=every_stage[0].pk, kind="in").update(bits=0)
    assert any(f"case {every_stage[0].pk} in" in told for told in compare().different)


def test_over_http() -> None:
    case = case_at(Stage.CLOSED)
    cases.call_back(who("desk"), case.pk, satisfaction=Satisfaction.SATISFIED, resolved=True)
    caught_up()

    def get(path: str, username: str = "supervise") -> Any:
        answer = Client().get(
            f"/api/v1/indicators{path}", headers={"Authorization": f"Bearer {token(username)}"}
        )
        assert answer.status_code == 200, answer.content
        return answer

    assert len(get("").json()["items"]) > 30
    query = "?kind=day&day=2026-11-24&by=org&compare=true"
    answer = get(f"/values{query}").json()
    assert answer["total"]["satisfied_rate"] == {"n": 1, "of": 1, "share": 1.0}
    assert answer["rows"][0]["beside"]["earlier"]["received"]["n"] == 0
    assert answer["beside"]["before"]["since"] == "2026-11-23"
    found = get("/satisfied_rate/cases?kind=day&day=2026-11-24").json()
    assert (found["total"], found["hidden"], found["items"][0]["id"]) == (1, 0, case.pk)
    lines = get(f"/file{query}").content.decode().splitlines()
    assert lines[0].startswith("\ufeff项目,自,上报数")
    assert get(f"/file{query}&format=xlsx").content[:2] == b"PK"
    assert get("/state").json()["lag"] is not None
    assert get("/periods").json() == {"items": []}
    for name in ("day", "since", "until"):
        for day in ("0001-01-05", "1000-01-01", "9999-12-31"):
            kind = "month" if name == "day" else "span"
            edge = Client().get(
                f"/api/v1/indicators/values?kind={kind}&{name}={day}",
                headers={"Authorization": f"Bearer {token('desk')}"},
            )
            assert edge.status_code == 422, (name, day, edge.content)
            assert json.loads(edge.content)["field"].endswith(name)
    for day in ("1970-01-01", "2200-01-01"):
        for kind in ("week", "year"):
            get(f"/values?kind={kind}&day={day}&compare=true")
            get(f"/dashboards/overview?kind={kind}&day={day}")
    bad = Client().get(
        "/api/v1/indicators/values?codes=nope",
        headers={"Authorization": f"Bearer {token('desk')}"},
    )
    assert (bad.status_code, json.loads(bad.content)["field"]) == (422, "codes")
