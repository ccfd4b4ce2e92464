"""Planning: a change of a plan changes what has not begun, never what has."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Conflict, Invalid, NotFound
from mengding.core.text import T
from mengding.duty.models import Team
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.tasks.actions import generate as making
from mengding.tasks.catalogue import Record
from mengding.tasks.models import Place, Plan, Who
from mengding.tasks.queries import editions
from mengding.tasks.recurrence import Hours, Recurrence

MOST_TASKS = 2000  # a day; a plan over a whole district by mistake


@dataclass(frozen=True, slots=True)
class PlanData:
    """What a plan is made of. `region`, `place`: codes."""

    name: str
    kind: str
    who: str
    region: str
    starts_on: date
    recurrence: Recurrence = field(default_factory=Recurrence)
    hours: Hours = field(default_factory=Hours)
    posts: tuple[int, ...] = ()
    team: int | None = None
    place: str | None = None
    place_kind: str = ""
    times: int = 1
    ends_on: date | None = None


def build(actor: Actor, data: PlanData, row: Plan | None = None) -> Plan:
    """The plan as a row, checked, not saved; raises `Invalid` naming the field at fault."""
    row = row or Plan(made_by=actor.account_id)
    known = editions.catalogue()
    kind = next((each for each in known.kinds if each.code == data.kind and each.active), None)
    if kind is None or kind.record is Record.CARE:
        # A care visit follows from a consent and is planned by it.
        raise _wrong("kind", T("请选择任务类型。", "Choose a kind of task."))
    if not data.name.strip() or len(data.name) > 80:
        raise _wrong("name", T("请填写名称，最多 80 字。", "Give a name, at most 80 characters."))
    region = Region.objects.filter(code=data.region, active=True).first()
    if region is None:
        raise _wrong("region", T("没有这个区划。", "There is no such division."))
    require(actor, "tasks.plan", locate.chain(region.pk))
    data.recurrence.check()
    data.hours.check()
    if not 1 <= data.times <= 20:
        raise _wrong("times", T("每次 1 到 20 件。", "1 to 20 each time."))
    if data.ends_on is not None and data.ends_on < data.starts_on:
        raise _wrong("ends_on", T("结束日期早于开始日期。", "It ends before it starts."))
    if data.who not in Who.values:
        raise _wrong("who", T("请选择由谁办理。", "Choose who does it."))
    if data.place_kind:
        known.place_kind(data.place_kind)
    row.place = _place(data.place, region.pk)
    if kind.record is Record.INSPECTION and row.place is None and not data.place_kind:
        raise _wrong("place_kind", T("请选择要检查的场所类型。", "Choose which places to inspect."))
    if data.who == Who.POSTS:
        _check_posts(data.posts, region.pk)
    if data.who == Who.TEAM:
        _check_team(data.team, region.pk)
    row.name, row.kind, row.who = data.name.strip(), kind.code, data.who
    row.region = region
    row.posts = sorted(set(data.posts)) if data.who == Who.POSTS else []
    row.team_id = data.team if data.who == Who.TEAM else None
    row.place_kind = "" if row.place is not None else data.place_kind
    row.recurrence = data.recurrence.to_json()
    row.opens, row.closes = data.hours.opens, data.hours.closes
    row.due_days, row.late_days = data.hours.due_days, data.hours.late_days
    row.times = data.times
    row.starts_on, row.ends_on = data.starts_on, data.ends_on
    row.updated_at = clock.now()
    return row


def _place(code: str | None, region: int) -> Place | None:
    if not code:
        return None
    found = Place.objects.filter(code=code, active=True).first()
    if found is None or not people.within(found.region_id, region):
        raise _wrong("place", T("该区域没有这个场所。", "There is no such place in the area."))
    return found


def _check_posts(posts: tuple[int, ...], region: int) -> None:
    found = Post.objects.filter(
        pk__in=posts, active=True, role__in=[Role.COLLECTOR, Role.MEDIATOR]
    ).values_list("pk", "region_id", "role")
    area = tree().regions_below(region)
    good = {
        pk for pk, own, role in found
        if own in area or (role == Role.MEDIATOR and people.within(region, own))
    }  # fmt: skip
    if not posts or set(posts) - good:
        raise _wrong(
            "posts", T("请选择该区域内的岗位。", "Choose posts inside the area."),
        )  # fmt: skip


def _check_team(team: int | None, region: int) -> None:
    area = tree().regions_below(region)
    if not Team.objects.filter(pk=team or 0, active=True, region__in=area).exists():
        raise _wrong("team", T("请选择该区域内的巡逻队。", "Choose a team inside the area."))


def _wrong(field_name: str, text: T) -> Invalid:
    return Invalid("plan_invalid", text, field=field_name)


def _check_size(row: Plan) -> None:
    if len(making.slots_of(row)) > MOST_TASKS:
        raise _wrong(
            "region",
            T("一天会超过 {n} 件任务，请缩小区域。", "More than {n} tasks a day; narrow it.").fill(
                n=MOST_TASKS
            ),
        )


@transaction.atomic
def create(actor: Actor, data: PlanData) -> Plan:
    """A new plan; its first tasks are made at once."""
    row = build(actor, data)
    _check_size(row)
    row.save(force_insert=True)
    _record(actor, row, "plan.create", {})
    making.generate(row.pk)
    return row


@transaction.atomic
def update(actor: Actor, plan_id: int, data: PlanData, *, version: int | None = None) -> Plan:
    """Replace a plan: what has not begun is made anew, what has begun stays."""
    row = _locked(actor, plan_id, version)
    before = _facts(row)
    build(actor, data, row)
    _check_size(row)
    row.version += 1
    row.save()
    making.clear_future(row)
    _record(actor, row, "plan.update", before)
    making.generate(row.pk)
    return row


@transaction.atomic
def end(actor: Actor, plan_id: int, *, version: int | None = None) -> Plan:
    """Stop a plan: no more tasks, and those that have not begun go. Again: nothing happens."""
    row = _locked(actor, plan_id, version)
    if not row.active:
        return row
    row.active, row.updated_at = False, clock.now()
    row.version += 1
    row.save(update_fields=["active", "version", "updated_at"])
    making.clear_future(row)
    _record(actor, row, "plan.end", {"active": True})
    return row


def _locked(actor: Actor, plan_id: int, version: int | None) -> Plan:
    row = (
        Plan.objects.select_for_update(of=("self",))
        .select_related("place")
        .filter(pk=plan_id, consent=None)
        .first()
    )
    if row is None:
        raise NotFound("plan_not_found", T("没有这个计划。", "There is no such plan."))
    require(actor, "tasks.plan", locate.chain(row.region_id))
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T(
                "计划已被他人更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
                "The plan has changed (you saw version {yours}, it is now {current}).",
            ).fill(yours=version, current=row.version),
            yours={"version": version},
            current={"version": row.version},
        )
    return row


def _facts(row: Plan) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "who": row.who,
        "posts": row.posts,
        "team": row.team_id,
        "region": row.region_id,
        "place": row.place_id,
        "place_kind": row.place_kind,
        "recurrence": row.recurrence,
        "opens": row.opens,
        "closes": row.closes,
        "due_days": row.due_days,
        "late_days": row.late_days,
        "times": row.times,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        "active": row.active,
        "version": row.version,
    }


def _record(actor: Actor, row: Plan, action: str, before: dict[str, Any]) -> None:
    after = _facts(row)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    record(
        actor,
        Entry(
            kind="plan",
            subject=row.pk,
            action=action,
            before={name: before[name] for name in changed if name in before},
            after=changed,
        ),
    )
