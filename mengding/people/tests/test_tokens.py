"""Machine tokens: what they open, when they stop, what they cost."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.errors import DomainError, GuardFailed, Invalid, NotAllowed
from mengding.ledger.models import Event
from mengding.people import actions, cache, queries
from mengding.people.models import Account, Post, Token
from mengding.people.tests.world import World

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def security(world: World) -> Actor:
    """The security administrator of the district."""
    return world.actor(Role.SECURITY_ADMIN)


@pytest.fixture
def post(world: World) -> Post:
    """A dispatcher's post in the town."""
    return world.post(world.account("machine"), Role.DISPATCHER, "centre-town")


def issue(security: Actor, post: Post, **more: Any) -> tuple[Token, str]:
    """A token for reading cases."""
    wanted: dict[str, Any] = {"name": "hotline", "scopes": ["case.read"], **more}
    return actions.issue_token(security, post=post.pk, **wanted)


def test_text_is_shown_once_and_kept_nowhere(security: Actor, post: Post) -> None:
    token, text = issue(security, post)
    assert len(text) == 46
    assert text.startswith("mg_")
    assert text.encode() not in bytes(token.digest)
    assert text not in str(list(Event.objects.values("after", "before")))
    actor = queries.actor_for_token(text, "r1")
    assert actor is not None
    assert (actor.kind, actor.post_id, actor.scopes, actor.request_id) == (
        ActorKind.MACHINE,
        post.pk,
        frozenset({"case.read"}),
        "r1",
    )
    for wrong in ("", "mg_", text[:-1], text + "x", "xx" + text[2:], "mg_" + "A" * 43):
        assert queries.actor_for_token(wrong) is None


def test_known_token_costs_no_query_and_an_unknown_one_query(security: Actor, post: Post) -> None:
    _, text = issue(security, post)
    queries.actor_for_token(text)
    with CaptureQueriesContext(connection) as asked:
        queries.actor_for_token(text)
    assert len(asked) == 0
    with CaptureQueriesContext(connection) as asked:
        queries.actor_for_token("mg_" + "A" * 43)
    assert len(asked) == 1


def test_expiry_holds_even_while_remembered(security: Actor, post: Post) -> None:
    with clock.at(NOON):
        _, text = issue(security, post, expires_at=NOON + timedelta(hours=1))
        assert queries.actor_for_token(text) is not None
    with clock.at(NOON + timedelta(minutes=59)):
        assert queries.actor_for_token(text) is not None
    with clock.at(NOON + timedelta(hours=1)):
        assert queries.actor_for_token(text) is None


def test_revoked_here_at_once_elsewhere_after_the_memory_ends(
    security: Actor, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, text = issue(security, post)
    assert queries.actor_for_token(text) is not None
    actions.revoke_token(security, token.pk)
    assert queries.actor_for_token(text) is None
    actions.revoke_token(security, token.pk)
    assert Event.objects.filter(action="token.revoke", subject_id=token.pk).count() == 1

    token, text = issue(security, post)
    assert queries.actor_for_token(text) is not None
    Token.objects.filter(pk=token.pk).update(revoked_at=clock.now())  # as another process would
    moment = monotonic() + cache.SECONDS + 0.1
    monkeypatch.setattr(cache, "monotonic", lambda: moment)
    assert queries.actor_for_token(text) is None


def test_ended_post_and_switched_off_account_stop_tokens(
    world: World, security: Actor, post: Post
) -> None:
    token, text = issue(security, post)
    actions.end_post(security, post.pk)
    assert queries.actor_for_token(text) is None
    token.refresh_from_db()
    assert token.revoked_at is not None
    # A post given again does not bring its tokens back.
    actions.create_post(
        security, account=post.account_id, role="dispatcher", organisation=post.organisation_id
    )
    assert queries.actor_for_token(text) is None

    other = world.post(world.account("other"), Role.DESK, "centre-town")
    _, text = issue(security, other)
    assert queries.actor_for_token(text) is not None
    actions.deactivate_account(security, other.account_id)
    assert queries.actor_for_token(text) is None


def test_last_use_is_written_once_a_day(security: Actor, post: Post) -> None:
    token, text = issue(security, post)
    for moment in (NOON, NOON + timedelta(hours=5), NOON + timedelta(hours=12, seconds=1)):
        with clock.at(moment), CaptureQueriesContext(connection) as asked:
            queries.forget()
            queries.actor_for_token(text)
        writes = [q for q in asked.captured_queries if q["sql"].startswith("UPDATE")]
        token.refresh_from_db()
        day = 25 if moment.hour == 16 else 24  # 16:00 UTC is midnight here
        assert token.last_used_on is not None
        assert token.last_used_on.day == day
        assert len(writes) == (0 if moment.hour == 9 else 1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"scopes": []}, "scopes_empty"),
        ({"scopes": ["case.fly"]}, "scope_unknown"),
        ({"scopes": ["*"]}, "scope_unknown"),
        ({"scopes": ["ca.*"]}, "scope_unknown"),
        ({"scopes": ["accounts.manage"]}, "scope_not_held"),
        ({"scopes": ["ledger.*"]}, "scope_not_held"),
        ({"name": " "}, "required"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expiry_past"),
    ],
)
def test_bad_tokens_name_the_field(
    security: Actor, post: Post, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        issue(security, post, **more)
    assert (caught.value.code, caught.value.field) == (code, next(iter(more)))


def test_only_the_security_administrator_issues(world: World, post: Post) -> None:
    for role in Role:
        if role is not Role.SECURITY_ADMIN:
            with pytest.raises(NotAllowed):
                issue(world.actor(role), post)


def test_scopes_limit_what_the_api_opens(security: Actor, post: Post, client: Client) -> None:
    _, narrow = issue(security, post)
    _, wide = issue(security, post, scopes=["organisations.*"])
    get = client.get
    url = "/api/v1/organisations"
    assert get(url, headers={"Authorization": f"Bearer {narrow}"}).status_code == 403
    answer = get(url, headers={"Authorization": f"Bearer {wide}"})
    assert answer.status_code == 200
    me = get("/api/v1/session", headers={"Authorization": f"Bearer {wide}"}).json()
    assert (me["machine"], me["actions"]) == (True, ["organisations.read"])
    assert get(url, headers={"Authorization": "Bearer mg_wrong"}).status_code == 401
    put = client.post(
        "/api/v1/session/password",
        {"old_password": "a", "new_password": "b"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {wide}"},
    )
    assert put.status_code == 403


def test_a_bad_token_is_never_taken_for_the_session(world: World, client: Client) -> None:
    world.account("desk")
    from mengding.people.tests.test_signin import sign_in

    sign_in(client, "desk")
    assert client.get("/api/v1/session").status_code == 200
    answer = client.get("/api/v1/session", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


def test_token_of_an_ended_post_is_refused(security: Actor, post: Post) -> None:
    actions.end_post(security, post.pk)
    with pytest.raises(GuardFailed):
        issue(security, post)
    with pytest.raises(DomainError):
        actions.issue_token(security, post=999_999, name="x", scopes=["case.read"])
    assert Account.objects.filter(pk=post.account_id).exists()
