"""Boundaries, pure: GeoJSON in, conversion to WGS-84, and what is wrong with them, by name.

Shapes are Shapely polygons in WGS-84 degrees (longitude, latitude). Areas are in square metres
on a sphere flattened at the shape's own latitude, good to about half a percent for a district.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import prcoords
import shapely
import shapely.geometry

from mengding.core.text import T

Crs = Literal["wgs84", "gcj02", "bd09"]
# Borders drawn twice never match exactly: less than this is not called an overlap.
TOLERANCE_M2 = 500.0
SMALLEST_M2 = 1.0
DECIMALS = 7  # about a centimetre
MOST_POINTS = 500_000
_M_PER_DEGREE = 111_320.0
_CONVERGED = 1e-10  # degrees, about 0.01 mm
Shape = Any  # shapely.Polygon | shapely.MultiPolygon; Shapely ships no types


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one division. `region`: its name and code, as people know it.

    `other` and `area_m2` are set for overlaps and for parts outside the parent, `line` and
    `column` for a line of a table.
    """

    code: str
    region: str
    text: T
    other: str | None = None
    area_m2: float | None = None
    line: int | None = None
    column: str | None = None

    def facts(self) -> dict[str, Any]:
        """As an answer carries it, in the reader's language."""
        return {
            "code": self.code,
            "region": self.region,
            "text": self.text.said(),
            "other": self.other,
            "area_m2": self.area_m2,
            "line": self.line,
            "column": self.column,
        }


@dataclass(frozen=True, slots=True)
class Named:
    """A shape with the code and name it is reported by. `parent`: a code."""

    code: str
    name: str
    parent: str | None
    shape: Shape

    @property
    def label(self) -> str:
        """How problems call it."""
        return f"{self.name} {self.code}"


def to_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    """(lon, lat) in WGS-84 degrees. The inverse of the published offsets, iterated to 0.01 mm.

    GCJ-02 leaves places outside China alone; so does this.
    """
    if crs == "wgs84":
        return lon, lat
    forward = _FORWARD[crs]
    at_lon, at_lat = lon, lat
    for _ in range(20):
        there = forward((at_lat, at_lon))
        off_lon, off_lat = there.lon - lon, there.lat - lat
        at_lon, at_lat = at_lon - off_lon, at_lat - off_lat
        if math.hypot(off_lon, off_lat) < _CONVERGED:
            break
    return at_lon, at_lat


def from_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    """The inverse of `to_wgs84`."""
    if crs == "wgs84":
        return lon, lat
    there = _FORWARD[crs]((lat, lon))
    return there.lon, there.lat


def _gcj(at: tuple[float, float]) -> Any:
    place = prcoords.Coords(*at)
    return prcoords.wgs_gcj(place, False) if prcoords.sanity_in_china_p(place) else place


_FORWARD: dict[str, Callable[[tuple[float, float]], Any]] = {
    "gcj02": _gcj,
    "bd09": lambda at: prcoords.gcj_bd(_gcj(at)),
}


def area_m2(shape: Shape) -> float:
    """The area of a shape in square metres."""
    if shape.is_empty:
        return 0.0
    _, south, _, north = shape.bounds
    squeeze = math.cos(math.radians((south + north) / 2))
    return float(shape.area) * _M_PER_DEGREE**2 * squeeze


def to_geojson(shape: Shape) -> dict[str, Any]:
    """GeoJSON geometry of a shape: lists, exterior rings anticlockwise (RFC 7946)."""
    oriented = shapely.orient_polygons(shape)
    rounded = shapely.transform(oriented, lambda points: points.round(DECIMALS))
    return {"type": rounded.geom_type, "coordinates": _lists(rounded.__geo_interface__)}


def _lists(geometry: Mapping[str, Any]) -> Any:
    def listed(value: Any) -> Any:
        return [listed(v) for v in value] if isinstance(value, tuple | list) else value

    return listed(geometry["coordinates"])


def from_stored(boundary: Mapping[str, Any]) -> Shape:
    """The shape of a boundary as `to_geojson` wrote it."""
    return shapely.geometry.shape(boundary)


def read(geometry: object, crs: Crs, label: str) -> tuple[Shape, list[Problem]]:
    """The WGS-84 shape of a GeoJSON geometry, or None and every problem found in it."""
    problems: list[Problem] = []
    polygons = _polygons(geometry)
    if polygons is None:
        return None, [
            Problem(
                "geometry_type",
                label,
                T(
                    "边界应为 GeoJSON 的 Polygon 或 MultiPolygon。",
                    "The boundary must be a GeoJSON Polygon or MultiPolygon.",
                ),
            )
        ]
    points = 0
    made: list[list[list[tuple[float, float]]]] = []
    for number, polygon in enumerate(polygons, start=1):
        rings: list[list[tuple[float, float]]] = []
        for place, ring in enumerate(polygon, start=1):
            where = T(
                f"第 {number} 块第 {place} 环", f"ring {place} of part {number}"
            )  # numbered from one, as people count
            positions, text = _ring(ring, where)
            if text is not None:
                code, said = text
                problems.append(Problem(code, label, said))
            points += len(positions)
            rings.append(positions)
        made.append(rings)
    if points > MOST_POINTS:
        text_zh = f"边界有 {points} 个点，最多 {MOST_POINTS} 个。"
        text_en = f"The boundary has {points} points; at most {MOST_POINTS} are allowed."
        problems.append(Problem("too_many_points", label, T(text_zh, text_en)))
    if problems:
        return None, problems
    shape = _build(
        [[[_rounded(to_wgs84(*at, crs)) for at in ring] for ring in rings] for rings in made]
    )
    problem = _invalid(shape, label)
    return (None, [problem]) if problem else (shape, [])


def _rounded(at: tuple[float, float]) -> tuple[float, float]:
    # Before the checks, so that what is stored is what was checked.
    return round(at[0], DECIMALS), round(at[1], DECIMALS)


def _polygons(geometry: object) -> list[list[Any]] | None:
    if not isinstance(geometry, Mapping):
        return None
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "Polygon":
        coordinates = [coordinates]
    elif geometry.get("type") != "MultiPolygon":
        return None
    if not isinstance(coordinates, list) or not coordinates:
        return None
    if all(isinstance(polygon, list) and polygon for polygon in coordinates):
        return coordinates
    return None


def _ring(ring: object, where: T) -> tuple[list[tuple[float, float]], tuple[str, T] | None]:
    """The positions of one ring, with the first problem it has (they hide each other)."""
    positions: list[tuple[float, float]] = []
    for at in ring if isinstance(ring, list) else [None]:
        if not (isinstance(at, list) and len(at) >= 2 and all(map(_is_number, at[:2]))):
            text = T("{where}含有不是坐标的内容。", "{where} contains something not a position.")
            return [], ("position_invalid", text.fill(where=where))
        positions.append((float(at[0]), float(at[1])))
    for lon, lat in positions:
        problem = _out_of_range(lon, lat, where)
        if problem:
            return [], problem
    if len(set(positions)) < 3:
        text = T(
            "{where}只有 {n} 个不同的点，至少要 3 个。",
            "{where} has {n} different points; it needs at least 3.",
        )
        return [], ("too_few_points", text.fill(where=where, n=len(set(positions))))
    if positions[0] != positions[-1]:
        text = T(
            "{where}没有闭合：起点 {first}，终点 {last}。",
            "{where} is not closed: it starts at {first} and ends at {last}.",
        ).fill(where=where, first=_at(positions[0]), last=_at(positions[-1]))
        return [], ("ring_unclosed", text)
    return positions, None


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e9  # also refuses infinities, NaN and integers no float holds
    )


def _out_of_range(lon: float, lat: float, where: T) -> tuple[str, T] | None:
    inside = abs(lon) <= 180 and abs(lat) <= 90
    if prcoords.sanity_in_china_p(prcoords.Coords(lon, lat)) and not (
        inside and prcoords.sanity_in_china_p(prcoords.Coords(lat, lon))
    ):
        text = T(
            "{where}的点 {at} 像是经纬度写反了，应先经度后纬度。",
            "{where}: {at} looks like latitude before longitude; longitude comes first.",
        )
        return "swapped", text.fill(where=where, at=_at((lon, lat)))
    if not inside:
        text = T(
            "{where}的点 {at} 超出经纬度范围。",
            "{where}: {at} is outside the range of longitudes and latitudes.",
        )
        return "out_of_range", text.fill(where=where, at=_at((lon, lat)))
    return None


def _at(position: Sequence[float]) -> str:
    return f"({position[0]:.6f}, {position[1]:.6f})"


def _build(polygons: list[list[list[tuple[float, float]]]]) -> Shape:
    made = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)


_REASONS = {
    "Self-intersection": ("self_intersection", T("边界自相交", "The boundary crosses itself")),
    "Ring Self-intersection": (
        "self_intersection",
        T("边界自相接", "The boundary touches itself"),
    ),
    "Hole lies outside shell": ("hole_outside", T("洞在外环之外", "A hole lies outside its ring")),
    "Holes are nested": ("holes_nested", T("洞中有洞", "A hole lies inside another")),
    "Interior is disconnected": (
        "disconnected",
        T("洞把一块分成了几块", "Holes cut a part into pieces"),
    ),
    "Nested shells": ("parts_nested", T("一块在另一块之内", "A part lies inside another")),
    "Duplicate Rings": ("ring_repeated", T("同一环出现两次", "A ring appears twice")),
}


def _invalid(shape: Shape, label: str) -> Problem | None:
    # Zero area first: a collapsed ring is also reported as crossing itself.
    if shapely.get_type_id(shape) == 3:
        parts = [shape]
    else:
        parts = list(shape.geoms)
    if any(abs(area_m2(shapely.Polygon(part.exterior))) < SMALLEST_M2 for part in parts):
        text = T("边界的面积为零。", "The boundary has no area.")
        if not _crosses(parts):
            return Problem("zero_area", label, text)
    reason = str(shapely.is_valid_reason(shape))
    if reason == "Valid Geometry":
        return None
    words, _, place = reason.rstrip("]").partition("[")
    code, said = _REASONS.get(words, ("geometry_invalid", T(words, words)))
    near = _at([float(part) for part in place.split()[:2]]) if place else ""
    return Problem(
        code,
        label,
        T("{said}，位置在 {near} 附近。", "{said}, near {near}.").fill(said=said, near=near),
    )


def _crosses(parts: Iterable[Shape]) -> bool:
    """Whether a ring without area is a figure of eight whose halves cancel out."""
    return any(area_m2(part.convex_hull) >= SMALLEST_M2 for part in parts)


def check_together(
    shapes: Sequence[Named], changed: set[str], tolerance_m2: float = TOLERANCE_M2
) -> list[Problem]:
    """Overlaps between siblings and children that stick out of their parent.

    `shapes`: everything that will exist; only what involves a code in `changed` is reported.
    Overlaps and parts outside of at most `tolerance_m2` are not reported.
    """
    by_code = {shape.code: shape for shape in shapes}
    problems: list[Problem] = []
    for child in shapes:
        parent = by_code.get(child.parent or "")
        if parent is None or not {child.code, parent.code} & changed:
            continue
        outside = area_m2(child.shape.difference(parent.shape))
        if outside > tolerance_m2:
            text = T(
                "有 {area} 在上级“{other}”之外。", "{area} of it lies outside its parent {other}."
            ).fill(area=_area(outside), other=parent.label)
            problems.append(
                Problem("outside_parent", child.label, text, parent.label, round(outside, 1))
            )
    siblings: dict[tuple[str | None, int], list[Named]] = {}
    for shape in shapes:
        # Levels apart: a district has no parent, and code lengths tell levels from each other.
        siblings.setdefault((shape.parent, len(shape.code)), []).append(shape)
    for group in siblings.values():
        problems += _overlaps(sorted(group, key=lambda s: s.code), changed, tolerance_m2)
    return problems


def _overlaps(group: list[Named], changed: set[str], tolerance_m2: float) -> list[Problem]:
    problems = []
    tree = shapely.STRtree([shape.shape for shape in group])
    pairs = tree.query([shape.shape for shape in group], predicate="intersects")
    for left, right in sorted(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)):
        one, two = group[left], group[right]
        if left >= right or not {one.code, two.code} & changed:
            continue
        common = area_m2(one.shape.intersection(two.shape))
        if common > tolerance_m2:
            text = T("与“{other}”重叠 {area}。", "Overlaps {other} by {area}.").fill(
                other=two.label, area=_area(common)
            )
            problems.append(Problem("overlap", one.label, text, two.label, round(common, 1)))
    return problems


def _area(square_metres: float) -> T:
    if square_metres >= 100_000:
        return T(f"{square_metres / 1e6:.2f} 平方公里", f"{square_metres / 1e6:.2f} km²")
    return T(f"{square_metres:.0f} 平方米", f"{square_metres:.0f} m²")
