"""Lists for the interface, each limited to what the actor may see. Rows are dicts."""

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from mengding.core import clock, dependents
from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.dependents import Dependents
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.people import second
from mengding.people.models import Account, Organisation, Post, SecondFactor, Token
from mengding.people.queries.tree import tree
from mengding.policy.permissions import ROLES, require

Rows = QuerySet[Any, Any]  # of dicts with the columns named below

_ORGANISATION = (
    "id", "code", "kind", "name", "name_en", "region_id", "parent_id", "department_code",
    "active", "version",
)  # fmt: skip
_ACCOUNT = (
    "id", "username", "name", "language", "is_active", "is_demo", "failures", "locked_until",
    "must_change_password", "password_changed_at", "last_login",
)  # fmt: skip
_POST = ("id", "account_id", "role", "organisation_id", "region_id", "active")
_TOKEN = (
    "id", "post_id", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_on",
)  # fmt: skip

_POST_NAMES = {
    "organisation_name": F("organisation__name"),
    "organisation_name_en": F("organisation__name_en"),
    "region_code": F("region__code"),
    "region_name": F("region__name"),
    "region_name_en": F("region__name_en"),
    "level": F("region__level"),
}


def organisations(
    actor: Actor,
    *,
    kind: str | None = None,
    region: int | None = None,
    department_code: str | None = None,
    active: bool | None = None,
) -> Rows:
    """Organisations; `region` takes the region with everything below it. Everyone sees all."""
    require(actor, "organisations.read")
    rows = Organisation.objects.all()
    if kind is not None:
        rows = rows.filter(kind=kind)
    if region is not None:
        rows = rows.filter(region__in=tree().regions_below(region))
    if department_code is not None:
        rows = rows.filter(department_code=department_code)
    if active is not None:
        rows = rows.filter(active=active)
    held = Count("post", filter=Q(post__active=True))
    found: Rows = rows.annotate(posts=held).values(*_ORGANISATION, "posts")
    return found


def dependents_of(actor: Actor, pk: int) -> list[Dependents]:
    """What hangs on an organisation."""
    one(organisations(actor), pk)
    return dependents.of("organisation", pk)


def staff(actor: Actor, pk: int) -> list[dict[str, Any]]:
    """The active posts of an organisation with their holders, for who administers."""
    require(actor, "organisations.staff")
    one(organisations(actor), pk)
    rows = Post.objects.filter(organisation=pk, active=True).order_by("role", "pk")
    return list(rows.values(*_POST, **_POST_NAMES, name=F("account__name")))


def roles(actor: Actor) -> list[dict[str, Any]]:
    """Every role with the actions it carries."""
    require(actor, "accounts.read")
    return [
        {"role": role.value, "actions": [code for code, held in ROLES.items() if role in held]}
        for role in Role
    ]


def with_posts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Accounts of one page with the posts each holds; one query for all."""
    held: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    posts = Post.objects.filter(account__in=held, active=True).order_by("pk")
    for post in posts.values(*_POST, **_POST_NAMES):
        held[post["account_id"]].append(post)
    return [row | {"posts": held[row["id"]]} for row in rows]


def accounts(
    actor: Actor,
    *,
    text: str | None = None,
    active: bool | None = None,
    role: str | None = None,
    locked: bool | None = None,
) -> Rows:
    """Accounts without a post or with one in the actor's area; `text` is in name or username."""
    require(actor, "accounts.read")
    held = Post.objects.filter(account=OuterRef("pk"))
    rows = Account.objects.filter(Exists(held.filter(_area(actor))) | ~Exists(held))
    if text:
        rows = rows.filter(Q(username__icontains=text) | Q(name__icontains=text))
    if role is not None:
        wanted = Post.objects.filter(account=OuterRef("pk"), active=True, role=role)
        rows = rows.filter(Exists(wanted))
    if locked is not None:
        shut = Q(locked_until__gt=clock.now())
        rows = rows.filter(shut if locked else ~shut | Q(locked_until=None))
    if active is not None:
        rows = rows.filter(is_active=active)
    factor = SecondFactor.objects.filter(account=OuterRef("pk"), confirmed_at__isnull=False)
    found: Rows = rows.values(*_ACCOUNT, second_factor=Exists(factor))
    return found


def posts(
    actor: Actor,
    *,
    account: int | None = None,
    organisation: int | None = None,
    role: str | None = None,
    active: bool | None = None,
) -> Rows:
    """Posts in the actor's area."""
    require(actor, "accounts.read")
    wanted = {"account": account, "organisation": organisation, "role": role, "active": active}
    rows = Post.objects.filter(
        _area(actor), **{name: value for name, value in wanted.items() if value is not None}
    )
    found: Rows = rows.values(*_POST)
    return found


def tokens(actor: Actor, *, post: int | None = None) -> Rows:
    """Tokens of posts in the actor's area, without their digests."""
    require(actor, "accounts.read")
    rows = Token.objects.filter(_area(actor, "post__"))
    if post is not None:
        rows = rows.filter(post=post)
    found: Rows = rows.values(
        *_TOKEN,
        role=F("post__role"),
        username=F("post__account__username"),
        holder=F("post__account__name"),
        organisation_name=F("post__organisation__name"),
        organisation_name_en=F("post__organisation__name_en"),
    )
    return found


def colleagues(actor: Actor) -> list[dict[str, Any]]:
    """The active posts of the actor's organisation and those below it, with their people."""
    require(actor, "organisations.read")
    rows = Post.objects.filter(
        organisation__in=actor.org_ids, active=True, account__is_active=True
    ).order_by("account__name", "pk")
    return list(rows.values(*_POST, name=F("account__name")))


def own_posts(account_id: int) -> list[dict[str, Any]]:
    """An account's active posts with the names of organisation and region, lowest id first."""
    rows = Post.objects.filter(account=account_id, active=True).order_by("pk")
    return list(rows.values(*_POST, **_POST_NAMES))


def second_factor(actor: Actor) -> dict[str, Any]:
    """How the actor's own second step stands."""
    factor = SecondFactor.objects.filter(
        account=actor.account_id, confirmed_at__isnull=False
    ).first()
    own = Post.objects.filter(account=actor.account_id, active=True)
    return {
        "on": factor is not None,
        "required": second.required(own.values_list("role", flat=True)),
        "confirmed_at": factor.confirmed_at if factor else None,
        "recovery_left": len(factor.recovery) if factor else 0,
    }


def one(rows: Rows, pk: int) -> dict[str, Any]:
    """The row with this id, or `NotFound`."""
    row: dict[str, Any] | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound("not_found", T("未找到。", "Not found."))
    return row


def _area(actor: Actor, prefix: str = "") -> Q:
    if actor.kind is ActorKind.SYSTEM:
        return Q()
    if actor.region_id is None:
        return Q(pk=None)
    return Q(**{f"{prefix}region__in": tree().regions_below(actor.region_id)})
