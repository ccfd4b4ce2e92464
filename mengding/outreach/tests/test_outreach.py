"""Notices reach the staff of an area; only what asks is answered; material and its files."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.evidence import actions as evidence
from mengding.ledger.models import Event
from mengding.outreach import actions, queries
from mengding.outreach.actions import MaterialData

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
TOWN, VILLAGE, OTHER = "511803102", "511803102201", "511803105"


def call(method: str, path: str, body: object = None, by: str = "grid") -> tuple[int, Any]:
    answer = Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body or {}),
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )
    return answer.status_code, answer.json()


def titles(by: str) -> set[str]:
    return {row["title"] for row in queries.read(who(by))}


def test_a_notice_reaches_its_area_and_roles() -> None:
    boss = who("supervise")
    actions.publish(boss, "全区", "x")
    actions.publish(boss, "车岭", "x", region=TOWN)
    actions.publish(boss, "村", "x", region=VILLAGE)
    actions.publish(boss, "外镇", "x", region=OTHER)
    actions.publish(boss, "网格员", "x", region=TOWN, roles=["collector"])
    assert titles("grid") >= {"全区", "车岭", "村", "网格员"}
    assert "外镇" not in titles("grid")
    assert titles("town") >= {"全区", "车岭"}
    assert not titles("town") & {"村", "网格员", "外镇"}
    assert "车岭" not in titles("desk")
    with pytest.raises(NotAllowed):
        actions.publish(who("town"), "越界", "x", region=OTHER)
    with pytest.raises(NotAllowed):
        actions.publish(who("grid"), "x", "x")


def test_it_ends_by_itself_and_can_be_taken_back() -> None:
    boss = who("supervise")
    row = actions.publish(boss, "三天", "x", ends_on=queries.today() + timedelta(days=3))
    with clock.at(clock.now() + timedelta(days=4)):
        assert "三天" not in titles("grid")
    actions.withdraw(boss, row.pk)
    actions.withdraw(boss, row.pk)
    assert "三天" not in titles("grid")
    told = Event.objects.filter(subject_kind="bulletin", subject_id=row.pk)
    assert [each.action for each in told] == ["bulletin.publish", "bulletin.withdraw"]
    assert "三天" not in json.dumps([each.after for each in told], ensure_ascii=False)


def test_only_what_asks_is_answered_and_reading_leaves_nothing() -> None:
    boss = who("supervise")
    plain = actions.publish(boss, "告知", "x", region=VILLAGE)
    asks = actions.publish(boss, "请确认", "x", region=VILLAGE, asks=True)
    before = Event.objects.count()
    call("GET", "/bulletins")
    assert Event.objects.count() == before
    with pytest.raises(Invalid):
        actions.acknowledge(who("grid"), plain.pk)
    with pytest.raises(NotFound):
        actions.acknowledge(who("town"), asks.pk)
    waiting = [row["name"] for row in queries.waiting(boss, asks.pk)]
    assert "杨帆" in waiting
    earlier = clock.now() - timedelta(hours=5)
    said = {"at": earlier.isoformat()}
    assert call("POST", f"/bulletins/{asks.pk}/acknowledge", said) == (200, {"new": True})
    assert call("POST", f"/bulletins/{asks.pk}/acknowledge", said) == (200, {"new": False})
    assert "杨帆" not in [row["name"] for row in queries.waiting(boss, asks.pk)]
    mine = next(row for row in queries.read(who("grid")) if row["id"] == asks.pk)
    assert mine["acknowledged"]
    sent = next(row for row in queries.sent(boss) if row["id"] == asks.pk)
    assert (sent["acknowledged_count"], sent["addressed_count"]) == (1, 1)
    assert next(r for r in queries.sent(boss) if r["id"] == plain.pk)["addressed_count"] is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"text": ""}, "text"),
        ({"roles": ["king"]}, "roles"),
        ({"region": "999999"}, "region"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"title": "x" * 81}, "title"),
    ],
)
def test_a_mistake_names_its_field(said: dict[str, Any], field: str) -> None:
    status, answer = call("POST", "/bulletins", {"title": "a", "text": "b"} | said, by="supervise")
    assert (status, answer["field"]) == (422, field)


def test_material_with_a_file() -> None:
    boss = who("supervise")
    data = MaterialData("safety", "冬季用电", "人走断电。", region=TOWN)
    row = actions.add_material(boss, data)
    file = io.BytesIO(b"%PDF-1.4\n%%EOF\n")
    evidence.attach(boss, "material", row.pk, file, "file", name="海报.pdf")
    mine = next(r for r in queries.materials(who("grid")) if r["id"] == row.pk)
    assert [each["name"] for each in mine["files"]] == ["海报.pdf"]
    shown = Client().get(
        mine["files"][0]["file_url"], headers={"Authorization": f"Bearer {token('grid')}"}
    )
    assert shown.status_code == 200
    with pytest.raises(NotAllowed):
        evidence.attach(who("grid"), "material", row.pk, io.BytesIO(b"%PDF-1.4\n"), "file")
    changed = actions.update_material(boss, row.pk, data, version=1)
    assert changed.version == 2
    with pytest.raises(Conflict):
        actions.update_material(boss, row.pk, data, version=1)
    actions.set_material_active(boss, row.pk, active=False)
    assert row.pk not in {r["id"] for r in queries.materials(who("grid"))}
    assert row.pk in {r["id"] for r in queries.materials(boss, every=True)}
    above = actions.add_material(boss, MaterialData("law", "全区普法", "要点。"))
    assert above.pk in {r["id"] for r in queries.materials(who("town"))}
    with pytest.raises(NotAllowed):
        actions.update_material(who("town"), above.pk, data)
    with pytest.raises(Invalid) as bad:
        actions.add_material(boss, MaterialData("advert", "x", "x"))
    assert bad.value.field == "topic"
