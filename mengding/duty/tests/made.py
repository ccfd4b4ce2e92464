"""People, teams and shifts for tests, made through the ordinary actions."""

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import count

from mengding.cases.tests.made import who
from mengding.core.actor import SYSTEM, Actor
from mengding.duty import actions
from mengding.duty.actions import ShiftData, TeamData
from mengding.duty.models import Shift, Slot, Team
from mengding.people import actions as people
from mengding.people.models import Account, Organisation
from mengding.people.queries import actor_in_post
from mengding.regions.models import Region

TOWN, VILLAGE, ELSEWHERE = "511803102", "511803102201", "511803105"
EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
_number = count(1)


def at(text: str) -> datetime:
    """Local time."""
    return datetime.fromisoformat(f"{text}+08:00")


def region(code: str) -> int:
    """Id of a division."""
    return Region.objects.values_list("pk", flat=True).get(code=code)


def worker(name: str = "", area: str = VILLAGE, role: str = "collector") -> Actor:
    """A new account in a post."""
    number = next(_number)
    while Account.objects.filter(username=f"duty{number}").exists():
        number = next(_number)
    account, _ = people.create_account(
        SYSTEM, username=f"duty{number}", name=name or f"队员{number}", password="Patrol-2026-Go"
    )
    station = Organisation.objects.get(code=f"centre-{area}")
    post = people.create_post(
        SYSTEM, account=account.pk, role=role, organisation=station.pk, region=region(area)
    )
    actor = actor_in_post(account.pk, post.pk)
    assert actor is not None
    return actor


def post_of(actor: Actor) -> int:
    """Id of the actor's post."""
    assert actor.post_id is not None
    return actor.post_id


def team(
    members: Sequence[Actor] = (),
    *,
    leader: Actor | None = None,
    approves: bool = True,
    area: str = VILLAGE,
    kind: str = "township",
) -> Team:
    """A team with a name of its own."""
    return actions.save_team(
        who("supervise"),
        TeamData(
            kind,
            f"巡逻{next(_number)}队",
            region(area),
            [post_of(each) for each in members],
            post_of(leader) if leader else None,
            approves,
        ),
    )


def shift(starts: str = "08:00", ends: str = "18:00", days: str = "all", area: str = TOWN) -> Shift:
    """A shift with a name of its own."""
    return actions.save_shift(
        who("supervise"),
        ShiftData(
            region(area),
            f"班{next(_number)}",
            time.fromisoformat(starts),
            time.fromisoformat(ends),
            EVERY_DAY,
            days,
        ),
    )


def slot(of: Team, which: Shift, actor: Actor, day: str) -> Slot:
    """A line of the roster."""
    return actions.add_slot(
        who("supervise"),
        team=of.pk,
        shift=which.pk,
        post=post_of(actor),
        day=date.fromisoformat(day),
    )


def reload(row: Slot) -> Slot:
    """As stored now."""
    return Slot.objects.get(pk=row.pk)
