"""/session: signing in and out, who I am, which post I act in, my password."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Field, Router, Schema, Status

from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotSignedIn
from mengding.core.text import T
from mengding.http import ratelimit
from mengding.http.auth import public
from mengding.http.request import request_id_of
from mengding.people import actions, queries, second
from mengding.people.api.caller import caller
from mengding.policy.permissions import ROLES, holds

SIGN_INS_A_MINUTE = 30  # of one address: a centre's whole desk may share one

router = Router(tags=["session"])


class SignIn(Schema):
    """Account name and password."""

    username: str = Field(max_length=150, examples=["desk"])
    password: str = Field(max_length=200, examples=["Tea-garden-2026"])


class SecondStep(Schema):
    """What the second step needs; there is no session yet."""

    ticket: str
    expires_in: int = Field(description="Seconds.", examples=[300])


class ChosenPost(Schema):
    """One of the caller's own posts."""

    post: int = Field(examples=[3])


class NewPassword(Schema):
    """The password now and the one wanted."""

    old_password: str = Field(max_length=200, examples=["Tea-garden-2026"])
    new_password: str = Field(max_length=200, examples=["Spring-leaves-2027"])


class OwnPost(Schema):
    """A post of the caller, with the names to choose by."""

    id: int
    role: str
    organisation_id: int
    organisation_name: str
    organisation_name_en: str
    region_id: int
    region_code: str
    region_name: str
    region_name_en: str
    level: str


class Me(Schema):
    """Who I am, where, and which actions my post carries (on objects in its reach)."""

    account_id: int
    username: str
    name: str
    language: str
    machine: bool
    must_change_password: bool
    second_factor: bool = Field(description="Signing in takes a code besides the password.")
    second_factor_required: bool = Field(description="A post of mine requires it.")
    must_enrol: bool = Field(description="It is required and not set up: nothing else is allowed.")
    post: int | None = Field(description="The post I act in; null without one.")
    posts: list[OwnPost]
    actions: list[str] = Field(examples=[["case.read", "case.receive"]])
    csrf_token: str = Field(description="To be sent as X-CSRFToken with every write of a session.")


@router.post("/session", response={200: Me, 202: SecondStep})
@public
def sign_in(request: HttpRequest, data: SignIn) -> Status[dict[str, Any]]:
    """Sign in. After five failures in a row an account is locked, first for 15 minutes.

    202: the password is right and a code is due, with the ticket, at /session/second-step.
    """
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    account = actions.sign_in(request, data.username, data.password)
    if account.second_factor:
        ticket = actions.ticket_for(account)
        return Status(202, {"ticket": ticket, "expires_in": actions.TICKET_AGE})
    return Status(200, me(request, of_session(request)))


@router.get("/session", response=Me)
def read_session(request: HttpRequest) -> dict[str, Any]:
    """Who I am, my posts, and what I may do."""
    return me(request, caller(request))


@router.delete("/session", response={204: None})
@public
def sign_out(request: HttpRequest) -> Status[None]:
    """Sign out; harmless when nobody is signed in."""
    actions.sign_out(request)
    return Status(204, None)


@router.post("/session/post", response=Me)
def switch_post(request: HttpRequest, data: ChosenPost) -> dict[str, Any]:
    """Act in another of my posts."""
    actions.switch_post(request, data.post)
    return me(request, of_session(request))


@router.post("/session/password", response=Me)
def change_password(request: HttpRequest, data: NewPassword) -> dict[str, Any]:
    """Change my password. My other sessions end."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    actions.change_password(request, data.old_password, data.new_password)
    return me(request, of_session(request))


def of_session(request: HttpRequest) -> Actor:
    """Who the session belongs to from now on."""
    actor = queries.actor_for_session(request.session, request_id_of(request))
    if actor is None:
        # Only when the account was switched off between the two steps.
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    return actor


def me(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """`Me` of an actor."""
    assert actor.account_id is not None
    who = queries.person(actor.account_id)
    if who is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    machine = actor.kind is ActorKind.MACHINE
    posts = queries.own_posts(actor.account_id)
    return {
        "account_id": who.account.pk,
        "username": who.account.username,
        "name": who.account.name,
        "language": who.account.language,
        "machine": machine,
        "must_change_password": who.account.must_change_password,
        "second_factor": who.second_factor,
        "second_factor_required": second.required(each.role for each in who.posts),
        "must_enrol": who.must_enrol and not machine,
        "post": actor.post_id,
        "posts": [p for p in posts if p["id"] == actor.post_id] if machine else posts,
        "actions": [action for action in ROLES if holds(actor, action)],
        "csrf_token": "" if machine else get_token(request),
    }
