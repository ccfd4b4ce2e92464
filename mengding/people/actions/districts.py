"""A whole new district in one step: its divisions, boundaries and centres, or nothing at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from mengding.core.actor import Actor, Level
from mengding.core.errors import NotAllowed
from mengding.core.text import T
from mengding.people import cache
from mengding.people.actions.organisations import OrganisationData, write_organisation
from mengding.people.models import Organisation, OrgKind
from mengding.policy.permissions import require
from mengding.regions import demo, geometry, locate
from mengding.regions.actions import (
    Draft,
    ImportReport,
    import_divisions_csv,
    import_geojson,
    store,
)
from mengding.regions.actions.files import read_divisions
from mengding.regions.geometry import Crs, Problem
from mengding.regions.models import Region

_LEVELS = (Level.DISTRICT, Level.TOWN, Level.VILLAGE)
_CENTRES = {
    Level.DISTRICT: T("综合治理中心", "centre"),
    Level.TOWN: T("综治中心", "centre"),
    Level.VILLAGE: T("综治工作站", "station"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictPlan:
    """What a district is founded with.

    `csv`: its divisions. `boundaries`: GeoJSON by level, in `crs`. `around`: longitude and
    latitude (WGS-84) around which boundaries are made up; only without real ones. `centres`: the
    levels whose divisions get a centre.
    """

    csv: str
    boundaries: Mapping[Level, object] = field(default_factory=dict)
    crs: Crs = "wgs84"
    around: tuple[float, float] | None = None
    centres: frozenset[Level] = frozenset(_LEVELS)


@dataclass(slots=True)
class DistrictReport:
    """What came, or would come, of a plan. With problems nothing was written.

    `problems`: each with the part of the plan it is about: "csv", "district", "town", "village".
    """

    dry_run: bool
    written: bool = False
    code: str = ""
    name: str = ""
    divisions: dict[str, int] = field(default_factory=dict)
    created: int = 0
    bounded: dict[str, int] = field(default_factory=dict)
    generated: int = 0
    centres: list[dict[str, str]] = field(default_factory=list)
    problems: list[tuple[str, Problem]] = field(default_factory=list)


@transaction.atomic
def found_district(actor: Actor, plan: DistrictPlan, *, dry_run: bool = False) -> DistrictReport:
    """Found a district, or complete one in the actor's area.

    A district nobody has entered yet lies in nobody's area: a district's system administrator
    may found it, and its own administrators take over from there.
    """
    require(actor, "regions.manage")
    require(actor, "organisations.manage")
    report = DistrictReport(dry_run=dry_run)
    drafts, problems = read_divisions(plan.csv)
    report.problems += [("csv", problem) for problem in problems]
    districts = sorted({code[:6] for code in drafts})
    if len(districts) > 1:
        text = T("文件中有 {n} 个区县：{codes}。", "The file holds {n} districts: {codes}.")
        text = text.fill(n=len(districts), codes=", ".join(districts))
        report.problems.append(("csv", Problem("several_districts", "CSV", text)))
    if drafts:
        report.code = districts[0]
        report.name = drafts[districts[0]].name or ""
        report.divisions = _by_level(drafts)
    if report.problems:
        return report
    founding = _founding(actor, report.code)
    mark = transaction.savepoint()
    _write(actor, plan, report, founding)
    if report.problems or dry_run:
        transaction.savepoint_rollback(mark)
        # What was read meanwhile is not there any more.
        locate.forget()
        cache.forget()
    else:
        transaction.savepoint_commit(mark)
        report.written = True
    return report


def _by_level(drafts: Mapping[str, Draft]) -> dict[str, int]:
    sizes = {6: Level.DISTRICT, 9: Level.TOWN, 12: Level.VILLAGE}
    counts = dict.fromkeys((level.value for level in _LEVELS), 0)
    for code in drafts:
        counts[sizes[len(code)].value] += 1
    return counts


def _founding(actor: Actor, code: str) -> str | None:
    """The code when the district is new; raises `NotAllowed` for whom no district is theirs."""
    if Region.objects.filter(code=code).exists():
        return None  # the ordinary rule of areas decides
    if actor.role is not None and actor.level is not Level.DISTRICT:
        raise NotAllowed(
            "outside_area",
            T("只有区县的系统管理员可以新建辖区。", "Only a district's administrator founds one."),
            region=code,
        )
    return code


def _write(actor: Actor, plan: DistrictPlan, report: DistrictReport, founding: str | None) -> None:
    """Everything of the plan, up to the first part with problems."""
    written = import_divisions_csv(actor, plan.csv, founding=founding)
    report.problems += [("csv", problem) for problem in written.problems]
    report.created = len(written.created)
    if report.problems:
        return
    for level in _LEVELS:
        if level not in plan.boundaries:
            continue
        drawn = _bounded(actor, plan, level, report.code, founding)
        report.problems += [(level.value, problem) for problem in drawn.problems]
        report.bounded[level.value] = len(drawn.created + drawn.updated + drawn.unchanged)
    if report.problems:
        return
    if plan.around is not None and not plan.boundaries:
        report.generated = _generate(actor, report.code, plan.around, founding)
    report.centres = _open_centres(actor, plan, report.code)


def _bounded(
    actor: Actor, plan: DistrictPlan, level: Level, code: str, founding: str | None
) -> ImportReport:
    known = set(Region.objects.filter(code__startswith=code).values_list("code", flat=True))
    drawn = import_geojson(
        actor, plan.boundaries[level], crs=plan.crs, level=level, founding=founding
    )
    for strange in sorted(set(drawn.created) - known):
        # A boundary file brings no division that the list does not have: it is a slip of a digit.
        text = T("清单中没有这个区划。", "The list has no such division.")
        drawn.problems.append(Problem("not_in_list", strange, text))
    return drawn


def _generate(actor: Actor, code: str, around: tuple[float, float], founding: str | None) -> int:
    rows = Region.objects.filter(code__startswith=code, boundary__isnull=True)
    without = set(rows.values_list("code", flat=True))
    below = Region.objects.filter(code__startswith=code, level="village").order_by("code")
    villages = list(below.values_list("code", flat=True))
    shapes = demo.polygons(villages, [], around, int(code))
    drafts = [
        Draft(code=each, boundary=geometry.to_geojson(shape), generated=True)
        for each, shape in sorted(shapes.items())
        if each in without
    ]
    store(actor, drafts, "region.generate", founding=founding)
    return len(drafts)


def _open_centres(actor: Actor, plan: DistrictPlan, code: str) -> list[dict[str, str]]:
    """A centre for every division of the chosen levels that has none, each below the next."""
    rows = Region.objects.filter(code__startswith=code, active=True).order_by("code")
    there = {
        org.region_id: org
        for org in Organisation.objects.filter(
            kind=OrgKind.CENTRE, active=True, region__code__startswith=code
        )
    }
    above: dict[int, Organisation] = {}  # the centre in charge, by region
    made = []
    for region in rows.defer("boundary").order_by("path"):
        level = Level(region.level)
        centre = there.get(region.pk)
        over = above.get(region.parent_id or 0)
        if centre is None and level in plan.centres and level in _CENTRES:
            centre = write_organisation(actor, centre_of(region, level, over))
            made.append({"code": centre.code, "name": centre.name, "level": level.value})
        if centre is not None or over is not None:
            above[region.pk] = centre or over  # type: ignore[assignment]
    return made


def centre_of(region: Region, level: Level, over: Organisation | None) -> OrganisationData:
    """The centre a division gets, below the centre `over` it."""
    said = _CENTRES[level]
    return OrganisationData(
        code=f"centre-{region.code}",
        kind=OrgKind.CENTRE,
        name=region.name.removesuffix("居委会").removesuffix("村委会") + said.zh,
        # A division without an English name has a centre without one: its Chinese name is shown.
        name_en=f"{region.name_en} {said.en}" if region.name_en else "",
        region=region.pk,
        parent=over.pk if over else None,
    )
