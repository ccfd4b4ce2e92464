"""A subject kind of our own, so that the tests need no app above this one."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.evidence import subjects

KIND = "matter"


@dataclass
class Matters:
    """Which roles may do what with which matters."""

    readers: set[Role] = field(default_factory=lambda: {Role.DESK, Role.HANDLER})
    writers: set[Role] = field(default_factory=lambda: {Role.DESK})
    known: set[int] = field(default_factory=lambda: {1, 2})


@pytest.fixture
def matters() -> Iterator[Matters]:
    """Matters 1 and 2: the desk writes, a handler reads, the security administrator erases."""
    rules = Matters()
    subjects.register_subject(
        KIND,
        can_read=lambda actor, number: number in rules.known and actor.role in rules.readers,
        can_write=lambda actor, number: number in rules.known and actor.role in rules.writers,
        can_erase=lambda actor, number: number in rules.known,
    )
    yield rules
    subjects.forget_subject(KIND)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    """A store of its own for each test."""
    settings.EVIDENCE_ROOT = tmp_path / "files"
    settings.EVIDENCE_UPLOADS = tmp_path / "uploads"
    settings.EVIDENCE_S3 = None
    return tmp_path / "files"


@pytest.fixture
def acting() -> Callable[[Role], Actor]:
    """Makes an account with a post of that role, and its actor."""
    # Not above: this file is loaded before the models are.
    from mengding.people.models import Account, Organisation, OrgKind, Post
    from mengding.regions.models import Region

    def make(role: Role) -> Actor:
        region, _ = Region.objects.get_or_create(
            code="511803", defaults={"level": "district", "name": "名山区", "path": "511803"}
        )
        organisation, _ = Organisation.objects.get_or_create(
            code="o1", defaults={"kind": OrgKind.CENTRE, "name": "综治中心", "region": region}
        )
        account = Account.objects.create(username=role.value, name=f"某{role.value}")
        post = Post.objects.create(
            account=account, role=role.value, organisation=organisation, region=region
        )
        return Actor(
            kind=ActorKind.STAFF,
            account_id=account.pk,
            post_id=post.pk,
            role=role,
            org_id=organisation.pk,
            org_ids=frozenset({organisation.pk}),
            region_id=region.pk,
            level=Level.DISTRICT,
        )

    return make


@pytest.fixture
def caller(matters: Matters, acting: Callable[[Role], Actor]) -> Callable[..., Any]:
    """Makes a client with a token for a post of that role."""
    from django.test import Client

    from mengding.people.models import Post, Token
    from mengding.people.queries.identity import token_digest

    def make(role: Role, *scopes: str) -> Any:
        actor, text = acting(role), "mg_" + secrets.token_urlsafe(32)
        Token.objects.create(
            post=Post.objects.get(pk=actor.post_id or 0),
            name="test",
            digest=token_digest(text),
            scopes=list(scopes) or ["case.*", "contact.*"],
            created_at=clock.now(),
        )
        return Client(headers={"authorization": f"Bearer {text}"})

    return make
