"""What every administrator's action checks before it writes."""

from mengding.core.actor import Actor, ActorKind, Level
from mengding.core.errors import Invalid, NotAllowed, NotFound
from mengding.core.text import T
from mengding.people.models import ADMINISTRATORS, Account, Organisation, Post
from mengding.people.queries.tree import tree, within
from mengding.policy.permissions import require


def require_area(actor: Actor, action: str, region_id: int) -> None:
    """`policy.require`, and that the region lies in the actor's area."""
    require(actor, action)
    if actor.kind is ActorKind.SYSTEM:
        return
    if actor.region_id is not None and within(region_id, actor.region_id):
        return
    if not _nobodys(actor, region_id):
        raise NotAllowed(
            "outside_area",
            T("超出您岗位的区划范围。", "Outside the area of your post."),
            field="region",
        )


def _nobodys(actor: Actor, region_id: int) -> bool:
    """Whether the district has no administrator of the actor's kind, who is one of a district.

    Otherwise nobody could appoint the first ones of a new district.
    """
    if actor.level is not Level.DISTRICT or actor.role not in ADMINISTRATORS:
        return False
    known = tree()
    *_, district = known.chain(region_id)
    return not Post.objects.filter(
        role=actor.role.value, active=True, region__in=known.regions_below(district)
    ).exists()


def require_account(actor: Actor, account: Account) -> None:
    """May manage accounts, this one is not the actor's own, and all its posts are in the area."""
    require(actor, "accounts.manage")
    forbid_own(actor, account.pk)
    for region_id in Post.objects.filter(account=account, active=True).values_list(
        "region", flat=True
    ):
        require_area(actor, "accounts.manage", region_id)


def forbid_own(actor: Actor, account_id: int) -> None:
    """Nobody manages their own account or posts."""
    if actor.account_id == account_id:
        raise NotAllowed(
            "own_account",
            T("不能管理自己的账号和岗位。", "You may not manage your own account or posts."),
        )


def account_for_update(pk: int) -> Account:
    """The account under its row lock, or `NotFound`."""
    account = Account.objects.select_for_update().filter(pk=pk).first()
    if account is None:
        raise NotFound(
            "account_not_found", T("没有这个账号。", "No such account."), field="account"
        )
    return account


def organisation_for_update(pk: int, field: str = "organisation") -> Organisation:
    """The organisation under its row lock, or `NotFound`."""
    org = Organisation.objects.select_for_update().filter(pk=pk).first()
    if org is None:
        raise NotFound(
            "organisation_not_found", T("没有这个机构。", "No such organisation."), field=field
        )
    return org


def text_of(value: str, field: str, longest: int, *, needed: bool = True) -> str:
    """The value without surrounding blanks; `Invalid` names the field when empty or too long."""
    value = value.strip()
    if needed and not value:
        raise Invalid("required", T("必填。", "Required."), field=field)
    if len(value) > longest or "\0" in value:
        raise Invalid(
            "too_long",
            T("最多{n}个字符。", "At most {n} characters.").fill(n=longest),
            field=field,
        )
    return value
