"""Alarms: what nobody seems to look after. Each has an organisation and a role that answers for it.

`check` asks every kind what is so just now and compares with the open alarms: what is new is
raised, what lasts is told again at most every so many minutes until somebody acknowledges it, and
what is no longer so ends by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Min, Q

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.visibility import bearings
from mengding.clocks import queries as clocks
from mengding.core import clock as time
from mengding.core.actor import SYSTEM, Actor, Level, Role
from mengding.duty import queries as duty
from mengding.escalation.document import AlarmRule, Document
from mengding.escalation.models import Alarm, AlarmKind, Console
from mengding.jobs.models import JobRun
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Cursor
from mengding.notices import telling
from mengding.notices.models import Notice, NoticeKind
from mengding.people import queries as people
from mengding.people.models import OrgKind, Post
from mengding.policy.permissions import sees
from mengding.worktime import Unit, used

ACTION = "escalation.alarm"
READER = "escalation.alarms"
PIECE = 50  # alarms of one transaction, which is six statements
Able = Callable[[int, str], list[Actor]]  # who holds a role in an organisation, those on duty first


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is so now. `place`: the region whose centre answers."""

    kind: AlarmKind
    key: str
    since: datetime
    place: int
    case: Case | None = None
    region: int | None = None


@dataclass(frozen=True, slots=True)
class _Due:
    """An alarm to raise or to tell again: who answers for it, and the posts told."""

    wrong: Wrong
    rule: AlarmRule
    centre: int
    posts: list[int]  # those on duty first


def check(document: Document) -> dict[str, int]:
    """Raise, repeat and end alarms; how many "raised", "repeated", "ended" and are "open".

    All is looked for, and whom to tell, before anything is written, and written in pieces of a few
    statements: readers of the ledger wait for the oldest transaction that writes. Where another
    worker is at it, the rest is left to it.
    """
    now = time.now()
    found = {
        (kind, wrong.key): (wrong, document.alarms[kind])
        for kind, rule in document.alarms.items()
        if rule.on
        for wrong in _FINDERS[AlarmKind(kind)](rule, now)
    }
    counted = {"raised": 0, "repeated": 0, "ended": 0, "open": len(found)}
    able = cache(_able)
    open_then = {
        (row.kind, row.key): row
        for row in Alarm.objects.filter(ended_at__isnull=True, raised_at__lte=now).order_by("pk")
    }
    late = [
        (wrong, rule, row)
        for each, (wrong, rule) in found.items()
        if (row := open_then.get(each)) is None or _again(row, rule, now)
    ]
    # By case, as whoever else writes of several cases takes them.
    late.sort(key=lambda each: each[0].case.pk if each[0].case else 0)
    for begin in range(0, len(late), PIECE):
        piece = [_due(*each, able) for each in late[begin : begin + PIECE]]
        if not _keep([due for due in piece if due is not None], now, counted):
            return counted
    over = [row.pk for each, row in open_then.items() if each not in found]
    counted["ended"] = Alarm.objects.filter(pk__in=over, ended_at__isnull=True).update(ended_at=now)
    return counted


def _again(row: Alarm, rule: AlarmRule, now: datetime) -> bool:
    return row.acknowledged_at is None and row.told_at <= now - timedelta(minutes=rule.every)


def _due(wrong: Wrong, rule: AlarmRule, row: Alarm | None, able: Able) -> _Due | None:
    """None: nobody answers for it."""
    if row is not None:
        posts = _posts(able(row.organisation_id, row.role), wrong.case)
        return _Due(wrong, rule, row.organisation_id, posts)
    centre = _centre(wrong, rule, able)
    if centre is None:
        return None
    return _Due(wrong, rule, centre, _posts(able(centre, rule.role), wrong.case))


@transaction.atomic
def _keep(due: list[_Due], now: datetime, counted: dict[str, int]) -> bool:
    """Raise or repeat these; False where another worker is at it."""
    if not feed.hold(READER):
        return False
    rows = Alarm.objects.select_for_update().filter(
        ended_at__isnull=True, key__in={each.wrong.key for each in due}
    )
    kept = {(row.kind, row.key): row for row in rows.order_by("pk")}
    again, new = [], []
    for each in due:
        row = kept.get((each.wrong.kind.value, each.wrong.key))
        if row is None:
            new.append((_row(each, now), each))
        elif _again(row, each.rule, now):
            again.append((row, each))
    for row, _ in again:
        row.told_at, row.times = now, row.times + 1
    Alarm.objects.bulk_update([row for row, _ in again], ["told_at", "times"])
    Alarm.objects.bulk_create([row for row, _ in new])
    counted["raised"] += len(new)
    counted["repeated"] += len(again)
    _tell(new + again)
    return True


def _row(due: _Due, now: datetime) -> Alarm:
    wrong = due.wrong
    return Alarm(
        kind=wrong.kind.value,
        key=wrong.key,
        case=wrong.case,
        region_id=wrong.region,
        organisation_id=due.centre,
        role=due.rule.role,
        post_id=next(iter(due.posts), None),
        since=wrong.since,
        raised_at=now,
        told_at=now,
    )


def _centre(wrong: Wrong, rule: AlarmRule, able: Able) -> int | None:
    """The centre of the rule's tier over the place; where it has no such post, the next above."""
    known = people.tree()
    levels = {Level.DISTRICT: 0, Level.TOWN: 1, Level.VILLAGE: 2}
    upwards = list(known.chain(wrong.place))[::-1]  # the district first
    at = upwards[min(levels[Level(rule.tier)], len(upwards) - 1)]
    centre = people.centre_of(at)
    while centre is not None and not _posts(able(centre.pk, rule.role), wrong.case):
        above = people.centre_above(centre)
        if above is None:
            break
        centre = above
    return centre.pk if centre else None


def _able(organisation: int, role: str) -> list[Actor]:
    """Those on duty first."""
    rows = Post.objects.filter(
        organisation=organisation, role=role, active=True, account__is_active=True
    )
    posts = sorted(
        rows.order_by("pk").values_list("account_id", "pk"), key=lambda each: not _on_duty(*each)
    )
    return [actor for post in posts if (actor := people.actor_in_post(*post)) is not None]


def _posts(able: list[Actor], case: Case | None) -> list[int]:
    return [
        actor.post_id
        for actor in able
        if actor.post_id is not None and (case is None or sees(actor, bearings(case)))
    ]


def _on_duty(account: int, post: int) -> bool:
    interval = duty.open_interval(account)
    return interval is not None and interval.post_id == post


def _tell(told: list[tuple[Alarm, _Due]]) -> None:
    entries = []
    for row, due in told:
        said: dict[str, Any] = {
            "alarm": row.pk,
            "kind": row.kind,
            "times": row.times,
            "told": due.posts,
            "count": len(due.posts),
        }
        if row.case_id is None:
            said |= {"org": row.organisation_id}
            entries.append(Entry("alarm", row.pk, ACTION, after=said))
        else:
            entries.append(Entry("case", row.case_id, ACTION, after=said))
    if entries:
        events = record(SYSTEM, *entries)
        telling.tell(
            NoticeKind.ALARM,
            [
                (event, row.case_id, due.posts)
                for event, (row, due) in zip(events, told, strict=True)
            ],
            action=ACTION,
        )


def _urgent() -> Any:
    return Case.objects.filter(closed_at__isnull=True, grade="urgent")


def _uncovered(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Villages with urgent open cases for which nobody is on duty.

    About no case: whoever answers may not see the first of them, which may be confidential.
    """
    rows = _urgent().filter(
        village__isnull=False, reported_at__lte=now - timedelta(minutes=rule.after)
    )
    rows = rows.exclude(stage__in=[Stage.FED_BACK, Stage.CHECKING, Stage.SUSPENDED])
    villages = rows.order_by().values("village_id").annotate(since=Min("reported_at"))
    for row in villages:
        village = row["village_id"]
        if duty.covers(village, now):
            continue
        yield Wrong(AlarmKind.UNCOVERED, f"region:{village}", row["since"], village, region=village)


def _unaccepted(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Urgent cases that were dispatched and nobody has accepted."""
    rows = _urgent().filter(
        stage=Stage.DISPATCHED, stage_since__lte=now - timedelta(minutes=rule.after)
    )
    for case in rows.order_by("pk"):
        place = case.village_id or case.town_id or case.district_id
        yield Wrong(AlarmKind.UNACCEPTED, f"case:{case.pk}", case.stage_since, place, case)


def _unread(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Urgent cases that wait for somebody, of whose posts not one has read the notice."""
    waiting = [Stage.RECEIVED, Stage.FILED, Stage.DISPATCHED]
    told = (
        Notice.objects.filter(
            kind__in=[NoticeKind.ARRIVED, NoticeKind.DISPATCHED],
            case__closed_at__isnull=True,
            case__grade="urgent",
            case__stage__in=waiting,
        )
        .order_by()
        .values("case_id", "event_id")
        .annotate(first=Min("created_at"), read=Min("read_at"))
    )
    late = now - timedelta(minutes=rule.after)
    unread = {row["case_id"]: row["first"] for row in told.filter(read=None, first__lte=late)}
    for case in Case.objects.filter(pk__in=unread).order_by("pk"):
        place = case.village_id or case.town_id or case.district_id
        yield Wrong(AlarmKind.UNREAD, f"case:{case.pk}", unread[case.pk], place, case)


def _stale(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Centres whose cases wait while none of their consoles has the live stream open.

    How long is counted in working time, and at night nothing is said: a town's console is switched
    off then. Where an urgent case waits every minute counts.
    """
    rows = Case.objects.filter(
        stage__in=[Stage.RECEIVED, Stage.PRECHECKING, Stage.FILED], closed_at__isnull=True
    )
    first = (
        rows.order_by()
        .values_list("owner_org")
        .annotate(
            urgent=Min("stage_since", filter=Q(grade="urgent")),
            ordinary=Min("stage_since", filter=~Q(grade="urgent")),
        )
    )
    owners = {pk: {"urgent": urgent, "ordinary": other} for pk, urgent, other in first}
    staffed = set(
        Post.objects.filter(
            organisation__in=owners,
            organisation__kind=OrgKind.CENTRE,
            role__in=[Role.DESK, Role.DISPATCHER],
            active=True,
        ).values_list("organisation_id", flat=True)
    )
    seen = dict(Console.objects.filter(organisation_id__in=staffed).values_list())
    calendar = clocks.calendar(clocks.active_rules()[0])
    units = {"urgent": Unit.URGENT_MINUTE}
    if used(now - timedelta(minutes=1), now, Unit.WORK_MINUTE, calendar):
        units["ordinary"] = Unit.WORK_MINUTE
    for pk in sorted(staffed):
        late = [
            since
            for grade, unit in units.items()
            if (since := owners[pk][grade]) is not None
            and used(max(since, seen.get(pk, since)), now, unit, calendar)
            >= timedelta(minutes=rule.after)
        ]
        org = people.organisation(pk)
        if late and org is not None:
            yield Wrong(
                AlarmKind.STALE, f"org:{pk}", min(late), org.region_id, region=org.region_id
            )


def _lag(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Readers of the ledger that have fallen behind: notices and chains come late.

    What is imported, or shown as an example, is of long ago and has waited only since the reader
    last came to the end; one that never ran has not begun.
    """
    centre = next(
        (org for _, org in sorted(people.tree().centres.items()) if org.parent_id is None), None
    )
    if centre is None:
        return
    ran = dict(JobRun.objects.values_list("name", "succeeded_at"))
    for row in Cursor.objects.filter(name__in=["notices", "escalation"]):
        waiting = feed.read_after(feed.Position(row.xact, row.event_id), 1)
        ended = ran.get(f"{row.name}.follow")
        if not waiting or ended is None:
            continue
        since = max(waiting[0]["at"], ended)
        if since <= now - timedelta(minutes=rule.after):
            yield Wrong(AlarmKind.LAG, f"feed:{row.name}", since, centre.region_id)


_FINDERS: dict[AlarmKind, Callable[[AlarmRule, datetime], Iterator[Wrong]]] = {
    AlarmKind.UNCOVERED: _uncovered,
    AlarmKind.UNACCEPTED: _unaccepted,
    AlarmKind.UNREAD: _unread,
    AlarmKind.STALE: _stale,
    AlarmKind.LAG: _lag,
}
