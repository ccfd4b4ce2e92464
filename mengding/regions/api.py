"""HTTP shapes of the divisions."""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from ninja import Query, Router, Status

from mengding.core.actor import Actor, Level
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.fast import encode
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.http.versions import tag, versioned, wanted_version
from mengding.regions import actions, geometry, locate, queries
from mengding.regions.actions import ImportReport
from mengding.regions.models import Region
from mengding.regions.shapes import (
    DeactivateIn,
    DependentsOut,
    DivisionsIn,
    GeoJsonIn,
    ImportOut,
    LayerQuery,
    LocatedOut,
    NextCode,
    ParentQuery,
    PlaceQuery,
    RegionFilter,
    RegionIn,
    RegionNode,
    RegionOut,
    RegionPage,
    RegionPatch,
    VersionIn,
)

router = Router(tags=["regions"])


@router.get("/regions", response=RegionPage, operation_id="list_regions")
@allows("regions.read")
def list_regions(request: Request, paging: Query[Paging], wanted: Query[RegionFilter]) -> Any:
    """Divisions by code."""
    given = wanted.dict() | {"level": Level(wanted.level) if wanted.level else None}
    rows = queries.listed(_actor(request), **given)
    items, after = paginate(rows, "code", str, cursor=paging.cursor, limit=paging.limit)
    return {"items": items, "next": after}


@router.get("/regions/tree", response=list[RegionNode], operation_id="read_region_tree")
@allows("regions.read")
def read_tree(request: Request, mine: bool = False) -> Any:
    """All divisions, nested; with `mine` those of my area."""
    return queries.tree(_actor(request), mine=mine)


@router.get("/regions/geojson", operation_id="read_region_layer")
@allows("regions.read")
def read_layer(request: Request, wanted: Query[LayerQuery]) -> HttpResponse:
    """The boundaries of a level as a GeoJSON FeatureCollection; 304 when nothing changed."""
    layer = queries.layer(
        _actor(request),
        Level(wanted.level),
        within=wanted.within,
        simplify_m=wanted.simplify,
    )
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if layer.etag in known or f"W/{layer.etag}" in known:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(encode(layer.geojson()), content_type="application/geo+json")
    response["ETag"] = layer.etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@router.get("/regions/locate", response=LocatedOut, operation_id="locate_region")
@allows("regions.read")
def locate_place(request: Request, place: Query[PlaceQuery]) -> Any:
    """Which divisions a place lies in."""
    lon, lat = geometry.to_wgs84(place.lon, place.lat, place.crs)
    found = locate.locate(lon, lat)
    nowhere = found.region_id is None
    return {
        **{name: getattr(found, name) for name in found.__slots__},
        "names": [] if found.region_id is None else locate.names(found.region_id),
        "distance_m": None if nowhere else round(found.distance_m, 2),
    }


@router.get("/regions/by-code/{code}", response=RegionOut, operation_id="find_region_by_code")
@allows("regions.read")
def get_by_code(request: Request, code: str, response: HttpResponse) -> Any:
    """One division by its code."""
    return _tagged(response, queries.by_code(_actor(request), code))


@router.get("/regions/next-code", response=NextCode, operation_id="next_region_code")
@allows("regions.manage")
def next_code(request: Request, parent: Query[ParentQuery]) -> Any:
    """The next free code below a division."""
    return queries.next_code(_actor(request), parent.parent)


@router.get("/regions/{int:pk}", response=RegionOut, operation_id="get_region")
@allows("regions.read")
def get_region(request: Request, pk: int, response: HttpResponse) -> Any:
    """One division."""
    return _tagged(response, queries.one(_actor(request), pk))


@router.post("/regions", response={201: RegionOut}, operation_id="create_region")
@allows("regions.manage")
def create_region(request: Request, data: RegionIn, response: HttpResponse) -> Status[Any]:
    """Create a division below the one its code names."""
    row = actions.create_region(_actor(request), actions.RegionData(**data.dict()))
    return Status(201, _tagged(response, row))


@router.patch("/regions/{int:pk}", response=RegionOut, operation_id="update_region")
@allows("regions.manage")
@versioned
def update_region(request: Request, pk: int, data: RegionPatch, response: HttpResponse) -> Any:
    """Change names or boundary. 409 when somebody else changed it in the meantime."""
    change = actions.RegionChange(**data.dict(exclude={"version"}))
    version = wanted_version(request, data.version)
    return _tagged(response, actions.update_region(_actor(request), pk, change, version))


@router.post("/regions/{int:pk}/deactivate", response=RegionOut, operation_id="deactivate_region")
@allows("regions.manage")
@versioned
def deactivate_region(request: Request, pk: int, data: DeactivateIn, response: HttpResponse) -> Any:
    """Take a division out of use. 422 with `dependents` while something hangs on it."""
    version = wanted_version(request, data.version)
    row = actions.deactivate_region(_actor(request), pk, version, confirmed=data.confirmed)
    return _tagged(response, row)


@router.get(
    "/regions/{int:pk}/dependents",
    response=list[DependentsOut],
    operation_id="list_region_dependents",
)
@allows("regions.manage")
def list_dependents(request: Request, pk: int) -> Any:
    """What hangs on a division: divisions below it, organisations, posts, open cases."""
    return [each.facts() for each in queries.dependents(_actor(request), pk)]


@router.post("/regions/{int:pk}/activate", response=RegionOut, operation_id="activate_region")
@allows("regions.manage")
@versioned
def activate_region(request: Request, pk: int, data: VersionIn, response: HttpResponse) -> Any:
    """Bring a division back into use."""
    version = wanted_version(request, data.version)
    return _tagged(response, actions.activate_region(_actor(request), pk, version))


@router.post("/regions/import/geojson", response=ImportOut, operation_id="import_boundaries")
@allows("regions.manage")
def import_geojson(request: Request, data: GeoJsonIn) -> Any:
    """Import the boundaries of a level; nothing is written if anything is wrong."""
    report = actions.import_geojson(
        _actor(request),
        data.data,
        crs=data.crs,
        level=Level(data.level),
        code_property=data.code_property,
        name_property=data.name_property,
        dry_run=data.dry_run,
    )
    return _reported(report, "data")


@router.post("/regions/import/divisions", response=ImportOut, operation_id="import_divisions")
@allows("regions.manage")
def import_divisions(request: Request, data: DivisionsIn) -> Any:
    """Import codes and names; nothing is written if anything is wrong."""
    report = actions.import_divisions_csv(_actor(request), data.csv, dry_run=data.dry_run)
    return _reported(report, "csv")


def _actor(request: Request) -> Actor:
    assert request.actor is not None  # `allows` has seen to it
    return request.actor


def _tagged(response: HttpResponse, row: Region) -> Region:
    tag(response, row.version)
    return row


def _reported(report: ImportReport, field: str) -> dict[str, Any]:
    problems = [problem.facts() for problem in report.problems]
    if problems and not report.dry_run:
        text = T("有 {n} 个问题，没有写入任何内容。", "{n} problems; nothing was written.").fill(
            n=len(problems)
        )
        raise Invalid("import_refused", text, field=field, problems=problems)
    return {
        **{
            name: getattr(report, name)
            for name in ("dry_run", "written", "created", "updated", "unchanged", "cleared")
        },
        "problems": problems,
    }
