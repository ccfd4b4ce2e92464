"""The wall's figures against counts made by hand."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from mengding.cases import actions
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, take, who
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.kept import Kept
from mengding.demo.secrets import token
from mengding.figures import queries
from mengding.figures.api import Wall
from mengding.http.fast import plain
from mengding.indicators.tests.following import caught_up

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=ZONE)  # a Tuesday
LATER = NOON + timedelta(hours=3)


def wall(username: str = "supervise", days: int = 14, at: datetime = LATER) -> dict[str, Any]:
    with clock.at(at):
        caught_up()
        return queries.wall(who(username), days)


def test_an_empty_district_is_all_zeros() -> None:
    found = wall()
    assert found["today"] == {
        "received": 0, "ended": 0, "closed": 0, "open": 0, "overdue": 0, "due_soon": 0,
    }  # fmt: skip
    assert len(found["days"]) == 14
    assert found["days"][-1] == {"day": LATER.date(), "received": 0, "ended": 0}
    assert found["newest"] == found["spots"] == found["classes"] == []
    towns = [each["name"].zh for each in found["places"]]
    assert len(towns) == len(set(towns)) > 10
    assert "蒙顶山镇" in towns
    assert found["area"]["name"].zh == "名山区"


def test_in_out_open_and_red() -> None:
    with clock.at(NOON - timedelta(days=1, hours=-1)):  # yesterday 13:00: before 15:00
        old = report().case
        ended_yesterday = report().case
        take("decline", ended_yesterday.pk)
    with clock.at(NOON - timedelta(days=1, hours=-8)):  # yesterday 20:00: after it
        report(village="511803001001")
    with clock.at(NOON - timedelta(days=40)):  # its limit is long over
        case_at(Stage.HANDLING, class_code="C0137")
    with clock.at(NOON):
        case_at(Stage.CLOSED)
        take("decline", old.pk)
    Case.objects.filter(stage=Stage.RECEIVED).update(due_at=LATER + timedelta(minutes=59))
    found = wall()
    assert found["today"] == {
        "received": 1, "ended": 2, "closed": 1, "open": 2, "overdue": 1, "due_soon": 1,
    }  # fmt: skip
    assert found["in_time"] == {"n": 1, "of": 1}  # of this month: the old one is not
    # Yesterday up to 15:00 two came and one went; one was open then, until today.
    assert found["before"] == {"received": 2, "ended": 1, "open": 2}
    assert found["days"][-2] == {
        "day": (NOON - timedelta(days=1)).date(),
        "received": 3,
        "ended": 1,
    }
    assert found["days"][-1] == {"day": NOON.date(), "received": 1, "ended": 2}
    stages = {each["stage"]: each for each in found["stages"]}
    assert (stages["handling"]["open"], stages["handling"]["overdue"]) == (1, 1)
    for stage in ("received", "filed", "dispatched", "handling", "closed"):
        assert stages[stage]["entered"] == 1
    assert {each["code"]: each["open"] for each in found["places"] if each["open"]} == {
        "511803102": 1, "511803001": 1,
    }  # fmt: skip
    assert [(each["code"], each["open"], each["overdue"]) for each in found["classes"]] == [
        ("C0101", 1, 0),
        ("C0137", 1, 1),
    ]
    lon, lat = found["spots"][0]
    assert len(found["spots"]) == 1
    assert (round(lon, 3), round(lat, 3)) == (lon, lat)


def test_a_town_sees_its_town_and_a_department_its_own() -> None:
    with clock.at(NOON):
        report(village="511803102201")
        elsewhere = report(village="511803001001").case
        handled = case_at(Stage.HANDLING)
    assert wall("supervise")["today"]["open"] == 3
    assert wall("handler")["today"]["open"] == 1
    assert wall("water")["today"]["open"] == 0
    found = wall("town")
    assert found["today"]["open"] == 2
    assert elsewhere.pk not in [each["id"] for each in found["newest"]]
    assert handled.pk in [each["id"] for each in found["newest"]]
    assert all(each["code"].startswith("511803102") for each in found["places"])


def test_confidential_cases_are_counted_only_where_seen_and_never_shown() -> None:
    with clock.at(NOON):
        dispute = report("邻居吵架", class_code="S0102", by="mediate").case
    Case.objects.filter(pk=dispute.pk).update(due_at=NOON, yellow_at=NOON)
    assert dispute.confidential
    assert wall("supervise")["today"] == wall("supervise")["today"] | {"received": 0, "open": 0}
    stages = {each["stage"]: each["entered"] for each in wall("supervise")["stages"]}
    assert stages["received"] == 0
    mediator = wall("mediate")
    assert mediator["today"]["open"] == 1
    stages = {each["stage"]: each["overdue"] for each in mediator["stages"]}
    assert stages["received"] == 1  # past its limit, though no department has it yet
    assert mediator["newest"] == mediator["spots"] == []


def test_no_words_no_address_no_contact(client: Client) -> None:
    secret = ContactData(name="张小满", phone="13812345678")
    case = report("张小满家门口的路灯不亮。", class_code="C0137", contact=secret).case
    actions.note(who("desk"), case.pk, text="已致电张小满")
    answer = client.get(
        "/api/v1/figures/wall", headers={"authorization": f"Bearer {token('supervise')}"}
    )
    assert answer.status_code == 200
    text = answer.content.decode()
    for word in ("张小满", "13812345678", "138****", "家门口", "解放路"):
        assert word not in text
    found = Wall.model_validate(answer.json())  # the document tells the truth
    assert found.newest[0].id == case.pk
    assert found.newest[0].place.count(" ") == 1
    english = client.get(
        "/api/v1/figures/wall?days=30",
        headers={"authorization": f"Bearer {token('supervise')}", "accept-language": "en"},
    ).json()
    assert english["newest"][0]["class_name"].isascii()
    assert len(english["days"]) == 30


def test_rare_classes_are_summed() -> None:
    edition = catalogue.edition(catalogue.active_version())
    codes = [each.code for each in edition.classes if not each.confidential][:10]
    with clock.at(NOON):
        for code in codes:
            report(class_code=code)
        report(class_code=codes[-1])
    found = wall()["classes"]
    assert found[0]["code"] == codes[-1]
    assert found[-1] == found[-1] | {"code": None, "open": 3}
    assert sum(each["open"] for each in found) == 11
    assert plain(found[-1])["name"] == "其余 3 类"


def test_many_screens_count_once() -> None:
    kept = Kept[int](0)
    kept._seconds = 60
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get("a", make), kept.get("a", make), kept.get("b", make)] == [1, 1, 2]
    kept._seconds = -1
    for n in range(200):
        kept.get(n, make)
    assert len(kept._kept) < 100


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: Any) -> None:
    for village in ("511803102201", "511803001001", "511803102202"):
        report(village=village)
    wall()
    with clock.at(LATER):
        caught_up()
        # In tests the divisions are read each time.
        with django_assert_max_num_queries(40):
            queries.wall(who("supervise"))
