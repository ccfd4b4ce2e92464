"""The catalogue over HTTP: reading, suggesting, a new version from upload to retirement."""

import json
from typing import Any

import pytest
from django.test import Client

from mengding.catalogue.api.versions import EXAMPLE as _FILE
from mengding.catalogue.models import SchemeVersion
from mengding.core.cache import forget_everything
from mengding.demo.secrets import token

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def call(method: str, path: str, body: Any = None, who: str = "sysadmin") -> Any:
    return Client().generic(
        method,
        f"/api/v1/catalogue{path}",
        data="" if body is None else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token(who)}"},
    )


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    yield
    forget_everything()  # what a test published is rolled back


def test_what_is_in_force() -> None:
    found = call("GET", "", who="grid").json()
    assert found["scheme"] == "mengding"
    assert found["classes"] >= 120
    assert found["conditions"] >= 250
    assert {"code", "zh", "en"} == set(found["departments"][0])
    classes = call("GET", "/classes", who="grid").json()
    assert len(classes["items"]) == found["classes"]
    conditions = call("GET", "/conditions", who="grid").json()
    assert len(conditions["items"]) == found["conditions"]


def test_filters() -> None:
    codes = [row["code"] for row in call("GET", "/classes?kind=event&big=E01").json()["items"]]
    assert codes
    assert all(code.startswith("E01") for code in codes)
    assert call("GET", "/classes?kind=component&big=E01").json()["items"] == []
    rows = call("GET", "/conditions?big=C01").json()["items"]
    assert {row["class_code"][:3] for row in rows} == {"C01"}


def test_one_class_with_its_conditions() -> None:
    found = call("GET", "/classes/C0101", who="grid").json()
    assert found["zh"] == "上水井盖"
    assert found["conditions"][0]["code"] == "C0101-1"
    assert found["conditions"][0]["limit_unit"] == "urgent_hour"
    missing = call("GET", "/classes/X9999")
    assert (missing.status_code, missing.json()["code"]) == (404, "class_unknown")


def test_suggestions_say_why() -> None:
    items = call("GET", "/suggest?text=路口的自来水井盖丢失了&limit=3", who="desk").json()["items"]
    assert items[0]["code"] == "C0101"
    assert items[0]["matched"] == ["自来水井盖丢失"]
    assert len(items) <= 3
    assert call("GET", "/suggest").json()["field"] == "text"


def test_a_new_version_from_upload_to_retirement() -> None:
    made = call("POST", "/versions", _FILE)
    assert made.status_code == 201, made.content
    assert (made.json()["status"], made.json()["version"]) == ("draft", "2026.2")
    pk = made.json()["id"]
    old = SchemeVersion.objects.get(scheme__code="mengding", status="active")
    assert call("POST", f"/versions/{pk}/publish").json()["status"] == "active"
    old.refresh_from_db()
    assert old.status == "retired"
    assert call("GET", "").json()["version"] == "2026.2"
    assert call("POST", f"/versions/{pk}/publish").status_code == 409
    assert call("POST", f"/versions/{pk}/retire").json()["status"] == "retired"
    assert call("GET", "").status_code == 404
    listed = call("GET", "/versions?limit=1").json()
    assert listed["items"][0]["id"] == pk
    assert listed["next"]
    assert call("POST", "/versions/99999/publish").status_code == 404


def test_a_faulty_file_names_every_problem() -> None:
    bad = call("POST", "/versions", {**_FILE, "version": "", "title_en": None})
    assert bad.status_code == 422
    paths = {problem["path"] for problem in bad.json()["problems"]}
    assert paths == {"$.version", "$.title_en"}


def test_only_the_system_administrator_changes_it() -> None:
    assert call("POST", "/versions", _FILE, who="desk").status_code == 403
    assert call("POST", "/versions/1/publish", who="secadmin").status_code == 403
