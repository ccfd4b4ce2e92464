"""What anybody gets: nothing before it is published, then figures and cases without words."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.opendata import actions, queries
from mengding.opendata.models import Terms

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")
MONTH = "2026-10"
SECRET = "王老五家门口的井盖坏了，电话13900001111"


def publish(**changes: Any) -> Terms:
    wanted = {"published": True, "threshold": 3, "finest": 16, "delay_days": 5} | changes
    return actions.set_terms(who("sysadmin"), **wanted, version=queries.terms().version)


@pytest.fixture
def october() -> Iterator[list[Case]]:
    """Six public cases in one village, one in another town, a confidential and a void one."""
    with clock.at(datetime(2026, 10, 15, 10, 0, tzinfo=CHINA)):
        made = [report(SECRET).case for _ in range(5)]
        made.append(case_at(Stage.CLOSED))
        made.append(report(village="511803001001").case)
        report("邻里纠纷", class_code="S0102")
        case_at(Stage.VOID)
    with clock.at(datetime(2026, 11, 20, 10, 0, tzinfo=CHINA)):
        yield made


def rows(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_nothing_is_open_before_somebody_opens_it(client: Client, october: list[Case]) -> None:
    assert client.get("/open/").status_code == 404
    for path in ("months.json", f"{MONTH}/cases.csv", f"{MONTH}/statistics.json"):
        answer = client.get(f"/open/{path}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_published"


def test_months_and_statistics(client: Client, october: list[Case]) -> None:
    publish()
    months = client.get("/open/months.json").json()["months"]
    assert {each["month"]: each["final"] for each in months}[MONTH] is True
    found = client.get(f"/open/{MONTH}/statistics.json").json()
    # Counted by hand: 5 + 1 closed + 1 elsewhere. The void and the confidential one are none.
    assert found["received"] == 7
    towns = {each["name"]: each["received"] for each in found["towns"]}
    # One in the other town would show as the difference to the total, so both are left out.
    assert towns["车岭镇"] is None
    assert towns["永兴街道"] is None
    assert found["closed"] is None  # a single one
    assert "王老五" not in json.dumps(found, ensure_ascii=False)


def test_cases_carry_no_words_number_or_exact_place(client: Client, october: list[Case]) -> None:
    publish()
    answer = client.get(f"/open/{MONTH}/cases.csv")
    found = rows(answer)
    assert len(found) == 7
    text = json.dumps(found, ensure_ascii=False)
    for case in october:
        case.refresh_from_db()
        assert case.number is None or case.number not in text
        assert f"{case.lon}" not in text
    assert "王老五" not in text
    assert "13900001111" not in text
    places = [(row["lon"], row["lat"]) for row in found if row["lon"]]
    assert all(places.count(place) >= 3 for place in places)
    assert {row["town_name"] for row in found} == {"车岭镇", ""}
    assert [row["reported_on"] for row in found] == ["2026-10-15"] * 7

    features = json.loads(client.get(f"/open/{MONTH}/cases.geojson").getvalue())
    assert len(features["features"]) == 7
    assert sum(each["geometry"] is not None for each in features["features"]) == len(places)
    assert set(features["features"][0]["properties"]) == set(queries.COLUMNS) - {"lon", "lat"}


def test_statistics_as_a_table(client: Client, october: list[Case]) -> None:
    publish(threshold=2)
    found = rows(client.get(f"/open/{MONTH}/statistics.csv"))
    assert found[0] == {"table": "total", "code": "", "name": "", "received": "7", "closed": ""}
    assert {row["table"] for row in found} == {"total", "town", "class"}


def test_the_page_in_both_languages(client: Client, october: list[Case]) -> None:
    publish()
    chinese = client.get(f"/open/?month={MONTH}")
    assert "数据开放" in chinese.content.decode()
    assert "不公布</i>" in chinese.content.decode()
    english = client.get(f"/open/?month={MONTH}", headers={"accept-language": "en"})
    assert "Open data" in english.content.decode()
    assert "script" not in english.content.decode()


@pytest.mark.parametrize("text", ["2026-13", "x", "2026-10-01"])
def test_a_month_that_is_none(client: Client, october: list[Case], text: str) -> None:
    publish()
    answer = client.get(f"/open/{text}/cases.csv")
    assert (answer.status_code, answer.json()["field"]) == (422, "month")


def test_a_month_to_come_is_not_there(client: Client, october: list[Case]) -> None:
    publish()
    assert client.get("/open/2027-01/cases.csv").status_code == 404


def test_the_running_month_ends_yesterday(client: Client) -> None:
    publish()
    with clock.at(datetime(2026, 11, 20, 10, 0, tzinfo=CHINA)):
        report()
    with clock.at(datetime(2026, 11, 20, 23, 0, tzinfo=CHINA)):
        known = queries.months()
        assert not known or known[0].until < datetime(2026, 11, 20, tzinfo=CHINA).date()
    with clock.at(datetime(2026, 11, 21, 1, 0, tzinfo=CHINA)):
        running = queries.months()[0]
        assert (str(running), running.final) == ("2026-11", False)
        assert running.until == datetime(2026, 11, 20, tzinfo=CHINA).date()
        assert len(list(queries.cases(running))) == 1
    with clock.at(datetime(2026, 12, 7, 1, 0, tzinfo=CHINA)):
        assert {str(each): each.final for each in queries.months()}["2026-11"] is True


def test_terms_are_checked_and_recorded() -> None:
    with pytest.raises(Invalid) as wrong:
        publish(threshold=1)
    assert wrong.value.field == "threshold"
    first = publish()
    event = Event.objects.get(subject_kind="opendata", subject_id=first.version)
    assert json.loads(json.dumps(event.after))["threshold"] == 3
    with pytest.raises(Conflict):
        actions.set_terms(
            who("sysadmin"), published=True, threshold=3, finest=16, delay_days=5, version=0
        )


def test_terms_over_http(client: Client) -> None:
    key = {"Authorization": f"Bearer {token('sysadmin')}"}
    before = client.get("/api/v1/opendata/terms", headers=key).json()
    assert before["published"] is False
    body = {
        "published": True, "threshold": 4, "finest": 14, "delay_days": 0,
        "version": before["version"],
    }  # fmt: skip
    after = client.put("/api/v1/opendata/terms", body, content_type="application/json", headers=key)
    assert after.status_code == 200, after.content
    assert after.json()["version"] == before["version"] + 1


def test_many_reads_of_one_address_are_refused(client: Client, monkeypatch: Any) -> None:
    publish()
    monkeypatch.setattr("mengding.opendata.views.PER_MINUTE", 3)
    moment = datetime(2026, 11, 20, 10, 0, 30, tzinfo=CHINA)
    with clock.at(moment):
        answers = [client.get("/open/months.json").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
