"""/duty/roster: a team's roster, and the own one."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.duty import actions, queries
from mengding.duty.actions import Plan
from mengding.duty.api.shapes import Id
from mengding.http.auth import allows
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller

router = Router(tags=["duty"])


class RosterPeriod(Schema):
    """A team and days, both included, at most 62."""

    team: Id
    first: date = Field(examples=["2026-12-01"])
    last: date = Field(examples=["2026-12-01"])


class RosterDay(Schema):
    """A day in the district's calendar."""

    day: date
    works: bool
    name: str = Field(description="The holiday, also of a make-up day.")


class SlotOut(Schema):
    """One line: who works which shift on which day."""

    id: int
    team_id: int
    team_name: str
    shift_id: int
    shift_name: str
    post_id: int
    account_id: int
    name: str
    day: date
    starts_at: datetime
    ends_at: datetime
    origin: str = Field(description="pattern, hand or swap")
    version: int
    conflicts: list[str] = Field(
        default_factory=list,
        description="two_at_once, leave, training, closed, post_ended",
    )


class RosterAway(Schema):
    """Leave or training, asked for or granted."""

    id: int
    account_id: int
    kind: str
    first: date
    last: date
    state: str


class RosterClosed(Schema):
    """Days on which the area is not patrolled."""

    id: int
    reason: str
    first: date
    last: date


class RosterOut(Schema):
    """A team's roster. `mine`: I arrange it, and see conflicts and who is away."""

    team: int
    mine: bool
    days: list[RosterDay]
    slots: list[SlotOut]
    away: list[RosterAway]
    closed: list[RosterClosed]


class ShiftMate(Schema):
    """Somebody on the same shift."""

    post_id: int
    name: str


class OwnSlot(SlotOut):
    """An own line with who is on it too."""

    mates: list[ShiftMate]


class OwnRoster(Schema):
    """The own lines of two weeks, own leave."""

    first: date
    last: date
    slots: list[OwnSlot]
    away: list[RosterAway]


class SlotList(Schema):
    """Lines of team mates."""

    items: list[SlotOut]


class SlotIn(Schema):
    """A line to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"team": 3, "shift": 2, "post": 31, "day": "2026-12-01"}},
    )

    team: Id
    shift: Id
    post: Id
    day: date


class SlotChange(Schema):
    """Another member, another shift, or both."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"post": 32, "version": 1}}
    )

    post: Id | None = None
    shift: Id | None = None
    version: int | None = Field(None, ge=1)


class RosterPlanIn(Schema):
    """A pattern over a period. Each person is `step` days further on in it than the one before."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "team": 3,
                "first": "2026-12-01",
                "last": "2026-12-14",
                "cycle": [1, 2, None, None],
                "people": [31, 32, 33, 34],
                "step": 1,
                "preview": True,
            }
        },
    )

    team: Id
    first: date
    last: date
    cycle: list[int | None] = Field(max_length=56, description="Shift ids; null: a day off.")
    people: list[int] = Field(max_length=200, description="Post ids.")
    step: int = Field(1, ge=0, le=56)
    replace: bool = Field(False, description="Generated lines to come go first.")
    preview: bool = Field(False, description="Nothing is stored.")

    def plan(self) -> Plan:
        """As actions want it."""
        return Plan(**self.model_dump(exclude={"team", "preview"}))


class GeneratedOut(Schema):
    """What came of it. `idle`: days on which a shift of the pattern is not worked."""

    made: int
    kept: int
    idle: int
    removed: int
    preview: bool


class SlotSaved(Schema):
    """The line and its version."""

    id: int
    version: int


@router.get("/duty/roster", response=RosterOut, operation_id="duty_roster", summary="排班表 Roster")
@allows("duty.own")
def get_roster(request: HttpRequest, period: Query[RosterPeriod]) -> dict[str, Any]:
    """A team's roster: of a team in my area, or one I belong to."""
    return queries.roster(caller(request), period.team, period.first, period.last)


@router.get(
    "/duty/roster/mine",
    response=OwnRoster,
    operation_id="duty_roster_mine",
    summary="我的排班 My roster",
)
@allows("duty.own")
def my_roster(request: HttpRequest) -> dict[str, Any]:
    """My shifts of the next two weeks, and who is on them with me."""
    return queries.my_roster(caller(request))


@router.get(
    "/duty/roster/{int:slot_id}/offers",
    response=SlotList,
    operation_id="duty_roster_offers",
    summary="可换的班 What could be swapped for it",
)
@allows("duty.own")
def list_offers(request: HttpRequest, slot_id: int) -> dict[str, Any]:
    """Shifts of team mates that one of mine could be swapped for; empty when it is not mine."""
    return {"items": queries.offers(caller(request), slot_id)}


@router.post(
    "/duty/roster",
    response={201: SlotSaved},
    operation_id="duty_roster_add",
    summary="加排 Add a line",
)
@allows("duty.own")
def add_slot(request: HttpRequest, data: SlotIn) -> Status[Any]:
    """Put a member on a shift. For who manages the team: its leader, the area's supervisors."""
    return Status(201, _saved(actions.add_slot(caller(request), **data.model_dump())))


@router.put(
    "/duty/roster/{int:slot_id}",
    response=SlotSaved,
    operation_id="duty_roster_change",
    summary="改排 Change a line",
)
@allows("duty.own")
@versioned
def change_slot(request: HttpRequest, slot_id: int, data: SlotChange) -> dict[str, Any]:
    """Give a line to another member, or make it another shift."""
    version = wanted_version(request, data.version)
    return _saved(
        actions.change_slot(
            caller(request), slot_id, post=data.post, shift=data.shift, version=version
        )
    )


@router.delete(
    "/duty/roster/{int:slot_id}",
    response={204: None},
    operation_id="duty_roster_remove",
    summary="撤排 Remove a line",
)
@allows("duty.own")
@versioned
def remove_slot(request: HttpRequest, slot_id: int) -> Status[None]:
    """Take a line out. Swaps that wait for it end."""
    actions.remove_slot(caller(request), slot_id, version=wanted_version(request))
    return Status(204, None)


@router.post(
    "/duty/roster/generate",
    response=GeneratedOut,
    operation_id="duty_roster_generate",
    summary="按规律排班 Generate from a pattern",
)
@allows("duty.own")
def generate(request: HttpRequest, data: RosterPlanIn) -> dict[str, Any]:
    """Lines for a period. Doing it twice adds nothing; `preview` stores nothing."""
    done = actions.generate(caller(request), data.team, data.plan(), preview=data.preview)
    return {
        "made": len(done.made),
        "kept": done.kept,
        "idle": done.idle,
        "removed": done.removed,
        "preview": data.preview,
    }


def _saved(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "version": row.version}
