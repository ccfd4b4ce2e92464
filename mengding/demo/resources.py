"""Emergency resources of the demo district, a round over some of them, notices and material."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import shapely.geometry

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.outreach import actions as outreach
from mengding.outreach.actions import MaterialData
from mengding.people.models import Organisation, Post
from mengding.regions.models import Region
from mengding.resources import actions as resources
from mengding.resources import checking, queries
from mengding.resources.actions import ResourceData

SAMPLES = Path(__file__).parent / "data" / "resources.csv"
MATERIAL = Path(__file__).parent / "data" / "materials.csv"


def tell(by: dict[str, Actor]) -> None:
    """The inventory, two rounds (one late), checks with a shortage, what staff are told."""
    boss, worker = by["supervise"], by["grid"]
    shapes = dict(Region.objects.filter(level="village").values_list("code", "boundary"))
    orgs = dict(Organisation.objects.values_list("code", "pk"))
    posts = dict(Post.objects.order_by("-pk").values_list("organisation", "pk"))
    today = queries.today()
    made: dict[str, int] = {}
    with SAMPLES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            place = shapely.geometry.shape(shapes[row["village"]]).representative_point()
            org = orgs[row["organisation"]]
            made[row["name"]] = resources.create(
                boss,
                ResourceData(
                    kind=row["kind"],
                    name=row["name"],
                    lon=round(place.x + float(row["dx"]) / 100, 6),
                    lat=round(place.y + float(row["dy"]) / 100, 6),
                    address=row["address"],
                    quantity=Decimal(row["quantity"]),
                    needed=Decimal(row["needed"]),
                    unit=row["unit"],
                    expires_on=today + timedelta(days=int(row["days"])) if row["days"] else None,
                    organisation=org,
                    contact_post=posts.get(org),
                ),
            ).pk
    _check(boss, worker, made)
    _tell_staff(boss)


def _check(boss: Actor, worker: Actor, made: dict[str, int]) -> None:
    now, today = clock.now(), queries.today()
    everything = list(made.values())
    with clock.at(now - timedelta(days=9)):
        due = today - timedelta(days=2)
        checking.open_round(boss, "冬季防火物资检查", due, everything[:12])
    with clock.at(now - timedelta(days=5)):
        found = checking.Found(Decimal(6), "worn")
        note = "两具压力不足，已单独放置。"
        checking.check(worker, made["水月村防火物资点"], found, note=note)
    due = today + timedelta(days=10)
    mine = [pk for name, pk in made.items() if name.startswith("水月村")]
    checking.open_round(boss, "避难场所和队伍检查", due, [*mine[1:], *everything[-4:]])


def _tell_staff(boss: Actor) -> None:
    now = clock.now()
    with clock.at(now - timedelta(days=3)):
        outreach.publish(
            boss,
            "山区道路结冰，夜间不巡山",
            "山区路段夜间结冰，请把巡查放在白天；夜间遇险情先报 119 或 120，再上报案件。",
            roles=["collector", "handler"],
            asks=True,
        )
    with clock.at(now - timedelta(days=1)):
        outreach.publish(
            boss,
            "新版检查清单已启用",
            "重点场所检查清单增加“电动车充电”一项。旧记录不受影响，不需要补填。",
        )
    with MATERIAL.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            outreach.add_material(
                boss, MaterialData(row["topic"], row["title"], row["text"], row["region"])
            )
