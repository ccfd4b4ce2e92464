"""Own lists and whole cases, as a phone reads them."""

from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import ASSIST_ACTOR as OTHER
from mengding.cases.tests.made import LEAD_ACTOR as LEAD
from mengding.cases.tests.made import case_at, report, take, who
from mengding.demo.secrets import token
from mengding.field import queries
from mengding.field.queries import LISTS

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def where(username: str, case: Case) -> list[str]:
    """The lists of somebody that a case stands in."""
    found = queries.work(who(username))
    return [name for name in LISTS if case.pk in [row["id"] for row in found[name]["items"]]]


def test_a_case_wanders_through_a_handlers_lists() -> None:
    case = case_at(Stage.DISPATCHED)
    assert where(LEAD, case) == ["accept"]
    take("accept", case.pk)
    assert where(LEAD, case) == ["todo"]
    take("feed_back", case.pk)
    assert where(LEAD, case) == ["done"]
    assert where("verify", case) == ["accept"]
    take("start_check", case.pk)
    assert where("verify", case) == ["todo"]
    actions.rework(who("verify"), case.pk, reason="还有破损。")
    assert where(LEAD, case) == ["returned"]
    assert where("verify", case) == ["returned"]


def test_a_grid_worker_finds_pre_checks_and_own_reports() -> None:
    own = report(by="grid").case
    assert where("grid", own) == ["done"]
    take("request_check", own.pk)
    assert where("grid", own) == ["todo"]


def test_every_list_says_how_many_and_each_case_stands_once() -> None:
    for stage in (Stage.DISPATCHED, Stage.HANDLING, Stage.FED_BACK, Stage.CHECKING, Stage.CLOSED):
        case_at(stage)
    for username in ("grid", LEAD, "verify", "desk", "supervise"):
        found = queries.work(who(username))
        seen = [row["id"] for name in LISTS for row in found[name]["items"]]
        assert len(seen) == len(set(seen)), username
        assert all(found[name]["count"] >= len(found[name]["items"]) for name in LISTS)


def test_the_nearest_deadline_stands_first() -> None:
    for _ in range(3):
        case_at(Stage.DISPATCHED)
    items = queries.work(who(LEAD))["accept"]["items"]
    dues = [row["due_at"] for row in items]
    assert dues == sorted(dues)


def test_a_whole_case_in_one_answer_and_only_for_who_sees_it(client: Client) -> None:
    case = case_at(Stage.HANDLING)

    def asked(username: str) -> Any:
        headers = {"Authorization": f"Bearer {token(username)}"}
        return client.get(f"/api/v1/field/cases/{case.pk}", headers=headers)

    answer = asked(LEAD)
    assert answer.status_code == 200
    found = answer.json()
    assert answer["ETag"] == f'"{found["case"]["version"]}"'
    assert found["case"]["id"] == case.pk
    assert any(each["action"] == "feed_back" and each["possible"] for each in found["actions"])
    assert found["timeline"]
    assert found["evidence"] == []
    assert asked(OTHER).status_code == 404


def test_a_whole_case_brings_its_demands_to_whom_they_are_for() -> None:
    case = case_at(Stage.HANDLING)
    assert queries.whole(who(LEAD), case.pk)["demands"] == []
    actions.supervise(who("supervise"), case.pk, demand="今日内说明进度。")
    (demand,) = queries.whole(who(LEAD), case.pk)["demands"]
    assert demand["may"] == ["answer"]
    assert demand["turns"][0]["words"] == "今日内说明进度。"
    (same,) = queries.whole(who("desk"), case.pk)["demands"]
    assert same["may"] == []  # seen, and not theirs to answer
