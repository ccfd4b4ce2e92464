"""The Boston district: divisions, calendar, catalogue, organisations, posts. All by actions."""

from datetime import time

from django.db import transaction

from mengding.catalogue import actions as catalogue
from mengding.catalogue.models import Status
from mengding.clocks import actions as clocks
from mengding.clocks.models import Calendar, ClockKind, StageLimits
from mengding.core.actor import SYSTEM, Actor, Role
from mengding.imports.boston.plan import Plan
from mengding.imports.casting import by_organisation, post_of
from mengding.imports.journey import Cast
from mengding.people import actions as people
from mengding.people.actions import OrganisationData
from mengding.people.models import Account, Organisation, OrgKind
from mengding.regions import actions as regions
from mengding.regions.actions import RegionData
from mengding.regions.models import Region
from mengding.worktime import WorkCalendar

DISTRICT = "990311"  # made up: Boston has no code of ours


def ward_code(ward: int | None) -> str:
    """The division of a ward; the district when it is not known."""
    return DISTRICT if ward is None else f"{DISTRICT}{ward:03d}"


@transaction.atomic
def set_up(plan: Plan) -> None:
    """Make what is not there yet; a second run changes nothing."""
    district = _region(DISTRICT, "波士顿（导入）", "Boston (imported)")
    for ward in plan.wards:
        _region(ward_code(ward), f"波士顿第{ward}选区", f"Ward {ward}")
    _time_rules()
    version = catalogue.load_file(SYSTEM, plan.catalogue)
    if version.status != Status.ACTIVE:
        catalogue.publish(SYSTEM, version)
    centre = _organisation(
        OrganisationData(
            code="boston-centre",
            kind=OrgKind.CENTRE,
            name="波士顿 311 中心",
            name_en="Boston 311",
            region=district.pk,
        )
    )
    for role in (Role.DESK, Role.DISPATCHER, Role.VERIFIER):
        _post(f"boston-{role.value}", f"波士顿 {role.value}", role, centre)
    for name, code in plan.departments.items():
        department = _organisation(
            OrganisationData(
                code=code,
                kind=OrgKind.DEPARTMENT,
                name=f"波士顿 {name}",
                name_en=name,
                region=district.pk,
                department_code=code,
            )
        )
        _post(code, f"波士顿 {name}"[:40], Role.HANDLER, department)


def cast() -> Cast:
    """Who acts for Boston. The verifier is an account of its own: no handler verifies."""
    centre = Organisation.objects.get(code="boston-centre")

    def of(role: Role) -> Actor:
        found = post_of(role, organisation_id=centre.pk)
        assert found is not None  # made by `set_up`
        return found

    codes = dict(Organisation.objects.filter(region=centre.region).values_list("code", "pk"))
    return Cast(
        desk=of(Role.DESK),
        dispatcher=of(Role.DISPATCHER),
        verifier=of(Role.VERIFIER),
        handler=by_organisation(),
        organisation=codes.get,
    )


def _region(code: str, name: str, name_en: str) -> Region:
    found = Region.objects.filter(code=code).first()
    return found or regions.create_region(SYSTEM, RegionData(code, name, name_en))


def _time_rules() -> None:
    """Only where there are none: a district in use keeps its own.

    The archive knows no stages before and after handling, so theirs get a wide limit.
    """
    if not Calendar.objects.filter(code="district", active=True).exists():
        calendar = WorkCalendar(name="district", segments=((time(9), time(17)),))
        clocks.publish_calendar(SYSTEM, "district", "导入用日历", calendar.to_json())
    if not StageLimits.objects.filter(active=True).exists():
        wide = {"amount": 24, "unit": "urgent_hour"}
        clocks.publish_limits(
            SYSTEM, {kind.value: wide for kind in ClockKind if kind is not ClockKind.HANDLE}
        )


def _organisation(data: OrganisationData) -> Organisation:
    found = Organisation.objects.filter(code=data.code).first()
    return found or people.create_organisation(SYSTEM, data)


def _post(username: str, name: str, role: Role, org: Organisation) -> None:
    if Account.objects.filter(username=username).exists():
        return
    account, _ = people.create_account(SYSTEM, username=username, name=name)
    people.create_post(SYSTEM, account=account.pk, role=role.value, organisation=org.pk)
