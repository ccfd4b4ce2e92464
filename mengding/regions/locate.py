"""Which divisions a place lies in, from memory, in microseconds.

Rules stated once:

- a place on a border belongs to the touching village with the smallest code, within it to the
  touching grid with the smallest code (`on_border`); without villages the same holds for towns;
- a place outside every division, within `settings.REGION_SNAP_M` (200 m) of one, belongs to the
  nearest (`outside`); farther away it belongs to none;
- inactive divisions are not found, but keep their chain and names: old cases lie in them.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import shapely
from django.conf import settings
from django.db.models import Count, Max, Q, Sum

from mengding.core.actor import Level
from mengding.core.cache import Versioned, on_forget_everything
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.regions.models import Region

SNAP_M = 200.0
_M_PER_DEGREE = 111_320.0
_NEAR_M = 0.05
# Searched in this order: a grid is no better answer than a village that has none.
_RANK = {Level.VILLAGE: 0, Level.GRID: 0, Level.TOWN: 1, Level.DISTRICT: 2}
# About a centimetre: coordinates carry no more, so closer is "on" the border.
_BORDER_DEGREES = 1e-7


@dataclass(frozen=True, slots=True)
class RegionChain:
    """A division's ancestors and itself by level; `path` as in `Region.path`."""

    district_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Located:
    """Where a place lies. `region_id`: the deepest division, None when it lies in none.

    `distance_m`: metres to the division for a place outside, else 0.
    """

    district_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    region_id: int | None
    region_code: str | None
    outside: bool
    on_border: bool
    distance_m: float


NOWHERE = Located(None, None, None, None, None, None, True, False, math.inf)


class Index:
    """All divisions in memory: chains and names of all, polygons of the active ones."""

    def __init__(self, rows: list[dict[str, Any]], snap_m: float = SNAP_M) -> None:
        """`rows`: id, code, level, name, parent_id, path, boundary (GeoJSON), active."""
        self._snap_m = snap_m
        self._rows = {row["id"]: row for row in rows}
        self._chains = {row["id"]: self._chain(row) for row in rows}
        bounded = [row for row in rows if row["boundary"] and row["active"]]
        bounded.sort(key=lambda row: (_RANK[row["level"]], row["path"]))
        self._searched = bounded
        self._shapes = shapely.from_geojson([json.dumps(row["boundary"]) for row in bounded])
        shapely.prepare(self._shapes)
        self._borders = shapely.boundary(self._shapes)
        shapely.prepare(self._borders)
        self._tree = shapely.STRtree(self._shapes)

    def _chain(self, row: dict[str, Any]) -> RegionChain:
        ids: dict[str, int] = {}
        at: dict[str, Any] | None = row
        while at:
            ids[at["level"]] = at["id"]
            at = self._rows.get(at["parent_id"])
        return RegionChain(
            ids.get(Level.DISTRICT),
            ids.get(Level.TOWN),
            ids.get(Level.VILLAGE),
            ids.get(Level.GRID),
            row["path"],
        )

    def chain(self, region_id: int) -> RegionChain:
        """The chain of a division; raises `NotFound`."""
        try:
            return self._chains[region_id]
        except KeyError:
            raise NotFound(
                "region_not_found", T("没有这个区划。", "There is no such division.")
            ) from None

    def names(self, region_id: int) -> list[str]:
        """Names from the district down."""
        found: list[str] = []
        at = self._rows.get(region_id)
        while at:
            found.append(at["name"])
            at = self._rows.get(at["parent_id"])
        return found[::-1]

    def locate(self, lon: float, lat: float) -> Located:
        """Where (lon, lat) in WGS-84 degrees lies."""
        if not (math.isfinite(lon) and math.isfinite(lat)):
            return NOWHERE
        point = shapely.Point(lon, lat)
        # The tree answers by bounding box; the few left are asked as prepared polygons. (Its own
        # predicate would prepare the point instead.)
        near = self._tree.query(point)
        hits = near[shapely.intersects_xy(self._shapes[near], lon, lat)]
        if not hits.size:
            return self._nearest(point)
        first = self._deepest([int(hit) for hit in hits])
        border = bool(shapely.dwithin(self._borders[first], point, _BORDER_DEGREES))
        return self._found(first, outside=False, on_border=border, distance=0.0)

    def _deepest(self, hits: list[int]) -> int:
        """Of the polygons a place touches: down from the smallest code (see the module)."""
        hits.sort()
        found = hits[0]
        for hit in hits[1:]:
            if self._searched[hit]["path"].startswith(self._searched[found]["path"] + "."):
                found = hit
        return found

    def _nearest(self, point: Any) -> Located:
        # On a plane scaled to the point's latitude, where both axes are in metres.
        squeeze = max(0.01, math.cos(math.radians(point.y)))
        reach = self._snap_m / _M_PER_DEGREE
        box = shapely.box(
            point.x - reach / squeeze,
            point.y - reach,
            point.x + reach / squeeze,
            point.y + reach,
        )
        scale = (_M_PER_DEGREE * squeeze, _M_PER_DEGREE)
        here = shapely.transform(point, lambda at: at * scale)
        metres: dict[int, float] = {}
        for hit in self._tree.query(box):
            distance = shapely.distance(
                shapely.transform(self._shapes[hit], lambda at: at * scale), here
            )
            if distance <= self._snap_m:
                metres[int(hit)] = float(distance)
        if not metres:
            return NOWHERE
        # Equally near but for rounding: a division and those below it, or two neighbours.
        least = min(metres.values())
        first = self._deepest([hit for hit, far in metres.items() if far <= least + _NEAR_M])
        return self._found(first, outside=True, on_border=False, distance=metres[first])

    def _found(self, index: int, *, outside: bool, on_border: bool, distance: float) -> Located:
        row = self._searched[index]
        chain = self._chains[row["id"]]
        return Located(
            chain.district_id,
            chain.town_id,
            chain.village_id,
            chain.grid_id,
            row["id"],
            row["code"],
            outside,
            on_border,
            distance,
        )


def _read() -> list[dict[str, Any]]:
    rows = Region.objects.values(
        "id", "code", "level", "name", "parent_id", "path", "boundary", "active"
    )
    return [dict(row) for row in rows]


class _Kept:
    """The index, rebuilt when a region changed; asked for at most every five seconds."""

    def __init__(self) -> None:
        self._stamp = Versioned(self._read_stamp, seconds=5)
        self._built: tuple[Any, Index] | None = None

    @staticmethod
    def _read_stamp() -> Any:
        return tuple(
            Region.objects.aggregate(
                n=Count("pk"),
                last=Max("pk"),
                versions=Sum("version"),
                on=Count("pk", filter=Q(active=True)),
            ).values()
        )

    def get(self) -> Index:
        """The index of what is stored now (at most five seconds old)."""
        stamp = self._stamp.get()
        built = self._built  # once: another thread may forget it meanwhile
        if built is None or built[0] != stamp:
            snap_m = float(getattr(settings, "REGION_SNAP_M", SNAP_M))
            self._built = built = (stamp, Index(_read(), snap_m))
        return built[1]

    def stamp(self) -> Any:
        """A value that changes with every change of any division."""
        return self._stamp.get()

    def look_again(self) -> None:
        """Ask for the stamp at the next `get`."""
        self._stamp.forget()

    def forget(self) -> None:
        """This process changed a region."""
        self._stamp.forget()
        self._built = None


_kept = _Kept()
locate_index = _kept.get
forget = _kept.forget
on_forget_everything(forget)
stamp = _kept.stamp


def locate(lon: float, lat: float) -> Located:
    """Where a place in WGS-84 degrees lies; see the rules above."""
    return _kept.get().locate(lon, lat)


def chain(region_id: int) -> RegionChain:
    """The chain of a division from memory; raises `NotFound`."""
    try:
        return _kept.get().chain(region_id)
    except NotFound:
        _kept.look_again()  # another process may have made it just now
        return _kept.get().chain(region_id)


def names(region_id: int) -> list[str]:
    """Names from the district down to the division; empty for an unknown one."""
    return _kept.get().names(region_id)
