"""What requests and answers about divisions look like."""

from typing import Any, Literal

from ninja import Field, Schema

LevelName = Literal["district", "town", "village", "grid"]
CrsName = Literal["wgs84", "gcj02", "bd09"]
_CRS = "Coordinates of the boundary; stored as WGS-84."


_COLLECTION: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": "511803106202", "name": "蒙山村村委会"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[103.10, 30.08], [103.12, 30.08], [103.12, 30.10], [103.10, 30.08]]
                ],
            },
        }
    ],
}
_DIVISIONS = (
    "village_code12,village,town_code9,town,county_code,county,ci"
    "ty_code,city,province_code,province\n"
    "511803001001,永兴社区居委会,511803001,永兴街道,511803,名山区,5118,雅安市,51,四川省\n"
)


class RegionRow(Schema):
    """One division without its boundary."""

    id: int
    code: str = Field(..., examples=["511803106202"])
    level: LevelName
    name: str = Field(..., examples=["蒙山村村委会"])
    name_en: str
    parent_id: int | None
    path: str = Field(..., examples=["511803.511803106.511803106202"])
    generated: bool = Field(..., description="The boundary was made up for the demo.")
    bounds: list[float] | None = Field(..., description="West, south, east, north.")
    active: bool
    version: int


class RegionOut(RegionRow):
    """One division; `boundary` is GeoJSON geometry in WGS-84."""

    boundary: dict[str, Any] | None


class RegionPage(Schema):
    """A page of divisions by code."""

    items: list[RegionRow]
    next: str | None


class RegionNode(RegionRow):
    """A division with those below it."""

    children: list["RegionNode"]


class RegionFilter(Schema):
    """Filters; all that are given hold."""

    level: LevelName | None = None
    within: str | None = Field(None, max_length=20, description="Code: it and all below.")
    parent: str | None = Field(None, max_length=20, description="Code of the division above.")
    name: str | None = Field(
        None, max_length=80, description="Part of a name, or the beginning of a code."
    )
    mine: bool = Field(False, description="Only the area of my post.")


class LayerQuery(Schema):
    """Which boundaries, and how coarse."""

    level: LevelName
    within: str | None = Field(None, max_length=20)
    simplify: float = Field(
        0, ge=0, le=5000, description="Metres; smaller wiggles are dropped, borders stay shared."
    )


class PlaceQuery(Schema):
    """A place."""

    lon: float = Field(..., ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(..., ge=-90, le=90, allow_inf_nan=False)
    crs: CrsName = "wgs84"


class ParentQuery(Schema):
    """The division above."""

    parent: str = Field(..., max_length=20, description="Its code.", examples=["511803106"])


class LocatedOut(Schema):
    """Where a place lies; ids are null where it lies in no division of that level."""

    district_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    region_id: int | None = Field(..., description="The deepest division.")
    region_code: str | None
    names: list[str] = Field(..., examples=[["名山区", "蒙顶山镇", "蒙山村村委会"]])
    outside: bool = Field(
        ..., description="Outside all; within 200 m the nearest is given, else none."
    )
    on_border: bool = Field(..., description="On a border: the smallest code touching it.")
    distance_m: float | None = Field(..., description="To the division; null when in none.")


class RegionIn(Schema):
    """A new division; its level and parent follow from the code."""

    code: str = Field(max_length=20, examples=["511803106213"])
    name: str = Field(max_length=80, examples=["新村村委会"])
    name_en: str = Field("", max_length=120)
    boundary: dict[str, Any] | None = Field(None, description="Polygon or MultiPolygon.")
    crs: CrsName = Field("wgs84", description=_CRS)


class RegionPatch(Schema):
    """What to change; what is absent stays."""

    name: str | None = Field(None, max_length=80, examples=["蒙山村村委会"])
    name_en: str | None = Field(None, max_length=120)
    boundary: dict[str, Any] | None = None
    crs: CrsName = Field("wgs84", description=_CRS)
    version: int | None = Field(None, description="The version changed; see If-Match.")


class VersionIn(Schema):
    """The version the caller knows."""

    version: int | None = None


class DeactivateIn(VersionIn):
    """Taking out of use; `confirmed` that open cases go on in a division out of use."""

    confirmed: bool = False


class DependentsOut(Schema):
    """One sort of things that hang on it; `blocks`: they have to go first."""

    code: str = Field(..., examples=["open_cases"])
    text: str = Field(..., examples=["3 件在办案件"])
    count: int
    names: list[str]
    blocks: bool


class NextCode(Schema):
    """The code a new division below another would get."""

    code: str = Field(..., examples=["511803106213"])
    level: LevelName
    parent: str
    digits: int = Field(..., description="How many of its last digits are its own.")


class GeoJsonIn(Schema):
    """Boundaries of one level."""

    data: dict[str, Any] = Field(
        ..., description="A GeoJSON FeatureCollection.", examples=[_COLLECTION]
    )
    level: LevelName
    crs: CrsName = Field("wgs84", description=_CRS)
    code_property: str = Field("code", max_length=80)
    name_property: str = Field("name", max_length=80)
    dry_run: bool = Field(True, description="Only say what would happen.")


class DivisionsIn(Schema):
    """Codes and names as CSV."""

    csv: str = Field(
        ...,
        description="With a header; columns village_code12, village, …",
        examples=[_DIVISIONS],
    )
    dry_run: bool = Field(True, description="Only say what would happen.")


class DivisionProblem(Schema):
    """One thing wrong with one division."""

    code: str = Field(..., examples=["overlap"])
    region: str = Field(..., examples=["蒙山村村委会 511803106202"])
    text: str
    other: str | None
    area_m2: float | None
    line: int | None = Field(None, description="Line of a table, the header being the first.")
    column: str | None = Field(None, description="Column of a table, by its English name.")


class ImportOut(Schema):
    """Codes by what happens to them."""

    dry_run: bool
    written: bool
    created: list[str]
    updated: list[str]
    unchanged: list[str]
    cleared: list[str] = Field(..., description="Lose their made-up boundary.")
    problems: list[DivisionProblem]
