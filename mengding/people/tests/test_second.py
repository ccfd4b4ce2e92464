"""The second step: signing in with a code, replays, skew, lock-out, recovery, races."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client, RequestFactory

from mengding.core import clock
from mengding.core.actor import Role
from mengding.core.errors import NotSignedIn
from mengding.ledger.models import Event
from mengding.people import actions, second
from mengding.people.models import Account, SecondFactor
from mengding.people.tests.test_signin import SESSION, events, sign_in
from mengding.people.tests.world import PASSWORD, World

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


def post(client: Client, path: str, data: dict[str, Any]) -> Any:
    """POST below /session."""
    return client.post(f"{SESSION}{path}", data, content_type="application/json")


def code_of(secret: str, steps: int = 0) -> str:
    """The code of the current step, or one some steps away."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


def enrolled(client: Client, username: str) -> tuple[str, list[str]]:
    """Sign in, set the second step up (with the code before the current one), sign out."""
    sign_in(client, username)
    secret = post(client, "/second-factor", {"password": PASSWORD}).json()["secret"]
    done = post(client, "/second-factor/confirm", {"code": code_of(secret, -1)})
    assert done.status_code == 201, done.json()
    client.delete(SESSION)
    return secret, done.json()["codes"]


def ticket(client: Client, username: str) -> str:
    """The first step."""
    answer = sign_in(client, username)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["ticket"])


def test_set_up_and_sign_in(world: World, client: Client) -> None:
    account = world.account("desk")
    world.post(account, Role.DESK, "centre-town")
    sign_in(client, "desk")
    assert client.get(f"{SESSION}/second-factor").json()["on"] is False
    assert post(client, "/second-factor", {"password": "Wrong-2026-x"}).json()["field"] == (
        "password"
    )
    begun = post(client, "/second-factor", {"password": PASSWORD}).json()
    assert begun["uri"].startswith("otpauth://totp/")
    assert begun["qr"].startswith("<svg xmlns=")
    # Begun is not on: a lost page locks nobody out.
    assert sign_in(Client(), "desk").status_code == 200
    wrong = post(client, "/second-factor/confirm", {"code": "000000"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "code")
    done = post(client, "/second-factor/confirm", {"code": code_of(begun["secret"], -1)})
    assert len(set(done.json()["codes"])) == 10
    state = client.get(f"{SESSION}/second-factor").json()
    assert (state["on"], state["recovery_left"]) == (True, 10)
    assert post(client, "/second-factor", {"password": PASSWORD}).status_code == 409

    other = Client()
    first = sign_in(other, "desk")
    assert first.status_code == 202
    assert other.get(SESSION).status_code == 401  # no session before the code
    data = {"ticket": first.json()["ticket"], "code": f" {code_of(begun['secret'])[:3]} "}
    assert post(other, "/second-step", data).status_code == 401
    data["code"] = code_of(begun["secret"])
    answer = post(other, "/second-step", data)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["username"], answer.json()["second_factor"]) == ("desk", True)
    assert other.get(SESSION).status_code == 200
    assert events(account)[-3:] == [
        "account.password_right", "account.sign_in_failed", "account.sign_in",
    ]  # fmt: skip


def test_the_secret_and_the_codes_are_not_in_the_tables(world: World, client: Client) -> None:
    world.account("desk")
    secret, codes = enrolled(client, "desk")
    row = SecondFactor.objects.get()
    assert secret.encode() not in bytes(row.secret)
    assert second.opened(row.secret, row.pk) == secret
    assert codes[0] not in str(row.recovery)
    kept = str(list(Event.objects.values_list("before", "after", "words__text")))
    assert secret not in kept


@pytest.mark.parametrize(
    ("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(steps: int, fits: bool) -> None:
    secret = second.new_secret()
    with clock.at(NOON):
        found = second.fitting_step(secret, code_of(secret, steps), NOON, 0)
    assert found == (int(NOON.timestamp()) // 30 + steps if abs(steps) < 2 else None)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６x"])
def test_what_is_no_code_never_fits(typed: str) -> None:
    assert second.fitting_step(second.new_secret(), typed, NOON, 0) is None


def test_a_code_works_once_and_older_ones_no_more(world: World, client: Client) -> None:
    account = world.account("desk")
    with clock.at(NOON):
        secret, _ = enrolled(client, "desk")
        now, before = code_of(secret), code_of(secret, -1)
        assert post(client, "/second-step", {"ticket": ticket(client, "desk"), "code": now})
        for used in (now, before):
            held = ticket(Client(), "desk")
            again = post(Client(), "/second-step", {"ticket": held, "code": used})
            assert (again.status_code, again.json()["code"]) == (401, "code_wrong")
    account.refresh_from_db()
    assert account.failures == 2


def test_wrong_codes_lock_and_the_right_password_buys_no_more_guesses(
    world: World, client: Client
) -> None:
    account = world.account("desk")
    with clock.at(NOON):
        secret, codes = enrolled(client, "desk")
        for _ in range(5):
            data = {"ticket": ticket(client, "desk"), "code": "000000"}
            assert post(client, "/second-step", data).status_code == 401
        account.refresh_from_db()
        assert account.locked_until == NOON + timedelta(minutes=15)
        for right in (code_of(secret), codes[0]):
            held = actions.ticket_for(account)
            assert post(client, "/second-step", {"ticket": held, "code": right}).status_code == 401
        assert sign_in(client, "desk").status_code == 401
    with clock.at(NOON + timedelta(minutes=16)):
        data = {"ticket": ticket(client, "desk"), "code": code_of(secret)}
        assert post(client, "/second-step", data).status_code == 200
    again = Account.objects.get(pk=account.pk)
    assert (again.failures, again.locked_until) == (0, None)


def test_a_recovery_code_works_once(world: World, client: Client) -> None:
    account = world.account("desk")
    _, codes = enrolled(client, "desk")
    loose = codes[3].upper().replace("-", " ")
    assert post(client, "/second-step", {"ticket": ticket(client, "desk"), "code": loose}).json()[
        "second_factor"
    ]
    assert client.get(f"{SESSION}/second-factor").json()["recovery_left"] == 9
    data = {"ticket": ticket(Client(), "desk"), "code": codes[3]}
    assert post(Client(), "/second-step", data).status_code == 401
    assert "account.recovery_used" in events(account)
    renewed = post(client, "/second-factor/recovery", {"code": codes[4]}).json()["codes"]
    assert len(renewed) == 10
    assert post(client, "/second-factor/remove", {"code": codes[5]}).status_code == 422
    assert post(client, "/second-factor/remove", {"code": renewed[0]}).status_code == 200
    assert sign_in(Client(), "desk").status_code == 200


def test_a_ticket_ends(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    account = world.account("desk")
    secret, _ = enrolled(client, "desk")
    held = ticket(client, "desk")
    for bad in (held[:-2] + "xx", "", held.replace(":", ".")):
        answer = post(client, "/second-step", {"ticket": bad, "code": code_of(secret)})
        assert answer.json()["code"] == "ticket_expired"
    monkeypatch.setattr("mengding.people.actions.second.TICKET_AGE", -1)
    answer = post(client, "/second-step", {"ticket": held, "code": code_of(secret)})
    assert answer.json()["code"] == "ticket_expired"
    monkeypatch.undo()
    account.set_password("Other-garden-2027")
    account.save()
    answer = post(client, "/second-step", {"ticket": held, "code": code_of(secret)})
    assert answer.json()["code"] == "ticket_expired"


def test_required_of_a_role_it_comes_before_everything(
    world: World, client: Client, settings: Any
) -> None:
    account = world.account("boss")
    world.post(account, Role.SYSTEM_ADMIN, "centre-district")
    settings.REQUIRE_TOTP = frozenset({"system_admin"})
    me = sign_in(client, "boss").json()
    assert (me["must_enrol"], me["actions"]) == (True, [])
    assert client.get("/api/v1/organisations").status_code == 403
    assert not Account.objects.get(pk=account.pk).is_staff
    secret = post(client, "/second-factor", {"password": PASSWORD}).json()["secret"]
    post(client, "/second-factor/confirm", {"code": code_of(secret)})
    assert client.get(SESSION).json()["must_enrol"] is False
    assert client.get("/api/v1/organisations").status_code == 200
    refused = post(client, "/second-factor/remove", {"code": code_of(secret, 1)})
    assert refused.json()["code"] == "second_factor_required"
    other = world.account("other")
    world.post(other, Role.DESK, "centre-town")
    assert sign_in(Client(), "other").json()["must_enrol"] is False


def test_the_security_administrator_resets_it(world: World, client: Client) -> None:
    account = world.account("desk")
    world.post(account, Role.DESK, "centre-town")
    enrolled(client, "desk")
    keeper = world.account("keeper")
    world.post(keeper, Role.SECURITY_ADMIN, "centre-district")
    sign_in(client, "keeper")
    assert client.get(f"/api/v1/accounts/{account.pk}").json()["second_factor"] is True
    answer = client.post(f"/api/v1/accounts/{account.pk}/reset-second-factor")
    assert answer.json()["second_factor"] is False
    assert events(account)[-1] == "account.second_factor_reset"
    own = client.post(f"/api/v1/accounts/{keeper.pk}/reset-second-factor")
    assert own.json()["code"] == "own_account"
    assert sign_in(Client(), "desk").status_code == 200


def test_the_admin_form_lets_nobody_around_it(world: World, client: Client) -> None:
    account = world.account("audit")
    world.post(account, Role.AUDITOR, "centre-district")
    data = {"username": "audit", "password": PASSWORD}
    client.post("/admin/login/", data)
    assert client.get("/admin/ledger/").status_code == 200
    client.post("/admin/logout/")
    secret, _ = enrolled(client, "audit")
    client.post("/admin/login/", data)
    assert client.get("/admin/ledger/").status_code == 302
    post(client, "/second-step", {"ticket": ticket(client, "audit"), "code": code_of(secret)})
    assert client.get("/admin/ledger/").status_code == 200  # the console's session is one there too


@pytest.mark.django_db(transaction=True)
def test_two_connections_bring_the_same_code(make_world: Callable[[], World]) -> None:
    account = make_world().account("desk")
    secret, _ = enrolled(Client(), "desk")
    account.refresh_from_db()
    held, code = actions.ticket_for(account), code_of(secret)
    start = threading.Barrier(4)
    went: list[str] = []

    def enter() -> None:
        from django.contrib.sessions.backends.db import SessionStore

        request = RequestFactory().post("/")
        request.session = SessionStore()
        start.wait()
        try:
            actions.second_step(request, held, code)
            went.append("in")
        except NotSignedIn as error:
            went.append(error.code)
        finally:
            connection.close()

    all_four = [threading.Thread(target=enter) for _ in range(4)]
    for thread in all_four:
        thread.start()
    for thread in all_four:
        thread.join()
    assert sorted(went) == ["code_wrong", "code_wrong", "code_wrong", "in"]
