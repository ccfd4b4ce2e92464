"""/cases/{id}/presence: who else has the case open."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from mengding.http.auth import allows
from mengding.http.request import actor_of
from mengding.presence import actions
from mengding.presence.models import State

router = Router(tags=["presence"])


class PresenceIn(Schema):
    """What the caller does: looking, typing, or leaving."""

    state: State = Field(State.VIEWING, examples=["viewing"])


class PresentColleague(Schema):
    """Somebody else who has the case open."""

    account_id: int
    name: str
    state: State


class PresenceOut(Schema):
    """Everybody else. Say it again within `repeat` seconds; it is forgotten after 30."""

    others: list[PresentColleague]
    repeat: int = Field(description="Seconds.", examples=[10])


@router.post(
    "/cases/{int:case_id}/presence",
    response=PresenceOut,
    operation_id="cases_presence",
    summary="同时在看 Who else has this case open",
)
@allows("case.read")
def be_present(request: HttpRequest, case_id: int, data: PresenceIn) -> dict[str, Any]:
    """Say that I have the case open, and learn who else has. Kept for 30 s.

    A token learns who is there and is itself not shown.
    """
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return {"others": actions.be_present(actor, case_id, data.state), "repeat": 10}
