"""Calendars and limits over HTTP: in force, published anew, tried out."""

from typing import Any

import pytest
from django.test import Client

from mengding.clocks.models import Calendar, StageLimits
from mengding.core.cache import forget_everything
from mengding.demo.secrets import token

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
HOURS = {"name": "short", "segments": [["09:00", "12:00"]], "overrides": {"2026-11-23": False}}


def call(method: str, path: str, body: Any = None, who: str = "sysadmin", lang: str = "zh") -> Any:
    return Client().generic(
        method,
        f"/api/v1{path}",
        data=body if body is not None else b"",
        content_type="application/json",
        headers={"Authorization": f"Bearer {token(who)}", "Accept-Language": lang},
    )


def json_call(method: str, path: str, body: Any, **more: Any) -> Any:
    import json

    return call(method, path, json.dumps(body), **more)


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    yield
    forget_everything()  # what a test published is rolled back


def test_in_force() -> None:
    found = call("GET", "/calendars/active", who="grid").json()
    assert found["calendar"]["code"] == "district"
    assert found["calendar"]["spec"]["segments"][0] == ["08:30", "12:00"]
    assert found["limits"]["limits"]["receive"] == {"amount": 15, "unit": "work_minute"}
    for warning in found["warnings"]:
        assert set(warning) == {"code", "level", "year", "text"}


def test_publishing_a_calendar_puts_the_next_version_in_force() -> None:
    before = call("GET", "/calendars/active").json()["calendar"]
    made = json_call("POST", "/calendars", {"name": "短", "spec": HOURS})
    assert made.status_code == 201, made.content
    assert made.json()["version"] == before["version"] + 1
    assert call("GET", f"/calendars/{before['id']}").json()["active"] is False
    rows = call("GET", "/calendars").json()["items"]
    assert [row["active"] for row in rows if row["code"] == "district"] == [True, False]


def test_bad_calendars_and_limits_name_their_field() -> None:
    bad = json_call("POST", "/calendars", {"name": "短", "spec": {"name": "x"}})
    assert (bad.status_code, bad.json()["field"]) == (422, "spec")
    bad = json_call("POST", "/stage-limits", {"limits": {"receive": {"amount": 0, "unit": "x"}}})
    assert (bad.status_code, bad.json()["field"]) == (422, "limits.receive")
    assert Calendar.objects.filter(active=True).count() == 1


def test_publishing_limits() -> None:
    active = StageLimits.objects.get(active=True)
    made = json_call("POST", "/stage-limits", {"limits": active.limits, "yellow_percent": 70})
    assert (made.status_code, made.json()["version"]) == (201, active.version + 1)
    assert call("GET", "/calendars/active").json()["limits"]["yellow_percent"] == 70
    assert call("GET", "/stage-limits").json()["items"][0]["version"] == active.version + 1


def test_trying_a_deadline_out() -> None:
    body = {"start": "2026-11-20T15:00:00+08:00", "amount": 2, "unit": "work_hour"}
    found = json_call("POST", "/calendars/due", body, who="desk", lang="en").json()
    assert found["due_at"] == "2026-11-20T17:00:00+08:00"
    assert any("2026-11-20" in step for step in found["steps"])
    pause = [{"start": "2026-11-20T16:00:00+08:00", "end": "2026-11-20T16:30:00+08:00"}]
    found = json_call("POST", "/calendars/due", {**body, "pauses": pause}).json()
    assert found["due_at"] == "2026-11-20T17:30:00+08:00"
    # A calendar that is not in force yet: Friday is over, Monday is declared a rest day.
    found = json_call("POST", "/calendars/due", {**body, "spec": HOURS}).json()
    assert found["due_at"] == "2026-11-24T11:00:00+08:00"
    open_pause = [{"start": "2026-11-20T16:00:00+08:00"}]
    assert (
        json_call("POST", "/calendars/due", {**body, "pauses": open_pause}).json()["due_at"] is None
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "2026-11-20T15:00:00"}, "start"),
        ({"amount": 0}, "amount"),
        ({"amount": 10**9}, "amount"),
        ({"unit": "fortnight"}, "unit"),
        ({"now": "2026-11-20T15:00:00"}, "now"),
        ({"spec": {}}, "spec"),
        (
            {
                "pauses": [
                    {"start": "2026-11-20T16:00:00+08:00", "end": "2026-11-20T15:00:00+08:00"}
                ]
            },
            "pauses",
        ),
        ({"pauses": [{"start": "2026-11-20T16:00:00"}]}, "pauses.0.start"),
    ],
)
def test_bad_questions_name_their_field(change: dict[str, Any], field: str) -> None:
    body = {"start": "2026-11-20T15:00:00+08:00", "amount": 2, "unit": "work_hour"}
    answer = json_call("POST", "/calendars/due", {**body, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.content


def test_only_the_system_administrator_publishes() -> None:
    assert json_call("POST", "/calendars", {}, who="desk").status_code == 403
    assert json_call("POST", "/stage-limits", {}, who="secadmin").status_code == 403


def test_the_admin_pages_show_and_do_not_change() -> None:
    from mengding.people.models import Account

    client = Client()
    client.force_login(Account.objects.get(username="sysadmin"))
    pk = Calendar.objects.get(active=True).pk
    page = client.get(f"/admin/clocks/calendar/{pk}/change/")
    assert page.status_code == 200
    assert "08:30—12:00" in page.content.decode()
    assert client.get("/admin/clocks/calendar/add/").status_code == 403
    limits = StageLimits.objects.get(active=True).pk
    page = client.get(f"/admin/clocks/stagelimits/{limits}/change/")
    assert "受理：15 工作分钟" in page.content.decode()


def test_a_year_laid_out() -> None:
    year = json_call("POST", "/calendars/year", {"year": 2026}).json()
    days = {day["date"]: day for day in year["days"]}
    assert len(days) == 365
    assert year["published"]
    assert days["2026-10-01"] == {
        "date": "2026-10-01",
        "kind": "holiday",
        "working": False,
        "holiday": "国庆节",
    }
    assert year["working_days"] == sum(day["working"] for day in days.values())
    spec = call("GET", "/calendars/active").json()["calendar"]["spec"]
    changed = {**spec, "overrides": {"2027-01-04": False}}
    next_year = json_call("POST", "/calendars/year", {"year": 2027, "spec": changed}).json()
    assert not next_year["published"]
    monday = next(day for day in next_year["days"] if day["date"] == "2027-01-04")
    assert (monday["kind"], monday["working"]) == ("override_rest", False)
    assert [each["code"] for each in next_year["warnings"]] == ["next_year_unknown"]
    bad = json_call("POST", "/calendars/year", {"year": 2027, "spec": {}})
    assert (bad.status_code, bad.json()["field"]) == (422, "spec")
