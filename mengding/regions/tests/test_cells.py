"""Cells: where they lie, how they nest, and that ranges cover exactly what they must."""

import math
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.regions import cells

lons = st.floats(-180, 180)
lats = st.floats(-85, 85)


def by_string(lon: float, lat: float) -> int:
    """The same cell the slow way: the digits of Microsoft's quadkey, read in base 4."""
    side = 1 << cells.ZOOM
    x = min(int((lon + 180) / 360 * side), side - 1)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    digits = [str((x >> bit & 1) + 2 * (y >> bit & 1)) for bit in reversed(range(cells.ZOOM))]
    return int("".join(digits), 4)


@pytest.mark.parametrize(
    ("lon", "lat"), [(103.11, 30.09), (0, 0), (-71.06, 42.36), (139.69, 35.68), (-180, 85)]
)
def test_known_places_have_the_quadkey_of_other_tools(lon: float, lat: float) -> None:
    assert cells.cell(lon, lat) == by_string(lon, lat)


@given(lons, lats)
def test_a_cell_contains_its_place_and_is_a_44_bit_number(lon: float, lat: float) -> None:
    number = cells.cell(lon, lat)
    assert 0 <= number < 1 << 44
    west, south, east, north = cells.bounds(number, cells.ZOOM)
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


@given(lons, lats, st.integers(0, cells.ZOOM))
def test_a_parent_contains_its_cell(lon: float, lat: float, zoom: int) -> None:
    number = cells.cell(lon, lat)
    outer = cells.bounds(cells.parent(number, zoom), zoom)
    inner = cells.bounds(number, cells.ZOOM)
    assert outer[0] <= inner[0] + 1e-9
    assert outer[1] <= inner[1] + 1e-9
    assert outer[2] >= inner[2] - 1e-9
    assert outer[3] >= inner[3] - 1e-9


@given(st.floats(-720, 720), st.floats(-90, 90))
def test_any_place_on_earth_and_a_turn_beyond_has_a_cell(lon: float, lat: float) -> None:
    assert 0 <= cells.cell(lon, lat) < 1 << 44


boxes = st.tuples(lons, lats, st.floats(1e-6, 5), st.floats(1e-6, 5))


@given(boxes, st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_ranges_cover_every_place_of_the_box(
    box: tuple[float, float, float, float], most: int, right: float, up: float
) -> None:
    west, south, width, height = box
    east, north = min(180.0, west + width), min(85.0, south + height)
    found = cells.ranges((west, south, east, north), max_ranges=most)
    assert 1 <= len(found) <= most
    assert all(low <= high for low, high in found)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(found))
    inside = cells.cell(west + right * (east - west), south + up * (north - south))
    assert any(low <= inside <= high for low, high in found)


def test_more_ranges_fit_closer() -> None:
    box = (103.0, 30.0, 103.2, 30.2)
    sizes = [
        sum(high - low + 1 for low, high in cells.ranges(box, max_ranges=most))
        for most in (1, 4, 16, 64)
    ]
    assert sizes == sorted(sizes, reverse=True)
    least = sizes[-1]
    a, b = cells.cell(103.0, 30.2), cells.cell(103.2, 30.0)
    (x0, y0), (x1, y1) = cells.tile_of(a), cells.tile_of(b)
    exact = (x1 - x0 + 1) * (y1 - y0 + 1)
    assert exact <= least <= 1.25 * exact


def test_a_box_just_short_of_the_edge_of_the_world_is_answered_at_once() -> None:
    # Its rim doubles at every zoom while the covered ranges stay one: a million steps unbounded.
    start = perf_counter()
    found = cells.ranges((-180, -90, 179.9998, 90), max_ranges=16)
    assert perf_counter() - start < 1
    assert 1 <= len(found) <= 16


def test_a_box_inside_out_has_no_ranges() -> None:
    assert cells.ranges((104, 30, 103, 31)) == []
