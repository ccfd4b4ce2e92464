"""Boundaries: conversion to WGS-84, and every mistake called by the division's name."""

import json
import math
from pathlib import Path
from typing import Any

import prcoords
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from mengding.regions import geometry
from mengding.regions.geometry import Named

OUTLINE = (
    Path(__file__).resolve().parents[3].parent / "shared/data/boundary/511803_county_datav.geojson"
)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(prcoords.Coords(a[1], a[0]).distance(prcoords.Coords(b[1], b[0])))


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
@given(lon=st.floats(74, 134), lat=st.floats(4, 53))
def test_conversion_there_and_back_keeps_the_place(crs: Any, lon: float, lat: float) -> None:
    shifted = geometry.from_wgs84(lon, lat, crs)
    assert 50 < metres((lon, lat), shifted) < 2500
    assert metres(geometry.to_wgs84(*shifted, crs), (lon, lat)) < 0.001


def test_conversion_agrees_with_published_values() -> None:
    # The examples in the documentation of the JavaScript library coordtransform.
    gcj = geometry.from_wgs84(116.404, 39.915, "gcj02")
    assert metres(gcj, (116.41024449916938, 39.91640428150164)) < 0.1
    bd = geometry.to_wgs84(116.404, 39.915, "bd09")
    assert metres(bd, geometry.to_wgs84(116.39762729119315, 39.90865673957631, "gcj02")) < 0.5


def test_places_abroad_are_not_shifted() -> None:
    assert geometry.to_wgs84(-71.06, 42.36, "gcj02") == (-71.06, 42.36)


SQUARE = [[103.0, 30.0], [103.1, 30.0], [103.1, 30.1], [103.0, 30.1], [103.0, 30.0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


HOLE_OUT = [[104.0, 30.0], [104.1, 30.0], [104.1, 30.1], [104.0, 30.0]]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "geometry_type"),
        ([], "geometry_type"),
        ({"type": "Point", "coordinates": [103, 30]}, "geometry_type"),
        ({"type": "Polygon"}, "geometry_type"),
        (polygon(), "geometry_type"),
        (polygon(SQUARE[:-1]), "ring_unclosed"),
        (polygon([SQUARE[0], SQUARE[1], SQUARE[0]]), "too_few_points"),
        (polygon([[103, 30], [103.1, 30], [103.2, 30], [103, 30]]), "zero_area"),
        (polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]), "self_intersection"),
        (polygon([[203.0, 30.0], *SQUARE[1:4], [203.0, 30.0]]), "out_of_range"),
        (polygon([[lat, lon] for lon, lat in SQUARE]), "swapped"),
        (polygon([["103", 30], *SQUARE]), "position_invalid"),
        (polygon([[math.nan, 30], *SQUARE]), "position_invalid"),
        (polygon([[True, 30], *SQUARE]), "position_invalid"),
        (polygon([[103], *SQUARE]), "position_invalid"),
        (polygon("ring"), "position_invalid"),
        (polygon(SQUARE, HOLE_OUT), "hole_outside"),
    ],
)
def test_mistakes_are_named(given: Any, code: str) -> None:
    shape, problems = geometry.read(given, "wgs84", "蒙山村 511803106201")
    assert shape is None
    assert [p.code for p in problems] == [code]
    assert problems[0].region == "蒙山村 511803106201"
    assert problems[0].text.zh
    assert problems[0].text.en


def test_every_broken_ring_is_reported() -> None:
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE[:-1]], [SQUARE[:2]], [SQUARE]]}
    _, problems = geometry.read(both, "wgs84", "x")
    assert [p.code for p in problems] == ["ring_unclosed", "too_few_points"]


def test_what_is_read_can_be_stored_and_read_again() -> None:
    shape, problems = geometry.read(polygon(SQUARE[::-1]), "gcj02", "x")
    assert problems == []
    assert shape is not None
    stored = geometry.to_geojson(shape)
    assert json.loads(json.dumps(stored)) == stored
    assert shapely.LinearRing(stored["coordinates"][0]).is_ccw
    again, _ = geometry.read(stored, "wgs84", "x")
    assert shape.equals(again)
    for lon, lat in shape.exterior.coords:
        back = geometry.from_wgs84(lon, lat, "gcj02")
        assert min(metres(back, (a, b)) for a, b in SQUARE) < 0.5


def named(code: str, parent: str | None, *box: float) -> Named:
    return Named(code, f"村{code[-1]}", parent, shapely.box(*box))


def test_overlaps_and_what_sticks_out_name_both_and_the_area() -> None:
    parent = named("511803001", None, 103.0, 30.0, 103.1, 30.1)
    one = named("511803001201", "511803001", 103.0, 30.0, 103.05, 30.1)
    two = named("511803001202", "511803001", 103.04, 30.0, 103.11, 30.1)
    found = geometry.check_together([parent, one, two], {two.code})
    width = 111_320 * math.cos(math.radians(30.05))
    strip = 0.01 * width * 0.1 * 111_320
    assert [(p.code, p.region, p.other) for p in found] == [
        ("outside_parent", two.label, parent.label),
        ("overlap", one.label, two.label),
    ]
    assert [p.area_m2 for p in found] == pytest.approx([strip, strip], rel=0.005)
    # Nobody is told again about what was there before, and slivers are no overlap.
    assert geometry.check_together([parent, one, two], set()) == []
    close = named("511803001202", "511803001", 103.05 - 1e-7, 30.0, 103.1, 30.1)
    assert geometry.check_together([parent, one, close], {close.code}) == []


@pytest.mark.skipif(not OUTLINE.exists(), reason="the county's real outline is not shipped")
def test_the_real_county_outline_is_read_and_moves_by_the_published_offset() -> None:
    given = json.loads(OUTLINE.read_text())["features"][0]["geometry"]
    shape, problems = geometry.read(given, "gcj02", "名山区")
    assert problems == []
    assert shape is not None
    assert 580e6 < geometry.area_m2(shape) < 650e6
    as_given = shapely.geometry.shape(given)
    assert 300 < metres(shape.centroid.coords[0], as_given.centroid.coords[0]) < 800
    ring = as_given.geoms[0].exterior.coords
    there = [geometry.to_wgs84(lon, lat, "gcj02") for lon, lat in ring]
    back = [geometry.from_wgs84(lon, lat, "gcj02") for lon, lat in there]
    assert max(metres(a, b) for a, b in zip(back, ring, strict=True)) < 0.5
