import json
import logging
from typing import Any

import pytest
from django.test import Client

from mengding.http.tests.conftest import Things, bearer


def post(client: Client, data: Any, **headers: str) -> Any:
    raw = data if isinstance(data, bytes) else json.dumps(data)
    return client.post(
        "/api/v1/things",
        raw,
        content_type="application/json",
        headers={**bearer("admin"), **headers},
    )


def test_all_fields_at_fault_are_listed_as_the_caller_wrote_them(client: Client) -> None:
    answer = post(client, {"name": "x", "parts": [{"weight": 1}, {"weight": 0}, {}], "at": "soon"})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {(e["field"], e["code"], e["detail"]) for e in body["errors"]} == {
        ("name", "string_too_short", "至少 2 个字。"),
        ("parts.1.weight", "greater_than_equal", "不能小于 1。"),
        ("parts.2.weight", "missing", "必填。"),
        ("at", "datetime_from_date_parsing", "应为带时区的时间，如 2026-11-24T09:30:00+08:00。"),
    }
    assert body["code"] == "validation_failed"
    assert body["type"] == "urn:mengding:problem:validation_failed"
    assert body["status"] == 422
    assert body["title"] == "内容有误"
    assert body["field"] == "name"
    assert body["request_id"] == answer["X-Request-ID"]


def test_the_problem_speaks_the_readers_language(client: Client) -> None:
    answer = post(client, {}, **{"Accept-Language": "en-GB,zh;q=0.5"})
    body = answer.json()
    assert body["title"] == "Invalid content"
    assert body["detail"] == "name: Required."
    assert answer["Content-Language"] == "en"
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("status=toolong", "status")],
)
def test_query_parameters_are_named_without_the_handlers_argument(
    client: Client, query: str, field: str
) -> None:
    body = client.get(f"/api/v1/things?{query}").json()
    assert [e["field"] for e in body["errors"]] == [field]


def test_a_list_parameter_is_named_with_its_place(client: Client) -> None:
    body = client.get("/api/v1/things?grade=1&grade=x").json()
    assert body["errors"] == [{"field": "grade.1", "code": "int_parsing", "detail": "应为整数。"}]


@pytest.mark.parametrize(
    "raw", [b'{"name": ', b"\xff\xfe", b'{"name": NaN}', b"[" * 100_000, b'{"name": "ab"} x']
)
def test_a_body_that_is_not_json_is_400(client: Client, raw: bytes) -> None:
    answer = post(client, raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "json_malformed")


def test_a_nul_character_is_refused_before_the_database_sees_it(client: Client) -> None:
    answer = post(client, {"name": "ok", "parts": [{"note": "a\0b"}]})
    assert answer.json()["code"] == "nul_character"
    assert answer.json()["field"] == "parts.0.note"
    assert client.get("/api/v1/things?status=%00").json()["code"] == "nul_character"
    assert client.get("/api/v1/things/%00").status_code == 400


def test_a_backslash_before_u0000_is_not_a_nul(client: Client, things: Things) -> None:
    assert post(client, {"name": "a\\u0000"}).status_code == 201


def test_unknown_route_and_method(client: Client) -> None:
    answer = client.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = client.delete("/api/v1/things")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_status_with_a_meaning_of_its_own_is_left_alone(client: Client) -> None:
    assert client.get("/api/v1/range").status_code == 416


def test_a_domain_error_keeps_its_code_field_and_extra(client: Client, things: Things) -> None:
    body = post(client, {"name": "refuse"}).json()
    assert body["code"] == "taken"
    assert body["field"] == "name"
    assert body["current"] == {"said": "甲"}
    assert body["status"] == 409  # extra cannot overwrite what the standard names


def test_an_unhandled_exception_is_logged_under_the_request_id_and_tells_nothing(
    client: Client, things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "mengding.http"):
        answer = client.post("/api/v1/crash", headers={"X-Request-ID": "r-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == "r-1"
    assert b"secret" not in answer.content
    assert "r-1" in caplog.text
    assert "secret detail" in caplog.text


def test_a_body_over_the_limit_is_413(client: Client) -> None:
    answer = post(client, b'"' + b"x" * (5 * 1024 * 1024) + b'"')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_domain_error_outside_the_api(client: Client) -> None:
    answer = client.get("/plain")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_page")
    answer = client.get("/plain", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 404
    assert "没有此页。" in answer.content.decode()


def test_a_domain_error_inside_a_middleware(client: Client) -> None:
    answer = client.get("/api/v1/me", headers=bearer("broken"))
    assert (answer.status_code, answer.json()["code"]) == (409, "broken_actor")
