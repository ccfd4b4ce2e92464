"""Plans, places and tasks for tests, made in the demo district through the ordinary actions."""

from datetime import date
from typing import Any

from mengding.cases.tests.made import spot, who
from mengding.core import clock
from mengding.tasks.actions import care, inspecting, places, plans
from mengding.tasks.actions.care import ConsentData
from mengding.tasks.actions.inspecting import Given, InspectionData
from mengding.tasks.actions.places import PlaceData
from mengding.tasks.actions.plans import PlanData
from mengding.tasks.contacts import CareContactData
from mengding.tasks.models import CareConsent, Place, Plan, Task
from mengding.tasks.recurrence import LOCAL, Hours, Recurrence

VILLAGE = "511803102201"  # of the demo's grid worker
HYDRANT = ("hose", "cap", "water", "clear", "sign")


def today() -> date:
    """The local day."""
    return clock.now().astimezone(LOCAL).date()


def plan(kind: str = "household_visit", **fields: Any) -> Plan:
    """A plan for every day, all day, in the grid worker's village."""
    given: dict[str, Any] = {
        "name": "测试计划",
        "kind": kind,
        "who": "workers",
        "region": VILLAGE,
        "starts_on": today(),
        "recurrence": Recurrence(),
        "hours": Hours(),
    }
    return plans.create(who("sysadmin"), PlanData(**given | fields))


def tasks_of(row: Plan, day: date | None = None) -> list[Task]:
    """The plan's tasks of a day, today unless given."""
    return list(Task.objects.filter(plan=row, day=day or today()).order_by("pk"))


def place(code: str = "test-hydrant", kind: str = "hydrant", **fields: Any) -> Place:
    """A hydrant in the village."""
    lon, lat = spot(VILLAGE)
    given: dict[str, Any] = {"name": "村口消火栓", "lon": lon, "lat": lat, "address": "村口"}
    return places.create(who("sysadmin"), PlaceData(code=code, kind=kind, **given | fields))


def answers(*failing: str, case: bool = False) -> tuple[Given, ...]:
    """A hydrant's checklist with some items failing."""
    return tuple(
        Given(item, "no", "缺失", case=case) if item in failing else Given(item, "yes")
        for item in HYDRANT
    )


def inspect(row: Place, *failing: str, **fields: Any) -> inspecting.Inspected:
    """An inspection by the grid worker."""
    case = fields.pop("case", False)
    given = fields.pop("answers", None) or answers(*failing, case=case)
    return inspecting.inspect(who("grid"), InspectionData(row.pk, given, **fields))


def consent(**fields: Any) -> CareConsent:
    """Somebody made up who asked to be visited every day."""
    given: dict[str, Any] = {
        "scopes": ("chat",),
        "way": "in_person",
        "contact": CareContactData(name="欧阳求访", address="三组十二号", phone="13987650913"),
        "every_days": 1,
    }
    return care.agree(who("grid"), ConsentData(**given | fields))


def field_work() -> dict[str, int | str]:
    """Ids for the matrix of permissions: objects in the grid worker's village."""
    lon, lat = spot(VILLAGE)
    made = plan("legal", who="villages")
    hydrant = place("matrix-1")
    found = inspect(hydrant, "hose")
    finding = found.inspection.answers.get(item="hose").finding_id
    assert finding is not None
    return {
        "plan_id": made.pk,
        "task_id": tasks_of(made)[0].pk,
        "place_id": hydrant.pk,
        "inspection_id": found.inspection.pk,
        "finding_id": finding,
        "consent_id": consent().pk,
        "lon": str(lon),
        "lat": str(lat),
    }
