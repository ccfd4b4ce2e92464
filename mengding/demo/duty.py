"""Three patrol teams of the demo district, their roster of this fortnight, and who is on duty."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, Role
from mengding.demo.roster import DISTRICT, TOWN, VILLAGE
from mengding.demo.secrets import password
from mengding.demo.stories import actor_of
from mengding.duty import actions as duty
from mengding.duty.actions import Plan, ShiftData, TeamData
from mengding.duty.models import Slot
from mengding.duty.rota import DAY, LOCAL
from mengding.people import actions as people
from mengding.people.models import Organisation
from mengding.people.queries import actor_in_post
from mengding.regions.models import Region

EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class Crew:
    """A team to be: what it patrols, and its members beside those with an account already."""

    kind: str
    name: str
    town: str
    members: tuple[str, ...]
    known: tuple[str, ...] = ()
    approves: bool = True


CREWS = (
    Crew("professional", "应急巡防一队", "511803001", ("魏东升", "段红英", "欧阳秀兰", "简大川")),
    Crew("township", "车岭镇巡逻队", TOWN, ("雷正刚", "曾小玲", "向玉梅"), ("grid",)),
    Crew("volunteer", "茶马古道志愿巡护队", "511803105", ("庞晓琴", "彭志远", "米桂花"), (), False),
)


def tell(by: dict[str, Actor]) -> None:
    """Teams, shifts, a roster of two weeks from Monday, some swaps and leave; at any moment."""
    now = clock.now()
    today = now.astimezone(LOCAL).date()
    monday = today - today.weekday() * DAY
    boss = by["supervise"]
    district = Region.objects.values_list("pk", flat=True).get(code=DISTRICT)
    day, night = (
        _shift(boss, district, name, starts, ends)
        for name, starts, ends in (("白班", time(8), time(18)), ("夜班", time(20), time(8)))
    )
    weekend = duty.save_shift(
        boss, ShiftData(district, "休息日巡护", time(9), time(12), EVERY_DAY, "rest")
    ).pk
    cycles: dict[str, tuple[list[int | None], int]] = {
        "professional": ([day, night, None, None], 1),
        "township": ([day, day, None, None], 1),
        "volunteer": ([weekend], 0),
    }
    crews: dict[str, list[Actor]] = {}
    for crew in CREWS:
        members = _members(crew)
        crews[crew.kind] = members
        posts = [each.post_id or 0 for each in members]
        region = _town(crew.town)
        team = duty.save_team(
            boss, TeamData(crew.kind, crew.name, region.pk, posts, posts[0], crew.approves)
        )
        cycle, step = cycles[crew.kind]
        plan = Plan(monday, monday + (FORTNIGHT - 1) * DAY, cycle, posts, step)
        duty.generate(boss, team.pk, plan)
    _present([each for members in crews.values() for each in members], now)
    _asked(crews, today)
    rainy = _town("511803105")
    duty.close_area(boss, region=rainy.pk, reason="rain", first=today - DAY, last=today - DAY)


def _town(code: str) -> Region:
    """The town; another of the district where it has no such code."""
    towns = Region.objects.filter(level="town", active=True).order_by("code")
    return towns.filter(code=code).first() or towns[0]


def _shift(boss: Actor, region: int, name: str, starts: time, ends: time) -> int:
    return int(duty.save_shift(boss, ShiftData(region, name, starts, ends, EVERY_DAY)).pk)


def _members(crew: Crew) -> list[Actor]:
    villages = Region.objects.filter(level="village", parent=_town(crew.town)).order_by("code")
    places = list(villages.exclude(code=VILLAGE)) or list(villages)
    made = []
    for number, name in enumerate(crew.members):
        account, _ = people.create_account(
            SYSTEM,
            username=f"{crew.kind}{number + 1}",
            name=name,
            password=password(f"{crew.kind}{number + 1}"),
            is_demo=True,
        )
        village = places[number % len(places)]
        post = people.create_post(
            SYSTEM,
            account=account.pk,
            role=Role.COLLECTOR.value,
            organisation=Organisation.objects.get(code=f"centre-{village.code}").pk,
            region=village.pk,
        )
        actor = actor_in_post(account.pk, post.pk)
        assert actor is not None
        made.append(actor)
    return [*made, *(actor_of(username) for username in crew.known)]


def _present(members: list[Actor], now: datetime) -> None:
    """Who is on the roster just now is on duty; the demo's own grid worker goes on by hand."""
    grid = actor_of("grid").account_id
    for actor in members:
        slot = Slot.objects.filter(
            account=actor.account_id, starts_at__lte=now, ends_at__gt=now
        ).first()
        if slot is not None and actor.account_id != grid:
            came = min(now, slot.starts_at + timedelta(minutes=(actor.post_id or 0) % 7))
            with clock.at(came):
                duty.go_on(actor)


def _asked(crews: dict[str, list[Actor]], today: date) -> None:
    """Swaps that wait for an answer and for approval, and leave that waits."""
    lead, mate, third, grid = crews["township"]
    mine = _coming(mate, today)
    theirs = [slot for slot in _coming(grid, today) if slot.day not in {s.day for s in mine}]
    free = [slot for slot in mine if slot.day not in {s.day for s in _coming(grid, today)}]
    if free and theirs:
        duty.ask_swap(mate, free[0].pk, other=grid.post_id or 0, taken=theirs[-1].pk)
    first, second = crews["professional"][1:3]
    busy = _coming(second, today)
    given = [
        slot
        for slot in _coming(first, today)
        if not any(b.starts_at < slot.ends_at and b.ends_at > slot.starts_at for b in busy)
    ]
    if given:
        swap = duty.ask_swap(first, given[0].pk, other=second.post_id or 0)
        duty.answer_swap(second, swap.pk, agree=True)
    off = _coming(third, today)[-1].day
    duty.ask_leave(third, kind="leave", first=off, last=off + DAY)
    duty.ask_leave(lead, kind="training", first=today + 20 * DAY, last=today + 21 * DAY)


def _coming(actor: Actor, today: date) -> list[Slot]:
    """Lines from the day after tomorrow."""
    rows = Slot.objects.filter(account=actor.account_id, day__gt=today + DAY)
    return list(rows.order_by("day"))
