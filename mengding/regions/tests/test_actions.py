"""Writing divisions: one at a time, from files, and the demo district."""

import copy
from typing import Any

import pytest
import shapely

from mengding.core.actor import SYSTEM, Actor, ActorKind, Level, Role
from mengding.core.errors import Conflict, DomainError, GuardFailed, Invalid, NotAllowed
from mengding.ledger.models import Event
from mengding.regions import actions, demo, geometry, locate, queries
from mengding.regions.actions import RegionChange, RegionData
from mengding.regions.models import Region

pytestmark = pytest.mark.django_db


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return geometry.to_geojson(shapely.box(west, south, east, north))


def feature(code: Any, name: str | None, boundary: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"dm": code, "mc": name},
        "geometry": boundary,
    }


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.fixture
def town() -> Region:
    actions.create_region(
        SYSTEM, RegionData("511803", "名山区", boundary=box(103.0, 30.0, 103.2, 30.2))
    )
    return actions.create_region(
        SYSTEM, RegionData("511803106", "蒙顶山镇", boundary=box(103.0, 30.0, 103.1, 30.2))
    )


def admin_of(region: Region) -> Actor:
    return Actor(
        kind=ActorKind.STAFF,
        account_id=1,
        post_id=1,
        role=Role.SYSTEM_ADMIN,
        region_id=region.pk,
        level=Level(region.level),
    )


def run(data: Any, **more: Any) -> actions.ImportReport:
    given: dict[str, Any] = {"crs": "wgs84", "level": Level.VILLAGE} | more
    return actions.import_geojson(SYSTEM, data, code_property="dm", name_property="mc", **given)


def test_each_change_is_one_event_without_words(town: Region) -> None:
    actions.update_region(SYSTEM, town.pk, RegionChange(name="蒙顶山新镇"), version=1)
    actions.update_region(SYSTEM, town.pk, RegionChange(name="蒙顶山新镇"))  # changes nothing
    actions.deactivate_region(SYSTEM, town.pk)
    actions.activate_region(SYSTEM, town.pk)
    events = Event.objects.filter(subject_kind="region", subject_id=town.pk).order_by("seq")
    assert [event.action.removeprefix("region.") for event in events] == [
        *("create", "update", "deactivate", "activate")
    ]
    assert not any("蒙顶山" in str((e.before, e.after)) for e in events)
    town.refresh_from_db()
    assert (town.path, town.version, town.active) == ("511803.511803106", 4, True)


def test_refusals(town: Region) -> None:
    def refused(kind: type[DomainError], field: str | None, call: Any) -> DomainError:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.field == field
        return caught.value

    def make(code: str, name: str = "x", boundary: Any = None) -> Any:
        return lambda: actions.create_region(SYSTEM, RegionData(code, name, boundary=boundary))

    refused(Invalid, "code", make("5118031"))
    refused(Invalid, "code", make("511803107201"))  # its town does not exist
    refused(Conflict, "code", make("511803106"))
    refused(Invalid, "name", make("511803107", " "))
    refused(Invalid, "boundary", make("511803107", "x", {"type": "Point"}))
    over = refused(Invalid, "boundary", make("511803107", "x", box(103.05, 30, 103.2, 30.2)))
    assert "蒙顶山镇" in over.text.zh
    out = refused(Invalid, "boundary", make("511803107", "x", box(103.15, 30, 103.3, 30.2)))
    assert "名山区" in out.text.zh
    refused(
        Conflict,
        None,
        lambda: actions.update_region(SYSTEM, town.pk, RegionChange(name="y"), version=9),
    )
    assert town.parent_id is not None
    parent = town.parent_id
    refused(GuardFailed, None, lambda: actions.deactivate_region(SYSTEM, parent))
    # The parent may not shrink away from below its children either.
    smaller = RegionChange(boundary=box(103.05, 30, 103.2, 30.2))
    shrunk = refused(Invalid, "boundary", lambda: actions.update_region(SYSTEM, parent, smaller))
    assert "蒙顶山镇" in shrunk.text.zh
    assert Region.objects.count() == 2


def test_only_inside_the_own_area_and_only_the_system_administrator(town: Region) -> None:
    own = admin_of(town)
    actions.create_region(own, RegionData("511803106201", "蒙山村"))
    for code in ("511803107", "511804"):
        with pytest.raises(NotAllowed):
            actions.create_region(own, RegionData(code, "x"))
    with pytest.raises(NotAllowed):
        actions.update_region(own, town.parent_id or 0, RegionChange(name="x"))
    desk = Actor(
        kind=ActorKind.STAFF, role=Role.DESK, region_id=town.parent_id, level=Level.DISTRICT
    )
    with pytest.raises(NotAllowed):
        actions.create_region(desk, RegionData("511803106202", "x"))
    with pytest.raises(NotAllowed):
        actions.import_geojson(desk, collection(), crs="wgs84", level=Level.TOWN)


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_an_import_in_a_chinese_system_lands_within_half_a_metre(town: Region, crs: Any) -> None:
    wanted = [(103.01, 30.01), (103.05, 30.01), (103.05, 30.05), (103.01, 30.05)]
    ring = [list(geometry.from_wgs84(lon, lat, crs)) for lon, lat in [*wanted, wanted[0]]]
    given = {"type": "Polygon", "coordinates": [ring]}
    report = run(collection(feature(511803106201, "蒙山村", given)), crs=crs)
    assert report.written
    assert report.created == ["511803106201"]
    stored = Region.objects.get(code="511803106201")
    assert stored.boundary is not None
    for lon, lat in stored.boundary["coordinates"][0]:
        assert min(abs(lon - a) + abs(lat - b) for a, b in wanted) * 111_320 < 0.5
    found = locate.locate(103.03, 30.03)
    assert (found.region_code, found.town_id) == ("511803106201", town.pk)


def test_an_import_with_any_mistake_writes_nothing_and_names_all(town: Region) -> None:
    good = box(103.0, 30.0, 103.05, 30.1)
    crossed = copy.deepcopy(good)
    ring = crossed["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    report = run(
        collection(
            feature("511803106201", "甲村", good),
            feature("511803106202", "乙村", box(103.04, 30.0, 103.1, 30.1)),
            feature("511803106203", "丙村", crossed),
            feature("511803106204", "丁村", box(103.05, 30.1, 103.11, 30.2)),
            feature("511803106", "戊村", good),
            feature("511803107201", "己村", good),
            feature("511803106201", "甲村", good),
            feature(None, "庚村", good),
            feature("511803106205", None, box(103.0, 30.1, 103.01, 30.11)),
        )
    )
    assert not report.written
    found = {(p.code, p.region.split()[0]) for p in report.problems}
    assert {
        ("overlap", "甲村"),
        ("self_intersection", "丙村"),
        ("outside_parent", "丁村"),
        ("region_code_invalid", "戊村"),
        ("parent_unknown", "己村"),
        ("code_repeated", "甲村"),
        ("code_missing", "庚村"),
        ("region_name_missing", "511803106205"),
    } <= found
    overlap = next(p for p in report.problems if p.code == "overlap")
    assert overlap.other is not None
    assert overlap.other.startswith("乙村")
    assert overlap.area_m2 is not None
    assert overlap.area_m2 > 1e6
    assert Region.objects.filter(level="village").count() == 0


def test_a_dry_run_says_what_the_real_run_does(town: Region) -> None:
    data = collection(feature("511803106201", "甲村", box(103.0, 30.0, 103.05, 30.1)))
    before = Event.objects.count()
    dry = run(data, dry_run=True)
    assert (dry.written, dry.created, Event.objects.count()) == (False, ["511803106201"], before)
    assert not Region.objects.filter(code="511803106201").exists()
    assert locate.locate(103.02, 30.05).region_code == "511803106"
    real = run(data)
    assert (real.written, real.created) == (True, dry.created)
    again = run(data)
    assert (again.created, again.updated, again.unchanged) == ([], [], ["511803106201"])
    assert Event.objects.count() == before + 1


@pytest.mark.parametrize(
    "data", ["{", "[]", {"type": "FeatureCollection", "features": []}, {"type": "Polygon"}, 7]
)
def test_what_is_no_geojson_is_said(town: Region, data: Any) -> None:
    assert [p.code for p in run(data).problems] == ["geojson_invalid"]


def test_divisions_from_csv_and_the_demo_district() -> None:
    district = demo.load_demo(SYSTEM)
    levels = {level.value: Region.objects.filter(level=level.value).count() for level in Level}
    assert levels == {"district": 1, "town": 13, "village": 115, "grid": 8}
    assert not Region.objects.filter(generated=False).exists()
    assert Region.objects.get(code="511803102001").name == "社区居委会"  # as the source has it
    assert queries.descendants(district).count() == 137
    town = Region.objects.get(code="511803106")
    below = Region.objects.filter(code__startswith="511803106")
    assert set(queries.descendants(town)) == set(below)
    count, versions = Event.objects.count(), set(Region.objects.values_list("pk", "version"))
    assert demo.load_demo(SYSTEM) == district
    assert Event.objects.count() == count
    assert set(Region.objects.values_list("pk", "version")) == versions


def test_real_boundaries_replace_the_made_up_ones_of_their_district() -> None:
    demo.load_demo(SYSTEM)
    real = box(103.0, 30.0, 103.2, 30.2)
    report = run(collection(feature("511803", None, real)), level=Level.DISTRICT)
    assert report.written
    assert len(report.cleared) == 136
    left = Region.objects.filter(boundary__isnull=False)
    assert [(row.code, row.generated) for row in left] == [("511803", False)]
    assert locate.locate(103.1, 30.1).region_code == "511803"


def test_demo_levels_partition_the_one_above_exactly() -> None:
    demo.load_demo(SYSTEM)
    shapes = {
        row.code: geometry.from_stored(row.boundary)
        for row in Region.objects.exclude(boundary=None)
        if row.boundary
    }
    for length in (9, 12, 15):
        level = {code: shape for code, shape in shapes.items() if len(code) == length}
        assert shapely.coverage_is_valid(list(level.values()))
        parents = {code[: {9: 6, 12: 9, 15: 12}[length]] for code in level}
        for parent in parents:
            parts = [shape for code, shape in level.items() if code.startswith(parent)]
            union = shapely.union_all(parts)
            assert union.symmetric_difference(shapes[parent]).area == 0, parent
    district = shapes["511803"]
    assert 550e6 < geometry.area_m2(district) < 680e6
    assert geometry.area_m2(min(shapes.values(), key=lambda s: s.area)) > 10_000


def test_demo_polygons_are_the_same_every_time() -> None:
    villages = [f"511803001{n:03d}" for n in range(1, 12)]
    one, two = (demo.polygons(villages, []) for _ in range(2))
    assert {code: shape.wkb for code, shape in one.items()} == {
        code: shape.wkb for code, shape in two.items()
    }


def test_csv_mistakes_come_with_their_line() -> None:
    header = "village_code12,village,town_code9,town,county_code,county\n"
    first = "511803001001,甲社区,511803001,永兴街道,511803,名山区\n"
    for line, code in [
        ("511803001002,乙,511803001,永安街道,511803,名山区\n", "name_differs"),
        ("511803001001,甲社区,511803001,永兴街道,511803,名山区\n", "code_repeated"),
        ("511803002002,乙,511803001,永兴街道,511803,名山区\n", "parent_differs"),
        ("511803,乙,511803001,永兴街道,511803,名山区\n", "region_code_invalid"),
    ]:
        report = actions.import_divisions_csv(SYSTEM, header + first + line)
        assert [p.code for p in report.problems] == [code]
        assert "3" in report.problems[0].region
    assert not Region.objects.exists()
    gb = (header + first).encode("gb18030")
    assert actions.import_divisions_csv(SYSTEM, gb).created[-1] == "511803001001"
