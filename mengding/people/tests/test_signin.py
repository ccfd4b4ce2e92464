"""Signing in, lock-out, passwords, switching posts: through the API, and two connections."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mengding.core import clock
from mengding.core.actor import Role
from mengding.core.errors import Invalid
from mengding.ledger.models import Event
from mengding.people import actions, passwords, queries
from mengding.people.models import Account
from mengding.people.tests.world import PASSWORD, World

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SESSION = "/api/v1/session"


def sign_in(client: Client, username: str, password: str = PASSWORD, **headers: str) -> Any:
    """POST /session."""
    return client.post(
        SESSION,
        {"username": username, "password": password},
        content_type="application/json",
        headers=headers or None,
    )


def events(account: Account | None) -> list[str]:
    """Actions on an account in order."""
    pk = account.pk if account else 0
    rows = Event.objects.filter(subject_kind="account", subject_id=pk).order_by("seq")
    return list(rows.values_list("action", flat=True))


def test_in_and_out(world: World, client: Client) -> None:
    account = world.account("desk")
    post = world.post(account, Role.DESK, "centre-town")
    assert client.get(SESSION).status_code == 401
    answer = sign_in(client, "DESK")
    assert answer.status_code == 200, answer.content
    me = client.get(SESSION).json()
    assert (me["username"], me["post"], me["must_change_password"]) == ("desk", post.pk, False)
    assert "case.receive" in me["actions"]
    assert "accounts.manage" not in me["actions"]
    assert [(p["role"], p["region_code"]) for p in me["posts"]] == [("desk", "511803100")]
    assert client.delete(SESSION).status_code == 204
    assert client.get(SESSION).status_code == 401
    assert events(account) == ["account.sign_in", "account.sign_out"]


def test_unknown_and_wrong_look_the_same(world: World, client: Client) -> None:
    account = world.account("desk")
    wrong, unknown = sign_in(client, "desk", "Wrong-2026-x"), sign_in(client, "nobody")
    assert wrong.status_code == unknown.status_code == 401
    a, b = wrong.json(), unknown.json()
    assert a["code"] == b["code"] == "sign_in_failed"
    assert a["detail"] == b["detail"]
    assert events(account) == ["account.sign_in_failed"]
    assert events(None) == ["account.sign_in_unknown"]
    kept = str(list(Event.objects.values_list("before", "after", "words__text")))
    assert "nobody" not in kept
    assert "Wrong" not in kept


def test_five_failures_lock_for_a_growing_time(world: World) -> None:
    account = world.account("desk")

    def fail(times: int) -> None:
        for _ in range(times):
            assert actions.verify("desk", "Wrong-2026-x") is None

    with clock.at(NOON):
        fail(4)
        account.refresh_from_db()
        assert account.locked_until is None
        fail(1)
        account.refresh_from_db()
        assert account.locked_until == NOON + timedelta(minutes=15)
        assert actions.verify("desk", PASSWORD) is None
    assert events(account)[-3:] == [
        "account.sign_in_failed",
        "account.lock",
        "account.sign_in_refused",
    ]
    with clock.at(NOON + timedelta(minutes=15)):
        fail(5)
        account.refresh_from_db()
        assert account.locked_until == NOON + timedelta(minutes=45)
    with clock.at(NOON + timedelta(minutes=45)):
        assert actions.verify("desk", PASSWORD) == account
        account.refresh_from_db()
        assert (account.failures, account.locked_until) == (0, None)


def test_a_lock_is_never_longer_than_a_day(world: World) -> None:
    account = world.account("desk", failures=5 * 400 - 1)
    with clock.at(NOON):
        assert actions.verify("desk", "Wrong-2026-x") is None
    account.refresh_from_db()
    assert account.locked_until == NOON + timedelta(hours=24)


def test_failure_stays_counted_with_an_idempotency_key(world: World, client: Client) -> None:
    account = world.account("desk")
    sign_in(client, "desk", "Wrong-2026-x", **{"Idempotency-Key": "k1"})
    account.refresh_from_db()
    assert account.failures == 1


def test_inactive_account_stays_out_and_its_session_ends(world: World, client: Client) -> None:
    account = world.account("desk")
    world.post(account, Role.DESK, "centre-town")
    sign_in(client, "desk")
    security = world.actor(Role.SECURITY_ADMIN)
    actions.deactivate_account(security, account.pk)
    assert client.get(SESSION).status_code == 401
    assert sign_in(client, "desk").status_code == 401
    assert events(account)[-2:] == ["account.deactivate", "account.sign_in_refused"]


def test_switching_posts(world: World, client: Client) -> None:
    account = world.account("two")
    first = world.post(account, Role.DESK, "centre-town")
    second = world.post(account, Role.SUPERVISOR, "centre-district")
    other = world.post(world.account("other"), Role.DESK, "centre-town")
    assert sign_in(client, "two").json()["post"] == first.pk
    url = f"{SESSION}/post"
    answer = client.post(url, {"post": second.pk}, content_type="application/json")
    assert answer.json()["post"] == second.pk
    assert "case.supervise" in client.get(SESSION).json()["actions"]
    refused = client.post(url, {"post": other.pk}, content_type="application/json")
    assert refused.status_code == 422
    second.active = False
    second.save()
    assert client.get(SESSION).json()["post"] == first.pk


def test_must_change_password_first(world: World, client: Client) -> None:
    security = world.actor(Role.SECURITY_ADMIN)
    account, password = actions.create_account(security, username="fresh", name="新人")
    world.post(account, Role.SYSTEM_ADMIN, "centre-district")
    me = sign_in(client, "fresh", password).json()
    assert (me["must_change_password"], me["actions"]) == (True, [])
    assert client.get("/api/v1/organisations").status_code == 403
    assert not Account.objects.get(pk=account.pk).is_staff

    def change(old: str, new: str) -> Any:
        data = {"old_password": old, "new_password": new}
        return client.post(f"{SESSION}/password", data, content_type="application/json")

    assert change("Wrong-2026-x", PASSWORD).status_code == 422
    weak = change(password, "abcdefgh")
    assert weak.json()["code"] == "password_weak", weak.json()
    assert change(password, password).json()["code"] == "password_same"
    done = change(password, PASSWORD)
    assert done.status_code == 200, done.json()
    assert "organisations.manage" in done.json()["actions"]
    assert client.get("/api/v1/organisations").status_code == 200
    assert Account.objects.get(pk=account.pk).is_staff


def test_changing_the_password_ends_other_sessions(world: World) -> None:
    world.account("desk")
    here, there = Client(), Client()
    sign_in(here, "desk")
    sign_in(there, "desk")
    data = {"old_password": PASSWORD, "new_password": "Other-garden-2027"}
    answer = here.post(f"{SESSION}/password", data, content_type="application/json")
    assert answer.status_code == 200
    assert here.get(SESSION).status_code == 200
    assert there.get(SESSION).status_code == 401


def test_account_language_when_the_request_names_none(world: World, client: Client) -> None:
    world.account("bob", language="en")
    sign_in(client, "bob")
    url = f"{SESSION}/post"
    plain = client.post(url, {"post": 0}, content_type="application/json").json()
    chinese = client.post(
        url, {"post": 0}, content_type="application/json", headers={"Accept-Language": "zh"}
    ).json()
    assert "active post" in str(plain)
    assert "有效岗位" in str(chinese)


def test_a_session_needs_the_csrf_token(world: World) -> None:
    world.account("desk")
    client = Client(enforce_csrf_checks=True)
    me = sign_in(client, "desk").json()
    assert client.delete(SESSION).status_code == 403
    answer = client.delete(SESSION, headers={"X-CSRFToken": me["csrf_token"]})
    assert answer.status_code == 204


@pytest.mark.django_db(transaction=True)
def test_two_connections_cannot_guess_past_the_limit(make_world: Callable[[], World]) -> None:
    account = make_world().account("desk")
    start = threading.Barrier(2)

    def guess() -> None:
        start.wait()
        try:
            for _ in range(4):
                actions.verify("desk", "Wrong-2026-x")
        finally:
            connection.close()

    both = [threading.Thread(target=guess) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    account.refresh_from_db()
    found = events(account)
    assert account.failures == 5
    assert account.locked_until is not None
    assert found.count("account.sign_in_failed") == 5
    assert found.count("account.sign_in_refused") == 3
    assert found.count("account.lock") == 1


@given(st.text(min_size=1, max_size=30))
def test_kinds_agree_with_a_plain_count(password: str) -> None:
    upper = any(c.isupper() for c in password)
    lower = any(c.islower() for c in password)
    digit = any(c.isdecimal() for c in password)
    rest = any(not (c.isupper() or c.islower() or c.isdecimal()) for c in password)
    assert passwords.kinds(password) == upper + lower + digit + rest


def test_password_rules_in_both_languages() -> None:
    with pytest.raises(Invalid) as caught:
        passwords.require_good("teagardenlong", Account(username="x", name="y"))
    assert "至少三种" in caught.value.text.zh
    assert "at least three" in caught.value.text.en
    passwords.require_good(PASSWORD, Account(username="x", name="y"))
    assert passwords.kinds(passwords.one_time()) >= 3


@pytest.mark.argon2
def test_argon2(world: World) -> None:
    security = world.actor(Role.SECURITY_ADMIN)
    account, password = actions.create_account(security, username="new", name="新")
    assert account.password.startswith("argon2")
    assert check_password(password, account.password)
    assert queries.person(account.pk) is not None
