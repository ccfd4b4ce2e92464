"""Saved filters: one's own, shared inside an organisation, never more than a question."""

import json
from typing import Any

import pytest
from django.test import Client

from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.demo.secrets import token
from mengding.filters import queries
from mengding.filters.models import MOST, SavedFilter
from mengding.ledger.models import Event
from mengding.people.models import Account, Organisation, Post

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]


def call(method: str, path: str, by: str = "desk", body: Any = None) -> Any:
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )


def save(by: str = "desk", name: str = "超时件", **more: Any) -> Any:
    answer = call("POST", "/filters", by, {"name": name, "query": {"colour": "red"}} | more)
    assert answer.status_code == 201, answer.content
    return answer.json()


def names(by: str) -> list[str]:
    return [each["name"] for each in call("GET", "/filters", by).json()["items"]]


def test_from_saved_to_deleted() -> None:
    made = save(
        query={"stage": ["filed"], "q": "井盖", "supervised": None},
        columns=[{"key": "number", "width": 160}, {"key": "stage"}],
        sort="-due_at",
    )
    assert made["query"] == {"stage": ["filed"], "q": "井盖"}
    assert made["columns"] == [{"key": "number", "width": 160}, {"key": "stage", "width": None}]
    path = f"/filters/{made['id']}"
    changed = call("PATCH", path, body={"name": "待派遣", "version": 1}).json()
    assert (changed["name"], changed["version"], changed["sort"]) == ("待派遣", 2, "-due_at")
    assert call("PATCH", path, body={"name": "旧", "version": 1}).status_code == 409
    second = save(name="另一个")
    assert names("desk") == ["待派遣", "另一个"]
    assert call("PUT", "/filters/order", body={"ids": [second["id"]]}).status_code == 204
    assert names("desk") == ["另一个", "待派遣"]
    assert call("DELETE", path).status_code == 204
    assert call("DELETE", path).status_code == 404
    assert names("desk") == ["另一个"]
    # The ledger knows that words were searched, not which.
    events = Event.objects.filter(subject_kind="filter", subject_id=made["id"]).order_by("seq")
    assert [each.action for each in events] == ["filter.save", "filter.change", "filter.delete"]
    assert events[0].after == {"by": ["q", "stage"], "shared": False, "version": 1}
    assert "井盖" not in json.dumps([e.after for e in events], ensure_ascii=False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"query": {"secret": 1}}, "query"),
        ({"query": {"stage": ["nowhere"]}}, "query"),
        ({"query": {"id": [1]}}, "query"),
        ({"query": {"since": "2026-11-01T00:00:00"}}, "since"),
        ({"sort": "description"}, "sort"),
        ({"columns": [{"key": "phone"}]}, "columns"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], field: str) -> None:
    answer = call("POST", "/filters", body={"name": "某", "query": {}} | wrong)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert not SavedFilter.objects.exists()


def test_a_name_once_and_so_many_at_most() -> None:
    save()
    assert call("POST", "/filters", body={"name": "超时件", "query": {}}).json()["field"] == "name"
    save(by="dispatch")  # another person's may be called the same
    for n in range(MOST - 1):
        save(name=f"第{n}个")
    assert call("POST", "/filters", body={"name": "再来", "query": {}}).status_code == 422


def test_shared_inside_the_organisation_only() -> None:
    made = save(shared=True)
    save(name="私有")
    here = Organisation.objects.get(pk=who("desk").org_id or 0)
    assert who("dispatch").org_id == here.pk
    assert names("dispatch") == ["超时件"]
    assert names("water") == []  # another organisation
    seen = call("GET", "/filters", "dispatch").json()["items"][0]
    assert (seen["mine"], seen["owner_name"] is not None) == (False, True)
    for method in ("PATCH", "DELETE"):
        assert call(method, f"/filters/{made['id']}", "dispatch", {}).status_code == 404
    # Who moves to another organisation leaves what is shared behind.
    Post.objects.filter(pk=who("dispatch").post_id or 0).update(
        organisation=Organisation.objects.exclude(pk=here.pk).first()
    )
    from mengding.core.cache import forget_everything

    forget_everything()
    assert names("dispatch") == []


def test_counts_are_what_the_reader_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    save(shared=True, query={"stage": ["filed"]})
    for _ in range(3):
        case_at(Stage.FILED)
    assert call("GET", "/filters/counts").json()["items"][0]["n"] == 3
    assert report(village="511803001001").case is not None
    monkeypatch.setattr(queries, "CAP", 2)
    found = call("GET", "/filters/counts").json()["items"][0]
    assert (found["n"], found["more"]) == (1, True)


def test_a_count_that_takes_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any) -> int:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")
        return 1

    save()
    monkeypatch.setattr(queries, "PATIENCE", 20)
    monkeypatch.setattr(queries, "capped_count", slow)
    assert call("GET", "/filters/counts").json()["items"] == [
        {"id": SavedFilter.objects.get().pk, "n": None, "more": False}
    ]
    assert Account.objects.exists()  # the transaction around goes on


def test_the_look_is_one_s_own() -> None:
    made = save()
    look = {"columns": [{"key": "stage", "width": 90}], "compact": True, "first": made["id"]}
    assert call("PATCH", "/filters/look", body=look).json() == look
    assert call("GET", "/filters", "dispatch").json()["look"] == {
        "columns": [],
        "compact": False,
        "first": None,
    }
    assert call("PATCH", "/filters/look", "dispatch", {"first": made["id"]}).status_code == 404
    assert call("PATCH", "/filters/look", body={"compact": False}).json()["first"] == made["id"]
    call("DELETE", f"/filters/{made['id']}")
    assert call("GET", "/filters").json()["look"]["first"] is None
