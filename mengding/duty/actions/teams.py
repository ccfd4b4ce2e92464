"""Teams and shifts: made and changed by who manages the area."""

from dataclasses import dataclass, field
from datetime import time

from django.db import IntegrityError, transaction

from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.duty.actions import checks
from mengding.duty.models import DayKind, Member, Shift, Team, TeamKind
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@dataclass(frozen=True, slots=True)
class TeamData:
    """A team. `members`: post ids; `leader`: one of them, or None."""

    kind: str
    name: str
    region: int
    members: list[int] = field(default_factory=list)
    leader: int | None = None
    approves: bool = True
    active: bool = True


@dataclass(frozen=True, slots=True)
class ShiftData:
    """A shift; see the model. `weekdays`: 0 Monday to 6 Sunday."""

    region: int
    name: str
    starts: time
    ends: time
    weekdays: list[int]
    days: str = "all"
    active: bool = True


@transaction.atomic
def save_team(
    actor: Actor, data: TeamData, pk: int | None = None, *, version: int | None = None
) -> Team:
    """Make a team, or replace it with its members. `Invalid` naming the field at fault."""
    require(actor, "duty.arrange")
    team = Team()
    before: dict[str, object] = {}
    if pk is not None:
        found = Team.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if found is None:
            raise checks.not_found("team", T("没有这支队伍。", "No such team."))
        team = found
        checks.require_area(actor, team.region_id)
        checks.same_version(version, team.version)
        before = _team_facts(team)
        team.version += 1
    checks.require_area(actor, data.region)
    if data.kind not in TeamKind.values:
        raise Invalid("kind_unknown", T("没有这种队伍。", "No such kind."), field="kind")
    team.kind, team.region_id = data.kind, data.region
    team.name = _name(data.name, 60)
    team.approves, team.active = data.approves, data.active
    members = list(dict.fromkeys(data.members))
    known = set(team.members.values_list("post_id", flat=True)) if pk is not None else set()
    for post in set(members) - known:
        checks.post_within(actor, checks.working_post(post, "members"), "members")
    if data.leader is not None and data.leader not in members:
        raise Invalid(
            "leader_outside", T("队长须是队员。", "The leader must be a member."), field="leader"
        )
    team.leader_id = data.leader
    _stored(team, "team_name_once")
    Member.objects.filter(team=team).exclude(post__in=members).delete()
    Member.objects.bulk_create(
        [Member(team=team, post_id=post) for post in members if post not in known]
    )
    action = "team.create" if pk is None else "team.update"
    record(actor, Entry("team", team.pk, action, before=before, after=_team_facts(team)))
    return team


@transaction.atomic
def save_shift(
    actor: Actor, data: ShiftData, pk: int | None = None, *, version: int | None = None
) -> Shift:
    """Make a shift or change it; lines of rosters made before keep their times."""
    require(actor, "duty.arrange")
    shift = Shift()
    before: dict[str, object] = {}
    if pk is not None:
        found = Shift.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if found is None:
            raise checks.not_found("shift", T("没有这个班次。", "No such shift."))
        shift = found
        checks.require_area(actor, shift.region_id)
        checks.same_version(version, shift.version)
        before = _shift_facts(shift)
        shift.version += 1
    checks.require_area(actor, data.region)
    weekdays = sorted(set(data.weekdays))
    if not weekdays or not set(weekdays) <= set(range(7)):
        raise Invalid(
            "weekdays_bad",
            T("请选择星期（0 周一至 6 周日）。", "Choose weekdays, 0 Monday to 6 Sunday."),
            field="weekdays",
        )
    if data.days not in DayKind.values:
        raise Invalid("days_unknown", T("没有这种日期。", "No such kind of days."), field="days")
    for name in ("starts", "ends"):
        moment: time = getattr(data, name)
        if moment.second or moment.microsecond or moment.tzinfo:
            raise Invalid("time_bad", T("请给出整分钟。", "Give whole minutes."), field=name)
    shift.region_id, shift.name = data.region, _name(data.name, 30)
    shift.starts, shift.ends = data.starts, data.ends
    shift.weekdays, shift.days, shift.active = weekdays, data.days, data.active
    _stored(shift, "shift_name_once")
    action = "shift.create" if pk is None else "shift.update"
    record(actor, Entry("shift", shift.pk, action, before=before, after=_shift_facts(shift)))
    return shift


def _name(text: str, longest: int) -> str:
    if not text.strip():
        raise Invalid("name_missing", T("请填写名称。", "Please give a name."), field="name")
    if len(text.strip()) > longest:
        raise Invalid(
            "name_long",
            T("不能超过 {n} 字。", "At most {n} characters.").fill(n=longest),
            field="name",
        )
    return text.strip()


def _stored(row: Team | Shift, unique: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if unique in str(error):
            raise Conflict(
                "name_taken", T("该区域已有同名的。", "The name is taken here."), field="name"
            ) from error
        raise


def _team_facts(team: Team) -> dict[str, object]:
    """Codes and ids; names of teams and persons stay out of the ledger."""
    return {
        "kind": team.kind,
        "region": team.region_id,
        "leader": team.leader_id,
        "approves": team.approves,
        "active": team.active,
        "members": sorted(team.members.values_list("post_id", flat=True)),
        "version": team.version,
    }


def _shift_facts(shift: Shift) -> dict[str, object]:
    return {
        "region": shift.region_id,
        "starts": f"{shift.starts:%H:%M}",
        "ends": f"{shift.ends:%H:%M}",
        "weekdays": list(shift.weekdays),
        "days": shift.days,
        "active": shift.active,
        "version": shift.version,
    }
