"""Long lists: windows anywhere in them, orders, and what they are narrowed by."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.cases import queries
from mengding.cases.models import Case
from mengding.cases.queries import Filters, anchors
from mengding.cases.stages import Channel, Stage
from mengding.cases.tests.made import case_at, report, who
from mengding.core import clock
from mengding.core.errors import Invalid
from mengding.demo.secrets import token
from mengding.search.models import Entry

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]


def page(order: str = "-reported_at", **more: Any) -> tuple[list[int], str | None]:
    given = {"cursor": None, "limit": 200} | more
    narrow = given.pop("narrow", Filters())
    rows, following = queries.case_page(who("desk"), narrow, order=order, **given)
    return [row["id"] for row in rows], following


@pytest.fixture
def many() -> list[int]:
    """Cases of all kinds, some of them reported in the same instant; ids, newest first."""
    made = [case_at(stage).pk for stage in Stage]
    at = clock.now()
    made += [report().case.pk for _ in range(14)]
    Case.objects.filter(pk__in=made[-14:]).update(reported_at=at)
    Entry.objects.filter(pk__in=made[-14:]).update(reported_at=at)
    return list(Case.objects.order_by("-reported_at", "-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("order", queries.ORDERS)
def test_windows_meet_wherever_they_start(
    order: str, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(anchors.__globals__, "STEP", 4)
    whole, _ = page(order)
    assert len(whole) >= 3
    rows, _ = queries.case_page(who("desk"), Filters(), order=order, cursor=None, limit=5)
    head = queries.head_of(rows, order)
    found = anchors(who("desk"), Filters(), order=order, head=head)
    assert (found["total"], found["exact"]) == (len(whole), True)
    assert len(found["cursors"]) == len(whole) // 4
    if order == "-reported_at":
        report()  # comes in on top: the windows below stay where they are
    for start in range(len(whole)):
        cursor = head if start < 4 else found["cursors"][start // 4 - 1]
        window, _ = page(order, cursor=cursor, skip=start % 4, limit=3)
        assert window == whole[start : start + 3], start


def test_windows_of_a_search(many: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(anchors.__globals__, "STEP", 3)
    narrow = Filters(text="井盖")
    whole, _ = page(narrow=narrow)
    found = anchors(who("desk"), narrow, order="-reported_at", head=None)
    assert found["total"] == len(whole)
    assert page(narrow=narrow, cursor=found["cursors"][0], skip=2, limit=4)[0] == whole[5:9]


def test_a_count_that_takes_too_long_is_an_estimate(
    many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = anchors.__globals__["_PLACES"].replace("WHERE", "WHERE pg_sleep(1) IS NOT NULL AND")
    monkeypatch.setitem(anchors.__globals__, "_PLACES", slow)
    monkeypatch.setitem(anchors.__globals__, "PATIENCE", 20)
    found = anchors(who("desk"), Filters(), order="-reported_at", head=None)
    assert found["exact"] is False
    assert found["cursors"] == []
    assert found["total"] >= 1


def test_an_order_shows_what_has_a_place_in_it(many: list[int]) -> None:
    cases = Case.objects.filter(pk__in=many)
    assert set(page("due_at")[0]) == set(
        cases.filter(due_at__isnull=False, closed_at=None).values_list("pk", flat=True)
    )
    assert set(page("-closed_at")[0]) == set(
        cases.filter(closed_at__isnull=False).values_list("pk", flat=True)
    )
    numbers = list(
        cases.filter(number__isnull=False).order_by("-number").values_list("pk", flat=True)
    )
    assert page("-number")[0] == numbers
    with pytest.raises(Invalid):
        page("description")


def test_narrowing(many: list[int]) -> None:
    now = clock.now()
    old, *_ = many
    Case.objects.filter(pk=old).update(
        reported_at=now - timedelta(days=9), rework_count=1, channel="web", supervised=True
    )
    assert page(narrow=Filters(rework=True))[0] == [old]
    assert old not in page(narrow=Filters(rework=False))[0]
    assert page(narrow=Filters(channel=Channel.WEB, supervised=True))[0] == [old]
    assert old not in page(narrow=Filters(days=7))[0]
    assert old in page(narrow=Filters(days=11))[0]
    assert page(narrow=Filters(ids=(old, 10**15)))[0] == [old]
    due = page(narrow=Filters(due_until=now + timedelta(days=60)))[0]
    assert set(due) == set(page("due_at")[0])
    ended = page(narrow=Filters(closed_since=now - timedelta(days=1)))[0]
    assert set(ended) == set(page("closed_at")[0])


def test_over_http(many: list[int]) -> None:
    def get(path: str) -> Any:
        headers = {"Authorization": f"Bearer {token('desk')}"}
        return Client().get(f"/api/v1{path}", headers=headers)

    first = get("/cases?limit=2").json()
    assert "items" in first, first
    assert [row["id"] for row in first["items"]] == many[:2]
    found = get(f"/cases/anchors?head={first['head']}").json()
    assert found["total"] == len(many)
    again = get(f"/cases?limit=2&skip=1&cursor={first['head']}").json()
    assert [row["id"] for row in again["items"]] == many[1:3]
    for wrong, name in (
        ("due_since=2026-11-24T00:00:00", "due_since"),
        ("skip=1001", "skip"),
        ("sort=nothing", "sort"),
    ):
        answer = get(f"/cases?{wrong}")
        assert answer.status_code == 422
        assert name in answer.content.decode()
