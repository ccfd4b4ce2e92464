"""A draft worked on class by class, and what it changes."""

from typing import Any

import pytest

from mengding.catalogue.models import SchemeVersion
from mengding.catalogue.tests.test_api import call
from mengding.core.cache import forget_everything

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    yield
    forget_everything()  # what a test published is rolled back


@pytest.fixture
def draft() -> dict[str, Any]:
    made = call("POST", "/drafts", {"version": "2099.1"})
    assert made.status_code == 201, made.content
    found: dict[str, Any] = made.json()
    return found


def classes(pk: int) -> dict[str, Any]:
    return {row["code"]: row for row in call("GET", f"/versions/{pk}/file").json()["classes"]}


def test_a_draft_holds_what_is_in_force(draft: dict[str, Any]) -> None:
    active = call("GET", "", who="grid").json()
    old = call("GET", f"/versions/{active['id']}/file", who="grid").json()
    new = call("GET", f"/versions/{draft['id']}/file", who="grid").json()
    assert {**old, "version": "2099.1"} == new
    found = call("GET", f"/versions/{draft['id']}/difference").json()
    assert (found["added"], found["removed"], found["changed"], found["limits"]) == ([], [], [], 0)
    again = call("POST", "/drafts", {"version": "2099.1"})
    assert (again.status_code, again.json()["field"]) == (422, "version")
    bad = call("POST", "/drafts", {"version": "二号"})
    assert (bad.status_code, bad.json()["field"]) == (422, "version")


def test_change_add_remove_and_publish(draft: dict[str, Any]) -> None:
    pk, rows = draft["id"], classes(draft["id"])
    cover = rows["C0101"]
    cover["conditions"][0]["limit"] = {"amount": 7, "unit": "urgent_hour"}
    cover["conditions"].append({**cover["conditions"][0], "code": "C0101-9", "filing_zh": "松动"})
    body = {"digest": draft["digest"], "data": cover}
    one = call("PUT", f"/versions/{pk}/classes/C0101", body)
    assert one.status_code == 200, one.content
    assert one.json()["digest"] != draft["digest"]
    # Somebody who still has the draft as it was is told so.
    late = call("PUT", f"/versions/{pk}/classes/C0101", body)
    assert (late.status_code, late.json()["code"]) == (409, "catalogue_draft_moved_on")
    new = {**rows["C0102"], "code": "C0199", "small_code": "99", "zh": "新设施"}
    new["conditions"] = [{**rows["C0102"]["conditions"][0], "code": "C0199-1"}]
    body = {"digest": one.json()["digest"], "data": new}
    two = call("PUT", f"/versions/{pk}/classes/C0199", body).json()
    three = call("DELETE", f"/versions/{pk}/classes/C0103?digest={two['digest']}").json()
    big = {"digest": three["digest"], "zh": "其他事项", "en": "Other matters"}
    four = call("PUT", f"/versions/{pk}/bigs/E06", big).json()
    found = call("GET", f"/versions/{pk}/difference").json()
    assert [row["code"] for row in found["added"]] == ["C0199"]
    assert [row["code"] for row in found["removed"]] == ["C0103"]
    changed = {row["code"]: row["changes"] for row in found["changed"]}
    assert {way["path"] for way in changed["C0101"]} == {
        "conditions.C0101-1.limit",
        "conditions.C0101-9",
    }
    assert {way["path"] for way in changed["E0604"]} == {"big_zh", "big_en"}
    assert (found["limits"], found["digest"]) == (1, four["digest"])
    # Only what was looked at is published.
    stale = call("POST", f"/versions/{pk}/publish?digest={draft['digest']}")
    assert stale.status_code == 409
    assert call("POST", f"/versions/{pk}/publish?digest={four['digest']}").status_code == 200
    assert call("GET", "/classes/C0101").json()["conditions"][0]["limit_amount"] == 7
    closed = call("DELETE", f"/versions/{pk}/classes/C0101?digest={four['digest']}")
    assert (closed.status_code, closed.json()["code"]) == (409, "catalogue_version_published")


def test_every_problem_has_its_field(draft: dict[str, Any]) -> None:
    pk = draft["id"]
    bad = classes(pk)["C0101"]
    bad["default_department"] = "nobody"
    bad["conditions"][0]["filing_zh"] = ""
    bad["big_zh"] = "别的名字"
    found = call("PUT", f"/versions/{pk}/classes/C0101", {"digest": draft["digest"], "data": bad})
    assert found.status_code == 422
    fields = {each["field"]: each["detail"] for each in found.json()["errors"]}
    assert set(fields) == {"default_department", "conditions[0].filing_zh", "big_zh"}
    assert "公用设施" in fields["big_zh"]
    other = {"digest": draft["digest"], "data": classes(pk)["C0102"]}
    wrong = call("PUT", f"/versions/{pk}/classes/C0101", other)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "code")
    name = call(
        "PUT", f"/versions/{pk}/bigs/E06", {"digest": draft["digest"], "zh": " ", "en": "x"}
    )
    assert (name.status_code, name.json()["field"]) == (422, "zh")


def test_discarded(draft: dict[str, Any]) -> None:
    pk, digest = draft["id"], draft["digest"]
    assert call("DELETE", f"/versions/{pk}?digest={'0' * 64}").status_code == 409
    assert call("DELETE", f"/versions/{pk}?digest={digest}", who="desk").status_code == 403
    assert call("DELETE", f"/versions/{pk}?digest={digest}").status_code == 204
    assert not SchemeVersion.objects.filter(pk=pk).exists()
    active = SchemeVersion.objects.get(scheme__code="mengding", status="active")
    kept = call("DELETE", f"/versions/{active.pk}?digest={active.digest}")
    assert kept.status_code == 409
