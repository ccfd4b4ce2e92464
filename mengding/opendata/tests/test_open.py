"""What anybody gets: nothing before it is published, then figures and cases without words."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.catalogue.queries import class_by_id
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.opendata import actions, queries
from mengding.opendata.models import Terms
from mengding.regions.models import Region

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")
MONTH = "2026-10"
MANY = "511803101201"
FILES = ("statistics.json", "statistics.csv", "cases.csv", "cases.geojson")
SECRET = "王老五家门口的井盖坏了，电话13900001111"


def publish(**changes: Any) -> Terms:
    wanted = {"published": True, "threshold": 3, "finest": 16, "delay_days": 5} | changes
    return actions.set_terms(who("sysadmin"), **wanted, version=queries.terms().version)


@pytest.fixture
def october() -> Iterator[list[Case]]:
    """Six public cases in one village, one in another town, eight in a third; a confidential and a
    void one."""
    with clock.at(datetime(2026, 10, 15, 10, 0, tzinfo=CHINA)):
        made = [report(SECRET).case for _ in range(5)]
        made.append(case_at(Stage.CLOSED))
        made.append(report(village="511803001001").case)
        made += [report(village=MANY).case for _ in range(8)]
        report("邻里纠纷", class_code="S0102")
        case_at(Stage.VOID)
    with clock.at(datetime(2026, 11, 20, 10, 0, tzinfo=CHINA)):
        yield made


def rows(answer: Any) -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")
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
    # Counted by hand: 5 + 1 closed + 1 elsewhere + 8. The void and the confidential one are none.
    assert found["received"] == 15
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
    assert len(found) == 15
    text = json.dumps(found, ensure_ascii=False)
    for case in october:
        case.refresh_from_db()
        assert case.number is None or case.number not in text
        assert f"{case.lon}" not in text
    assert "王老五" not in text
    assert "13900001111" not in text
    places = [(row["lon"], row["lat"]) for row in found if row["lon"]]
    assert all(places.count(place) >= 3 for place in places)
    # The towns without a count in the statistics are without a name here, and without a square.
    told = Region.objects.get(code=MANY[:9])
    assert Counter((row["town_code"], row["town_name"]) for row in found) == {
        (told.code, told.name): 8,
        ("", ""): 7,
    }
    assert {row["town_code"] for row in found if row["lon"]} == {told.code}
    assert {row["state"] for row in found} == {""}  # a single one is closed
    assert [row["reported_on"] for row in found] == ["2026-10-15"] * 15

    features = json.loads(client.get(f"/open/{MONTH}/cases.geojson").getvalue())
    assert len(features["features"]) == 15
    assert sum(each["geometry"] is not None for each in features["features"]) == len(places)
    assert set(features["features"][0]["properties"]) == set(queries.COLUMNS) - {"lon", "lat"}


def test_statistics_as_a_table(client: Client, october: list[Case]) -> None:
    publish(threshold=2)
    found = rows(client.get(f"/open/{MONTH}/statistics.csv"))
    assert found[0] == {"table": "total", "code": "", "name": "", "received": "15", "closed": ""}
    assert {row["table"] for row in found} == {"total", "town", "class"}


def test_the_page_in_both_languages(client: Client, october: list[Case]) -> None:
    publish()
    chinese = client.get(f"/open/?month={MONTH}")
    assert "数据开放" in chinese.content.decode()
    assert "不公布</i>" in chinese.content.decode()
    english = client.get(f"/open/?month={MONTH}", headers={"accept-language": "en"})
    assert "Open data" in english.content.decode()
    assert "script" not in english.content.decode()


def test_a_month_of_few_cases_tells_nothing(client: Client, october: list[Case]) -> None:
    publish(threshold=16)
    found = client.get(f"/open/{MONTH}/statistics.json").json()
    assert (found["received"], found["closed"], found["in_time_percent"]) == (None, None, None)
    assert (found["towns"], found["classes"]) == ([], [])
    assert rows(client.get(f"/open/{MONTH}/cases.csv")) == []
    assert client.get(f"/open/{MONTH}/cases.geojson").json()["features"] == []
    assert "本月案件太少" in client.get(f"/open/?month={MONTH}").content.decode()


@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_files_speak_as_their_reader(client: Client, october: list[Case], spoken: str) -> None:
    publish()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = spoken
    info = class_by_id(october[0].case_class_id or 0)
    region = Region.objects.get(code=MANY[:9])
    names = (region.name, info.name.zh, info.big.zh)
    if spoken == "en":
        names = (region.name_en, info.name.en, info.big.en)
    numbers = rows(client.get(f"/open/{MONTH}/statistics.csv"))
    assert {names[0], names[2]} <= {row["name"] for row in numbers}
    answer = client.get(f"/open/{MONTH}/statistics.json").json()
    assert names[0] in {each["name"] for each in answer["towns"]}
    cases = rows(client.get(f"/open/{MONTH}/cases.csv"))
    assert {(row["town_name"], row["class_name"]) for row in cases} == {
        (names[0], names[1]), ("", names[1]),
    }  # fmt: skip
    features = client.get(f"/open/{MONTH}/cases.geojson").json()["features"]
    assert {each["properties"]["class_name"] for each in features} == {names[1]}


def test_only_what_succeeds_is_kept_by_others(client: Client, october: list[Case]) -> None:
    answer = client.get("/open/")
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
    publish()
    for path in ("", *(f"{MONTH}/{name}" for name in FILES)):
        assert client.get(f"/open/{path}")["Cache-Control"] == "public, max-age=600"


@pytest.mark.parametrize("name", FILES)
def test_what_fails_while_reading_is_no_answer(
    client: Client, october: list[Case], name: str
) -> None:
    publish()
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_case RENAME COLUMN handled_late TO gone")
    answer = client.get(f"/open/{MONTH}/{name}")
    assert (answer.status_code, answer["Cache-Control"]) == (500, "no-store")


def test_a_name_is_never_a_formula(client: Client, october: list[Case]) -> None:
    publish()
    Region.objects.filter(code=MANY[:9]).update(name='=HYPERLINK("x")')
    for name, column in (("statistics.csv", "name"), ("cases.csv", "town_name")):
        found = {row[column] for row in rows(client.get(f"/open/{MONTH}/{name}"))}
        assert """'=HYPERLINK("x")""" in found
        assert not any(text.startswith("=") for text in found)


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
        for _ in range(3):
            report()
    with clock.at(datetime(2026, 11, 20, 23, 0, tzinfo=CHINA)):
        known = queries.months()
        assert not known or known[0].until < datetime(2026, 11, 20, tzinfo=CHINA).date()
    with clock.at(datetime(2026, 11, 21, 1, 0, tzinfo=CHINA)):
        running = queries.months()[0]
        assert (str(running), running.final) == ("2026-11", False)
        assert running.until == datetime(2026, 11, 20, tzinfo=CHINA).date()
        assert queries.statistics(running).received == 3
        assert len(queries.cases(running)) == 3
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
