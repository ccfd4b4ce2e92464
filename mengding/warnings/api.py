"""/warnings: what is out of the ordinary at places and with things; /crowd: anonymous counts."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.warnings import actions, queries
from mengding.warnings.models import Alert, Spot

router = Router(tags=["warnings"])


class PlaceWarningRow(Schema):
    """One warning. `expected`: the baseline; `chance`: of that many or more by chance;
    `false_alarms` of `decided`: how often its like was dismissed within a year."""

    id: int
    kind: str = Field(description="repeat, spike, cluster, series, overdue or crowd")
    class_code: str
    class_name: Any
    place: str
    cell: str | None
    since: datetime
    until: datetime
    observed: int
    expected: float
    threshold: float
    chance: float | None
    stage: int
    detail: dict[str, Any]
    status: str = Field(description="open, done or dismissed")
    organisation: Any
    owner: str | None
    raised_at: datetime
    seen_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    false_alarms: int
    decided: int


class PlaceWarning(PlaceWarningRow):
    """One warning with its method in words and its cases."""

    method: Any
    words: str
    cases: list[dict[str, Any]]


class PlaceWarningPage(Schema):
    """One page, newest first; `open`: how many are open, by kind."""

    items: list[PlaceWarningRow]
    next: str | None
    open: dict[str, int]


class WhichWarnings(Schema):
    """What the list is narrowed by."""

    status: Literal["", "open", "done", "dismissed"] = "open"
    kind: Literal["", "repeat", "spike", "cluster", "series", "overdue", "crowd"] = ""


class DecideWarningIn(Schema):
    """What came of it. `real` false: a false alarm, which feeds the rate."""

    real: bool = Field(examples=[True])
    words: str = Field(examples=["现场查看，管网老化，已列入更换计划。"])


class WarningDecided(Schema):
    """The warning after that."""

    id: int
    status: str


class SpotIn(Schema):
    """A scenic spot and how many it holds."""

    code: str = Field(max_length=40, pattern="^[a-z0-9][a-z0-9_-]*$", examples=["mengdingshan"])
    name: str = Field(min_length=1, max_length=80, examples=["蒙顶山景区"])
    region: str = Field(max_length=20, examples=["511803102"])
    capacity: int = Field(ge=1, le=1_000_000, examples=[8000])


class SpotOut(Schema):
    """A scenic spot with its last count. `stage`: 0 calm to 3 full."""

    code: str
    name: str
    place: str
    capacity: int
    people: int | None
    stage: int
    counted_at: datetime | None


class SpotList(Schema):
    """The spots of my area."""

    items: list[SpotOut]


class SpotSaved(Schema):
    """The spot after that."""

    code: str
    capacity: int
    stage: int


class CrowdIn(Schema):
    """One `CrowdFlowObserved` of the Smart Data Models, as far as it is about nobody: how many
    people were counted at a place in a span."""

    id: str = Field(max_length=40, description="The spot's code.", examples=["mengdingshan"])
    peopleCount: int = Field(ge=0, le=10_000_000, examples=[5200])
    dateObservedFrom: datetime = Field(examples=["2026-11-30T10:00:00+08:00"])
    dateObservedTo: datetime = Field(examples=["2026-11-30T10:05:00+08:00"])


@router.get("/warnings", response=PlaceWarningPage, operation_id="warnings_list")
@allows("warnings.read")
def list_warnings(request: HttpRequest, which: Query[WhichWarnings], paging: Query[Paging]) -> Any:
    """Warnings of my area."""
    actor = caller(request)
    items, following = queries.warnings(
        actor, **which.dict(), cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following, "open": queries.counts(actor)})


@router.get("/warnings/{int:warning_id}", response=PlaceWarning, operation_id="warnings_get")
@allows("warnings.read")
def get_warning(request: HttpRequest, warning_id: int) -> Any:
    """One warning with its method and cases."""
    return json_response(queries.one(caller(request), warning_id))


@router.post(
    "/warnings/{int:warning_id}/decide", response=WarningDecided, operation_id="warnings_decide"
)
@allows("warnings.decide")
def decide(request: HttpRequest, warning_id: int, data: DecideWarningIn) -> Alert:
    """Say what came of it: real and dealt with, or a false alarm; both with words."""
    return actions.decide(caller(request), warning_id, real=data.real, words=data.words)


@router.get("/crowd/spots", response=SpotList, operation_id="crowd_spots")
@allows("warnings.read")
def list_spots(request: HttpRequest) -> Any:
    """Scenic spots and how full they are."""
    return {"items": queries.spots(caller(request))}


@router.post("/crowd/spots", response={201: SpotSaved}, operation_id="crowd_spots_save")
@allows("crowd.manage")
def save_spot(request: HttpRequest, data: SpotIn) -> Status[Spot]:
    """Add a spot, or change the one with this code."""
    made = actions.add_spot(
        caller(request),
        code=data.code,
        name=data.name,
        region_code=data.region,
        capacity=data.capacity,
    )
    return Status(201, made)


@router.post("/crowd", response=SpotSaved, operation_id="crowd_count")
@allows("crowd.count")
def count(request: HttpRequest, data: CrowdIn) -> Spot:
    """Take in an anonymous count, from a machine's token."""
    return actions.count(
        caller(request),
        code=data.id,
        people_count=data.peopleCount,
        since=data.dateObservedFrom,
        until=data.dateObservedTo,
    )
