"""Machine tokens: issued once, shown once, revoked at any time."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people.actions.checks import require_area, text_of
from mengding.people.models import Post, Token
from mengding.people.queries.identity import token_digest
from mengding.policy.permissions import ROLES, require


@transaction.atomic
def issue_token(
    actor: Actor,
    *,
    post: int,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    text: str | None = None,
) -> tuple[Token, str]:
    """A token and its text, which is kept nowhere. `text` fixes it (demo data only).

    `scopes`: action codes ("case.read") or a whole noun ("case.*"), each of which the post's role
    holds at least in part; at least one.
    """
    require(actor, "tokens.manage")
    holder = Post.objects.select_related("account").select_for_update(of=("self",)).filter(pk=post)
    found = holder.first()
    if found is None:
        raise NotFound("post_not_found", T("没有这个岗位。", "No such post."), field="post")
    require_area(actor, "tokens.manage", found.region_id)
    if not found.active or not found.account.is_active:
        raise GuardFailed(
            "post_ended", T("岗位或账号已停用。", "The post or account has ended."), field="post"
        )
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= clock.now()):
        raise Invalid(
            "expiry_past",
            T("到期时间须带时区且在将来。", "The expiry needs a time zone and lies ahead."),
            field="expires_at",
        )
    wanted = sorted(set(scopes))
    _check_scopes(wanted, found.role)
    text = text or "mg_" + secrets.token_urlsafe(32)
    token = Token.objects.create(
        post=found,
        name=text_of(name, "name", 80),
        digest=token_digest(text),
        scopes=wanted,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    after = {
        "post": found.pk,
        "scopes": wanted,
        "expires_at": expires_at.isoformat() if expires_at else None,
    }
    record(actor, Entry("token", token.pk, "token.issue", after=after))
    return token, text


@transaction.atomic
def revoke_token(actor: Actor, pk: int) -> Token:
    """Revoke for good: at once in this process, after at most 10 s in the others."""
    require(actor, "tokens.manage")
    token = (
        Token.objects.select_related("post").select_for_update(of=("self",)).filter(pk=pk).first()
    )
    if token is None:
        raise NotFound("token_not_found", T("没有这个令牌。", "No such token."))
    require_area(actor, "tokens.manage", token.post.region_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        record(actor, Entry("token", pk, "token.revoke", after={"post": token.post_id}))
    return token


def _check_scopes(scopes: list[str], role: str) -> None:
    if not scopes:
        raise Invalid("scopes_empty", T("至少一个范围。", "At least one scope."), field="scopes")
    for scope in scopes:
        noun = scope.removesuffix("*") if scope.endswith(".*") else None
        codes = [c for c in ROLES if c == scope or (noun is not None and c.startswith(noun))]
        if not codes:
            raise Invalid(
                "scope_unknown",
                T("没有范围“{scope}”。", "No such scope “{scope}”.").fill(scope=scope),
                field="scopes",
            )
        if not any(role in ROLES[code] for code in codes):
            raise Invalid(
                "scope_not_held",
                T(
                    "该岗位的角色没有“{scope}”。", "The role of this post does not hold “{scope}”."
                ).fill(scope=scope),
                field="scopes",
            )
