"""The roster: generated from a pattern, then edited line by line by who manages the team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from mengding.clocks import queries as clocks
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid
from mengding.core.text import T
from mengding.duty import rota
from mengding.duty.actions import checks
from mengding.duty.actions.intervals import extend
from mengding.duty.models import PENDING, Member, Origin, Shift, Slot, Swap, SwapState, Team
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Post

LONGEST = 93  # days generated at once
_BACK = timedelta(days=31)  # how far back a roster can still be put right


@dataclass(frozen=True, slots=True)
class Plan:
    """A repeating pattern over a period; see `rota.assign`. `replace`: generated lines of these
    people in the period that have not begun go first; what was set by hand stays."""

    first: date
    last: date
    cycle: Sequence[int | None]
    people: Sequence[int]
    step: int = 1
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """What generating does. `kept`: lines that were there already; `idle`: days on which a shift
    of the pattern is not worked."""

    made: list[Slot]
    kept: int
    idle: int
    removed: int


def times_of(shift: Shift) -> rota.Times:
    """A shift as the pure rules take it."""
    return rota.Times(shift.starts, shift.ends, frozenset(shift.weekdays), shift.days)


def _shift(team: Team, pk: int, field: str = "shift") -> Shift:
    """An active shift of the team's area or one above."""
    shift = Shift.objects.filter(pk=pk, active=True).first()
    if shift is None or shift.region_id not in set(people.tree().chain(team.region_id)):
        raise Invalid(
            "shift_unknown", T("本队没有这个班次。", "The team has no such shift."), field=field
        )
    return shift


def _member(team: Team, pk: int, field: str = "post") -> Post:
    post = checks.working_post(pk, field)
    if not Member.objects.filter(team=team, post=pk).exists():
        raise Invalid("not_a_member", T("不是本队队员。", "Not a member of the team."), field=field)
    return post


def _slot(team: Team, shift: Shift, post: Post, day: date, origin: Origin) -> Slot:
    starts_at, ends_at = times_of(shift).span(day)
    return Slot(
        team=team,
        shift=shift,
        post=post,
        account_id=post.account_id,
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        origin=origin,
    )


def _not_too_old(day: date) -> None:
    if day < (clock.now() - _BACK).astimezone(rota.LOCAL).date():
        raise Invalid(
            "day_old", T("一个月前的排班不再更改。", "Not changed after a month."), field="day"
        )


def _taken() -> Conflict:
    return Conflict(
        "slot_taken",
        T("此人这天已排在这个班次。", "This person has this shift that day already."),
        field="post",
    )


def facts(slot: Slot) -> dict[str, object]:
    """A line, for the ledger."""
    return {
        "team": slot.team_id,
        "shift": slot.shift_id,
        "post": slot.post_id,
        "day": slot.day.isoformat(),
        "version": slot.version,
    }


@transaction.atomic
def add_slot(actor: Actor, *, team: int, shift: int, post: int, day: date) -> Slot:
    """One more line, on any day: who arranges it by hand knows why. Conflicts are shown, and may
    stand: sometimes somebody is called back from leave."""
    row = checks.managed_team(actor, team)
    _not_too_old(day)
    slot = _slot(row, _shift(row, shift), _member(row, post), day, Origin.HAND)
    if Slot.objects.filter(account=slot.account_id, shift=shift, day=day).exists():
        raise _taken()
    slot.save()
    record(actor, Entry("roster", slot.pk, "roster.add", after=facts(slot)))
    extend(actor, slot.account_id)
    return slot


def _locked(actor: Actor, pk: int, version: int | None) -> Slot:
    found = Slot.objects.filter(pk=pk).values_list("team_id", flat=True).first()
    if found is None:
        raise checks.not_found("slot", T("没有这条排班。", "No such line of the roster."))
    checks.managed_team(actor, found)
    slot = Slot.objects.select_for_update().select_related("team").filter(pk=pk).first()
    if slot is None:  # removed while we waited for the team
        raise checks.not_found("slot", T("没有这条排班。", "No such line of the roster."))
    checks.same_version(version, slot.version)
    _not_too_old(slot.day)
    return slot


def overtake(slot_ids: Sequence[int], *, but: int | None = None) -> int:
    """Swaps that wait for lines which have changed hands cannot happen; returns how many.

    The team is locked by the caller.
    """
    rows = Swap.objects.filter(state__in=PENDING)
    mine = rows.filter(slot__in=slot_ids) | rows.filter(taken__in=slot_ids)
    ids = list(mine.exclude(pk=but or 0).values_list("pk", flat=True))
    return Swap.objects.filter(pk__in=ids).update(state=SwapState.OVERTAKEN)


@transaction.atomic
def change_slot(
    actor: Actor,
    pk: int,
    *,
    post: int | None = None,
    shift: int | None = None,
    version: int | None = None,
) -> Slot:
    """Give a line to another member, or another shift. Swaps that wait for it are overtaken."""
    slot = _locked(actor, pk, version)
    before = facts(slot)
    if post is not None:
        slot.post = _member(slot.team, post)
        slot.account_id = slot.post.account_id
    if shift is not None:
        slot.shift = _shift(slot.team, shift)
        slot.starts_at, slot.ends_at = times_of(slot.shift).span(slot.day)
    twin = Slot.objects.filter(account=slot.account_id, shift=slot.shift_id, day=slot.day)
    if twin.exclude(pk=pk).exists():
        raise _taken()
    slot.origin = Origin.HAND
    slot.version += 1
    slot.save()
    overtaken = overtake([pk])
    after = facts(slot) | ({"overtaken": overtaken} if overtaken else {})
    record(actor, Entry("roster", pk, "roster.change", before=before, after=after))
    extend(actor, slot.account_id)
    return slot


@transaction.atomic
def remove_slot(actor: Actor, pk: int, *, version: int | None = None) -> None:
    """Take a line out. Time on duty worked in it stays as it was."""
    slot = _locked(actor, pk, version)
    overtaken = overtake([pk])
    before = facts(slot)
    after = {"overtaken": overtaken} if overtaken else {}
    slot.delete()
    record(actor, Entry("roster", pk, "roster.remove", before=before, after=after))


@transaction.atomic
def generate(actor: Actor, team: int, plan: Plan, *, preview: bool = False) -> Generated:
    """Lines for a period from a pattern. `preview`: nothing is stored.

    Doing it twice adds nothing. Days on which a shift is not worked (weekday, holiday) stay free.
    """
    row = checks.managed_team(actor, team)
    _check(plan)
    shifts = {pk: _shift(row, pk, "cycle") for pk in plan.cycle if pk is not None}
    posts = {pk: _member(row, pk, "people") for pk in plan.people}
    calendar = clocks.calendar(clocks.active_rules()[0])
    existing = Slot.objects.filter(
        account__in={post.account_id for post in posts.values()},
        day__gte=plan.first,
        day__lte=plan.last,
    )
    gone = list(
        existing.filter(team=row, origin=Origin.PATTERN, starts_at__gt=clock.now())
        if plan.replace
        else ()
    )
    there = {(slot.account_id, slot.shift_id, slot.day) for slot in existing}
    there -= {(slot.account_id, slot.shift_id, slot.day) for slot in gone}
    made: list[Slot] = []
    kept = idle = 0
    for day, person, shift in rota.assign(
        plan.cycle, plan.people, plan.first, plan.last, plan.step
    ):
        if not times_of(shifts[shift]).on(day, calendar.is_workday):
            idle += 1
        elif (posts[person].account_id, shift, day) in there:
            kept += 1
        else:
            made.append(_slot(row, shifts[shift], posts[person], day, Origin.PATTERN))
    if preview:
        return Generated(made, kept, idle, len(gone))
    ids = [slot.pk for slot in gone]
    overtake(ids)
    Slot.objects.filter(pk__in=ids).delete()
    Slot.objects.bulk_create(made)
    record(
        actor,
        Entry(
            "team",
            team,
            "roster.generate",
            after={
                "first": plan.first.isoformat(),
                "last": plan.last.isoformat(),
                "cycle": list(plan.cycle),
                "people": list(plan.people),
                "step": plan.step,
                "made": len(made),
                "kept": kept,
                "removed": len(ids),
            },
        ),
    )
    for account in {slot.account_id for slot in made}:
        extend(actor, account)
    return Generated(made, kept, idle, len(ids))


def _check(plan: Plan) -> None:
    wrong: tuple[str, T] | None = None
    if plan.last < plan.first:
        wrong = ("last", T("结束日期早于开始日期。", "The last day is before the first."))
    elif (plan.last - plan.first).days >= LONGEST:
        wrong = (
            "last",
            T("一次最多排 {n} 天。", "At most {n} days at once.").fill(n=LONGEST),
        )
    elif not plan.people or len(set(plan.people)) != len(plan.people):
        wrong = ("people", T("请选择队员，每人一次。", "Choose people, each once."))
    elif not 1 <= len(plan.cycle) <= 56:
        wrong = ("cycle", T("规律为 1 至 56 天。", "A pattern has 1 to 56 days."))
    elif not any(pk is not None for pk in plan.cycle):
        wrong = ("cycle", T("规律中没有班次。", "The pattern has no shift."))
    if wrong is not None:
        raise Invalid("plan_bad", wrong[1], field=wrong[0])
    _not_too_old(plan.first)


def not_begun(slot: Slot, now: datetime) -> None:
    """`GuardFailed` for a shift that has begun: what has been worked is not swapped."""
    if slot.starts_at <= now:
        raise GuardFailed("slot_begun", T("班次已经开始。", "The shift has begun."), field="slot")
