"""Dashboards: the numbers of the indicators, whose they are, and the same as a file."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import ASSIST, LEAD, LEAD_ACTOR, case_at, org, report, who
from mengding.catalogue.models import CaseClass
from mengding.catalogue.queries import active_version
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.demo.secrets import token
from mengding.indicators import actions, queries, rollup
from mengding.indicators.queries import Filters
from mengding.indicators.queries.dashboards import PAGES, dashboard
from mengding.indicators.queries.once import together
from mengding.indicators.queries.values import Ask, read_ahead
from mengding.indicators.rollup import CELLS, FACTS
from mengding.indicators.sources import from_ledger
from mengding.indicators.spans import Span, span
from mengding.indicators.tests.following import caught_up

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

MOMENT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAYS = span("month", date(2026, 11, 24))


@pytest.fixture(autouse=True)
def _that_tuesday() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def made() -> None:
    """Cases in two towns and months, one with an assisting department."""
    with clock.at(MOMENT - timedelta(days=31)):
        case_at(Stage.CLOSED)
    for stage in (Stage.RECEIVED, Stage.HANDLING, Stage.CHECKING, Stage.CLOSED):
        case_at(stage)
    case_at(Stage.HANDLING, assist=True)
    report(village="511803001001", class_code="C0137")
    caught_up()


def shown(page: str, username: str = "supervise", **filters: Any) -> dict[str, Any]:
    return dashboard(who(username), page, "month", DAYS, Filters(**filters))


def narrowed(by: str, row: dict[str, Any], area: str) -> dict[str, Any]:
    """As the console narrows the list behind a row to it."""
    match by:
        case "org":
            return {"org": int(row["key"])}
        case "region":
            return {"region": row["code"] or f"{area}-"}
        case "class":
            return {"class_code": row["key"] or "-"}
        case "channel":
            return {"channel": row["key"]}
    return {}


def told(answer: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Span, Any]]:
    """Each line of numbers of a page: what the console narrows it to, its days, its values."""
    plain = [answer["total"], *answer["parts"].values()]
    plain += [answer["side"]] if answer["side"] else []
    for each in plain:
        days = {"now": Span(each["since"], each["until"])}
        days |= {name: Span(it["since"], it["until"]) for name, it in each["beside"].items()}
        yield {}, days["now"], each["total"]
        for name, other in each["beside"].items():
            yield {}, days[name], other["total"]
        for row in each["rows"]:
            narrow = narrowed(each["by"], row, each["area"])
            yield narrow, days["now"], row["values"]
            for name, values in row["beside"].items():
                yield narrow, days[name], values
    for name in ("flow", "trend"):
        each = answer[name]
        for row in each["rows"]:
            step = span(each["step"], row["step"])
            # Of a step that begins before the days asked for, or ends behind them, only a part.
            part = Span(max(step.since, each["since"]), min(step.until, each["until"]))
            yield narrowed(each["by"], row, each["area"]), part, row["values"]


ASKED = {
    "month": DAYS,
    "day": span("day", date(2026, 11, 24)),
    "span": Span(date(2026, 4, 20), date(2026, 11, 12)),  # by months; begins and ends within one
}


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("username", ["supervise", "town", LEAD_ACTOR])
@pytest.mark.parametrize("page", PAGES)
def test_every_number_of_a_page_drills_to_exactly_its_cases(
    page: str, username: str, kind: Any
) -> None:
    """Big numbers, sides, parts, what they are compared with, days, months: for the district, a
    town and a department, whose numbers have cases in them that it may not open any more."""
    made()
    with clock.at(MOMENT - timedelta(days=20)):
        case_at(Stage.CLOSED)
    returned = case_at(Stage.HANDLING)
    cases.request_return(who(LEAD_ACTOR), returned.pk, reason="不归我管")
    cases.grant(who("supervise"), returned.pk)
    caught_up()
    actor = who(username)
    answer = dashboard(actor, page, kind, ASKED[kind], Filters())
    looked = 0
    for filters, days, values in told(answer):
        for code, value in values.items():
            parts = {"counts": value.n}
            if value.of is not None:
                parts |= {"over": value.of, "rest": value.of - value.n}
            for part, wanted in parts.items():
                if not wanted:
                    continue
                found = queries.cases_of(
                    actor, code, days.since, days.until, Filters(**filters), part=part,
                    frozen=True, limit=200,
                )  # fmt: skip
                where = (code, part, filters, days)
                assert found.total == len(found.items) + found.hidden == wanted, where
                assert found.hidden == 0 or username == LEAD_ACTOR
                looked += 1
    assert looked > 20


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_of_a_page_are_those_of_the_indicators(page: str) -> None:
    made()
    actor = who("supervise")
    answer = shown(page)
    for filters, days, values in told(answer):
        for code, value in values.items():
            found = queries.measure(actor, [code], "", days.since, days.until, Filters(**filters))
            assert found.total[code].n == value.n, (filters, days, code)
    received = [row["values"]["received"].n for row in answer["flow"]["rows"]]
    assert sum(received) == 6
    before = answer["total"]["beside"]["before"]
    assert (before["since"], before["until"]) == (date(2026, 10, 1), date(2026, 10, 25))
    code = "received" if page != "department" else "to_handle"
    assert before["total"][code].n == 1


def test_one_chosen_stands_alone() -> None:
    made()
    lead = org(LEAD)
    answer = shown("department", org=lead)
    assert answer["side"] is None
    assert answer["chosen"]["key"] == str(lead)
    assert str(lead) in [each["key"] for each in answer["choices"]]
    assert answer["total"]["total"]["to_handle"].n == 4
    # A division that is chosen shows those below it.
    town = shown("region", region="511803102")
    assert town["chosen"]["code"] == "511803102"
    assert {row["code"][:9] for row in town["side"]["rows"] if row["code"]} == {"511803102"}
    grids = shown("region", region="511803102201")
    assert grids["chosen"]["code"] == "511803102201"


def test_without_cases_there_are_no_rows_and_no_errors() -> None:
    for page in PAGES:
        answer = shown(page)
        assert not any(value.n for value in answer["total"]["total"].values())
        assert all(part["rows"] == [] for part in answer["parts"].values())


# Whose


def secret(pk: int) -> None:
    """Make a case a confidential matter, in the tables and in the numbers."""
    Case.objects.filter(pk=pk).update(confidential=True)
    found = [replace(each, confidential=True) for each in from_ledger([pk])]
    assert rollup.refresh(found, [pk], actions.as_of())


def texts(actor: Actor, page: str, **filters: Any) -> set[int]:
    """Ids of all cases behind all numbers of a page."""
    answer = dashboard(actor, page, "month", DAYS, Filters(**filters))
    found: set[int] = set()
    for code, value in answer["total"]["total"].items():
        if value.n:
            behind = queries.cases_of(
                actor, code, DAYS.since, DAYS.until, Filters(**filters), limit=200
            )
            found |= {row["id"] for row in behind.items}
    return found


def test_a_department_never_sees_anothers_confidential_cases() -> None:
    ours = case_at(Stage.HANDLING).pk
    theirs = case_at(Stage.FILED).pk
    cases.dispatch(who("dispatch"), theirs, lead_org_id=org(ASSIST))
    caught_up()
    for pk in (ours, theirs):
        secret(pk)
    lead, water, boss = who(LEAD_ACTOR), who("water"), who("supervise")
    for page in PAGES:
        assert theirs not in texts(lead, page)
        assert ours not in texts(water, page)
        assert texts(boss, page) == set()  # not even as a count
        answer = dashboard(boss, page, "month", DAYS, Filters())
        assert not any(value.n for value in answer["total"]["total"].values())
    assert texts(lead, "department") == {ours}
    assert texts(water, "department") == {theirs}
    side = dashboard(lead, "department", "month", DAYS, Filters())
    assert {row["key"] for row in side["side"]["rows"]} == {str(lead.org_id)}
    assert {each["key"] for each in side["choices"]} == {str(lead.org_id)}
    with pytest.raises(NotFound):
        dashboard(lead, "department", "month", DAYS, Filters(org=water.org_id))


def test_a_town_sees_its_own_area_only() -> None:
    made()
    answer = shown("overview", "town")
    assert answer["total"]["total"]["received"].n == 5
    assert answer["scope"].zh == "车岭镇"
    with pytest.raises(NotFound):
        shown("region", "town", region="511803001")


def test_of_many_classes_the_page_tells_the_largest_and_the_file_all() -> None:
    codes = sorted(
        CaseClass.objects.filter(version=active_version("mengding"), code__startswith="C01")
        .values_list("code", flat=True)
    )[:13]  # fmt: skip
    for code in [*codes, *codes[-2:]]:
        report(class_code=code)
    caught_up()
    part = shown("overview")["parts"]["class"]
    told = {row["key"]: row["values"]["received"].n for row in part["rows"]}
    # Of those with one each, the first by code; of what is left out the total knows.
    assert told == dict.fromkeys(codes[:8], 1) | dict.fromkeys(codes[-2:], 2)
    assert (part["left_out"], part["total"]["received"].n) == (3, 15)
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    address = "/api/v1/indicators/dashboards/overview/file?kind=month&day=2026-11-24&format=xlsx"
    sheet = workbook(Client().get(address, headers=headers).content)["按类别"]
    assert len(sheet) == 1 + len(codes) + 1


# Files


def workbook(content: bytes) -> dict[str, list[list[Any]]]:
    """The sheets of an XLSX by name: texts and numbers, None for an empty cell."""
    book = zipfile.ZipFile(io.BytesIO(content))
    tag = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

    def tree(name: str) -> Any:
        return ElementTree.fromstring(book.read(f"xl/{name}.xml"))

    texts = ["".join(each.itertext()) for each in tree("sharedStrings")]
    found: dict[str, list[list[Any]]] = {}
    for number, sheet in enumerate(tree("workbook").iter(f"{tag}sheet"), 1):
        lines: list[list[Any]] = []
        for row in tree(f"worksheets/sheet{number}").iter(f"{tag}row"):
            line: dict[str, Any] = {}
            for cell in row:
                value = cell.findtext(f"{tag}v")
                if value is not None:
                    text = cell.get("t") == "s"
                    column = (cell.get("r") or "").rstrip("0123456789")
                    line[column] = texts[int(value)] if text else float(value)
            lines.append([line.get(_column(n)) for n in range(40)])
        found[sheet.get("name")] = lines
    return found


def _column(number: int) -> str:
    return ("A" if number >= 26 else "") + chr(ord("A") + number % 26)


def test_the_file_has_the_numbers_of_the_page() -> None:
    made()
    answer = shown("department")
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    address = "/api/v1/indicators/dashboards/department"
    query = "?kind=month&day=2026-11-24"
    got = Client().get(address + query, headers=headers)
    assert got.status_code == 200
    told = {"n": answer["total"]["total"]["to_handle"].n, "of": None, "share": None}
    assert got.json()["total"]["total"]["to_handle"] == told
    text = Client().get(f"{address}/file{query}", headers=headers).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["合计"]
    assert rows[1][:3] == ["项目", "自", "应处置数"]
    sum_line = dict(zip(rows[1], rows[2], strict=True))
    for code, heading in (("to_handle", "应处置数"), ("overdue", "超时待处置数")):
        assert sum_line[heading] == str(answer["total"]["total"][code].n)
        before = answer["total"]["beside"]["before"]["total"][code].n
        assert sum_line[f"{heading} 上期"] == str(before)
    sheets = workbook(Client().get(f"{address}/file{query}&format=xlsx", headers=headers).content)
    columns, *below = sheets["部门"]
    lines = {cells[0]: dict(zip(columns, cells, strict=True)) for cells in below}
    for row in answer["side"]["rows"]:
        cells = lines[row["name"].zh]
        assert cells["应处置数"] == row["values"]["to_handle"].n
        share = row["values"]["in_time_rate"].share
        assert cells["按时处置率"] == (None if share is None else pytest.approx(share, abs=1e-6))
    assert list(sheets)[-1] == "口径"
    bad = Client().get("/api/v1/indicators/dashboards/persons", headers=headers)
    assert bad.status_code == 422


def sums_in(said: CaptureQueriesContext) -> list[str]:
    """The statements that read sums or facts."""
    return [each["sql"] for each in said if CELLS in each["sql"] or FACTS in each["sql"]]


@pytest.mark.parametrize("page", PAGES)
def test_all_numbers_of_a_page_are_read_in_one_statement(page: str) -> None:
    made()
    with CaptureQueriesContext(connection) as said:
        shown(page)
    assert len(sums_in(said)) == 1


@pytest.mark.parametrize("by", ["", "org", "region", "class", "channel"])
def test_what_stood_open_is_the_same_beside_a_later_day(by: str) -> None:
    """Read together, only what lies between two ends is read for the later one."""
    made()
    boss = who("supervise")
    days = [date(2026, 12, 1), date(2026, 11, 1), date(2026, 10, 1), date(2026, 1, 1)]

    def stood(until: date) -> dict[str, int]:
        rows = queries.measure(boss, ["open"], by, until - timedelta(days=7), until).rows
        return {row.key: row.values["open"].n for row in rows if row.values["open"].n}

    alone = [stood(day) for day in days]
    with together():
        week = [Span(day - timedelta(days=7), day) for day in days]
        read_ahead(boss, Filters(), [Ask(["open"], by, each) for each in week])
        with CaptureQueriesContext(connection) as said:
            assert [stood(day) for day in days] == alone
    assert not sums_in(said)
    assert sum(alone[0].values()) > sum(alone[1].values())
