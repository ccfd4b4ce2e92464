"""/districts: a whole new district in one step."""

from typing import Any, Literal

from ninja import Field, Router, Schema

from mengding.core.actor import Level
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.request import Request
from mengding.people import actions
from mengding.people.api.caller import caller

router = Router(tags=["regions"])
Tier = Literal["district", "town", "village"]
_CSV = (
    "county_code,county,town_code9,town,village_code12,village\n"
    "511802,雨城区,511802001,东城街道,511802001001,北二路社区居委会\n"
)


class Around(Schema):
    """A place, in WGS-84."""

    lon: float = Field(..., ge=-180, le=180, allow_inf_nan=False, examples=[103.03])
    lat: float = Field(..., ge=-85, le=85, allow_inf_nan=False, examples=[30.01])


class DistrictIn(Schema):
    """What a district is founded with; nothing is written unless all of it is right."""

    csv: str = Field(..., description="Its divisions, as for their import.", examples=[_CSV])
    boundaries: dict[Tier, dict[str, Any]] = Field(
        default_factory=dict, description="GeoJSON FeatureCollections by level."
    )
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    around: Around | None = Field(
        None, description="Without boundaries: make some up around here, marked as made up."
    )
    centres: list[Tier] = Field(
        ["district", "town", "village"], description="Levels whose divisions get a centre."
    )
    dry_run: bool = Field(True, description="Only say what would happen.")


class PlanProblem(Schema):
    """One thing wrong with a plan; `part`: "csv" or the level of the boundary file."""

    part: str = Field(..., examples=["csv"])
    code: str = Field(..., examples=["region_code_invalid"])
    region: str = Field(..., examples=["第 3 行 北二路社区居委会"])
    text: str
    other: str | None
    area_m2: float | None
    line: int | None
    column: str | None


class CentreMade(Schema):
    """A centre that is opened."""

    code: str = Field(..., examples=["centre-511802"])
    name: str = Field(..., examples=["雨城区综合治理中心"])
    level: Tier


class DistrictOut(Schema):
    """What came of it, or would come."""

    dry_run: bool
    written: bool
    code: str = Field(..., examples=["511802"])
    name: str = Field(..., examples=["雨城区"])
    divisions: dict[str, int] = Field(..., description="In the list, by level.")
    created: int = Field(..., description="Divisions that are new.")
    bounded: dict[str, int] = Field(..., description="Boundaries from files, by level.")
    generated: int = Field(..., description="Boundaries made up.")
    centres: list[CentreMade]
    problems: list[PlanProblem]


@router.post("/districts", response=DistrictOut, operation_id="found_district")
@allows("regions.manage")
def found_district(request: Request, data: DistrictIn) -> dict[str, Any]:
    """Found a district: divisions, boundaries and centres, all or nothing."""
    plan = actions.DistrictPlan(
        csv=data.csv,
        boundaries={Level(level): given for level, given in data.boundaries.items()},
        crs=data.crs,
        around=(data.around.lon, data.around.lat) if data.around else None,
        centres=frozenset(Level(level) for level in data.centres),
    )
    report = actions.found_district(caller(request), plan, dry_run=data.dry_run)
    problems = [{"part": part, **problem.facts()} for part, problem in report.problems]
    if problems and not data.dry_run:
        text = T("有 {n} 个问题，没有写入任何内容。", "{n} problems; nothing was written.")
        raise Invalid("import_refused", text.fill(n=len(problems)), field="csv", problems=problems)
    shown = {name: getattr(report, name) for name in report.__slots__}
    return {**shown, "problems": problems}
