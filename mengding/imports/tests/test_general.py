"""Open311 CSV and case files, in the demo district."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mengding.cases.models import Case, Report
from mengding.cases.tests.made import spot
from mengding.catalogue import queries as catalogue
from mengding.clocks.models import Clock, ClockKind
from mengding.imports.casefile import CaseFile
from mengding.imports.open311 import Open311Csv
from mengding.imports.runner import Importer, Totals, execute

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]

OPEN311 = (
    "service_request_id", "status", "status_notes", "service_code", "service_name", "description",
    "requested_datetime", "updated_datetime", "address", "lat", "long", "media_url",
)  # fmt: skip


def request(number: int, **other: Any) -> dict[str, Any]:
    """One line of a made-up export."""
    lon, lat = spot()
    return {
        "service_request_id": f"R-{number}",
        "status": "open",
        "service_code": "C0201",
        "description": "井盖破损",
        "requested_datetime": "2026-03-02T08:00:00+08:00",
        "updated_datetime": "2026-03-03T09:00:00+08:00",
        "address": "解放路12号",
        "lat": lat,
        "long": lon,
    } | other


def case(number: int, **other: Any) -> dict[str, Any]:
    """One made-up case, closed."""
    lon, lat = spot()
    return {
        "source_ref": f"L-{number}",
        "channel": "phone",
        "class_code": "C0201",
        "condition": "C0201-1",
        "description": "井盖破损",
        "lon": lon,
        "lat": lat,
        "attributes": {"colour": "red", "deep": [{"n": 1}]},
        "reported_at": "2026-03-02T08:00:00+08:00",
        "filed_at": "2026-03-02T08:10:00+08:00",
        "dispatched_at": "2026-03-02T08:20:00+08:00",
        "department": "urban_management",
        "accepted_at": "2026-03-02T08:30:00+08:00",
        "fed_back_at": "2026-03-02T10:00:00+08:00",
        "report": "已更换",
        "reply": "井盖已更换。",
        "closed_at": "2026-03-02T11:00:00+08:00",
        "outcome": "fixed",
        "finding": "现场核查属实",
    } | other


def test_open311_open_and_closed_requests(tmp_path: Path) -> None:
    closed = request(2, status="closed", status_notes="Done.")
    totals, rejected = _csv(tmp_path, [request(1), closed])
    assert (totals.imported, rejected) == (2, [])
    first, second = _case("open311-csv", "R-1"), _case("open311-csv", "R-2")
    assert (first.stage, first.channel) == ("received", "open311")
    assert first.reported_at.isoformat() == "2026-03-02T00:00:00+00:00"
    assert (second.stage, second.outcome) == ("closed", "fixed")
    assert second.closed_at is not None
    assert second.closed_at.isoformat() == "2026-03-03T01:00:00+00:00"
    assert second.reply is not None
    assert second.reply.text == "Done."
    again, _ = _csv(tmp_path, [request(1), closed])
    assert (again.imported, again.present) == (0, 2)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("service_code", {"service_code": "X"}),
        ("service_code", {"service_code": ""}),
        ("service_name", {"service_code": "", "service_name": "no such thing"}),
        ("requested_datetime", {"requested_datetime": ""}),
        ("requested_datetime", {"requested_datetime": "2026-03-02T08:00:00"}),
        ("requested_datetime", {"requested_datetime": "0001-01-01T00:00:00+08:00"}),
        ("updated_datetime", {"status": "closed", "updated_datetime": ""}),
        ("fed_back_at", {"status": "closed", "updated_datetime": "2026-03-01T00:00:00+08:00"}),
        ("status", {"status": "gone"}),
        ("lat", {"lat": "north"}),
        ("long", {"long": "181"}),
        ("description", {"description": "\x00"}),
    ],
)
def test_open311_faults(tmp_path: Path, field: str, changes: dict[str, Any]) -> None:
    before = Case.objects.count()
    totals, rejected = _csv(tmp_path, [request(1, **changes), request(2)])
    assert (totals.imported, totals.rejected) == (1, 1)
    assert (rejected[0]["line"], rejected[0]["field"]) == ("2", field)
    assert Case.objects.count() == before + 1


def test_open311_by_the_name_of_the_service(tmp_path: Path) -> None:
    info = catalogue.edition(catalogue.active_version()).by_code["C0201"]
    names = [info.name.zh, info.name.en.upper()]
    lines = [request(n, service_code="", service_name=name) for n, name in enumerate(names, 1)]
    assert _csv(tmp_path, lines)[0].imported == 2
    assert {_case("open311-csv", f"R-{n}").class_code for n in (1, 2)} == {"C0201"}


def test_open311_without_numbers_knows_its_own_lines(tmp_path: Path) -> None:
    lines = [request(n, service_request_id="") for n in (1, 2)]
    assert _csv(tmp_path, lines)[0].imported == 2
    assert _csv(tmp_path, lines)[0].present == 2


def test_cases_as_far_as_they_go(tmp_path: Path) -> None:
    short = {k: v for k, v in case(2).items() if not k.endswith("_at") or k == "reported_at"}
    accepted = case(3, fed_back_at=None, closed_at=None)
    totals, rejected = _json(tmp_path, [case(1), short, accepted])
    assert (totals.imported, rejected) == (3, [])
    whole = _case("cases", "L-1")
    assert (whole.stage, whole.outcome) == ("closed", "fixed")
    assert whole.reply is not None
    assert whole.reply.text == "井盖已更换。"
    assert Report.objects.get(source_ref="L-1").attributes == case(1)["attributes"]
    handling = Clock.objects.get(case_id=whole.pk, kind=ClockKind.HANDLE)
    assert handling.started_at.isoformat() == "2026-03-02T00:20:00+00:00"
    assert [_case("cases", ref).stage for ref in ("L-2", "L-3")] == ["received", "handling"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("surname", {"surname": "x"}),
        ("reported_at", {"reported_at": None}),
        ("reported_at", {"reported_at": "yesterday"}),
        ("description", {"description": 7}),
        ("attributes", {"attributes": [1]}),
        ("attributes", {"attributes": {"a": {"b": ["\x00"]}}}),
        ("attributes", {"attributes": {"\ud800": 1}}),
        ("channel", {"channel": "pigeon"}),
        ("outcome", {"outcome": "perhaps"}),
        ("dispatched_at", {"dispatched_at": "2026-03-02T08:05:00+08:00"}),
        ("accepted_at", {"dispatched_at": None}),
        ("department", {"department": "nobody"}),
        ("condition", {"condition": "C0201-99"}),
        ("lon", {"lon": "NaN"}),
    ],
)
def test_case_faults_undo_the_whole_case(
    tmp_path: Path, field: str, changes: dict[str, Any]
) -> None:
    before = Case.objects.count()
    totals, rejected = _json(tmp_path, [case(1, **changes), case(2)])
    assert (totals.imported, totals.rejected) == (1, 1), rejected
    assert (rejected[0]["line"], rejected[0]["field"]) == ("1", field), rejected
    assert rejected[0]["reason"] != rejected[0]["reason_en"]
    assert Case.objects.count() == before + 1


def test_lines_that_are_no_json_are_counted_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    long = json.dumps(case(1, description="x" * (1 << 20)))
    path.write_text(f"{{\n\n[1]\n{long}\n{json.dumps(case(2))}\n")
    totals, rejected = _run(CaseFile(path), tmp_path)
    assert [(row["line"], row["field"]) for row in rejected] == [
        ("1", "line"),
        ("3", "line"),
        ("4", "line"),
    ]
    assert totals.imported == 1


def _csv(folder: Path, lines: list[dict[str, Any]]) -> tuple[Totals, list[dict[str, str]]]:
    path = folder / "requests.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, OPEN311, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return _run(Open311Csv(path), folder)


def _json(folder: Path, lines: list[dict[str, Any]]) -> tuple[Totals, list[dict[str, str]]]:
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return _run(CaseFile(path), folder)


def _run(importer: Importer, folder: Path) -> tuple[Totals, list[dict[str, str]]]:
    rejects = folder / "rejects.csv"
    totals = execute(importer, rejects=rejects, workers=1)
    if not rejects.exists():
        return totals, []
    with rejects.open(encoding="utf-8-sig", newline="") as stream:
        return totals, list(csv.DictReader(stream))


def _case(source: str, ref: str) -> Case:
    return Report.objects.get(source=source, source_ref=ref).case
