"""The demo district: real names and codes of 名山区, polygons made up from a fixed seed.

The outline is a smooth curve of about the district's size around its seat; towns are Voronoi
cells of random points in it, villages of random points in their town, grids in their village.
None of it shows where the real divisions lie, which is why every row says `generated`.
"""

import csv
import math
import random
from pathlib import Path
from typing import Any

import shapely
from django.db import transaction

from mengding.core.actor import Actor
from mengding.policy.permissions import require
from mengding.regions import codes, geometry
from mengding.regions.actions import Draft, import_divisions_csv, store
from mengding.regions.actions.files import read_divisions
from mengding.regions.actions.store import one_writer
from mengding.regions.models import Region
from mengding.regions.setting import grid_digits

DATA = Path(__file__).parent / "data" / "mingshan.csv"
ENGLISH = DATA.with_name("mingshan_en.csv")
DISTRICT = "511803"
_SEED = 511803
_CENTRE = (103.11, 30.09)
_RADIUS_M = 14_000  # gives about the real 614 km²
_M_PER_DEGREE = 111_320.0
_GRID = 10.0**-geometry.DECIMALS
# How many grids, for a few villages: enough to show the level.
_GRIDS = {"511803002001": 3, "511803102201": 3, "511803106001": 2}
_NUMBERS = "一二三"
Shape = Any


@transaction.atomic
def load_demo(actor: Actor) -> Region:
    """Create what is missing of the demo district and return it. A second run changes nothing.

    A boundary that is there already is left alone, made up or not.
    """
    require(actor, "regions.manage")
    one_writer()
    divisions, _ = read_divisions(DATA.read_bytes())
    if Region.objects.filter(code__in=divisions).count() < len(divisions):
        # Otherwise a name corrected since then would be overwritten.
        import_divisions_csv(actor, DATA.read_bytes())
    villages = list(
        Region.objects.filter(level="village", code__startswith=DISTRICT)
        .order_by("code")
        .values_list("code", "name")
    )
    english = _english()
    grids = {}
    for village, name in villages:
        for number in range(1, _GRIDS.get(village, 0) + 1):
            code = f"{village}{number:0{grid_digits()}d}"
            grids[code] = f"{_short(name)}第{_NUMBERS[number - 1]}网格"
            english[code] = f"{english[village]}, grid {number}"
    bounded = set(Region.objects.filter(boundary__isnull=False).values_list("code", flat=True))
    for code in Region.objects.exclude(name_en="").values_list("code", flat=True):
        english.pop(code, None)  # somebody's own name stays
    wanted = {DISTRICT, *(code[:9] for code, _ in villages), *(code for code, _ in villages)}
    if not wanted | set(grids) <= bounded:
        shapes = polygons([code for code, _ in villages], list(grids))
        store(
            actor,
            [
                Draft(
                    code=code,
                    name=grids.get(code),
                    name_en=english.get(code),
                    boundary=geometry.to_geojson(shape),
                    generated=True,
                )
                for code, shape in sorted(shapes.items())
                if code not in bounded
            ],
            action="region.generate",
        )
    return Region.objects.get(code=DISTRICT)


def _english() -> dict[str, str]:
    with ENGLISH.open(encoding="utf-8") as file:
        return {row["code"]: row["name_en"] for row in csv.DictReader(file)}


def _short(name: str) -> str:
    return name.removesuffix("居委会").removesuffix("村委会")


def polygons(
    villages: list[str],
    grids: list[str],
    centre: tuple[float, float] = _CENTRE,
    seed: int = _SEED,
) -> dict[str, Shape]:
    """Shapes by code for the district, its towns, villages and grids, without gaps or overlaps.

    `centre`: longitude and latitude around which they are made up.
    Every border is cut up once, on a grid of 1e-7 degrees, and the pieces are put together
    again: so neighbours and levels share the very same points.
    """
    rng = random.Random(seed)
    towns = sorted({code[:9] for code in villages})
    leaves: dict[str, Shape] = {}
    for town, town_shape in zip(towns, _cells(_outline(), len(towns), rng), strict=True):
        inside = [code for code in villages if code.startswith(town)]
        for village, shape in zip(inside, _cells(town_shape, len(inside), rng), strict=True):
            own = [code for code in grids if code.startswith(village)]
            cells = _cells(shape, len(own), rng) if own else [shape]
            leaves |= zip(own or [village], cells, strict=True)
    leaves = {code: _degrees(shape, centre) for code, shape in leaves.items()}
    pieces = _pieces(leaves)
    shapes = {code: shapely.coverage_union_all(found) for code, found in pieces.items()}
    for digits in (12, 9, 6):
        above: dict[str, list[Shape]] = {}
        for code, shape in shapes.items():
            if codes.parent_code(code) == code[:digits]:
                above.setdefault(code[:digits], []).append(shape)
        shapes |= {code: shapely.coverage_union_all(found) for code, found in above.items()}
    return {code: shapely.normalize(_single(shape)) for code, shape in shapes.items()}


def _pieces(leaves: dict[str, Shape]) -> dict[str, list[Shape]]:
    lines = shapely.union_all(
        [shape.boundary for shape in leaves.values()],
        grid_size=_GRID,
    )
    tree = shapely.STRtree(list(leaves.values()))
    names = list(leaves)
    pieces: dict[str, list[Shape]] = {}
    for piece in shapely.polygonize(list(lines.geoms)).geoms:
        # The inner point of a sliver made by rounding may lie in no cell: the nearest takes it.
        pieces.setdefault(names[int(tree.nearest(piece.representative_point()))], []).append(piece)
    return pieces


def _single(shape: Shape) -> Shape:
    """A polygon instead of a collection of one."""
    return shape.geoms[0] if hasattr(shape, "geoms") and len(shape.geoms) == 1 else shape


def _outline() -> Shape:
    """The made-up outline in metres around the centre."""
    points = []
    for step in range(240):
        turn = 2 * math.pi * step / 240
        radius = _RADIUS_M * (
            1
            + 0.10 * math.sin(2 * turn + 0.7)
            + 0.05 * math.sin(3 * turn + 2.1)
            + 0.02 * math.sin(7 * turn)
        )
        points.append((radius * math.cos(turn), radius * math.sin(turn)))
    return shapely.Polygon(points)


def _cells(area: Shape, count: int, rng: random.Random) -> list[Shape]:
    """`count` cells that fill `area`, of similar size (Lloyd's method), west to east."""
    west, south, east, north = area.bounds
    seeds: list[Shape] = []
    while len(seeds) < count:
        point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
        if area.contains(point):
            seeds.append(point)
    cells = [area]
    for _ in range(12 if count > 1 else 0):
        drawn = shapely.voronoi_polygons(
            shapely.MultiPoint(seeds), extend_to=area.envelope, ordered=True
        )
        cells = [shapely.intersection(cell, area) for cell in drawn.geoms]
        seeds = [cell.centroid for cell in cells]
    return sorted(cells, key=lambda cell: (cell.centroid.x, cell.centroid.y))


def _degrees(shape: Shape, centre: tuple[float, float]) -> Shape:
    lon, lat = centre
    squeeze = math.cos(math.radians(lat))

    def placed(points: Any) -> Any:
        return points / [_M_PER_DEGREE * squeeze, _M_PER_DEGREE] + [lon, lat]

    return shapely.transform(shape, placed)
