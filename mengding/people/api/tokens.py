"""/tokens and /roles: keys of machines, and what a post's key may open."""

from datetime import date, datetime
from typing import Any

from ninja import Field, Query, Router, Schema, Status

from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.people import actions, queries
from mengding.people.api.caller import caller

router = Router(tags=["accounts"])


class TokenIn(Schema):
    """A token for a post; `scopes` are action codes or whole nouns ("case.*")."""

    post: int = Field(examples=[7])
    name: str = Field(max_length=80, examples=["12345 热线对接"])
    scopes: list[str] = Field(min_length=1, max_length=100, examples=[["case.read"]])
    expires_at: datetime | None = None


class TokenOut(Schema):
    """One token, without its text."""

    id: int
    post_id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None
    role: str
    username: str
    holder: str = Field(..., examples=["王芳"])
    organisation_name: str
    organisation_name_en: str


class TokenIssued(TokenOut):
    """A new token with its text, shown once."""

    token: str


class TokenPage(Schema):
    """A page of tokens by id."""

    items: list[TokenOut]
    next: str | None


class RoleOut(Schema):
    """A role and the actions it carries."""

    role: str = Field(..., examples=["desk"])
    actions: list[str] = Field(..., examples=[["case.read", "case.receive"]])


@router.get("/tokens", response=TokenPage)
@allows("accounts.read")
def list_tokens(request: Request, paging: Query[Paging], post: int | None = None) -> dict[str, Any]:
    """Tokens by id, without their texts."""
    rows = queries.tokens(caller(request), post=post)
    items, after = paginate(rows, "id", int, cursor=paging.cursor, limit=paging.limit)
    return {"items": items, "next": after}


@router.post("/tokens", response={201: TokenIssued})
@allows("tokens.manage")
def issue_token(request: Request, data: TokenIn) -> Status[Any]:
    """Issue a token. Its text is in this answer and nowhere else."""
    token, text = actions.issue_token(caller(request), **data.dict())
    return Status(201, {**queries.one(queries.tokens(caller(request)), token.pk), "token": text})


@router.post("/tokens/{pk}/revoke", response=TokenOut)
@allows("tokens.manage")
def revoke_token(request: Request, pk: int) -> Any:
    """Revoke a token: at once in the answering process, within 10 s in the others."""
    actions.revoke_token(caller(request), pk)
    return queries.one(queries.tokens(caller(request)), pk)


@router.get("/roles", response=list[RoleOut])
@allows("accounts.read")
def list_roles(request: Request) -> list[dict[str, Any]]:
    """Every role with the actions it carries: what a token for such a post may be given."""
    return queries.roles(caller(request))
