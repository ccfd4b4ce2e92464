"""Founding a district: everything of it or nothing, by whom, and who takes over."""

from typing import Any

import pytest

from mengding.core.actor import SYSTEM, Level, Role
from mengding.core.errors import GuardFailed, Invalid, NotAllowed
from mengding.people import actions, queries
from mengding.people.actions import DistrictPlan, Newcomer
from mengding.people.models import Account, Organisation, Post
from mengding.people.tests.world import World
from mengding.regions.actions import deactivate_region
from mengding.regions.models import Region

HEAD = "区县代码,区县,镇街代码,镇街,村社区代码,村社区\n"
LIST = (
    HEAD
    + "511802,雨城区,511802001,东城街道,511802001001,北二路社区居委会\n"
    + "511802,雨城区,511802001,东城街道,511802001002,南坝社区居委会\n"
    + "511802,雨城区,511802100,多营镇,511802100200,上坝村村委会\n"
)


def square(west: float, south: float, size: float, code: str) -> dict[str, Any]:
    ring = [
        [west, south], [west + size, south], [west + size, south + size],
        [west, south + size], [west, south],
    ]  # fmt: skip
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def counts() -> tuple[int, int]:
    return Region.objects.count(), Organisation.objects.count()


def test_a_district_with_its_centres(world: World) -> None:
    actor = world.actor(Role.SYSTEM_ADMIN)
    before = counts()
    tried = actions.found_district(actor, DistrictPlan(csv=LIST), dry_run=True)
    assert (tried.name, tried.created, len(tried.centres), tried.written) == ("雨城区", 6, 6, False)
    assert counts() == before
    made = actions.found_district(actor, DistrictPlan(csv="\ufeff" + LIST, around=(103.0, 30.0)))
    assert made.problems == []
    assert made.written
    assert made.divisions == {"district": 1, "town": 2, "village": 3}
    assert made.generated == 6
    village = Region.objects.get(code="511802100200")
    assert village.generated
    centre = queries.centre_of(village)
    assert centre is not None
    assert centre.name == "上坝村综治工作站"
    assert queries.centre_above(centre) == Organisation.objects.get(code="centre-511802100")


def test_nothing_is_left_of_a_plan_that_goes_wrong(world: World) -> None:
    actor = world.actor(Role.SYSTEM_ADMIN)
    before = counts()
    wrong = LIST.replace("511802001002", "51180200100x")
    [(part, problem)] = actions.found_district(actor, DistrictPlan(csv=wrong)).problems
    assert (part, problem.line, problem.column) == ("csv", 3, "village_code12")
    # The list is right; the boundaries overlap: found when the divisions were written already.
    town = collection(square(103, 30, 0.1, "511802001"), square(103.05, 30, 0.1, "511802100"))
    plan = DistrictPlan(csv=LIST, boundaries={Level.TOWN: town})
    report = actions.found_district(actor, plan)
    assert [(part, p.code) for part, p in report.problems] == [("town", "overlap")]
    strange = collection(square(103, 30, 0.1, "511802101"))
    strange["features"][0]["properties"]["name"] = "不在清单镇"
    plan = DistrictPlan(csv=LIST, boundaries={Level.TOWN: strange})
    assert [p.code for _, p in actions.found_district(actor, plan).problems] == ["not_in_list"]
    two = LIST + "511801,别的区,511801001,某街道,511801001001,某社区\n"
    assert actions.found_district(actor, DistrictPlan(csv=two)).problems[0][1].code == (
        "several_districts"
    )
    assert counts() == before
    good = collection(square(103, 30, 0.1, "511802001"), square(103.1, 30, 0.1, "511802100"))
    plan = DistrictPlan(csv=LIST, boundaries={Level.TOWN: good}, centres=frozenset())
    report = actions.found_district(actor, plan)
    assert (report.bounded, report.centres) == ({"town": 2}, [])


def test_who_may_found_and_who_takes_over(world: World) -> None:
    with pytest.raises(NotAllowed, match="outside_area"):
        actions.found_district(
            world.actor(Role.SYSTEM_ADMIN, "centre-town"), DistrictPlan(csv=LIST)
        )
    with pytest.raises(NotAllowed):
        actions.found_district(world.actor(Role.SECURITY_ADMIN), DistrictPlan(csv=LIST))
    actions.found_district(world.actor(Role.SYSTEM_ADMIN), DistrictPlan(csv=LIST))
    security = world.actor(Role.SECURITY_ADMIN)
    centre = Organisation.objects.get(code="centre-511802").pk
    town = world.actor(Role.SECURITY_ADMIN, "centre-town")  # reaches no other district
    account = world.account("nobody")
    with pytest.raises(NotAllowed, match="outside_area"):
        actions.create_post(town, account=account.pk, role="desk", organisation=centre)
    welcomed = actions.create_accounts(
        security,
        [
            Newcomer(username="yc.sec", name="甲", role="security_admin", organisation=centre),
            Newcomer(username="yc.sys", name="乙", role="system_admin", organisation=centre),
        ],
    )
    assert [each.username for each in welcomed] == ["yc.sec", "yc.sys"]
    # With a security administrator of its own the district is closed to the neighbour's.
    with pytest.raises(Invalid) as refused:
        actions.create_accounts(
            security, [Newcomer(username="yc.late", name="丙", role="desk", organisation=centre)]
        )
    assert refused.value.extra["slips"][0]["code"] == "outside_area"
    assert not Account.objects.filter(username="yc.late").exists()


def test_a_list_of_accounts_is_all_or_nothing(world: World) -> None:
    security = world.actor(Role.SECURITY_ADMIN)
    org = world.orgs["centre-town"].pk
    rows = [
        Newcomer(username="one", name="一", role="desk", organisation=org),
        Newcomer(username="one", name="", role="desk", organisation=org),
        Newcomer(username="three", name="三", role="desk", organisation=10**6),
    ]
    with pytest.raises(Invalid, match="rows_refused") as refused:
        actions.create_accounts(security, rows)
    slips = [(slip["row"], slip["field"]) for slip in refused.value.extra["slips"]]
    assert slips == [(1, "name"), (2, "organisation")]
    assert not Account.objects.filter(username__in=["one", "three"]).exists()
    assert len(actions.create_accounts(security, rows[:1])) == 1
    assert Post.objects.filter(account__username="one", role="desk").exists()


def test_what_hangs_on_it_is_said(world: World) -> None:
    hamlet = world.regions["hamlet"]
    Organisation.objects.create(code="st", kind="team", name="某站", region=hamlet)
    with pytest.raises(GuardFailed, match="region_in_use") as refused:
        deactivate_region(SYSTEM, hamlet.pk)
    assert refused.value.extra["dependents"][0]["names"] == ["某站"]
    system = world.actor(Role.SYSTEM_ADMIN)
    world.post(world.account("somebody"), Role.DESK, "centre-village")
    with pytest.raises(GuardFailed, match="organisation_in_use") as held:
        actions.deactivate_organisation(system, world.orgs["centre-village"].pk)
    assert held.value.extra["dependents"][0]["count"] == 1
    actions.deactivate_organisation(system, world.orgs["urban-town"].pk)
    actions.activate_organisation(system, world.orgs["urban-town"].pk)
    assert Organisation.objects.get(code="urban-town").active
