"""Example cost rates, and some months of small closed cases to use them on.

The rates are made up and say so: a district enters its own.
"""

import hashlib
import io
import random
from datetime import datetime, timedelta

import shapely.geometry
from PIL import Image

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.models import Case
from mengding.cases.stages import Channel, Outcome
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.costs import actions as costs
from mengding.demo.roster import VILLAGE
from mengding.evidence import sending
from mengding.indicators.facts import local_day
from mengding.people.models import Organisation
from mengding.regions.models import Region

EXAMPLE = {
    "rates": {
        "call": {"fen": 350, "minutes": 6},
        "visit": {"fen": 700, "minutes": 12},
        "written": {"fen": 200, "minutes": 3},
        "found": {"fen": 250, "minutes": 5},
        "verify": {"fen": 1500, "minutes": 30},
        "decide": {"fen": 180, "minutes": 3},
        "dispatch": {"fen": 210, "minutes": 4},
        "approve": {"fen": 300, "minutes": 5},
        "supervise": {"fen": 600, "minutes": 10},
        "merge": {"fen": 150, "minutes": 3},
        "reply": {"fen": 250, "minutes": 5},
        "travel": {"fen": 2200, "minutes": 35},
        "handle": {"fen": 6000, "unit": "hour"},
        "handle_plain": {"fen": 4500, "minutes": 45},
        "material": {"fen": 1800},
        "self_handle": {"fen": 900, "minutes": 20},
        "check": {"fen": 1500, "minutes": 25},
        "call_back": {"fen": 300, "minutes": 5},
        "recheck": {"fen": 1500, "minutes": 25},
        "inspection": {"fen": 1600, "minutes": 30},
        "task": {"fen": 1000, "minutes": 20},
    },
    "departments": {"dept-water": {"handle": {"fen": 7500, "unit": "hour"}}},
    "example": True,
}
MONTHS = 5
A_MONTH = 11
# class, words, who handles it, with which demo account
MATTERS = (
    ("E0110", "路边垃圾没有清运。", "dept-urban_management", "handler"),
    ("E0201", "墙上贴了不少小广告。", "dept-urban_management", "handler"),
    ("C0137", "路灯不亮。", "dept-urban_management", "handler"),
    ("C0507", "河边护栏松动。", "dept-water", "water"),
)


def tell(by: dict[str, Actor]) -> None:
    """Rates since two years ago; a dozen cases a month, some merged, some dealt with at once."""
    now = clock.now()
    costs.publish(by["supervise"], local_day(now) - timedelta(days=730), EXAMPLE, 0)
    dice = random.Random(20260)
    boundary = Region.objects.values_list("boundary", flat=True).get(code=VILLAGE)
    point = shapely.geometry.shape(boundary).representative_point()
    for month in range(MONTHS, 0, -1):
        for number in range(A_MONTH):
            begun = now - timedelta(days=30 * month - 2 * number, hours=dice.uniform(1, 5))
            place = (point.x + dice.uniform(-4e-3, 4e-3), point.y + dice.uniform(-4e-3, 4e-3))
            if number % 5 == 4:
                _on_the_spot(by, begun, point.x, point.y, month * 100 + number)
            else:
                _worked(by, begun, place, number, dice)
    costs.catch_up()
    costs.recount()


def _report(
    actor: Actor, text: str, code: str, place: tuple[float, float], channel: Channel
) -> int:
    message = Message(
        text=text, channel=channel, class_code=code, lon=place[0], lat=place[1],
        address="水月村", region_code=VILLAGE,
    )  # fmt: skip
    return cases.receive(actor, message).case_id


def _worked(
    by: dict[str, Actor], begun: datetime, place: tuple[float, float], number: int,
    dice: random.Random,
) -> None:  # fmt: skip
    """One case from the call to the check, most with a recorded arrival; every sixth has a twin."""
    code, text, org, hand = MATTERS[number % len(MATTERS)]
    lead = Organisation.objects.values_list("pk", flat=True).get(code=org)
    with clock.at(begun):
        pk = _report(by["desk"], text, code, place, Channel.PHONE)
    with clock.at(begun + timedelta(minutes=8)):
        cases.file(by["desk"], pk, condition_code=f"{code}-1")
    if number % 6 == 0:
        with clock.at(begun + timedelta(minutes=20)):
            twin = _report(by["desk"], text, code, place, Channel.PHONE)
            cases.merge(by["desk"], twin, into_id=pk, reason="同一处")
    with clock.at(begun + timedelta(minutes=25)):
        cases.dispatch(by["dispatch"], pk, lead_org_id=lead)
    arrived = begun + timedelta(minutes=dice.randrange(60, 200))
    with clock.at(arrived):
        cases.accept(by[hand], pk)
        if number % 4:
            cases.arrive(by[hand], pk)
    done = arrived + timedelta(minutes=dice.randrange(10, 190))
    with clock.at(done):
        cases.feed_back(by[hand], pk, report="已到现场处理完毕。")
    with clock.at(done + timedelta(hours=2)):
        _close(by, pk)


def _close(by: dict[str, Actor], pk: int) -> None:
    cases.start_check(by["verify"], pk)
    cases.reply(by["desk"], pk, text="您反映的问题已处理完毕，感谢支持。")
    cases.close(
        by["verify"], pk, outcome=Outcome.FIXED, finding="现场核查，已恢复。", condition_met=True
    )


def _on_the_spot(by: dict[str, Actor], begun: datetime, lon: float, lat: float, mark: int) -> None:
    """自办: the grid worker clears it away, with a photo of how it is now."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (90 + mark % 97, 140, 110)).save(out, "JPEG", comment=b"%d" % mark)
    content = out.getvalue()
    grid, sha256 = by["grid"], hashlib.sha256(content).hexdigest()
    with clock.at(begun):
        sending.announce(grid, sha256, len(content))
        sending.append(grid, sha256, 0, [content])
        report = cases.self_handled(
            grid,
            Message(
                text="路口散落垃圾。", channel=Channel.GRID, class_code="E0110", lon=lon, lat=lat,
                address="水月村", region_code=VILLAGE,
            ),
            report="已清理。",
            photos=[sending.Photo(sha256, "after")],
        )  # fmt: skip
    with clock.at(begun + timedelta(hours=4)):
        _close(by, Case.objects.values_list("pk", flat=True).get(pk=report.case_id))
