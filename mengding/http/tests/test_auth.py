from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mengding.http.api import Declared, declared
from mengding.http.auth import allows
from mengding.http.tests import app
from mengding.http.tests.conftest import Things, bearer

SECRET = "a" * 32


@pytest.fixture
def browser(chain: None) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies["who"] = "admin"
    return client


def create(client: Client, **headers: str) -> Any:
    return client.post(
        "/api/v1/things", '{"name": "tea"}', content_type="application/json", headers=headers
    )


def test_nobody_is_401_and_the_wrong_post_403(client: Client, things: Things) -> None:
    answer = create(client)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    answer = create(client, **bearer("desk"))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert answer.json()["action"] == "regions.manage"
    assert things.names() == []


def test_permission_comes_before_the_content(client: Client) -> None:
    answer = client.post(
        "/api/v1/things", "{", content_type="application/json", headers=bearer("desk")
    )
    assert answer.status_code == 403


def test_an_operation_without_declaration_needs_a_sign_in(client: Client) -> None:
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/me", headers=bearer("desk")).json() == {"account": 3}


def test_a_session_needs_the_csrf_token_for_unsafe_methods(browser: Client, things: Things) -> None:
    assert browser.get("/api/v1/me").status_code == 200
    answer = create(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = SECRET
    assert create(browser, **{"X-CSRFToken": "b" * 32}).status_code == 403
    assert things.names() == []
    assert create(browser, **{"X-CSRFToken": SECRET}).status_code == 201


def test_an_open_operation_does_not_lend_the_session_to_foreign_pages(
    browser: Client, things: Things
) -> None:
    assert browser.post("/api/v1/open").json()["code"] == "csrf_failed"
    del browser.cookies["who"]
    assert browser.post("/api/v1/open").status_code == 200


def test_a_token_needs_no_csrf_token(browser: Client, things: Things) -> None:
    del browser.cookies["who"]
    assert create(browser, **bearer("admin")).status_code == 201


def test_a_bad_token_does_not_fall_back_to_the_session(browser: Client) -> None:
    assert create(browser, **bearer("nonsense")).status_code == 401


def test_every_operation_can_be_listed_with_its_permission() -> None:
    found = declared(app.api)
    assert Declared("POST", "/things", "regions.manage", False) in found
    assert Declared("GET", "/things", None, True) in found
    assert Declared("GET", "/me", None, False) in found
    assert Declared("PUT", "/things/{int:number}", "regions.manage", False) in found


def test_an_unknown_action_fails_when_the_module_loads() -> None:
    decorator: Callable[[str], Any] = allows
    with pytest.raises(KeyError):
        decorator("regions.mange")
