"""/accounts and /posts: the security administrator's tables."""

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Query, Router, Schema, Status

from mengding.core.actor import Role
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.people import actions, queries
from mengding.people.api.caller import caller
from mengding.people.queries import lists

router = Router(tags=["accounts"])
Language = Literal["zh", "en"]


class AccountIn(Schema):
    """A new account; its first password is random and returned once."""

    username: str = Field(max_length=40, examples=["wang.fang"])
    name: str = Field(max_length=40, examples=["王芳"])
    language: Language = "zh"


class AccountChange(Schema):
    """What may change of an account."""

    name: str = Field(max_length=40, examples=["王芳"])
    language: Language


class AccountOut(Schema):
    """One account."""

    id: int
    username: str
    name: str
    language: str
    is_active: bool
    is_demo: bool
    failures: int
    locked_until: datetime | None
    must_change_password: bool
    password_changed_at: datetime | None
    last_login: datetime | None
    second_factor: bool = Field(description="Signing in takes a code besides the password.")


class HeldPost(Schema):
    """A post an account holds, with names to show."""

    id: int
    role: str
    organisation_id: int
    organisation_name: str
    organisation_name_en: str
    region_id: int
    region_name: str
    region_name_en: str


class AccountRow(AccountOut):
    """One account with its active posts."""

    posts: list[HeldPost]


class AccountPage(Schema):
    """A page of accounts by username."""

    items: list[AccountRow]
    next: str | None


class AccountFilter(Schema):
    """Filters; all that are given hold."""

    text: str | None = Field(None, max_length=40, description="Part of name or username.")
    active: bool | None = None
    role: Role | None = Field(None, description="Holding a post with this role.")
    locked: bool | None = Field(None, description="Locked after wrong passwords.")


class OneTime(Schema):
    """A random password, shown once, to be changed at the first sign-in."""

    account: int
    password: str


class NewcomerIn(Schema):
    """One line of a list of first accounts; `region` defaults to the organisation's."""

    username: str = Field(max_length=40, examples=["wang.fang"])
    name: str = Field(max_length=40, examples=["王芳"])
    role: Role = Field(examples=["desk"])
    organisation: int = Field(examples=[12])
    region: int | None = None
    language: Language = "zh"


class NewcomersIn(Schema):
    """A list of first accounts, each with a post."""

    rows: list[NewcomerIn] = Field(
        min_length=1,
        max_length=200,
        examples=[[{"username": "wang.fang", "name": "王芳", "role": "desk", "organisation": 12}]],
    )


class WelcomedOut(Schema):
    """A new account and its first password, shown once."""

    account: int
    username: str
    name: str
    password: str


class PostIn(Schema):
    """A role for an account in an organisation; `region` defaults to the organisation's."""

    account: int = Field(examples=[5])
    role: Role = Field(examples=["desk"])
    organisation: int = Field(examples=[12])
    region: int | None = None


class PostOut(Schema):
    """One post."""

    id: int
    account_id: int
    role: str
    organisation_id: int
    region_id: int
    active: bool


class PostPage(Schema):
    """A page of posts by id."""

    items: list[PostOut]
    next: str | None


class PostFilter(Schema):
    """Filters; all that are given hold."""

    account: int | None = None
    organisation: int | None = None
    role: Role | None = None
    active: bool | None = None


@router.get("/accounts", response=AccountPage)
@allows("accounts.read")
def list_accounts(
    request: Request,
    paging: Query[Paging],
    wanted: Query[AccountFilter],
) -> dict[str, Any]:
    """Accounts by username."""
    rows = queries.accounts(caller(request), **wanted.dict())
    page = _page(rows, "username", str, paging)
    return page | {"items": queries.with_posts(page["items"])}


@router.post("/accounts/batch", response={201: list[WelcomedOut]})
@allows("accounts.manage")
def create_accounts(request: Request, data: NewcomersIn) -> Status[Any]:
    """Accounts with a post each and their first passwords: all of them, or none (`slips`)."""
    rows = [actions.Newcomer(**row.dict()) for row in data.rows]
    return Status(201, actions.create_accounts(caller(request), rows))


@router.get("/accounts/{pk}", response=AccountRow)
@allows("accounts.read")
def get_account(request: Request, pk: int) -> dict[str, Any]:
    """One account."""
    return queries.with_posts([queries.one(queries.accounts(caller(request)), pk)])[0]


@router.post("/accounts", response={201: OneTime})
@allows("accounts.manage")
def create_account(request: Request, data: AccountIn) -> Status[Any]:
    """A new account without posts, and its first password."""
    account, password = actions.create_account(caller(request), **data.dict())
    return Status(201, {"account": account.pk, "password": password})


@router.put("/accounts/{pk}", response=AccountOut)
@allows("accounts.manage")
def update_account(request: Request, pk: int, data: AccountChange) -> Any:
    """Change name and language."""
    return actions.update_account(caller(request), pk, **data.dict())


@router.post("/accounts/{pk}/deactivate", response=AccountOut)
@allows("accounts.manage")
def deactivate_account(request: Request, pk: int) -> Any:
    """Switch an account off."""
    return actions.deactivate_account(caller(request), pk)


@router.post("/accounts/{pk}/activate", response=AccountOut)
@allows("accounts.manage")
def activate_account(request: Request, pk: int) -> Any:
    """Switch an account on again."""
    return actions.activate_account(caller(request), pk)


@router.post("/accounts/{pk}/unlock", response=AccountOut)
@allows("accounts.manage")
def unlock_account(request: Request, pk: int) -> Any:
    """End a lock before its time."""
    return actions.unlock_account(caller(request), pk)


@router.post("/accounts/{pk}/reset-password", response=OneTime)
@allows("accounts.manage")
def reset_password(request: Request, pk: int) -> dict[str, Any]:
    """A new one-time password."""
    return {"account": pk, "password": actions.reset_password(caller(request), pk)}


@router.post("/accounts/{pk}/reset-second-factor", response=AccountOut)
@allows("accounts.manage")
def reset_second_factor(request: Request, pk: int) -> Any:
    """Take the second step off an account whose holder lost the device."""
    return actions.reset_second_factor(caller(request), pk)


@router.get("/posts", response=PostPage)
@allows("accounts.read")
def list_posts(
    request: Request, paging: Query[Paging], wanted: Query[PostFilter]
) -> dict[str, Any]:
    """Posts by id."""
    return _page(queries.posts(caller(request), **wanted.dict()), "id", int, paging)


@router.post("/posts", response={201: PostOut})
@allows("accounts.manage")
def create_post(request: Request, data: PostIn) -> Status[Any]:
    """Give an account a post. Duties that must stay apart are refused."""
    return Status(201, actions.create_post(caller(request), **data.dict()))


@router.post("/posts/{pk}/end", response=PostOut)
@allows("accounts.manage")
def end_post(request: Request, pk: int) -> Any:
    """End a post and revoke its tokens."""
    return actions.end_post(caller(request), pk)


def _page(rows: lists.Rows, order: str, kind: type[Any], paging: Paging) -> dict[str, Any]:
    items, after = paginate(rows, order, kind, cursor=paging.cursor, limit=paging.limit)
    return {"items": items, "next": after}
