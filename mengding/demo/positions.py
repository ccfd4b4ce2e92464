"""People on duty in the demo district, walking their villages: made-up names and made-up ways."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shapely.geometry import Point, shape

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind, Role
from mengding.demo.secrets import password
from mengding.demo.stories import actor_of
from mengding.duty import actions as duty
from mengding.duty.models import Interval
from mengding.people import actions as people
from mengding.people.models import Account, Organisation, Post
from mengding.people.queries import actor_in_post
from mengding.positions import actions as positions
from mengding.positions.protocol import Placed
from mengding.positions.store import Given, store
from mengding.regions.models import Region

# username, name, how many minutes ago the last fix came (a phone in a valley has none for a while)
PATROLS = (
    ("patrol1", "罗晓峰", 0.3),
    ("patrol2", "阿依古丽·买买提", 0.6),
    ("patrol3", "邓小琴", 1.5),
    ("patrol4", "蒲世荣", 7.0),
    ("patrol5", "高远", 26.0),
)
STEP = timedelta(seconds=30)
PACE = 1.2  # m/s
_M = 111_320.0


def walk() -> None:
    """Put some people on duty and let everybody on duty have walked, up to just now."""
    now = clock.now()
    draw = Random(20_261_130)
    quiet = {}
    for (username, name, minutes), village in zip(PATROLS, _villages(), strict=False):
        actor = _patrol(username, name, village)
        quiet[actor.account_id] = minutes
        _shift(actor, now - timedelta(hours=27), now - timedelta(hours=23))
        _shift(actor, now - timedelta(hours=2, minutes=draw.randrange(10, 50)), None)
    grid = actor_of("grid")
    if not Interval.objects.filter(account=grid.account_id).exists():
        _shift(grid, now - timedelta(hours=26), now - timedelta(hours=22))
    for row in Interval.objects.select_related("post__region").order_by("pk"):
        end = min(row.ended_at or row.ends_by, now)
        if row.ended_at is None:
            end = now - timedelta(minutes=quiet.get(row.account_id, 0.5))
        _walked(row, end, draw)
    with clock.at(now - timedelta(hours=3)):
        positions.look(
            actor_of("supervise"),
            accounts=[grid.account_id or 0],
            since=now - timedelta(hours=27),
            until=now - timedelta(hours=21),
            purpose="核对昨日道路积水的到场经过",
        )


def _villages() -> list[Region]:
    """One village of each of the first towns, the second of its town."""
    found: dict[int | None, list[Region]] = {}
    for village in Region.objects.filter(level="village", active=True).order_by("code"):
        found.setdefault(village.parent_id, []).append(village)
    return [rows[min(1, len(rows) - 1)] for rows in found.values()][: len(PATROLS)]


def _patrol(username: str, name: str, village: Region) -> Actor:
    account, _ = people.create_account(
        SYSTEM, username=username, name=name, password=password(username), is_demo=True
    )
    centre = Organisation.objects.get(code=f"centre-{village.code}")
    people.create_post(
        SYSTEM,
        account=account.pk,
        role=Role.COLLECTOR.value,
        organisation=centre.pk,
        region=village.pk,
    )
    post = Post.objects.get(account=Account.objects.get(pk=account.pk))
    actor = actor_in_post(account.pk, post.pk)
    assert actor is not None
    assert actor.kind is ActorKind.STAFF
    return actor


def _shift(actor: Actor, start: datetime, end: datetime | None) -> None:
    with clock.at(start):
        duty.go_on(actor)
    if end is not None:
        with clock.at(end):
            duty.go_off(actor)


def _walked(row: Interval, end: datetime, draw: Random) -> None:
    """A way from the start of a duty until shortly before its end."""
    boundary = row.post.region.boundary if row.post.region.level in ("village", "grid") else None
    if boundary is None:
        return  # who works for the district sits in an office
    way = _way(shape(boundary), draw)
    given = []
    at = row.started_at + timedelta(seconds=20)
    while at < end - timedelta(seconds=5):
        lon, lat = next(way)
        placed = Placed(
            at, round(lon, 6), round(lat, 6), float(draw.choice((5, 8, 12))), mock=False
        )
        given.append(Given(row.account_id, None, placed))
        at += STEP
    if row.ended_at is None and given:
        last = given[-1].placed
        given.append(Given(row.account_id, None, Placed(end, last.lon, last.lat, 6.0, mock=False)))
    for n in range(0, len(given), 500):
        store(given[n : n + 500])


def _way(area: Any, draw: Random) -> Iterator[tuple[float, float]]:
    """Places 30 seconds apart: on foot from door to door inside an area, with stops."""
    here = area.representative_point()
    west, south, east, north = area.bounds
    reach = min(0.008, (east - west) / 2, (north - south) / 2)
    lon, lat = here.x, here.y
    while True:
        goal = Point(lon + draw.uniform(-reach, reach), lat + draw.uniform(-reach, reach))
        if not area.contains(goal):
            goal = here
        across = (goal.x - lon) * _M * 0.865
        up = (goal.y - lat) * _M
        steps = max(1, int((across**2 + up**2) ** 0.5 / (PACE * STEP.total_seconds())))
        bend = draw.uniform(-0.3, 0.3)  # nobody walks as the crow flies
        for n in range(1, steps + 1):
            part = n / steps
            off = bend * part * (1 - part)
            yield (
                lon + (goal.x - lon) * part - (goal.y - lat) * off + draw.uniform(-1, 1) * 2e-5,
                lat + (goal.y - lat) * part + (goal.x - lon) * off + draw.uniform(-1, 1) * 2e-5,
            )
        lon, lat = goal.x, goal.y
        for _ in range(draw.choice((0, 2, 6, 14))):
            yield lon + draw.uniform(-1, 1) * 1e-5, lat + draw.uniform(-1, 1) * 1e-5
