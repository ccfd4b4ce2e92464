"""What the phone desk asks of cases: likely duplicates while somebody types, emergencies."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions, queries
from mengding.cases.actions import Message
from mengding.cases.models import Case
from mengding.cases.stages import Emergency, Stage
from mengding.cases.tests.made import case_at, report, spot, who
from mengding.core import clock
from mengding.core.errors import GuardFailed, Invalid, NotAllowed, WrongStage
from mengding.demo.secrets import token
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
TOWN, VILLAGE, FAR = "511803102", "511803102201", "511803001001"
SAID = "河滨路的护栏断了一截，小孩容易掉下去。"


def ids(by: str = "desk", **known: Any) -> list[int]:
    return [row["id"] for row in queries.duplicate_candidates(who(by), **known)]


def test_alike_in_words_within_the_town() -> None:
    same = report(SAID, class_code="C0507").case
    other = report("小区里的路灯不亮了。", class_code="C0137").case
    away = report(SAID, class_code="C0507", village=FAR).case
    text = "河滨路护栏断了，怕小孩掉下去"
    assert ids(text=text, region_code=VILLAGE) == [same.pk]
    assert ids(text=text, region_code=TOWN) == [same.pk]
    assert set(ids(text=text)) == {same.pk, away.pk}  # no place known yet: the whole area
    found = queries.duplicate_candidates(
        who("desk"), text=text, region_code=VILLAGE, class_code="C0507"
    )[0]
    assert found["similarity"] >= 0.5
    assert found["distance_m"] is None
    assert found["same_class"]
    assert {"护栏", "小孩"} <= set(found["shared"])
    assert other.pk not in ids(text=text)


def test_near_by_whatever_was_said() -> None:
    here = report("完全不同的话。").case
    lon, lat = spot()
    found = queries.duplicate_candidates(who("desk"), lon=lon, lat=lat, text="别的内容啊")
    assert [row["id"] for row in found] == [here.pk]
    assert found[0]["distance_m"] == 0
    # Near and alike comes before near only; alike without being near comes last.
    alike = report(SAID).case
    away = actions.receive(who("desk"), Message(text=SAID, region_code=VILLAGE)).case
    assert ids(lon=lon, lat=lat, text=SAID) == [alike.pk, away.pk, here.pk]


def test_the_address_counts_as_words() -> None:
    case = actions.receive(
        who("desk"), Message(text="漏水了", address="茶城小区三栋二单元", region_code=VILLAGE)
    ).case
    assert ids(text="水管坏了", address="茶城小区三栋", region_code=VILLAGE) == [case.pk]


def test_neither_ended_nor_old_nor_hidden() -> None:
    ended = case_at(Stage.DECLINED)
    Case.objects.filter(pk=ended.pk).update(description=SAID)
    with clock.at(clock.now() - timedelta(days=40)):
        report(SAID)
    secret = report(SAID, class_code="S0102").case
    assert ids(text=SAID) == [secret.pk]  # who took it in
    assert ids("dispatch", text=SAID) == []
    assert ids("town", text=SAID) == []


def test_nothing_known_finds_nothing() -> None:
    report(SAID)
    assert ids() == []
    assert ids(text="。。") == []
    with pytest.raises(Invalid) as refused:
        ids(lon=103.1)
    assert refused.value.field == "lat"  # the one that is missing
    with pytest.raises(Invalid) as refused:
        ids(text=SAID, region_code="1")
    assert refused.value.field == "region_code"


def hand_over(by: str = "desk", **fields: Any) -> tuple[int, Any]:
    answer = Client().post(
        "/api/v1/reports/hand_over",
        json.dumps({"description": "有人落水", "service": "119"} | fields),
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )
    return answer.status_code, answer.json()


def test_an_emergency_needs_only_the_words() -> None:
    status, made = hand_over()
    assert (status, made["stage"]) == (201, "declined")
    case = Case.objects.get(pk=made["case_id"])
    assert case.closed_at is not None
    assert case.due_at is None
    told = queries.timeline(who("desk"), case.pk)
    assert [each["action"] for each in told] == ["case.receive", "case.hand_over"]
    assert told[1]["after"]["service"] == "119"
    assert told[1]["by"]["name"] == "李雯"
    assert "落水" not in json.dumps([each["after"] for each in told])


def test_an_emergency_on_a_case_that_came_another_way() -> None:
    case = report().case
    actions.hand_over(who("grid"), case.pk, service=Emergency.POLICE, note="已电话告知指挥中心")
    event = Event.objects.get(subject_kind="case", subject_id=case.pk, action="case.hand_over")
    assert event.words is not None
    assert event.words.text == "已电话告知指挥中心"
    with pytest.raises(WrongStage):
        actions.hand_over(who("desk"), case.pk, service=Emergency.FIRE)
    filed = case_at(Stage.FILED)
    with pytest.raises(WrongStage):
        actions.hand_over(who("desk"), filed.pk, service=Emergency.FIRE)
    asked = case_at(Stage.RECEIVED)
    actions.request_void(who("desk"), asked.pk, reason="误报")
    with pytest.raises(GuardFailed):
        actions.hand_over(who("desk"), asked.pk, service=Emergency.FIRE)
    with pytest.raises(NotAllowed):
        actions.hand_over(who("verify"), report().case.pk, service=Emergency.FIRE)


def test_a_hand_over_is_whole_or_not_at_all() -> None:
    before = Case.objects.count()
    assert hand_over(service="911")[0] == 422
    assert hand_over(description="")[1]["field"] == "description"
    assert hand_over(case_id=1)[1]["field"] == "case_id"
    assert Case.objects.count() == before
