"""Warnings at every turn, found by the finder itself in the demo's own cases and counts."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import shapely.geometry

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.demo.roster import TOWN, VILLAGE
from mengding.demo.stories import carry, somewhere
from mengding.regions.models import Region
from mengding.tasks.recurrence import LOCAL
from mengding.warnings import actions as warnings
from mengding.warnings.actions import CaseData, TaskData
from mengding.warnings.kinds import Kind
from mengding.warnings.models import Alert

# Class, village, days ago, words, address. Lamps and bins: one place; covers: all over a village.
_LAMPS = ("C0137", VILLAGE, (24.3, 17.1, 9.6, 2.4), "路灯又不亮了，晚上一片黑。", "滨河路中段")
_BINS = ("C0305", "511803102202", (12.2, 7.4, 1.3), "垃圾箱盖又坏了，污水流到路上。", "农贸市场口")
_COVERS = ("C0101", "511803102203", (11.2, 8.1, 5.3, 3.2, 1.6), "井盖松动，车一过就响。", "村道")
_A_BIN = ("C0305", VILLAGE, (6.2,), "垃圾桶倒在路边。", "老街2号")  # elsewhere: the usual
# Blocked rain drains all over a town: one or two a week, and a dozen in three days after a storm.
_DRAINS = ("E0503", "雨水口堵了，路面积水过不去。", "村道低洼处")
_DRAINS_BEFORE = tuple(10.4 + 5.1 * n for n in range(12))  # days ago
_STORM = ((3, 9), (3, 10), (3, 11), (3, 14), (3, 16), (2, 8), (2, 9), (2, 10), (2, 13), (2, 15),
          (1, 9), (1, 11))  # fmt: skip
# Hours after it came in at which such a case was filed, dispatched … closed.
_STEPS = (0.1, 0.2, 0.5, 4, 5, 6)

SPOT = "mengdingshan"
_CAPACITY = 8000
# Visitors every half hour up to now, and at the same hours of the days before.
_CROWD = (2100, 3300, 4400, 5100, 5600, 6700)
_USUAL = (1500, 2100, 2700, 3200, 3400, 3300)
_HALF = timedelta(minutes=30)


def tell(by: dict[str, Actor]) -> None:
    """Lamps and bins that fail again and again, covers one after another, drains after a storm, a
    full scenic spot; one warning open, one taken, one with a case and a look around, one
    dismissed. A re-inspection that nobody made is left over from `daily`."""
    now = clock.now()
    for each in (_LAMPS, _BINS, _A_BIN, _COVERS):
        _reports(by, now, *each)
    _storm(by, now)
    with clock.at(now - timedelta(hours=22)):
        warnings.look()
    with clock.at(now - timedelta(hours=19)):
        warnings.take(by["dispatch"], _found(Kind.REPEAT, _BINS[0]))
    lamps, boss = _found(Kind.REPEAT, _LAMPS[0]), by["supervise"]
    with clock.at(now - timedelta(hours=2)):
        warnings.take(boss, lamps)
        warnings.order_task(boss, lamps, TaskData(words="晚上八点后看看该路段路灯是否都亮。"))
    with clock.at(now - timedelta(minutes=6)):
        words = "同一路段路灯一月内报修四次，请检查线路和配电箱。"
        warnings.open_case(boss, lamps, CaseData(words=words))
    _visitors(by, now)


def _found(kind: Kind, code: str) -> int:
    return Alert.objects.filter(kind=kind, class_code=code).latest("pk").pk


def _reports(
    by: dict[str, Actor],
    now: datetime,
    code: str,
    village: str,
    ages: tuple[float, ...],
    words: str,
    address: str,
) -> None:
    boundary = Region.objects.values_list("boundary", flat=True).get(code=village)
    middle = shapely.geometry.shape(boundary).representative_point()
    dice = random.Random(code)
    for age in ages:
        at = now - timedelta(days=age)
        place = (middle.x, middle.y) if code != _COVERS[0] else somewhere(boundary, dice)
        _report(by, at, code, place, words, address, "closed")


def _report(
    by: dict[str, Actor], at: datetime, code: str, place: tuple[float, float], words: str,
    address: str, stage: str,
) -> None:  # fmt: skip
    with clock.at(at):
        report = cases.receive(
            by["desk"],
            Message(
                text=words,
                channel=Channel.PHONE,
                class_code=code,
                lon=round(place[0], 6),
                lat=round(place[1], 6),
                address=address,
            ),
        )
    carry(by, report.case, stage, [at + timedelta(hours=each) for each in _STEPS])


def _storm(by: dict[str, Actor], now: datetime) -> None:
    """Drains of one town, each at a place of its own; on the days of the storm by the clock, since
    a spike is one of whole days."""
    villages = Region.objects.filter(level="village", code__startswith=TOWN).order_by("code")
    shapes = [shape for shape in villages.values_list("boundary", flat=True) if shape]
    dice = random.Random(_DRAINS[0])
    midnight = now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [now - timedelta(days=age) for age in _DRAINS_BEFORE]
    moments += [midnight - timedelta(days=back) + timedelta(hours=h) for back, h in _STORM]
    for number, at in enumerate(moments):
        shape = shapes[number % len(shapes)]
        recent = number >= len(_DRAINS_BEFORE)
        stage = "handling" if recent and number % 2 else "closed"
        _report(by, at, _DRAINS[0], somewhere(shape, dice), *_DRAINS[1:], stage)


def _visitors(by: dict[str, Actor], now: datetime) -> None:
    """A week of counts at the gate; the first of today's warnings was the counter's mistake."""
    with clock.at(now - timedelta(days=8)):
        warnings.add_spot(
            by["sysadmin"],
            code=SPOT,
            name="蒙顶山景区",
            region_code="511803106",
            capacity=_CAPACITY,
        )
    for until, people in _counts(now):
        with clock.at(until):
            warnings.count(
                by["dispatch"], code=SPOT, people_count=people, since=until - _HALF, until=until
            )
    first = Alert.objects.filter(kind=Kind.CROWD, key=f"{SPOT}:1").latest("pk")
    with clock.at(first.raised_at + timedelta(minutes=8)):
        words = "北门计数器把离园游客重复计入，实际约四千人，已请景区校正。"
        warnings.decide(by["supervise"], first.pk, real=False, words=words)


def _counts(now: datetime) -> Iterator[tuple[datetime, int]]:
    """Up to now while the gate is open, else up to the last closing time."""
    end = now.astimezone(LOCAL)
    if not 11 <= end.hour < 17:
        end = (end - timedelta(hours=11)).replace(hour=17, minute=0, second=0, microsecond=0)
    for back in range(7, -1, -1):
        for n, people in enumerate(_USUAL if back else _CROWD, start=1):
            yield end - timedelta(days=back) - _HALF * (len(_CROWD) - n), people
