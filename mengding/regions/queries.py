"""Reading the divisions. Which places lie where is answered by `locate`, from memory."""

import hashlib
from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from mengding.core import dependents as core_dependents
from mengding.core.actor import Actor, Level
from mengding.core.dependents import NAMED, Dependents
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.policy.permissions import holds
from mengding.regions import codes, geometry
from mengding.regions.models import Region
from mengding.regions.setting import grid_digits

_M_PER_DEGREE = 111_320.0
# The first number of a level: 100 is a town (镇), 200 a village (村).
_FIRST = {Level.TOWN: 100, Level.VILLAGE: 200, Level.GRID: 1}
_LISTED = (
    *("id", "code", "level", "name", "name_en", "parent_id", "path"),
    *("generated", "bounds", "active", "version"),
)


def visible(actor: Actor) -> QuerySet[Region]:
    """The divisions an actor may see: all in use; those out of use for who manages them.

    Divisions are public facts; the area of a post narrows its cases, not the map. Boundaries
    are large: they are left out unless asked for.
    """
    rows = Region.objects.defer("boundary")
    return rows if holds(actor, "regions.manage") else rows.filter(active=True)


def below(path: str) -> Q:
    """Rows at or below an ltree path, through its GiST index."""
    # RawSQL with a parameter: Django knows no ltree operators.
    return Q(pk__in=RawSQL("SELECT id FROM regions_region WHERE path <@ %s::ltree", [path]))


def descendants(region: Region) -> QuerySet[Region]:
    """The division and everything below it, parents before children."""
    return Region.objects.defer("boundary").filter(below(region.path)).order_by("path")


def area(actor: Actor) -> QuerySet[Region]:
    """The part of `visible` that the actor's post covers."""
    if actor.region_id is None:
        return visible(actor)
    path = Region.objects.filter(pk=actor.region_id).values_list("path", flat=True).first()
    return visible(actor).filter(below(path)) if path else visible(actor).none()


def listed(
    actor: Actor,
    *,
    level: Level | None = None,
    within: str | None = None,
    parent: str | None = None,
    name: str | None = None,
    mine: bool = False,
) -> QuerySet[Region, dict[str, Any]]:
    """Rows as dictionaries; everything that is given holds. `within`, `parent`: codes.

    `name` is any part of the name, the English name or the beginning of the code.
    """
    rows = area(actor) if mine else visible(actor)
    if level is not None:
        rows = rows.filter(level=level.value)
    if within is not None:
        rows = rows.filter(below(by_code(actor, within).path))
    if parent is not None:
        rows = rows.filter(parent__code=parent)
    if name:
        rows = rows.filter(
            Q(name__contains=name) | Q(name_en__icontains=name) | Q(code__startswith=name)
        )
    found: QuerySet[Region, dict[str, Any]] = rows.values(*_LISTED)
    return found


def one(actor: Actor, pk: int) -> Region:
    """One division with its boundary; raises `NotFound`."""
    return _found(visible(actor).defer(None).filter(pk=pk).first())


def by_code(actor: Actor, code: str) -> Region:
    """One division with its boundary; raises `NotFound`."""
    return _found(visible(actor).defer(None).filter(code=code).first())


def _found(row: Region | None) -> Region:
    if row is None:
        raise NotFound("region_not_found", T("没有这个区划。", "There is no such division."))
    return row


def dependents(actor: Actor, pk: int) -> list[Dependents]:
    """What hangs on a division that the actor may see; raises `NotFound`."""
    row = one(actor, pk)
    below = Region.objects.filter(parent=row, active=True).order_by("code")
    count = below.count()
    text = T("{n} 个下级区划", "divisions below it: {n}").fill(n=count)
    names = tuple(below.values_list("name", flat=True)[:NAMED])
    children = [Dependents("children", text, count, names)] if count else []
    return children + core_dependents.of("region", pk)


def next_code(actor: Actor, parent: str) -> dict[str, Any]:
    """The code behind the highest below a division; a village counts on from its own kind."""
    above = by_code(actor, parent)
    level = next((low for low, up in codes.PARENTS.items() if up == above.level), None)
    if level is None:
        raise Invalid(
            "region_has_no_level_below",
            T("网格下面没有区划。", "There are no divisions below a grid."),
            field="parent",
        )
    digits = codes.length(level, grid_digits()) - len(above.code)
    taken = Region.objects.filter(parent=above).order_by("-code").values_list("code", flat=True)
    last = taken.first()
    number = int(last[-digits:]) + 1 if last else _FIRST[level]
    return {
        "code": f"{above.code}{number:0{digits}d}",
        "level": level.value,
        "parent": above.code,
        "digits": digits,
    }


def tree(actor: Actor, *, mine: bool = False) -> list[dict[str, Any]]:
    """The divisions as nested dictionaries with `children`, in the order of their codes.

    With `mine` the roots are the top divisions of the actor's area.
    """
    rows = list(listed(actor, mine=mine).order_by("code"))
    nodes = {row["id"]: row | {"children": []} for row in rows}
    roots: list[dict[str, Any]] = []
    for node in nodes.values():
        parent = nodes.get(node["parent_id"])
        (parent["children"] if parent else roots).append(node)
    return roots


@dataclass(frozen=True, slots=True)
class Layer:
    """All boundaries of one level; `features` are read only when somebody needs them."""

    level: Level
    rows: QuerySet[Region]
    simplify_m: float
    etag: str

    def geojson(self) -> dict[str, Any]:
        """A FeatureCollection (RFC 7946). Neighbours stay neighbours when simplified."""
        rows = list(self.rows.defer(None).order_by("code"))
        shapes = [geometry.from_stored(row.boundary or {}) for row in rows]
        if self.simplify_m and shapes:
            shapes = list(shapely.coverage_simplify(shapes, self.simplify_m / _M_PER_DEGREE))
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": row.pk,
                    "geometry": geometry.to_geojson(shape),
                    "properties": {
                        "code": row.code,
                        "name": row.name,
                        "name_en": row.name_en,
                        "level": row.level,
                        "parent_id": row.parent_id,
                        "generated": row.generated,
                    },
                }
                for row, shape in zip(rows, shapes, strict=True)
            ],
        }


def layer(actor: Actor, level: Level, *, within: str | None = None, simplify_m: float = 0) -> Layer:
    """The boundaries of a level in use. `etag` changes whenever one of them does."""
    rows = visible(actor).filter(level=level.value, active=True, boundary__isnull=False)
    if within is not None:
        rows = rows.filter(below(by_code(actor, within).path))
    versions = list(rows.order_by("pk").values_list("pk", "version"))
    stamp = hashlib.sha256(f"{level}|{within}|{simplify_m}|{versions}".encode()).hexdigest()
    return Layer(level, rows, simplify_m, f'"{stamp[:32]}"')
