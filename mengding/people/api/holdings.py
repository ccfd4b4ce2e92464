"""What the system holds about whoever asks."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from mengding.core import clock, holdings
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.people.api.caller import caller

router = Router()


class HeldLookOut(Schema):
    """Somebody looked at it."""

    at: datetime
    by: str
    why: str = Field(description="The reason they gave.")


class HoldingOut(Schema):
    """One sort of data about me."""

    code: str
    title: str
    purpose: str
    retention: str = Field(description="How long it is kept.")
    readers: str = Field(description="Who can see it.")
    count: int
    oldest: datetime | None
    goes_at: datetime | None = Field(description="When the next of it is deleted.")
    looks: list[HeldLookOut]
    facts: dict[str, Any] = Field(description="The data themselves, as far as they are short.")


class HoldingList(Schema):
    """Everything, in the order of a page."""

    at: datetime
    items: list[HoldingOut]


@router.get(
    "/me/holdings", response=HoldingList, operation_id="me_holdings",
    summary="系统存了我的什么 What the system holds about me",
)  # fmt: skip
@allows("me.read")
def list_holdings(request: HttpRequest) -> dict[str, Any]:
    """What every part of the system keeps about me, why, for how long, and who can see it.

    About whoever asks and nobody else.
    """
    account = caller(request).account_id
    if account is None:
        raise NotFound("no_account", T("没有账号。", "There is no account."))
    return {
        "at": clock.now(),
        "items": [
            {
                "code": each.code,
                "title": each.title.said(),
                "purpose": each.purpose.said(),
                "retention": each.retention.said(),
                "readers": each.readers.said(),
                "count": each.count,
                "oldest": each.oldest,
                "goes_at": each.goes_at,
                "looks": [{"at": n.at, "by": n.by, "why": n.why} for n in each.looks],
                "facts": dict(each.facts),
            }
            for each in holdings.of(account)
        ],
    }
