"""Sample cases at every stage, worked through the ordinary actions at simulated times."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import shapely
import shapely.geometry

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case
from mengding.cases.stages import Channel, Outcome
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.demo import afterwards
from mengding.demo.roster import PEOPLE
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.regions.models import Region

SAMPLES = Path(__file__).parent / "data" / "cases.csv"
# In the order a case passes them; each step is taken a little later than the one before.
_STEPS = ("filed", "dispatched", "handling", "fed_back", "checking", "closed")


def actor_of(username: str) -> Actor:
    """The actor of a demo account in its post."""
    account, post = Post.objects.values_list("account_id", "pk").get(account__username=username)
    actor = people.actor_in_post(account, post)
    if actor is None:
        raise LookupError(f"demo account {username!r} has no active post")
    return actor


def tell() -> None:
    """Take the samples in and carry each as far as its stage."""
    by = {person.username: actor_of(person.username) for person in PEOPLE}
    now = clock.now()
    dice = random.Random(511803)
    shapes = dict(Region.objects.filter(level="village").values_list("code", "boundary"))
    with SAMPLES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = now - timedelta(hours=float(row["hours_ago"]))
            lon, lat = somewhere(shapes[row["village"]], dice)
            with clock.at(at):
                report = cases.receive(
                    by["desk"],
                    Message(
                        text=row["description"],
                        channel=dice.choice([Channel.PHONE, Channel.GRID, Channel.WALK_IN]),
                        class_code=row["class"],
                        lon=lon,
                        lat=lat,
                        address=row["address"],
                        contact=ContactData(
                            name="演示居民", phone=f"1380000{dice.randrange(10**4):04}"
                        ),
                    ),
                )
            spare = (now - at) / (len(_STEPS) + 1)
            carry(by, report.case, row["stage"], [at + spare * n for n in range(1, 7)])
    afterwards.tell(by)


def somewhere(boundary: object, dice: random.Random) -> tuple[float, float]:
    """A random place well inside a polygon."""
    shape = shapely.geometry.shape(boundary)
    west, south, east, north = shape.bounds
    for _ in range(200):
        point = shapely.Point(dice.uniform(west, east), dice.uniform(south, north))
        if shape.contains(point):
            return round(point.x, 6), round(point.y, 6)
    middle = shape.representative_point()
    return middle.x, middle.y


def carry(by: dict[str, Actor], case: Case, stage: str, moments: list[datetime]) -> None:
    """Work the case to `stage`, step by step, each at its moment."""
    if stage == "declined":
        with clock.at(moments[0]):
            cases.decline(
                by["desk"],
                case.pk,
                reason="属于业主自用空间，不属于本平台受理范围。",
                where_to_go="可向小区物业服务中心或业主委员会反映。",
            )
        return
    for step, moment in zip(_STEPS, moments, strict=True):
        if stage == "received":
            return
        with clock.at(moment):
            _take(by, case, step)
        if step == stage:
            return


def _take(by: dict[str, Actor], case: Case, step: str) -> None:
    match step:
        case "filed":
            assert case.case_class_id is not None
            first = catalogue.class_by_id(case.case_class_id).conditions[0]
            cases.file(by["desk"], case.pk, condition_code=first.code)
        case "dispatched":
            cases.dispatch(
                by["dispatch"],
                case.pk,
                lead_org_id=_lead(case),
                note="请及时处置并反馈照片。",
            )
        case "handling":
            cases.accept(_handler(case), case.pk)
        case "fed_back":
            cases.feed_back(_handler(case), case.pk, report="已到现场处理完毕。")
        case "checking":
            cases.start_check(by["verify"], case.pk)
        case "closed":
            cases.reply(by["desk"], case.pk, text="您反映的问题已处理完毕，感谢支持。")
            cases.close(
                by["verify"],
                case.pk,
                outcome=Outcome.FIXED,
                finding="现场核查，已恢复。",
                condition_met=True,
            )


def _handler(case: Case) -> Actor:
    """The demo handler of the lead organisation."""
    case.refresh_from_db(fields=["lead_org"])
    assert case.lead_org_id is not None
    post = Post.objects.get(organisation_id=case.lead_org_id, role=Role.HANDLER)
    actor = people.actor_in_post(post.account_id, post.pk)
    if actor is None:
        raise LookupError(f"post {post.pk} is not active")
    return actor


def _lead(case: Case) -> int:
    """The proposed organisation where the demo has a handler for it, else urban management."""
    case.refresh_from_db(fields=["proposed_org"])
    staffed = Post.objects.filter(role=Role.HANDLER).order_by("pk")
    orgs = list(staffed.values_list("organisation_id", flat=True))
    return case.proposed_org_id if case.proposed_org_id in orgs else orgs[0]
