"""Plans make tasks. Making them again makes nothing new."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from mengding.clocks import queries as clock_queries
from mengding.core import clock
from mengding.core.actor import SYSTEM, Role
from mengding.duty.queries.excluded import excluded
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.tasks.actions.counting import call_off, columns, settle
from mengding.tasks.models import Place, Plan, Task, Who
from mengding.tasks.queries import editions
from mengding.tasks.recurrence import LOCAL, Hours, Recurrence
from mengding.tasks.states import Status, planned_key

HORIZON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Slot:
    """One task a plan makes on each of its days."""

    region: int
    post: int | None = None
    team: int | None = None
    place: int | None = None
    number: int = 1


def today() -> date:
    """The local day."""
    return clock.now().astimezone(LOCAL).date()


def works(day: date) -> bool:
    """Whether it is a working day of the calendar in force."""
    return clock_queries.calendar(clock_queries.active_rules()[0]).is_workday(day)


def hours_of(plan: Plan) -> Hours:
    """The plan's window."""
    return Hours(plan.opens, plan.closes, plan.due_days, plan.late_days)


def days_of(plan: Plan, since: date, until: date) -> Iterator[date]:
    """The days the plan is due from `since` to `until`."""
    last = min(until, plan.ends_on) if plan.ends_on else until
    return Recurrence.from_json(plan.recurrence).between(
        max(since, plan.starts_on), last, plan.starts_on, works
    )


def slots_of(plan: Plan) -> list[Slot]:
    """Who has what to do on a day of the plan."""
    found: list[Slot] = []
    for region, place in _where(plan):
        found += [
            Slot(region_of, post, team, place, number)
            for region_of, post, team in _whose(plan, region)
            for number in range(1, plan.times + 1)
        ]
    return found


def _where(plan: Plan) -> list[tuple[int, int | None]]:
    """(division, place) pairs: the plan's area, or the places in it."""
    if plan.place is not None:
        return [(plan.place.region_id, plan.place_id)]
    if plan.place_kind:
        area = tree().regions_below(plan.region_id)
        rows = Place.objects.filter(kind=plan.place_kind, active=True).order_by("pk")
        return [(each.region_id, each.pk) for each in rows if each.region_id in area]
    if plan.who == Who.VILLAGES:
        villages = Region.objects.filter(
            pk__in=tree().regions_below(plan.region_id), level="village", active=True
        )
        below = list(villages.order_by("code").values_list("pk", flat=True))
        return [(pk, None) for pk in below] or [(plan.region_id, None)]
    return [(plan.region_id, None)]


def _whose(plan: Plan, region: int) -> list[tuple[int, int | None, int | None]]:
    """(division, post, team) of each who has it to do there."""
    if plan.who == Who.VILLAGES:
        return [(region, None, None)]
    if plan.who == Who.TEAM:
        return [(region, None, plan.team_id)]
    rows = Post.objects.filter(active=True, account__is_active=True).order_by("pk")
    if plan.who == Who.POSTS:
        rows = rows.filter(pk__in=plan.posts)
    else:
        rows = rows.filter(role=Role.COLLECTOR, region__in=tree().regions_below(region))
    at_place = plan.place_id is not None or bool(plan.place_kind)
    return [(region if at_place else post.region_id, post.pk, None) for post in rows]


def planned(plan: Plan, since: date, until: date, edition: int) -> list[Task]:
    """The tasks of the plan over some days, not saved."""
    slots, hours = slots_of(plan), hours_of(plan)
    found = []
    for day in days_of(plan, since, until):
        window = hours.on(day)
        found += [
            Task(
                key=planned_key(
                    plan.pk, day, slot.number, post=slot.post, region=slot.region, place=slot.place
                ),
                plan=plan,
                kind=plan.kind,
                edition_id=edition,
                day=day,
                opens_at=window.opens,
                due_at=window.due,
                until_at=window.until,
                post_id=slot.post,
                team_id=slot.team,
                place_id=slot.place,
                consent_id=plan.consent_id,
                **columns(locate.chain(slot.region)),
            )
            for slot in slots
        ]
    return found


@transaction.atomic
def generate(plan_id: int) -> int:
    """Make the plan's tasks of the coming days that are not there yet; returns how many.

    Whose window has passed already is not made: nobody could have known of it.
    """
    plan = Plan.objects.select_for_update().get(pk=plan_id)
    if not plan.active:
        return 0
    now, start = clock.now(), today()
    # A window of several days that began before today may still be open.
    since = start - timedelta(days=plan.due_days)
    tasks = [
        task
        for task in planned(plan, since, start + HORIZON, editions.edition_in_force())
        if task.due_at > now
    ]
    holders = _holders(tasks)
    tasks = [task for task in tasks if not _excused(holders, task.post_id, task.day)]
    known = set(
        Task.objects.filter(key__in=[task.key for task in tasks]).values_list("key", flat=True)
    )
    fresh = [task for task in tasks if task.key not in known]
    Task.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    begun = [task for task in fresh if task.opens_at <= now]
    if begun:
        settle(begun)
    return len(fresh)


def _holders(tasks: list[Task]) -> dict[int | None, int]:
    """Post → account of tasks that are somebody's own."""
    posts = {task.post_id for task in tasks if task.post_id is not None}
    return dict(Post.objects.filter(pk__in=posts).values_list("pk", "account_id"))


def _excused(holders: dict[int | None, int], post: int | None, day: date) -> bool:
    """Whether whose task it would be is on leave that day, or the area is closed."""
    return post in holders and bool(excluded(holders[post], day))


def excuse() -> int:
    """Call off open tasks of people who are on leave on their day; returns how many."""
    start = today()
    done = 0
    own = Task.objects.filter(
        status=Status.OPEN, post__isnull=False, day__gte=start, day__lte=start + HORIZON
    )
    for post, account, day in set(own.values_list("post", "post__account", "day")):
        if not excluded(account, day):
            continue
        with transaction.atomic():
            rows = own.filter(post=post, day=day).select_for_update(of=("self",)).order_by("pk")
            for task in rows:
                call_off(SYSTEM, task, "leave")
                done += 1
    return done


def generate_all() -> int:
    """Make the tasks of all plans; returns how many were new."""
    plans = Plan.objects.filter(active=True).order_by("pk").values_list("pk", flat=True)
    return sum(generate(pk) for pk in list(plans))


def clear_future(plan: Plan) -> int:
    """Take away the plan's tasks that have not begun; what has begun stays as it is."""
    rows = Task.objects.filter(plan=plan, status=Status.OPEN, opens_at__gt=clock.now()).order_by(
        "pk"
    )
    return int(rows.delete()[0])
