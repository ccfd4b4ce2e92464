"""The register of places."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller
from mengding.tasks.actions import places as actions
from mengding.tasks.actions.places import PlaceData
from mengding.tasks.api.inspecting import FindingOut, InspectionRow
from mengding.tasks.api.shapes import BIGGEST, region_id
from mengding.tasks.queries import places as queries

router = Router()


class PlaceIn(Schema):
    """A place; whom to ask is a post, never a private person. Degrees, WGS-84."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "XHS-0102",
                "name": "骑龙村委会消火栓",
                "kind": "hydrant",
                "lon": 103.18,
                "lat": 30.02,
                "address": "骑龙村委会门口",
            }
        },
    )

    code: str = Field(max_length=60)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    lon: float
    lat: float
    address: str = Field("", max_length=400)
    contact_post: int | None = Field(None, ge=1, le=BIGGEST)
    every_days: int | None = Field(None, description="As its kind says, unless given.")
    version: int | None = Field(None, ge=1, description="The version changed; see If-Match.")

    def data(self) -> PlaceData:
        """As actions want it."""
        return PlaceData(**self.model_dump(exclude={"version"}))


class PlaceOut(Schema):
    """A place. `waiting`: not inspected within its rhythm; `findings`: unresolved ones."""

    id: int
    code: str
    name: str
    kind: str
    address: str
    lon: float
    lat: float
    village: str | None
    town: str | None
    region: int
    contact_post: int | None
    contact: str | None
    every_days: int
    inspected_at: datetime | None
    waiting: bool
    findings: int
    active: bool
    version: int


class PlaceDetail(PlaceOut):
    """A place with its unresolved findings and last 20 inspections, for who may see them."""

    open_findings: list[FindingOut]
    inspections: list[InspectionRow]


class PlacePage(Schema):
    """A page of places by code."""

    items: list[PlaceOut]
    next: str | None


class PlaceDot(Schema):
    """A place on the map."""

    id: int
    name: str
    kind: str
    lon: float
    lat: float
    findings: int
    waiting: bool


class PlaceDots(Schema):
    """At most 3,000 places."""

    items: list[PlaceDot]


class PlaceFilter(Schema):
    """Narrowing; all that is given holds."""

    kind: str = Field("", max_length=40)
    q: str = Field("", max_length=80, description="Part of the name or address, or of the code.")
    region: str | None = Field(None, max_length=20)
    waiting: bool = False
    failing: bool = False
    retired: bool = Field(False, description="Those out of the rounds instead.")

    def narrow(self, region: int | None) -> dict[str, Any]:
        """As queries want it."""
        return {
            "kind": self.kind,
            "words": self.q.strip(),
            "region": region,
            "waiting_only": self.waiting,
            "failing": self.failing,
            "active": not self.retired,
        }


class PlaceVersion(Schema):
    """The version the caller knows."""

    version: int | None = Field(None, ge=1, examples=[1])


class PlaceFile(Schema):
    """CSV with a first line: code,name,kind,address,lon,lat,every_days."""

    csv: str = Field(
        max_length=2_000_000,
        examples=["code,name,kind,address,lon,lat\nXHS-1,村口消火栓,hydrant,村口,103.18,30.02"],
    )
    dry_run: bool = Field(False, description="Only tell what would happen.")


class PlaceSlip(Schema):
    """What is wrong with a line."""

    line: int
    field: str
    text: str


class PlaceImportOut(Schema):
    """With a slip nothing is kept."""

    created: int
    updated: int
    unchanged: int
    slips: list[PlaceSlip]


@router.get("/places", response=PlacePage, operation_id="places_list", summary="检查场所 Places")
@allows("places.read")
def list_places(
    request: HttpRequest, paging: Query[Paging], narrow: Query[PlaceFilter]
) -> dict[str, Any]:
    """Places of the own area."""
    actor = caller(request)
    items, following = queries.places(
        actor,
        **narrow.narrow(region_id(actor, narrow.region)),
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}


@router.get(
    "/places/map", response=PlaceDots, operation_id="places_map", summary="场所地图 On the map"
)
@allows("places.read")
def map_places(request: HttpRequest, narrow: Query[PlaceFilter]) -> dict[str, Any]:
    """The same places as dots."""
    actor = caller(request)
    narrowed = narrow.narrow(region_id(actor, narrow.region))
    return {"items": queries.on_map(actor, **narrowed)}


@router.get(
    "/places/{int:place_id}",
    response=PlaceDetail,
    operation_id="places_one",
    summary="场所 A place",
)
@allows("places.read")
def read_place(request: HttpRequest, place_id: int) -> dict[str, Any]:
    """One place."""
    return queries.place(caller(request), place_id)


@router.post(
    "/places", response={201: PlaceDetail}, operation_id="places_create", summary="新增场所 Add"
)
@allows("places.keep")
def create_place(request: HttpRequest, data: PlaceIn) -> Status[dict[str, Any]]:
    """A new place."""
    actor = caller(request)
    return Status(201, queries.place(actor, actions.create(actor, data.data()).pk))


@router.put(
    "/places/{int:place_id}", response=PlaceDetail, operation_id="places_update",
    summary="修改场所 Change",
)  # fmt: skip
@allows("places.keep")
@versioned
def update_place(request: HttpRequest, place_id: int, data: PlaceIn) -> dict[str, Any]:
    """Replace what is known of a place."""
    actor = caller(request)
    actions.update(actor, place_id, data.data(), version=wanted_version(request, data.version))
    return queries.place(actor, place_id)


@router.post(
    "/places/{int:place_id}/retire", response=PlaceDetail, operation_id="places_retire",
    summary="停用场所 Retire",
)  # fmt: skip
@allows("places.keep")
@versioned
def retire_place(request: HttpRequest, place_id: int, data: PlaceVersion) -> dict[str, Any]:
    """Take a place out of the rounds."""
    return _set_active(request, place_id, data, active=False)


@router.post(
    "/places/{int:place_id}/restore", response=PlaceDetail, operation_id="places_restore",
    summary="恢复场所 Bring back",
)  # fmt: skip
@allows("places.keep")
@versioned
def restore_place(request: HttpRequest, place_id: int, data: PlaceVersion) -> dict[str, Any]:
    """Put a place back into the rounds."""
    return _set_active(request, place_id, data, active=True)


def _set_active(
    request: HttpRequest, place_id: int, data: PlaceVersion, *, active: bool
) -> dict[str, Any]:
    actor = caller(request)
    version = wanted_version(request, data.version)
    actions.set_active(actor, place_id, active=active, version=version)
    return queries.place(actor, place_id)


@router.post(
    "/places/import",
    response=PlaceImportOut,
    operation_id="places_import",
    summary="导入场所 Import",
)
@allows("places.keep")
def import_places(request: HttpRequest, data: PlaceFile) -> dict[str, Any]:
    """Places from CSV; the same file again changes nothing."""
    found = actions.import_csv(caller(request), data.csv, dry_run=data.dry_run)
    return {
        "created": found.created,
        "updated": found.updated,
        "unchanged": found.unchanged,
        "slips": [
            {"line": each.line, "field": each.field, "text": each.text.said()}
            for each in found.slips
        ],
    }
