"""Divisions beside each other: real boundaries fit what is stored, made-up ones give way."""

from collections.abc import Iterator
from typing import Any

import pytest
import shapely

from mengding.core.actor import SYSTEM, Level
from mengding.core.errors import GuardFailed, Invalid
from mengding.ledger.models import Event
from mengding.regions import actions, demo, geometry, locate
from mengding.regions.models import Region

pytestmark = pytest.mark.django_db
HEADER = "village_code12,village,town_code9,town,county_code,county\n"
LINES = (
    "511803001001,甲社区,511803001,东街道,511803,名山区\n"
    "511803002201,乙村,511803002,西镇,511803,名山区\n"
)


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return geometry.to_geojson(shapely.box(west, south, east, north))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    locate.forget()
    yield
    locate.forget()


@pytest.fixture
def divisions() -> None:
    assert actions.import_divisions_csv(SYSTEM, HEADER + LINES).written


def collection(*features: tuple[str | int, Any, Any]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": c, "name": n}, "geometry": g}
            for c, n, g in features
        ],
    }


def towns(*features: tuple[str | int, Any, Any], **options: Any) -> actions.ImportReport:
    options = {"crs": "wgs84", "level": Level.TOWN} | options
    return actions.import_geojson(SYSTEM, collection(*features), **options)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n", "columns_missing"),
        (HEADER, "columns_missing"),
        (HEADER + LINES + "51180300100,x,511803001,东街道,511803,名山区\n", "region_code_invalid"),
        (HEADER + LINES + "511803003001,x,511803001,东街道,511803,名山区\n", "parent_differs"),
        (HEADER + LINES + "511803001002,x,511803001,错街道,511803,名山区\n", "name_differs"),
        (HEADER + LINES + "511803001002,,511803001,东街道,511803,名山区\n", "region_name_missing"),
        (HEADER + LINES * 2, "code_repeated"),
        (b"\xff\xff\xff", "csv_invalid"),
    ],
)
def test_bad_csv_writes_nothing_and_names_the_line(text: Any, code: str) -> None:
    report = actions.import_divisions_csv(SYSTEM, text)
    assert {p.code for p in report.problems} == {code}
    assert not report.written
    assert not Region.objects.exists()
    if code not in ("columns_missing", "csv_invalid"):
        assert report.problems[0].region.startswith("第 4 行")


def test_boundaries_fit_what_is_stored(divisions: None) -> None:
    assert towns(("511803001", None, box(103.0, 30.0, 103.1, 30.1))).written
    beside = towns(("511803002", None, box(103.05, 30.0, 103.2, 30.1)))
    assert [p.code for p in beside.problems] == ["overlap"]
    too_small = towns(
        ("511803", None, box(103.0, 30.0, 103.05, 30.1)), level=Level.DISTRICT, dry_run=True
    )
    assert [(p.code, p.region) for p in too_small.problems] == [
        ("outside_parent", "东街道 511803001")
    ]


def test_a_real_boundary_clears_the_made_up_ones() -> None:
    demo.load_demo(SYSTEM)
    report = towns(("511803001", None, box(103.0, 30.0, 103.1, 30.1)))
    assert report.problems == []
    assert len(report.cleared) == 1 + 12 + 115 + 8
    assert not Region.objects.filter(generated=True).exists()
    left = Region.objects.get(boundary__isnull=False)
    assert left.code == "511803001"
    assert Event.objects.filter(action="region.clear_generated").count() == len(report.cleared)


def test_out_of_use_and_back(divisions: None) -> None:
    town = Region.objects.get(code="511803001")
    village = Region.objects.get(code="511803001001")
    with pytest.raises(GuardFailed):
        actions.deactivate_region(SYSTEM, town.pk)
    actions.deactivate_region(SYSTEM, village.pk)
    assert not actions.deactivate_region(SYSTEM, town.pk).active
    with pytest.raises(GuardFailed):
        actions.activate_region(SYSTEM, village.pk)
    report = towns(("511803001", None, box(103.0, 30.0, 103.1, 30.1)))
    assert [p.code for p in report.problems] == ["region_inactive"]
    assert actions.activate_region(SYSTEM, town.pk).active
    assert actions.activate_region(SYSTEM, village.pk).version == 3
    last = Event.objects.filter(subject_kind="region", subject_id=village.pk).latest("pk")
    assert (last.action, last.before["active"], last.after["active"]) == (
        "region.activate",
        False,
        True,
    )


def test_coming_back_its_boundary_must_still_fit(divisions: None) -> None:
    old = Region.objects.get(code="511803001")
    assert towns(("511803001", None, box(103.0, 30.0, 103.1, 30.1))).written
    actions.deactivate_region(SYSTEM, Region.objects.get(code="511803001001").pk)
    actions.deactivate_region(SYSTEM, old.pk)
    assert towns(("511803002", None, box(103.0, 30.0, 103.2, 30.1))).written
    with pytest.raises(Invalid) as refused:
        actions.activate_region(SYSTEM, old.pk)
    assert refused.value.code == "overlap"
