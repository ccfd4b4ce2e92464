"""The list as a file: exactly what is shown, nothing private, on record."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions, queries
from mengding.cases.models import Case
from mengding.cases.queries import Filters, export
from mengding.cases.queries.columns import COLUMNS
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.demo.secrets import token
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]


def get(path: str, by: str = "desk", **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {token(by)}", **headers}
    return Client().get(f"/api/v1{path}", headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def table(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    text = body(answer).decode("utf-8")
    assert text.startswith("\ufeff")  # or Excel takes it for another encoding
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize("order", ["-reported_at", "due_at", "-number"])
def test_same_rows_columns_and_order_as_the_list(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage in (Stage.FILED, Stage.RECEIVED, Stage.CLOSED, Stage.HANDLING, Stage.FILED):
        case_at(stage)
    monkeypatch.setattr(export, "_BATCH", 2)
    shown, _ = queries.case_page(
        who("desk"), Filters(classes=("C01",)), order=order, cursor=None, limit=100
    )
    answer = get(f"/cases/export?class_code=C01&sort={order}&columns=stage,number,reports")
    head, *rows = table(answer)
    assert head == ["环节", "编号", "诉求数"]
    assert [row[1] for row in rows] == [each["number"] or f"#{each['id']}" for each in shown]
    assert answer["X-Rows"] == str(len(shown))
    assert get("/cases/export/extent?class_code=C01&sort=" + order).json()["rows"] == len(shown)


def test_in_the_language_of_the_reader() -> None:
    case_at(Stage.HANDLING)
    every = ",".join(COLUMNS)
    head, row = table(get(f"/cases/export?columns={every}", **{"Accept-Language": "en"}))[:2]
    assert head == [heading.en for heading, _ in COLUMNS.values()]
    assert row[head.index("Stage")] == "Handling"
    assert row[head.index("Channel")] == "Phone"
    assert "井盖丢失" in row[head.index("Matter")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
def test_a_cell_is_never_a_formula(start: str) -> None:
    case = report().case
    Case.objects.filter(pk=case.pk).update(
        lead_org=None, number=f"{start}HYPERLINK(1)", description='第一行\n"第二行",'
    )
    [_, row] = table(get("/cases/export?columns=number,matter"))
    assert row[0].startswith("'")
    assert "\n" not in row[1]
    assert '第一行 "第二行",' in row[1]
    book = zipfile.ZipFile(io.BytesIO(body(get("/cases/export?format=xlsx&columns=number"))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "HYPERLINK(1)" in sheet


def test_a_workbook() -> None:
    for _ in range(3):
        report()
    answer = get("/cases/export?format=xlsx&columns=matter,reports")
    assert answer["Content-Type"].endswith("sheet")
    book = zipfile.ZipFile(io.BytesIO(body(answer)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row") == 4
    assert sheet.count("井盖丢失") == 3


def test_what_is_confidential_stays_here() -> None:
    dispute = report("邻居吵架", class_code="S0102").case
    open_to_all = report().case
    assert dispute.confidential
    seen, _ = queries.case_page(who("desk"), Filters(), order="-reported_at", cursor=None, limit=10)
    assert {row["id"] for row in seen} == {dispute.pk, open_to_all.pk}
    assert len(table(get("/cases/export?columns=number"))) == 2
    found = get("/cases/export/extent").json()
    assert (found["rows"], found["left_out"]) == (1, 1)


def test_on_record_without_words() -> None:
    report()
    table(get("/cases/export?columns=number&q=井盖&stage=received&days=3"))
    event = Event.objects.get(action="case.export")
    assert (event.subject_kind, event.subject_id) == ("account", who("desk").account_id)
    assert event.after == {
        "format": "csv",
        "sort": "-reported_at",
        "columns": ["number"],
        "rows": 1,
        "filters": {"text": True, "stages": ["received"], "days": 3},
    }
    assert "井盖" not in json.dumps(event.after, ensure_ascii=False)


def test_so_many_rows_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        report()
    monkeypatch.setitem(export.MOST, "xlsx", 2)
    answer = get("/cases/export?format=xlsx&columns=number")
    assert answer.status_code == 422
    assert "2" in answer.json()["detail"]
    assert not Event.objects.filter(action="case.export").exists()
    assert get("/cases/export?columns=phone").status_code == 422


def test_what_goes_out_of_sight_meanwhile_is_left_out() -> None:
    first, second = report().case, report().case
    rows = export.cells(who("desk"), [first.pk, second.pk], ["number"])
    actions.decline(who("desk"), first.pk, reason="不属于", where_to_go="物业")
    Case.objects.filter(pk=second.pk).update(confidential=True, received_by=None)
    assert [row[0] for row in rows] == [f"#{first.pk}"]
