"""Cases on a map: counted by cell where they are many, one by one where they are few."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from mengding.cases.models import Case
from mengding.cases.queries import ended
from mengding.cases.queries.filtering import Filters, filtered
from mengding.cases.stages import OPEN
from mengding.cases.visibility import visible_by_row
from mengding.catalogue import queries as catalogue
from mengding.clocks.queries import colour
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.moment import one_moment
from mengding.core.text import T
from mengding.regions import cells

FINER = 3  # a map's tile is 512 points wide: its eighth is 64, about two circles
NEAREST = 18  # from this zoom on cases stand one by one
MOST_CELLS = 4096  # a whole screen at 64 points a cell is a few hundred
MOST_SINGLE = 600
_MANY = 16  # ranges of cells


@dataclass(frozen=True, slots=True)
class Window:
    """What a map shows, widened to whole cells so that moving it changes no count.

    `bbox`: (west, south, east, north). `level`: the zoom of the cells that are counted; `tiles`:
    the first and last of them, (left, top, right, bottom).
    """

    bbox: tuple[float, float, float, float]
    level: int
    tiles: tuple[int, int, int, int]

    @classmethod
    def of(cls, bbox: tuple[float, float, float, float], zoom: float) -> "Window":
        """The window of a map at `zoom` (0–22); raises `Invalid` naming `bbox`."""
        west, south, east, north = bbox
        level = min(cells.ZOOM, max(1, int(zoom) + FINER))
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise Invalid(
                "bbox_bad",
                T("范围应为 西,南,东,北。", "bbox is west,south,east,north."),
                field="bbox",
            )
        first = cells.parent(cells.cell(west, north), level)
        last = cells.parent(cells.cell(east, south), level)
        (left, top), (right, bottom) = cells.tile_of(first), cells.tile_of(last)
        if (right - left + 1) * (bottom - top + 1) > MOST_CELLS:
            raise Invalid(
                "bbox_wide",
                T("范围对这个缩放级别来说太大。", "bbox is too wide for this zoom."),
                field="bbox",
            )
        west, _, _, north = cells.bounds(first, level)
        _, south, east, _ = cells.bounds(last, level)
        return cls((west, south, east, north), level, (left, top, right, bottom))

    def holds(self, tile: int) -> bool:
        """Whether a cell of this level is shown."""
        x, y = cells.tile_of(tile)
        left, top, right, bottom = self.tiles
        return left <= x <= right and top <= y <= bottom


def case_map(
    actor: Actor, filters: Filters, bbox: tuple[float, float, float, float], zoom: float
) -> dict[str, Any]:
    """What a map shows of the visible cases that fit the filters.

    `clusters`: count, counts by light and the mean of the members' places; `bounds` is the cell
    they lie in. `cases`: those that stand alone. `unplaced`: fitting cases without coordinates,
    wherever the map is.
    """
    window = Window.of(bbox, zoom)
    stages = filters.stages
    if filters.open is None and (filters.colour or (stages and OPEN.issuperset(stages))):
        filters = replace(filters, open=True)  # it is so; said, the index of open cases answers
    fitting = _fitting(actor, filters)
    grouped = _grouped(actor, filters, fitting, window)
    alone = {row["one"] for row in grouped if row["count"] == 1}
    total = sum(row["count"] for row in grouped)
    if zoom >= NEAREST and total <= MOST_SINGLE:
        shown, clusters = fitting.filter(_within(window, _MANY)), []
    else:
        shown = Case.objects.filter(pk__in=alone)
        clusters = [_cluster(row, window.level) for row in grouped if row["count"] > 1]
    return {
        "total": total,
        "unplaced": fitting.filter(cell__isnull=True).count(),
        "clusters": clusters,
        "cases": _singles(shown) if total else [],
    }


def _fitting(actor: Actor, filters: Filters) -> QuerySet[Case, Any]:
    wide = replace(filters, bbox=None)
    if filters.open is not True:
        return filtered(actor, wide, visible_by_row)
    # Behind expressions, so that the index of the map is read and not one of stages or departments,
    # which need each of their cases from the table.
    rows = filtered(actor, replace(wide, stages=(), lead_org_id=None), visible_by_row)
    if filters.stages:
        rows = rows.alias(at=Coalesce("stage", Value("")))
        rows = rows.filter(at__in=[stage.value for stage in filters.stages])
    if filters.lead_org_id is not None:
        rows = rows.alias(lead=Coalesce("lead_org_id", Value(0))).filter(lead=filters.lead_org_id)
    return rows


def _within(window: Window, most: int) -> Q:
    """In the window. One range of cells reads an index from end to end, more of them skip what
    lies between, and have the table read."""
    west, south, east, north = window.bbox
    inside = Q()
    for low, high in cells.ranges(window.bbox, max_ranges=most):
        inside |= Q(cell__range=(low, high))
    return inside & Q(lon__range=(west, east), lat__range=(south, north))


def _grouped(
    actor: Actor, filters: Filters, fitting: QuerySet[Case], window: Window
) -> list[dict[str, Any]]:
    """Counts by cell: of the cases themselves, and where they can of sums of what has ended."""
    level, sums = window.level, ended.sums(actor, filters, window.bbox, window.level)
    lights = _lights(filters.colour, all_open=True)
    now_open = _counted(fitting.filter(_within(window, 1), closed_at__isnull=True), level, lights)
    mixed = _lights(all_open=False)
    found: list[tuple[Any, ...]]
    if filters.open is True:
        found = list(now_open)
    elif sums is None:
        found = list(_counted(fitting.filter(_within(window, _MANY)), level, mixed))
    else:
        secret = fitting.filter(_within(window, _MANY), closed_at__isnull=False, confidential=True)
        # Not one statement: the open ones by themselves are counted by two processes at once.
        with one_moment():
            found = list(_counted(secret, level, mixed).union(*sums, all=True))
            if filters.open is None:
                found += now_open
    cells_: dict[int, dict[str, Any]] = {}
    for tile, *numbers in found:
        row = cells_.setdefault(tile, dict.fromkeys(_COUNTS, 0))
        for name, number in zip(_COUNTS, numbers, strict=True):
            row[name] += number
    rows = ({"tile": tile, **row} for tile, row in cells_.items() if row["count"])
    return [row for row in rows if window.holds(row["tile"])]


# `one`: of a single case, its id.
_COUNTS = ("count", "x", "y", "one", "red", "yellow", "green")


def _lights(colour: str | None = None, *, all_open: bool) -> dict[str, Count | Value]:
    """How many have each light. `all_open`: none has ended; `colour`: all of them have this one."""
    now = clock.now()
    open_ = Q() if all_open else Q(closed_at__isnull=True)
    lights: dict[str, Count | Value] = {
        "red": Count("due_at", filter=open_ & Q(due_at__lt=now)),
        "yellow": Count("due_at", filter=open_ & Q(due_at__gte=now, yellow_at__lt=now)),
        "green": Count("due_at", filter=open_ & Q(yellow_at__gte=now)),
    }
    if colour:
        return {each: Count("*") if each == colour else Value(0) for each in lights}
    return lights


def _counted(
    rows: QuerySet[Case], level: int, lights: dict[str, Count | Value]
) -> QuerySet[Any, Any]:
    tiles = rows.annotate(tile=F("cell").bitrightshift(2 * (cells.ZOOM - level))).values("tile")
    return (
        tiles.order_by()
        .annotate(count=Count("*"), x=Sum("lon"), y=Sum("lat"), one=Min("pk"), **lights)
        .values_list("tile", *_COUNTS)
    )


def _cluster(row: dict[str, Any], level: int) -> dict[str, Any]:
    lights = {light: row[light] for light in ("red", "yellow", "green")}
    return {
        "lon": round(row["x"] / row["count"], 6),
        "lat": round(row["y"] / row["count"], 6),
        "count": row["count"],
        **lights,
        "grey": row["count"] - sum(lights.values()),
        "bounds": [round(side, 6) for side in cells.bounds(row["tile"], level)],
    }


_ONE = (
    "id", "number", "stage", "class_code", "case_class_id", "lon", "lat", "due_at", "yellow_at",
    "closed_at",
)  # fmt: skip


def _singles(rows: QuerySet[Case]) -> list[dict[str, Any]]:
    now = clock.now()
    found = []
    for row in rows.order_by("pk").values(*_ONE):
        class_id, yellow_at = row.pop("case_class_id"), row.pop("yellow_at")
        row["class_name"] = catalogue.class_by_id(class_id).name if class_id else None
        row["colour"] = None if row["closed_at"] else colour(yellow_at, row["due_at"], now)
        found.append(row)
    return found
