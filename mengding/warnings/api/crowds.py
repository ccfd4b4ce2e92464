"""/crowd: scenic spots and their anonymous counts."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from mengding.http.auth import allows
from mengding.people.api.caller import caller
from mengding.warnings import actions, queries
from mengding.warnings.models import Spot

router = Router(tags=["warnings"])


class SpotIn(Schema):
    """A scenic spot and how many it holds."""

    code: str = Field(max_length=40, pattern="^[a-z0-9][a-z0-9_-]*$", examples=["mengdingshan"])
    name: str = Field(min_length=1, max_length=80, examples=["蒙顶山景区"])
    region: str = Field(max_length=20, examples=["511803102"])
    capacity: int = Field(ge=1, le=1_000_000, examples=[8000])
    stages: list[int] = Field(
        [], max_length=3, description="Own percentages of three stages.", examples=[[50, 70, 90]]
    )


class SpotChange(Schema):
    """Who set which capacity and stages, and when."""

    at: datetime
    by: str | None
    capacity: int | None
    stages: list[int]


class SpotOut(Schema):
    """A scenic spot with its last count. `stage`: 0 calm to 3 full."""

    code: str
    name: str
    place: str
    region: str
    capacity: int
    stages: list[int]
    history: list[SpotChange]
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


@router.get("/crowd/spots", response=SpotList, operation_id="crowd_spots")
@allows("crowd.read")
def list_spots(request: HttpRequest) -> Any:
    """Scenic spots and how full they are."""
    return {"items": queries.spots(caller(request))}


@router.post("/crowd/spots", response={201: SpotSaved}, operation_id="crowd_spots_save")
@allows("crowd.configure")
def save_spot(request: HttpRequest, data: SpotIn) -> Status[Spot]:
    """Add a spot, or change the one with this code."""
    made = actions.add_spot(
        caller(request),
        code=data.code,
        name=data.name,
        region_code=data.region,
        capacity=data.capacity,
        stages=tuple(data.stages),
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
