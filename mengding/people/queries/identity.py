"""Who acts: from a session or a token to an `Actor`, mostly from memory."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Exists
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.people import second
from mengding.people.cache import Memory
from mengding.people.models import Account, Post, SecondFactor, Token
from mengding.people.queries.tree import tree

POST_KEY = "post"  # in the session: the chosen post's id
TOKEN_TEXT = re.compile(r"mg_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Position:
    """One active post, as far as an actor needs it."""

    post_id: int
    role: Role
    org_id: int
    region_id: int
    level: Level


@dataclass(frozen=True, slots=True)
class Person:
    """An active account with its active posts, lowest id first. Shared: read only."""

    account: Account
    session_hash: str
    posts: tuple[Position, ...]
    second_factor: bool  # signing in takes a second step

    @property
    def must_enrol(self) -> bool:
        """Whether a post of theirs requires the second step that they have not set up."""
        return not self.second_factor and second.required(post.role for post in self.posts)


@dataclass(frozen=True, slots=True)
class Machine:
    """A token that may act, its post and the limits of both."""

    account_id: int
    post: Position
    scopes: frozenset[str]
    expires_at: datetime | None


_people: Memory[int, Person | None] = Memory("Account", "SecondFactor", "Post", "Region")
_machines: Memory[bytes, Machine | None] = Memory("Account", "Post", "Token", "Region")
_POST = ("pk", "role", "organisation_id", "region_id", "region__level")


def person(account_id: int) -> Person | None:
    """The active account with its active posts; None when unknown or switched off."""
    return _people.get(account_id, lambda: _load_person(account_id))


def actor_for_session(session: SessionBase, request_id: str = "") -> Actor | None:
    """The signed-in account in its chosen post (default: the active one with the lowest id).

    None when nobody is signed in, the account is switched off or its password has changed since.
    Without a post, and while the password must be changed or the second step set up, the actor
    has no role and may nothing.
    """
    if SESSION_KEY not in session:
        return None
    who = person(int(session[SESSION_KEY]))
    if who is None or not constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), who.session_hash
    ):
        return None
    if not who.posts or who.account.must_change_password or who.must_enrol:
        return Actor(kind=ActorKind.STAFF, account_id=who.account.pk, request_id=request_id)
    chosen = session.get(POST_KEY)
    post = next((p for p in who.posts if p.post_id == chosen), who.posts[0])
    return _actor(ActorKind.STAFF, who.account.pk, post, None, request_id)


def actor_in_post(account_id: int, post_id: int, request_id: str = "") -> Actor | None:
    """An active account in one of its active posts, without a session (demo data, imports)."""
    who = person(account_id)
    post = next((p for p in who.posts if p.post_id == post_id), None) if who else None
    return _actor(ActorKind.STAFF, account_id, post, None, request_id) if post else None


def account_names(account_ids: Iterable[int | None]) -> dict[int | None, str]:
    """Names by account id, closed accounts included: a history keeps who did what."""
    wanted = [pk for pk in account_ids if pk is not None]
    return dict(Account.objects.filter(pk__in=wanted).values_list("pk", "name"))


def known_names(account_ids: set[int]) -> dict[int, str]:
    """`account_names` for those that ask for known ids only, as the ledger does."""
    return {pk: name for pk, name in account_names(account_ids).items() if pk is not None}


def actor_for_token(text: str, request_id: str = "") -> Actor | None:
    """The machine behind a token's text; None when unknown, revoked, expired or its post ended."""
    if not TOKEN_TEXT.fullmatch(text):
        return None
    digest = token_digest(text)
    machine = _machines.get(digest, lambda: _load_machine(digest))
    if machine is None or (machine.expires_at and machine.expires_at <= clock.now()):
        return None
    return _actor(ActorKind.MACHINE, machine.account_id, machine.post, machine.scopes, request_id)


def token_digest(text: str) -> bytes:
    """SHA-256 of a token's text. Plain: the text itself holds 256 random bits."""
    return hashlib.sha256(text.encode()).digest()


def _load_person(account_id: int) -> Person | None:
    factor = SecondFactor.objects.filter(account=account_id, confirmed_at__isnull=False)
    account = (
        Account.objects.filter(pk=account_id, is_active=True).annotate(on=Exists(factor)).first()
    )
    if account is None:
        return None
    posts = Post.objects.filter(account=account_id, active=True).order_by("pk").values_list(*_POST)
    return Person(
        account=account,
        session_hash=account.get_session_auth_hash(),
        posts=tuple(Position(pk, Role(r), o, g, Level(v)) for pk, r, o, g, v in posts),
        second_factor=account.on,
    )


def _load_machine(digest: bytes) -> Machine | None:
    row = (
        Token.objects.filter(
            digest=digest, revoked_at=None, post__active=True, post__account__is_active=True
        )
        .values_list(
            "pk", "scopes", "expires_at", "last_used_on", "post__account_id",
            *(f"post__{name}" for name in _POST),
        )
        .first()
    )  # fmt: skip
    if row is None:
        return None
    pk, scopes, expires_at, last_used_on, account_id, post, role, org, region, level = row
    today = timezone.localdate(clock.now())
    if last_used_on != today and not (expires_at and expires_at <= clock.now()):
        Token.objects.filter(pk=pk).update(last_used_on=today)
    return Machine(
        account_id=account_id,
        post=Position(post, Role(role), org, region, Level(level)),
        scopes=frozenset(scopes),
        expires_at=expires_at,
    )


def _actor(
    kind: ActorKind,
    account_id: int,
    post: Position,
    scopes: frozenset[str] | None,
    request_id: str,
) -> Actor:
    return Actor(
        kind=kind,
        account_id=account_id,
        post_id=post.post_id,
        role=post.role,
        org_id=post.org_id,
        org_ids=tree().subtree(post.org_id),
        region_id=post.region_id,
        level=post.level,
        scopes=scopes,
        request_id=request_id,
    )
