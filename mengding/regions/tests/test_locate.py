"""Locating in the demo district: one village for every place, stated answers at the edges."""

import math
import random
from itertools import pairwise
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mengding.core.actor import SYSTEM
from mengding.regions import demo, geometry, locate
from mengding.regions.models import Region

M_PER_DEGREE = 111_320.0


@pytest.fixture(scope="module")
def index(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The demo district's index; its rows are rolled back at once."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        demo.load_demo(SYSTEM)
        rows = [dict(row) for row in locate._read()]
        transaction.set_rollback(True)
    locate.forget()
    return locate.Index(rows)


@pytest.fixture(scope="module")
def rows(index: locate.Index) -> dict[int, dict[str, Any]]:
    return index._rows


def shape_of(rows: dict[int, dict[str, Any]], code: str) -> Any:
    return next(
        geometry.from_stored(row["boundary"]) for row in rows.values() if row["code"] == code
    )


def codes_of(rows: dict[int, dict[str, Any]], found: locate.Located) -> list[str]:
    ids = (found.district_id, found.town_id, found.village_id, found.grid_id)
    return [rows[pk]["code"] for pk in ids if pk is not None]


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 2 * math.pi), st.floats(0, 1))
def test_every_place_inside_lies_in_exactly_one_village(
    index: locate.Index, rows: dict[int, dict[str, Any]], turn: float, out: float
) -> None:
    district = shape_of(rows, "511803")
    lon = 103.11 + out * 0.17 * math.cos(turn)
    lat = 30.09 + out * 0.15 * math.sin(turn)
    found = index.locate(lon, lat)
    point = shapely.Point(lon, lat)
    if not district.contains(point):
        assert found.outside or found.on_border
        return
    assert not found.outside
    assert found.distance_m == 0
    codes = codes_of(rows, found)
    assert codes[0] == "511803"
    assert [len(code) for code in codes] == [6, 9, 12, 15][: len(codes)]
    assert len(codes) >= 3
    assert all(b.startswith(a) for a, b in pairwise(codes))
    assert found.region_code == codes[-1]
    assert found.region_id == (found.grid_id or found.village_id)
    touching = [
        row["code"]
        for row in rows.values()
        if row["level"] == "village" and geometry.from_stored(row["boundary"]).intersects(point)
    ]
    assert codes[2] == min(touching)
    if not found.on_border:
        assert len(touching) == 1


def test_a_shared_corner_belongs_to_the_smallest_code(
    index: locate.Index, rows: dict[int, dict[str, Any]]
) -> None:
    villages = {
        row["code"]: geometry.from_stored(row["boundary"])
        for row in rows.values()
        if row["level"] == "village"
    }
    shared: dict[tuple[float, float], list[str]] = {}
    for code, shape in villages.items():
        for at in set(shape.exterior.coords):
            shared.setdefault(at, []).append(code)
    corners = [(at, codes) for at, codes in shared.items() if len(codes) >= 2]
    assert len(corners) > 150
    for at, codes in corners:
        found = index.locate(*at)
        assert found.on_border
        assert not found.outside
        assert rows[found.village_id or 0]["code"] == min(codes), at


def test_outside_within_200_metres_snaps_and_beyond_is_nowhere(
    index: locate.Index, rows: dict[int, dict[str, Any]]
) -> None:
    ring = shape_of(rows, "511803").exterior
    dice = random.Random(7)
    squeeze = math.cos(math.radians(30.09))
    seen = {"near": 0, "far": 0}
    for _ in range(300):
        at = ring.interpolate(dice.random(), normalized=True)
        far = dice.uniform(1, 400)
        turn = dice.uniform(0, 2 * math.pi)
        lon = at.x + far * math.cos(turn) / M_PER_DEGREE / squeeze
        lat = at.y + far * math.sin(turn) / M_PER_DEGREE
        found = index.locate(lon, lat)
        if shape_of(rows, "511803").intersects(shapely.Point(lon, lat)):
            assert not found.outside
            continue
        assert found.outside
        assert not found.on_border
        scale = (M_PER_DEGREE * math.cos(math.radians(lat)), M_PER_DEGREE)
        plane = shapely.transform(ring, lambda p, s=scale: p * s)
        metres = plane.distance(shapely.Point(lon * scale[0], lat * scale[1]))
        if metres <= 200:
            assert found.village_id is not None
            assert found.distance_m == pytest.approx(metres, abs=0.2)
            seen["near"] += 1
        else:
            assert found == locate.NOWHERE
            seen["far"] += 1
    assert min(seen.values()) > 20


def test_the_snapping_distance_is_a_setting(rows: dict[int, dict[str, Any]]) -> None:
    west = min(shape_of(rows, "511803").exterior.coords)
    at = (west[0] - 300 / M_PER_DEGREE / math.cos(math.radians(west[1])), west[1])
    assert locate.Index(list(rows.values())).locate(*at) == locate.NOWHERE
    assert locate.Index(list(rows.values()), snap_m=400).locate(*at).village_id is not None


@pytest.mark.parametrize("at", [(math.nan, 30.0), (103.0, math.inf), (0.0, 0.0), (179.9, -90.0)])
def test_nowhere_is_an_answer(index: locate.Index, at: tuple[float, float]) -> None:
    assert index.locate(*at) == locate.NOWHERE


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return geometry.to_geojson(shapely.box(west, south, east, north))


def small(**boundaries: Any) -> locate.Index:
    """A district with town 001, villages A and B, a grid in A that does not fill it."""
    rows = []
    shapes = {
        "511803": square(0, 0, 2, 1),
        "511803001": square(0, 0, 2, 1),
        "511803001001": square(0, 0, 1, 1),
        "511803001002": square(1, 0, 2, 1),
        "511803001001001": square(0, 0, 0.5, 1),
        **boundaries,
    }
    levels = {6: "district", 9: "town", 12: "village", 15: "grid"}
    ids = {code: number for number, code in enumerate(shapes, 1)}
    for code, shape in shapes.items():
        above = [c for c in shapes if code.startswith(c) and c != code]
        parent = max(above, key=len, default=None)
        rows.append(
            {
                "id": ids[code],
                "code": code,
                "level": levels[len(code)],
                "name": code,
                "parent_id": ids[parent] if parent else None,
                "path": ".".join([*sorted(above), code]),
                "boundary": shape,
                "active": True,
            }
        )
    return locate.Index(rows)


def test_a_village_its_grids_do_not_fill_answers_for_the_rest() -> None:
    index = small()
    assert index.locate(0.25, 0.5).region_code == "511803001001001"
    rest = index.locate(0.75, 0.5)
    assert (rest.region_code, rest.grid_id) == ("511803001001", None)
    border = index.locate(1.0, 0.5)  # between village 001 without grid there, and 002
    assert (border.region_code, border.on_border) == ("511803001001", True)


def test_a_hair_between_villages_is_answered_with_the_village_that_touches() -> None:
    # Town 001 touches x = 1 and has the smaller code, but its village ends a hair before.
    index = small(
        **{
            "511803001": square(0, 0, 1, 1),
            "511803002": square(1, 0, 2, 1),
            "511803001001": square(0, 0, 0.99999, 1),
            "511803001002": None,
            "511803002001": square(1, 0, 2, 1),
        }
    )
    assert index.locate(1.0, 0.5).region_code == "511803002001"


def test_without_villages_towns_answer() -> None:
    index = small(**{"511803001001": None, "511803001002": None, "511803001001001": None})
    found = index.locate(0.25, 0.5)
    assert (found.region_code, found.village_id) == ("511803001", None)
    assert index.locate(2.001, 0.5).region_code == "511803001"


@pytest.mark.django_db
def test_changes_are_seen_and_inactive_divisions_keep_their_chain() -> None:
    demo.load_demo(SYSTEM)
    grid = Region.objects.filter(level="grid").order_by("code").first()
    assert grid is not None
    assert grid.boundary is not None
    at = geometry.from_stored(grid.boundary).representative_point()
    before = locate.locate(at.x, at.y)
    assert before.grid_id == grid.pk
    chain = locate.chain(grid.pk)
    assert (chain.district_id, chain.village_id) == (before.district_id, before.village_id)
    assert chain.path == grid.path
    from mengding.regions import actions

    actions.deactivate_region(SYSTEM, grid.pk)
    after = locate.locate(at.x, at.y)
    assert (after.grid_id, after.village_id) == (None, before.village_id)
    assert locate.chain(grid.pk) == chain
    assert locate.names(grid.pk)[0] == "名山区"
