"""/notices: what my post is told of."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.http.request import actor_of
from mengding.notices import actions, queries

router = Router(tags=["notices"])
_BIGGEST = 2**63 - 1


class NoticeOut(Schema):
    """One notice. What happened is in the case's timeline, for who may read it."""

    id: int
    kind: str = Field(
        description="arrived, dispatched, decided, fed_back, rework, resumed, supervised, answered,"
        " escalated, alarm, warning or duty"
    )
    action: str = Field(examples=["case.dispatch"])
    case: int | None = Field(description="null: about no case")
    case_number: str | None
    at: datetime
    read_at: datetime | None


class NoticePage(Schema):
    """One page of notices."""

    items: list[NoticeOut]
    next: str | None


class Unread(Schema):
    """How many notices are unread."""

    unread: int


class Read(Schema):
    """Which notices have been read: `ids`, or all `up_to` an id; exactly one of the two."""

    ids: list[int] | None = Field(None, max_length=500)
    up_to: int | None = Field(None, ge=0, le=_BIGGEST)


def _caller(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actor


@router.get("/notices", operation_id="notices_list", response=NoticePage)
@allows("case.read")
def list_notices(
    request: HttpRequest, paging: Query[Paging], unread: bool = False
) -> dict[str, Any]:
    """The notices of my post, newest first."""
    items, following = queries.mine(
        _caller(request), unread=unread, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": following}


@router.get("/notices/count", operation_id="notices_count", response=Unread)
@allows("case.read")
def count_notices(request: HttpRequest) -> dict[str, Any]:
    """How many notices of my post are unread."""
    return {"unread": queries.unread_count(_caller(request))}


@router.post("/notices/read", operation_id="notices_read", response=Unread)
@allows("case.read")
def read_notices(request: HttpRequest, data: Read) -> dict[str, Any]:
    """Mark notices of my post read; answers how many are unread now."""
    if (data.ids is None) == (data.up_to is None):
        raise Invalid(
            "ids_or_up_to",
            T("请给出 ids 或 up_to 之一。", "Give either ids or up_to."),
            field="ids",
        )
    if any(abs(pk) > _BIGGEST for pk in data.ids or ()):
        raise Invalid("id_bad", T("编号无效。", "Not an id."), field="ids")
    actor = _caller(request)
    actions.mark_read(actor, data.ids, up_to=data.up_to)
    return {"unread": queries.unread_count(actor)}
