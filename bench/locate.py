"""Microseconds for locating a place and for its cell, in the demo district.

    python bench/locate.py [points]

Needs no database: the polygons are generated as for the demo. Prints one line each.
"""

import csv
import os
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")

Place = tuple[float, float]


def main(count: int) -> None:
    """Measure and print."""
    import django

    django.setup()
    import shapely

    from mengding.regions import cells, codes, demo, geometry
    from mengding.regions.locate import Index

    with demo.DATA.open(encoding="utf-8-sig", newline="") as file:
        villages = sorted(row["village_code12"] for row in csv.DictReader(file))
    grids = [f"{village}{n:03d}" for village in villages[:3] for n in (1, 2)]
    start = perf_counter()
    shapes = demo.polygons(villages, grids)
    report("polygons generated", (perf_counter() - start) * 1e6, f"{len(shapes)} divisions")
    ids = {code: number for number, code in enumerate(sorted(shapes), 1)}
    rows: list[dict[str, Any]] = [
        {
            "id": ids[code],
            "code": code,
            "level": codes.level_of(code, 3).value,
            "name": code,
            "parent_id": ids.get(codes.parent_code(code) or ""),
            "path": codes.path(code),
            "boundary": geometry.to_geojson(shape),
            "active": True,
        }
        for code, shape in shapes.items()
    ]
    start = perf_counter()
    index = Index(rows)
    report("index built", (perf_counter() - start) * 1e6, f"{len(rows)} divisions")

    dice = random.Random(1)
    west, south, east, north = shapes["511803"].bounds
    inside: list[Place] = []
    near: list[Place] = []
    around = shapely.buffer(shapes["511803"], 0.0015)
    while len(inside) < count or len(near) < count // 10:
        lon, lat = dice.uniform(west - 0.01, east + 0.01), dice.uniform(south - 0.01, north + 0.01)
        if shapely.intersects_xy(shapes["511803"], lon, lat):
            inside.append((lon, lat))
        elif shapely.intersects_xy(around, lon, lat):
            near.append((lon, lat))
    corners = [at for shape in shapes.values() for at in shape.exterior.coords][:count]
    each("locate inside", index.locate, inside[:count])
    each("locate on a border", index.locate, corners)
    each("locate outside, snapped", index.locate, near)
    each("cell", cells.cell, inside[:count])
    each("gcj02 to wgs84", lambda a, b: geometry.to_wgs84(a, b, "gcj02"), inside[:count])
    start = perf_counter()
    for lon, lat in inside[:1000]:
        cells.ranges((lon, lat, lon + 0.02, lat + 0.02))
    report("ranges of a 2 km box", (perf_counter() - start) * 1e6 / 1000, "16 ranges")


def each(name: str, call: Callable[[float, float], object], places: list[Place]) -> None:
    """The median of five rounds, per place."""
    rounds = []
    for _ in range(5):
        start = perf_counter()
        for lon, lat in places:
            call(lon, lat)
        rounds.append((perf_counter() - start) * 1e6 / len(places))
    report(name, statistics.median(rounds), f"{len(places)} places")


def report(name: str, micros: float, note: str) -> None:
    """One line."""
    print(f"{name:<26}{micros:>12.2f} µs   {note}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
