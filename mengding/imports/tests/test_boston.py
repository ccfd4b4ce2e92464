"""The archive through the ordinary actions: what comes out is what the file says."""

import ast
import csv
import json
import random
import re
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mengding.cases.models import Case, Report
from mengding.clocks.models import Clock, ClockKind
from mengding.imports.boston import counts, tally
from mengding.imports.boston.importer import Importer
from mengding.imports.runner import execute
from mengding.imports.tests.archive import HEADING, PECULIAR, REAL, line, write
from mengding.ledger.models import Event
from mengding.ledger.verify import verify

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")


def test_own_counts_are_the_archives(tmp_path: Path) -> None:
    path = write(tmp_path / "made.csv", PECULIAR)
    totals = execute(Importer(path), rejects=tmp_path / "rejects.csv", workers=1)
    assert (totals.imported, totals.present, totals.rejected) == (len(PECULIAR), 0, 0)
    assert not (tmp_path / "rejects.csv").exists()
    ours, theirs = counts.counts(), tally.tally(str(path))
    assert counts.differences(ours, theirs) == []
    assert theirs["received"]["department", "MUPW"] == 18
    assert counts.total(theirs["received"]) == 20
    assert counts.total(theirs["closed"]) == 18
    assert counts.total(theirs["ontime"]) == 13
    assert theirs["ontime"]["type", "New Sign"] == 2


def test_the_comparison_sees_one_case_that_differs(tmp_path: Path) -> None:
    path = write(tmp_path / "made.csv", [line(1), line(2)])
    execute(Importer(path), workers=1)
    Case.objects.filter(report__source_ref="900000001").update(handled_late=True)
    found = counts.differences(counts.counts(), tally.tally(str(path)))
    assert found == [
        "ontime department “MUPW”: 1, archive 2",
        "ontime type “Lamp Out”: 1, archive 2",
    ]


def test_each_case_went_through_the_actions_at_its_time(tmp_path: Path) -> None:
    path = write(tmp_path / "made.csv", PECULIAR)
    execute(Importer(path), workers=1)
    for given in PECULIAR:
        case = Report.objects.get(source_ref=given["case_enquiry_id"]).case
        assert case.reported_at == _moment(given["open_dt"])
        assert case.lead_org is not None
        assert case.lead_org.name_en == given["department"].strip()
        events = list(Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("seq"))
        steps = Counter(event.action for event in events)
        once = {"case.receive", "case.file", "case.dispatch", "case.accept"}
        if given["closed_dt"]:
            closed = _moment(given["closed_dt"])
            once |= {"case.feed_back", "case.start_check", "case.close"}
            assert (case.stage, case.closed_at, events[-1].at) == ("closed", closed, closed)
        else:
            assert (case.stage, case.closed_at) == ("handling", None)
        assert {action: steps[action] for action in once} == dict.fromkeys(once, 1)
        assert [event.at for event in events] == sorted(event.at for event in events)
        if given["target_dt"] > given["open_dt"] and given["closed_dt"] != given["open_dt"]:
            handling = Clock.objects.get(case_id=case.pk, kind=ClockKind.HANDLE)
            assert handling.due_at == _moment(given["target_dt"])
    assert verify()[1] == []


def test_closures_places_and_channels(tmp_path: Path) -> None:
    execute(Importer(write(tmp_path / "made.csv", PECULIAR)), workers=1)

    def case(number: int) -> Case:
        return Report.objects.get(source_ref=str(900_000_000 + number)).case

    assert [case(n).outcome for n in (1, 11, 12, 13)] == [
        "fixed",
        "not_fixed",
        "not_ours",
        "fixed",
    ]
    lit = case(1)
    assert lit.reply is not None
    assert "The lamp burns again." in lit.reply.text
    assert case(13).reply is None
    assert lit.town is not None
    assert lit.town.name_en == "Ward 7"
    assert case(18).town == lit.town
    assert case(16).town is None
    assert (lit.lon, lit.lat) == (-71.1, 42.3)
    assert case(17).lon is None
    assert [case(n).channel for n in (1, 19, 20)] == ["phone", "web", "open311"]
    assert lit.case_class is not None
    assert lit.case_class.big_en == "Made-up Lights"
    assert lit.case_class.default_department == "boston_mupw"
    assert re.fullmatch(r"[CES]\d{4}", lit.class_code)


def test_a_second_run_takes_nothing_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "made.csv", PECULIAR)
    first = execute(Importer(path), limit=7, workers=1)
    events = Event.objects.count()
    assert (first.imported, Report.objects.count()) == (7, 7)
    assert execute(Importer(path), limit=7, workers=1).present == 7
    assert Event.objects.count() == events
    rest = execute(Importer(path), workers=1)
    assert (rest.imported, rest.present) == (len(PECULIAR) - 7, 7)
    assert Report.objects.count() == len(PECULIAR)


def test_rejected_lines_are_listed_and_leave_nothing_behind(tmp_path: Path) -> None:
    path = write(
        tmp_path / "made.csv",
        [
            line(1, case_title="two\nlines"),  # lines 2 and 3 of the file
            line(2, closed_dt="2011-07-01 00:00:00"),
            line(3),
            line(3, case_title="the same number again"),
            line(4, location="x" * 301),  # refused by an action, not by the reading
            line(5, type="\x00"),
        ],
    )
    with path.open("a") as stream:
        stream.write("900000006,too,few\n")
        stream.write(",".join(line(7).values()) + "\n")
    rejects = tmp_path / "rejects.csv"
    totals = execute(Importer(path), rejects=rejects, workers=1)
    assert (totals.imported, totals.rejected) == (3, 5)
    with rejects.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [(row["line"], row["field"]) for row in found] == [
        ("4", "closed_dt"),
        ("6", "source_ref"),
        ("7", "address"),
        ("8", "type"),
        ("9", "line"),
    ]
    assert all(row["reason"] and row["reason_en"] for row in found)
    assert json.loads(found[1]["original"])["case_title"] == "the same number again"
    assert json.loads(found[4]["original"])["open_dt"] == "too"
    assert Case.objects.count() == Report.objects.count() == 3


def test_another_table_is_refused_by_name(tmp_path: Path) -> None:
    from mengding.imports.rows import Unreadable

    path = tmp_path / "other.csv"
    path.write_text("case_enquiry_id,open_dt\n1,2\n")
    with pytest.raises(Unreadable, match="target_dt"):
        Importer(path)


def test_the_independent_count_shares_nothing_with_the_product() -> None:
    tree = ast.parse(Path(tally.__file__).read_text(encoding="utf-8"))
    names = [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    ]  # fmt: skip
    names += [node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert set(names) == {"csv", "io", "zipfile", "collections", "datetime"}


@pytest.mark.skipif(not REAL.exists(), reason="the archive is not on this machine")
def test_a_sample_of_the_real_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(REAL) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".csv")]
        lines = list(csv.DictReader(archive.read(name).decode("utf-8-sig").splitlines(True)))
    assert list(lines[0]) == HEADING
    assert len(lines) == 58_251
    sample = random.Random(311).sample(lines, 120)
    path = write(tmp_path / "sample.csv", sample)
    totals = execute(Importer(path), workers=1)
    assert (totals.imported, totals.rejected) == (120, 0)
    assert counts.differences(counts.counts(), tally.tally(str(path))) == []


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
