"""/duty/now and /duty/coverage: for who manages an area."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from mengding.core import clock
from mengding.duty import queries
from mengding.http.auth import allows
from mengding.people.api.caller import caller
from mengding.regions import locate

router = Router(tags=["duty"])


class PresentStaff(Schema):
    """Somebody on duty now."""

    id: int
    account_id: int
    post_id: int
    name: str
    role: str
    organisation_name: str
    town_name: str = Field(description="Empty for posts of the whole district.")
    team_id: int | None
    team_name: str | None
    team_kind: str | None
    shift_name: str | None
    region_id: int | None = Field(description="What they patrol; null: nothing.")
    region_name: str | None
    started_at: datetime
    ends_by: datetime


class PresentStaffList(Schema):
    """Who is on duty in my area, by town, team and name."""

    now: datetime
    items: list[PresentStaff]


class DutyMoment(Schema):
    """A moment; not given: now."""

    at: AwareDatetime | None = None


class VillageCover(Schema):
    """A village and how many are on duty for it: counts, no names."""

    region_id: int
    code: str
    name: str
    town_id: int
    town_name: str
    own: int = Field(description="In the village or its grids.")
    wider: int = Field(description="For an area it lies in.")
    rostered: int = Field(description="Planned for the moment.")
    covered: bool
    closed: str = Field(description="Why it is not patrolled that day; empty otherwise.")


class DutyCoverage(Schema):
    """`ahead`: a moment to come, judged by the roster. What nobody covers comes first."""

    at: datetime
    ahead: bool
    villages: list[VillageCover]


@router.get(
    "/duty/now", response=PresentStaffList, operation_id="duty_now", summary="在岗 Who is on duty"
)
@allows("duty.read")
def list_present(request: HttpRequest) -> dict[str, Any]:
    """Who is on duty in my area just now. Nobody's hours are summed or compared."""
    rows = queries.on_duty(caller(request))
    for row in rows:
        names = locate.names(row["post_region_id"])
        row["town_name"] = names[1] if len(names) > 1 else ""
    return {"now": clock.now(), "items": rows}


@router.get(
    "/duty/coverage",
    response=DutyCoverage,
    operation_id="duty_coverage",
    summary="在岗覆盖 Coverage by village",
)
@allows("duty.read")
def get_coverage(request: HttpRequest, moment: Query[DutyMoment]) -> dict[str, Any]:
    """For each village of my area how many are on duty for it, now or at another moment."""
    return queries.coverage(caller(request), moment.at)
