"""What auditors read over HTTP, and that nobody else does."""

import csv
import io
import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.jobs.schedule import run
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
API = "/api/v1/ledger"


def auditor(user: str = "audit") -> Client:
    return Client(headers={"Authorization": f"Bearer {token(user)}"})


def test_events_filtered_and_page_by_page() -> None:
    case = report("老人反映的原话").case
    first = auditor().get(f"{API}/events?subject_kind=case&subject_id={case.pk}").json()
    assert [item["action"] for item in first["items"]] == ["case.receive"]
    item = first["items"][0]
    assert item["account_id"] == who("desk").account_id
    assert item["has_words"] is True
    assert "原话" not in json.dumps(first, ensure_ascii=False)
    by_desk = f"{API}/events?action=case.&account={who('desk').account_id}"
    for _ in range(4):
        report()
    seen: list[int] = []
    cursor = ""
    while True:
        page = auditor().get(f"{by_desk}&limit=2&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) >= 5
    since = quote((clock.now() + timedelta(hours=1)).isoformat())
    assert auditor().get(f"{API}/events?since={since}").json()["items"] == []
    assert auditor().get(f"{API}/events?until={since}&limit=1").json()["items"] != []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-11-24T00:00:00", "since"),
        ("until=yesterday", "until"),
        ("action=DROP%20TABLE", "action"),
        ("subject_id=x", "subject_id"),
        ("subject_id=99999999999999999999", "subject_id"),
        ("subject_kind=Case!", "subject_kind"),
        ("cursor=abc", "cursor"),
    ],
)
def test_bad_filters_are_named(query: str, field: str) -> None:
    answer = auditor().get(f"{API}/events?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_names_case_numbers_and_several_codes() -> None:
    case = case_at(Stage.FILED)
    page = auditor().get(f"{API}/events?number={case.number}").json()["items"]
    assert {row["subject_id"] for row in page} == {case.pk}
    assert {row["subject_name"] for row in page} == {case.number}
    assert {row["account_name"] for row in page} == {"李雯"}
    assert auditor().get(f"{API}/events?number=C0000").json()["items"] == []
    auditor().get(f"{API}/events.csv?number=C0000").getvalue()
    some = auditor().get(f"{API}/events?action=case.file,ledger.&limit=200").json()["items"]
    assert {row["action"] for row in some} == {"case.file", "ledger.export"}
    # A code is the code, no prefix: "case.file" does not find another that begins so.
    assert auditor().get(f"{API}/events?action=case.fil").json()["items"] == []


@pytest.mark.parametrize("user", ["desk", "sysadmin", "secadmin", "supervise"])
def test_only_auditors_read_the_ledger(user: str) -> None:
    for path in ("events", "events.csv", "verify"):
        assert auditor(user).get(f"{API}/{path}").status_code == 403
        assert Client().get(f"{API}/{path}").status_code == 401


def test_export_streams_the_same_and_is_recorded() -> None:
    case = report("别的话").case
    answer = auditor().get(f"{API}/events.csv?subject_kind=case&subject_id={case.pk}")
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["action"], int(row["subject_id"])) for row in rows] == [("case.receive", case.pk)]
    assert json.loads(rows[0]["after"])["stage"] == "received"
    assert rows[0]["at"].endswith("+08:00")
    assert "别的话" not in text
    last = Event.objects.order_by("-pk")[0]
    assert (last.action, last.account_id) == ("ledger.export", who("audit").account_id)
    assert last.after == {"subject_kind": "case", "subject_id": case.pk}


def test_the_nightly_check_is_shown() -> None:
    assert auditor().get(f"{API}/verify").json()["checked_at"] is None
    report()
    run("ledger.verify")
    shown = auditor().get(f"{API}/verify").json()
    assert shown["events"] == Event.objects.count()
    assert shown["faults_total"] == 0
    assert len(shown["head"]) == 64
    assert shown["checked_at"] is not None
