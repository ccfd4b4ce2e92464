"""Posts: who holds which role, where. The duties that must stay apart are kept apart here."""

from django.db import IntegrityError, transaction

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people.actions.checks import (
    account_for_update,
    forbid_own,
    organisation_for_update,
    require_account,
    require_area,
)
from mengding.people.models import Post, Token
from mengding.people.queries.tree import within
from mengding.policy.permissions import require
from mengding.regions.models import Region


@transaction.atomic
def create_post(
    actor: Actor, *, account: int, role: str, organisation: int, region: int | None = None
) -> Post:
    """Give an account a post; an ended one with the same four parts opens again.

    `region` defaults to the organisation's and lies within it. `GuardFailed` when the account
    would be two of the three administrators, or handler and verifier of one organisation.
    """
    require(actor, "accounts.manage")
    who = account_for_update(account)
    require_account(actor, who)
    if not who.is_active:
        raise GuardFailed(
            "account_inactive", T("账号已停用。", "The account is switched off."), field="account"
        )
    if role not in set(Role):
        raise Invalid("role_unknown", T("没有这个角色。", "No such role."), field="role")
    org = organisation_for_update(organisation)
    if not org.active:
        raise GuardFailed(
            "organisation_inactive",
            T("机构已停用。", "The organisation is closed."),
            field="organisation",
        )
    where = org.region_id if region is None else region
    if not Region.objects.filter(pk=where, active=True).exists():
        raise Invalid("region_unknown", T("没有这个区划。", "No such region."), field="region")
    if not within(where, org.region_id):
        raise Invalid(
            "region_outside",
            T("区划不在机构的范围内。", "The region lies outside the organisation's."),
            field="region",
        )
    require_area(actor, "accounts.manage", where)
    post = _save(account, role, organisation, where)
    record(
        actor,
        Entry(
            "post",
            post.pk,
            "post.create",
            after={"account": account, "role": role, "organisation": org.pk, "region": where},
        ),
    )
    return post


@transaction.atomic
def end_post(actor: Actor, pk: int) -> Post:
    """End a post and revoke its tokens. It stays in the books."""
    require(actor, "accounts.manage")
    post = Post.objects.select_for_update().filter(pk=pk).first()
    if post is None:
        raise NotFound("post_not_found", T("没有这个岗位。", "No such post."), field="post")
    forbid_own(actor, post.account_id)
    require_area(actor, "accounts.manage", post.region_id)
    if not post.active:
        return post
    post.active = False
    post.save(update_fields=["active"])
    revoked = Token.objects.filter(post=post, revoked_at=None).update(revoked_at=clock.now())
    record(
        actor,
        Entry("post", pk, "post.end", before={"active": True}, after={"tokens_revoked": revoked}),
    )
    return post


def _administrators() -> GuardFailed:
    return GuardFailed(
        "administrators_separate",
        T(
            "系统、安全、审计管理员不能由同一账号担任。",
            "One account cannot be two of system, security and audit administrator.",
        ),
        field="role",
    )


def _handler_verifier() -> GuardFailed:
    return GuardFailed(
        "handler_is_no_verifier",
        T(
            "同一机构的处置人员和核查员不能是同一账号。",
            "One account cannot be handler and verifier of the same organisation.",
        ),
        field="role",
    )


def _save(account: int, role: str, organisation: int, region: int) -> Post:
    parts = {
        "account_id": account,
        "role": role,
        "organisation_id": organisation,
        "region_id": region,
    }
    post = Post.objects.select_for_update().filter(**parts).first() or Post(**parts, active=False)
    if post.active:
        raise Conflict("post_exists", T("该岗位已存在。", "This post exists already."))
    post.active = True
    # The exclusion constraints of the model decide what must stay apart: they cannot be raced.
    try:
        with transaction.atomic():
            post.save()
    except IntegrityError as error:
        if "post_one_administrator" in str(error):
            raise _administrators() from error
        if "post_handler_is_no_verifier" in str(error):
            raise _handler_verifier() from error
        raise
    return post
