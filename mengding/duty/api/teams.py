"""/duty/teams, /duty/shifts, /duty/people."""

from datetime import time
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from mengding.duty import actions, queries
from mengding.duty.actions import ShiftData, TeamData
from mengding.duty.api.shapes import Id
from mengding.http.auth import allows
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller

router = Router(tags=["duty"])


class TeamMember(Schema):
    """A post in a team."""

    post_id: int
    account_id: int
    name: str
    role: str
    active: bool = Field(description="Whether the post still is.")


class TeamOut(Schema):
    """A team. `mine`: I arrange its roster; `editable`: I may change the team itself."""

    id: int
    kind: Literal["professional", "township", "volunteer"]
    name: str
    region_id: int
    region_name: str
    leader: int | None = Field(description="A post of the members.")
    approves: bool = Field(description="Whether swaps need the leader's or a supervisor's yes.")
    active: bool
    version: int
    members: list[TeamMember]
    mine: bool
    editable: bool


class TeamList(Schema):
    """Teams by area."""

    items: list[TeamOut]


class TeamIn(Schema):
    """A team with its members."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "township",
                "name": "车岭镇巡逻队",
                "region": 12,
                "members": [31, 32],
                "leader": 31,
            }
        },
    )

    kind: Literal["professional", "township", "volunteer"]
    name: str = Field(max_length=200)
    region: Id = Field(description="What it patrols.")
    members: list[int] = Field(default_factory=list, max_length=500, description="Post ids.")
    leader: Id | None = None
    approves: bool = True
    active: bool = True
    version: int | None = Field(None, ge=1, description="The version changed; see If-Match.")

    def data(self) -> TeamData:
        """As actions want it."""
        return TeamData(**self.model_dump(exclude={"version"}))


class DutySaved(Schema):
    """What was saved, and its version."""

    id: int
    version: int


class ShiftOut(Schema):
    """A shift; `overnight`: it ends the next day."""

    id: int
    name: str
    region_id: int
    region_name: str
    starts: time
    ends: time
    overnight: bool
    weekdays: list[int] = Field(description="0 Monday to 6 Sunday")
    days: Literal["all", "work", "rest"]
    active: bool
    version: int
    editable: bool


class ShiftList(Schema):
    """Shifts by the time they start."""

    items: list[ShiftOut]


class ShiftIn(Schema):
    """A shift. It ends the next day when `ends` is not after `starts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "region": 1,
                "name": "夜班",
                "starts": "20:00",
                "ends": "08:00",
                "weekdays": [0, 1, 2, 3, 4, 5, 6],
                "days": "all",
            }
        },
    )

    region: Id
    name: str = Field(max_length=100)
    starts: time
    ends: time
    weekdays: list[int] = Field(max_length=7)
    days: Literal["all", "work", "rest"] = "all"
    active: bool = True
    version: int | None = Field(None, ge=1)

    def data(self) -> ShiftData:
        """As actions want it."""
        return ShiftData(**self.model_dump(exclude={"version"}))


class TeamCandidate(Schema):
    """A post that can be in a team."""

    post_id: int
    account_id: int
    name: str
    role: str
    organisation_name: str
    region_name: str


class TeamCandidates(Schema):
    """At most 50, by name."""

    items: list[TeamCandidate]


@router.get(
    "/duty/teams", response=TeamList, operation_id="duty_teams", summary="巡逻队 Patrol teams"
)
@allows("duty.own")
def list_teams(request: HttpRequest) -> dict[str, Any]:
    """The teams of my area for who manages it, else the teams I belong to."""
    return {"items": queries.teams(caller(request))}


@router.post(
    "/duty/teams",
    response={201: DutySaved},
    operation_id="duty_team_create",
    summary="新建巡逻队 New team",
)
@allows("duty.arrange")
def create_team(request: HttpRequest, data: TeamIn) -> Status[Any]:
    """A new team in my area."""
    return Status(201, _saved(actions.save_team(caller(request), data.data())))


@router.put(
    "/duty/teams/{int:team_id}",
    response=DutySaved,
    operation_id="duty_team_update",
    summary="修改巡逻队 Change a team",
)
@allows("duty.arrange")
@versioned
def update_team(request: HttpRequest, team_id: int, data: TeamIn) -> dict[str, Any]:
    """Replace a team with its members; `active` false retires it."""
    version = wanted_version(request, data.version)
    return _saved(actions.save_team(caller(request), data.data(), team_id, version=version))


@router.get(
    "/duty/people",
    response=TeamCandidates,
    operation_id="duty_people",
    summary="可编入队伍的人员 Who can be in a team",
)
@allows("duty.arrange")
def list_people(request: HttpRequest, q: str = "") -> dict[str, Any]:
    """Posts in my area that can be in a team; `q`: part of the name."""
    return {"items": queries.candidates(caller(request), q[:40])}


@router.get("/duty/shifts", response=ShiftList, operation_id="duty_shifts", summary="班次 Shifts")
@allows("duty.own")
def list_shifts(request: HttpRequest) -> dict[str, Any]:
    """The shifts of my area and those above it."""
    return {"items": queries.shifts(caller(request))}


@router.post(
    "/duty/shifts",
    response={201: DutySaved},
    operation_id="duty_shift_create",
    summary="新建班次 New shift",
)
@allows("duty.arrange")
def create_shift(request: HttpRequest, data: ShiftIn) -> Status[Any]:
    """A new shift for my area."""
    return Status(201, _saved(actions.save_shift(caller(request), data.data())))


@router.put(
    "/duty/shifts/{int:shift_id}",
    response=DutySaved,
    operation_id="duty_shift_update",
    summary="修改班次 Change a shift",
)
@allows("duty.arrange")
@versioned
def update_shift(request: HttpRequest, shift_id: int, data: ShiftIn) -> dict[str, Any]:
    """Change a shift for rosters to come; `active` false retires it."""
    version = wanted_version(request, data.version)
    return _saved(actions.save_shift(caller(request), data.data(), shift_id, version=version))


def _saved(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "version": row.version}
