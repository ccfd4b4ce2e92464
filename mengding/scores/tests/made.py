"""Months of work for tests: tasks as the plans make them, done or not."""

from datetime import date, datetime, time, timedelta
from itertools import count
from uuid import uuid4

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.ledger.actions import keep_words
from mengding.people import actions as people
from mengding.people import queries
from mengding.people.models import Organisation, Post
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.scores.gathering import LOCAL
from mengding.tasks.catalogue import bundled
from mengding.tasks.models import Answer, Deed, Edition, Inspection, Place, Task

OCTOBER = date(2026, 10, 1)
FROZEN = datetime(2026, 11, 9, 4, tzinfo=LOCAL)  # the first day on which October may be frozen
VILLAGE, OTHER = "511803102201", "511803105"
_events = count(10**12)


def at(day: date, hour: int = 9) -> datetime:
    """An hour of a day, local."""
    return datetime.combine(day, time(hour), LOCAL)


def grid_post() -> Post:
    """The demo's grid worker."""
    return Post.objects.get(account__username="grid")


def task(
    day: int,
    *,
    kind: str = "hazard",
    done: int | None = 10,
    by: Post | None = None,
    shared: bool = False,
    first: date = OCTOBER,
    days: int = 1,
    received: int = 0,
) -> Task:
    """A task of a day, 8 to 18; `done`: hours after the midnight it begins with, or not done."""
    post = by or grid_post()
    when = first + timedelta(days=day - 1)
    chain = locate.chain(post.region_id)
    assert chain.district_id is not None
    due = at(when + timedelta(days=days - 1), 18)
    ended = None if done is None else at(when, 0) + timedelta(hours=done)
    late = ended is not None and ended > due
    return Task.objects.create(
        key=uuid4(),
        kind=kind,
        edition=first_edition(),
        day=when,
        opens_at=at(when, 8),
        due_at=due,
        until_at=due + timedelta(days=3),
        post=None if shared else post,
        district_id=chain.district_id,
        town_id=chain.town_id,
        village_id=chain.village_id,
        grid_id=chain.grid_id,
        status="open" if ended is None else "completed",
        done_at=ended,
        received_at=None if ended is None else ended + timedelta(hours=received),
        done_by=None if ended is None else post.account_id,
        done_event=None if ended is None else next(_events),
        late=late,
        reason=keep_words("忙") if late else None,
    )


def first_edition() -> Edition:
    """The catalogue as it comes."""
    with clock.at(datetime(2020, 1, 1, tzinfo=LOCAL)):
        edition, _ = Edition.objects.get_or_create(
            pk=1, defaults={"document": bundled(), "made_at": clock.now()}
        )
    return edition


def inspected(day: date, village: str, *failing: str) -> Inspection:
    """An inspection of a hydrant in a village: a few items, some of them failing."""
    chain = locate.chain(Region.objects.get(code=village).pk)
    assert chain.district_id is not None
    area = {
        "district_id": chain.district_id, "town_id": chain.town_id, "village_id": chain.village_id,
    }  # fmt: skip
    place, _ = Place.objects.get_or_create(
        code=f"hydrant-{village}",
        defaults={
            "name": "消火栓", "kind": "hydrant", "lon": 103.0, "lat": 30.0, "every_days": 30,
            "made_at": at(day), **area,
        },
    )  # fmt: skip
    made = Inspection.objects.create(
        place=place, checklist="hydrant", edition=first_edition(), at=at(day), received_at=at(day),
        account_id=grid_post().account_id, passed=not failing, **area,
    )  # fmt: skip
    for item in ("hose", "cap", "water"):
        answer = "no" if item in failing else "yes"
        Answer.objects.create(inspection=made, item=item, answer=answer)
    return made


def deed(day: date, village: str, kind: str, by: Post | None = None) -> Deed:
    """Work done in a village."""
    post = by or grid_post()
    chain = locate.chain(Region.objects.get(code=village).pk)
    assert chain.district_id is not None
    return Deed.objects.create(
        event_id=next(_events),
        kind=kind,
        action="visit.record",
        account_id=post.account_id,
        post_id=post.pk,
        at=at(day),
        district_id=chain.district_id,
        town_id=chain.town_id,
        village_id=chain.village_id,
        grid_id=chain.grid_id,
    )


def somebody(username: str, role: str, region: str = "511803") -> Actor:
    """One more account in a post of the centre of a division."""
    account, _ = people.create_account(
        SYSTEM, username=username, name=f"试{username}", password="Village-Post-2026"
    )
    home = Organisation.objects.get(code=f"centre-{region}")
    made = people.create_post(
        SYSTEM, account=account.pk, role=role, organisation=home.pk, region=home.region_id
    )
    found = queries.actor_in_post(account.pk, made.pk)
    assert found is not None
    return found


def boss() -> Actor:
    """The district's supervisor."""
    return who("supervise")
