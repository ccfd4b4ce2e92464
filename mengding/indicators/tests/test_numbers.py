"""Numbers over real cases: whose they are, what lies behind them, closed months, the follower."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.stages import Satisfaction, Stage
from mengding.cases.tests.made import LEAD_ACTOR, case_at, report, take, who
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.indicators import actions, queries, rollup
from mengding.indicators.check import compare
from mengding.indicators.cuts import CUTS
from mengding.indicators.models import Cell, Fact, FrozenCell, FrozenFact, Period, Touched
from mengding.indicators.queries import Filters, table
from mengding.indicators.spans import (
    Span,
    called,
    compared,
    months_of,
    months_on,
    span,
    written,
)
from mengding.indicators.tests.following import caught_up
from mengding.ledger.models import Event

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
    assert [row.values["open"].n for row in stood] == [6, 7] or stood[-1].values["open"].n == 7


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


# Closed months


def test_sums_that_are_new_in_a_version() -> None:
    """They are made from the facts after an upgrade; a month closed before is read as it was."""
    supervisor = who("supervise")
    for stage in (Stage.CLOSED, Stage.HANDLING, Stage.CHECKING):
        case_at(stage)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, MONTH)
        town = Filters(region="511803102")
        codes = ["received", "closed", "handled_rate"]

        def asked() -> list[Any]:
            kept = queries.measure(supervisor, codes, "class", MONTH, AFTER, town, frozen=True)
            org = max(int(row.key) for row in _by_org(supervisor, codes, town))
            narrow = replace(town, org=org)
            asked = [(by, narrow) for by in ("class", "channel", "region")]
            asked += [
                ("channel", Filters(org=org, class_code="C01")),
                ("class", Filters(org=org, channel="phone")),
                ("", Filters(org=org, class_code="C0101", channel="phone")),
            ]
            by = [
                queries.measure(supervisor, codes, by, MONTH, AFTER, narrow, frozen=frozen).rows
                for by, narrow in asked
                for frozen in (True, False)
            ]
            assert all(by)
            return [kept.rows, *by]

        before = asked()
        pairs = [
            cut.number
            for cut in CUTS
            if cut.level and cut.dims not in ((), ("org",)) or len(cut.dims) == 3
        ]
        Cell.objects.filter(cut__in=pairs).delete()
        rollup.sum_up()
        assert compare().different == []
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # they are fixed
            cursor.execute(
                "DELETE FROM indicators_frozencell WHERE period_id = %s AND cut = ANY(%s)",
                [closed.pk, pairs],
            )
        assert asked() == before


def _by_org(actor: Actor, codes: list[str], filters: Filters) -> list[Any]:
    return queries.measure(actor, codes, "org", MONTH, AFTER, filters).rows


def test_a_closed_month_stays_as_it_was_and_says_what_changed() -> None:
    supervisor = who("supervise")
    done = case_at(Stage.CHECKING)
    waiting = case_at(Stage.HANDLING)
    with clock.at(MOMENT - timedelta(days=60)):
        older = report().case
    caught_up()
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, MONTH)
        assert closed.digest == actions.digest_of(closed)
        event = Event.objects.get(subject_kind="period", subject_id=closed.pk)
        assert event.after["digest"] == closed.digest
        then = queries.measure(supervisor, [], "org", MONTH, AFTER, frozen=True)
        assert (then.total["reworked"].n, then.total["open"].n) == (0, 3)
        cases.rework(who("verify"), done.pk, reason="仍松动")
        cases.request_return(who(LEAD_ACTOR), waiting.pk, reason="不归我管")
        cases.grant(supervisor, waiting.pk)
        with clock.at(MOMENT):
            report()  # an import of the past
        caught_up()
        after = queries.measure(supervisor, [], "org", MONTH, AFTER, frozen=True)
        assert after.total == then.total
        assert after.rows == then.rows
        assert after.now["reworked"].n == 1
        assert after.now["received"].n == then.total["received"].n + 1
        live = queries.measure(supervisor, ["reworked"], "", MONTH, AFTER)
        assert (live.total["reworked"].n, live.period) == (1, None)
        found = table.period(supervisor, closed.pk)
        assert {row["case_id"] for row in found["items"]} >= {done.pk, waiting.pk}
        told = {row["code"]: (row["then"].n, row["now"].n) for row in found["values"]}
        assert told["reworked"] == (0, 1)
        assert told["returned"] == (0, 1)
        assert queries.periods(supervisor)[0]["corrections"] == found["corrections"] >= 3
        Touched.objects.all().delete()
        assert any("nobody is told of" in each for each in compare().different)
        rollup.touched_anew()
        assert compare().different == []
        assert queries.periods(supervisor)[0]["corrections"] == found["corrections"]
        # The cases of the closed number are those it counted then.
        behind = queries.cases_of(supervisor, "received", MONTH, AFTER, frozen=True, limit=200)
        assert len(behind.items) == behind.total == then.total["received"].n
        # So are those that stood open at its end, also when they have ended since.
        with clock.at(datetime(2026, 12, 5, 3, 0, tzinfo=UTC)):
            take("decline", older.pk)
        caught_up()
        stood = queries.cases_of(supervisor, "open", MONTH, AFTER, frozen=True, limit=200)
        assert stood.total == len(stood.items) == then.total["open"].n
        assert older.pk in [row["id"] for row in stood.items]


def test_a_month_is_closed_once_and_when_it_is_over() -> None:
    supervisor = who("supervise")
    with pytest.raises(Invalid):
        actions.freeze(supervisor, MONTH)  # it is still November
    with pytest.raises(Invalid):
        actions.freeze(supervisor, date(2026, 10, 2))
    for username in ("dispatch", "handler", "town"):
        with pytest.raises(NotAllowed):
            actions.freeze(who(username), date(2026, 10, 1))
    actions.freeze(supervisor, date(2026, 10, 1))
    with pytest.raises(Conflict):
        actions.freeze(supervisor, date(2026, 10, 1))


@pytest.mark.parametrize("model", [Period, FrozenFact, FrozenCell])
@pytest.mark.parametrize("how", ["update", "delete"])
def test_the_database_refuses_to_change_what_is_closed(model: Any, how: str) -> None:
    case_at(Stage.HANDLING)
    caught_up()
    with clock.at(datetime(2026, 12, 5, tzinfo=UTC)):
        actions.freeze(who("supervise"), MONTH)
    rows = model.objects.all()
    assert rows.exists()
    column = "facts" if model is Period else "bits" if model is FrozenFact else "received"
    change: Callable[[], Any] = {
        "update": lambda: rows.update(**{column: 7}),
        "delete": lambda: rows._raw_delete(rows.db),
    }[how]
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        change()


def test_the_job_closes_the_month_before_on_its_day() -> None:
    from mengding.indicators.tasks import freeze

    case_at(Stage.HANDLING)
    caught_up()
    with clock.at(datetime(2026, 12, 4, 2, 0, tzinfo=UTC)):
        assert freeze()["closed"] == []
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        assert freeze() == {"closed": ["2026-11"]}
        assert freeze()["closed"] == []
    with clock.at(datetime(2027, 6, 5, 2, 0, tzinfo=UTC)):
        assert freeze()["closed"] == []  # nothing was reported in May


def test_the_job_closes_a_quarter_and_a_year_when_their_months_are_closed() -> None:
    from mengding.indicators.tasks import freeze

    case_at(Stage.HANDLING)
    with clock.at(datetime(2026, 12, 20, 2, 0, tzinfo=UTC)):
        case_at(Stage.HANDLING)
    january = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
    with clock.at(datetime(2026, 12, 5, 2, 0, tzinfo=UTC)):
        caught_up()
        assert freeze()["closed"] == ["2026-11"]
    with clock.at(january):
        caught_up()
        assert freeze()["closed"] == ["2026-12"]  # October had nothing, so it is open
        actions.freeze(who("supervise"), date(2026, 10, 1))
        assert freeze()["closed"] == ["2026-Q4"]
        for month in range(1, 10):
            actions.freeze(who("supervise"), date(2026, month, 1))
        assert freeze()["closed"] == ["2026"]


def test_a_closed_quarter_stays_as_it_was_and_closes_its_months() -> None:
    """A month closed before keeps its own numbers; the quarter has what was corrected since."""
    supervisor = who("supervise")
    quarter = span("quarter", DAY)
    case_at(Stage.HANDLING)
    done = case_at(Stage.CHECKING)
    with clock.at(datetime(2026, 12, 10, 2, 0, tzinfo=UTC)):
        caught_up()
        month = actions.freeze(supervisor, MONTH)
        cases.rework(who("verify"), done.pk, reason="仍松动")  # a correction of November
    with clock.at(datetime(2027, 1, 7, 2, 0, tzinfo=UTC)):
        caught_up()
        closed = actions.freeze(supervisor, quarter.since, kind="quarter")
        assert (closed.since, closed.until) == (quarter.since, quarter.until)
        assert closed.digest == actions.digest_of(closed)
        listed = [(row["called"], row["kind"]) for row in queries.periods(supervisor)]
        assert listed == [
            ("2026-Q4", "quarter"), ("2026-12", "month"), ("2026-11", "month"),
            ("2026-10", "month"),
        ]  # fmt: skip
        assert Period.objects.get(pk=month.pk).digest == month.digest

        def then(days: Span, step: str = "") -> Any:
            return queries.measure(
                supervisor, [], "org", days.since, days.until, step=step, frozen=True
            )

        before = then(quarter)
        assert before.period == closed
        assert then(span("month", DAY)).total["reworked"].n == 0
        assert before.total["reworked"].n == 1
        with clock.at(MOMENT):
            report()  # an import of the past
        caught_up()
        after = then(quarter)
        assert (after.total, after.rows) == (before.total, before.rows)
        assert after.now["received"].n == after.total["received"].n + 1
        assert after.now["open"].n == after.total["open"].n + 1
        told = {row["code"]: row for row in table.period(supervisor, closed.pk)["values"]}
        assert told["received"]["now"].n == told["received"]["then"].n + 1
        # Its steps are those of then as well, by month and by day, and so is what stood open.
        for step in ("month", "day"):
            rows = then(quarter, step).rows
            assert sum(row.values["received"].n for row in rows) == after.total["received"].n
            last = max(row.step for row in rows if row.step)
            stood = [row.values["open"].n for row in rows if row.step == last]
            assert sum(stood) == after.total["open"].n
        with pytest.raises(Conflict):
            actions.freeze(supervisor, quarter.since, kind="quarter")
        with pytest.raises(Invalid):
            actions.freeze(supervisor, date(2026, 11, 1), kind="quarter")
        with pytest.raises(Invalid):
            actions.freeze(supervisor, date(2027, 1, 1), kind="year")


@pytest.mark.parametrize("text", ["2026-02", "2026-Q1", "2026-Q4", "2026"])
def test_periods_are_written_and_read(text: str) -> None:
    kind, days = written(text)
    assert called(days) == text
    assert span(kind, days.since) == days
    months = months_of(days)
    assert len(months) == {"month": 1, "quarter": 3, "year": 12}[kind]
    assert [months[0].since, months[-1].until] == [days.since, days.until]
    for bad in ("2026-13", "2026-Q5", "26-Q1-1", ""):
        with pytest.raises(ValueError, match=r"."):
            written(bad)


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
    bad = Client().get(
        "/api/v1/indicators/values?codes=nope",
        headers={"Authorization": f"Bearer {token('desk')}"},
    )
    assert (bad.status_code, json.loads(bad.content)["field"]) == (422, "codes")
