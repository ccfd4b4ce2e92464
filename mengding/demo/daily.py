"""A week of daily work: plans, visits, inspections with a failed item, a consented care visit."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import shapely.geometry

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.demo.roster import DISTRICT, PEOPLE, TOWN, VILLAGE
from mengding.demo.stories import actor_of, carry
from mengding.regions.models import Region
from mengding.tasks.actions import care, doing, findings, inspecting, places, plans
from mengding.tasks.actions.care import CareVisitData, ConsentData
from mengding.tasks.actions.doing import VisitData
from mengding.tasks.actions.inspecting import Given, InspectionData
from mengding.tasks.actions.places import PlaceData
from mengding.tasks.actions.plans import PlanData
from mengding.tasks.contacts import CareContactData
from mengding.tasks.models import FindingCase, Place
from mengding.tasks.queries import editions
from mengding.tasks.recurrence import LOCAL, Hours, RecurEvery, Recurrence

REGISTER = Path(__file__).parent / "data" / "places.csv"
DAYS = 6
_STREETS = ("一组12号", "二组8号", "三组31号", "五组3号", "六组19号", "四组27号")
_RESULTS = ("met", "met", "not_home", "met", "met", "not_home")


def tell() -> None:
    """Six days of work of the demo's grid worker, up to now."""
    grid = actor_of("grid")
    now = clock.now()
    morning = (now - timedelta(days=DAYS)).astimezone(LOCAL).replace(
        hour=7, minute=30, second=0, microsecond=0
    )  # fmt: skip
    with clock.at(morning):
        _places()
        _plans(morning)
        asked = care.agree(
            grid,
            ConsentData(
                scopes=("chat", "errands"),
                way="in_person",
                contact=CareContactData(name="演示居民", address="三组31号", phone="13800000001"),
                every_days=3,
            ),
        )
    for back in range(DAYS, 0, -1):
        _a_day(grid, morning + timedelta(days=DAYS - back), DAYS - back)
    with clock.at(morning + timedelta(days=1, hours=3)):
        care.visit(grid, CareVisitData(asked.pk, "met"))


def _places() -> None:
    boundaries = dict(Region.objects.filter(level="village").values_list("code", "boundary"))
    with REGISTER.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            shape = shapely.geometry.shape(boundaries[row["village"]])
            middle = shape.representative_point()
            point = shapely.Point(middle.x + float(row["dx"]), middle.y + float(row["dy"]))
            if not shape.contains(point):  # a narrow village
                point = middle
            places.create(
                SYSTEM,
                PlaceData(
                    code=row["code"],
                    name=row["name"],
                    kind=row["kind"],
                    address=row["address"],
                    lon=round(point.x, 6),
                    lat=round(point.y, 6),
                    every_days=int(row["every_days"]),
                ),
            )


def _plans(morning: datetime) -> None:
    day = morning.date()
    daily, weekdays = Recurrence(), Recurrence(RecurEvery.DAY, working=True)
    monthly = Recurrence(RecurEvery.DAY, 10)
    for name, kind, who, region, rule, hours, more in (
        ("上岗签到", "sign_in", "workers", VILLAGE, weekdays, Hours(480, 570, 0, 0), {}),
        ("每日入户走访", "household_visit", "workers", VILLAGE, daily, Hours(540, 1080),
         {"times": 2}),
        ("每日隐患排查", "hazard", "workers", VILLAGE, daily, Hours(480, 1110), {}),
        ("消火栓检查", "key_place", "villages", DISTRICT, monthly, Hours(480, 1080, 6, 5),
         {"place_kind": "hydrant"}),
        ("学校周边检查", "key_place", "villages", DISTRICT, monthly, Hours(480, 1080, 6, 5),
         {"place_kind": "school"}),
        ("出租房屋检查", "rental", "villages", DISTRICT, monthly, Hours(480, 1080, 9, 5),
         {"place_kind": "rental"}),
        ("每周平安宣传", "community", "villages", TOWN,
         Recurrence(RecurEvery.WEEK, weekdays=(1, 3, 5)), Hours(480, 1200, 1, 3), {}),
        ("法治宣传", "legal", "villages", VILLAGE,
         Recurrence(RecurEvery.MONTH, days=(5, 15, 25, -1)), Hours(480, 1200, 2, 3), {}),
    ):  # fmt: skip
        plans.create(
            SYSTEM,
            PlanData(
                name=name, kind=kind, who=who, region=region, starts_on=day, recurrence=rule,
                hours=hours, **more,
            ),
        )  # fmt: skip


def _a_day(grid: Actor, morning: datetime, number: int) -> None:
    with clock.at(morning + timedelta(hours=2, minutes=10)):
        _visit(grid, number)
    if number % 3:  # one visit is left undone now and then
        with clock.at(morning + timedelta(hours=8, minutes=40)):
            _visit(grid, number + 3)
    if number == 0:
        with clock.at(morning + timedelta(hours=3)):
            _inspect(grid, "XHS-03", "cap", case=True)
        _mend(morning + timedelta(hours=4))
    if number == 2:
        with clock.at(morning + timedelta(hours=3)):
            _inspect(grid, "XHS-01")
            _inspect(grid, "XHS-02", "hose", case=True)
    if number == 4:
        with clock.at(morning + timedelta(hours=4)):
            _inspect(grid, "XX-01", "exit")
            doing.visit(
                grid,
                VisitData(kind="community", address="村民广场", purpose="fire", result="talk"),
            )


def _mend(start: datetime) -> None:
    """Its case is worked and closed, which asks for another look within days; nobody takes it."""
    case = FindingCase.objects.select_related("case").latest("pk").case
    by = {person.username: actor_of(person.username) for person in PEOPLE}
    moments = [start + timedelta(minutes=50 * n) for n in range(6)]
    carry(by, case, "closed", moments)
    with clock.at(moments[-1]):
        findings.case_ended(case.pk)  # as the worker does that follows the ledger


def _visit(grid: Actor, number: int) -> None:
    n = number % len(_STREETS)
    doing.visit(
        grid,
        VisitData(
            kind="household_visit",
            address=_STREETS[n],
            purpose="safety" if n % 2 else "notice",
            result=_RESULTS[n],
        ),
    )


_NOTES = {
    "hose": "箱内水带缺失一盘。",
    "cap": "闷盖锈死，拧不动。",
    "exit": "后门被课桌堵住，约一米宽。",
}


def _inspect(grid: Actor, code: str, *failing: str, case: bool = False) -> None:
    place = Place.objects.get(code=code)
    known = editions.catalogue()
    items = known.checklist(known.place_kind(place.kind).checklist).items
    inspecting.inspect(
        grid,
        InspectionData(
            place.pk,
            tuple(
                Given(item.code, "no", _NOTES[item.code], case=case)
                if item.code in failing
                else Given(item.code, "yes")
                for item in items
            ),
        ),
    )
