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
PIECE = 20  # alarms of one transaction
Able = Callable[[int, str], list[Actor]]  # who holds a role in an organisation


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is so now. `place`: the region whose centre answers."""

    kind: AlarmKind
    key: str
    since: datetime
    place: int
    case: Case | None = None
    region: int | None = None
    organisation: int | None = None


def check(document: Document) -> dict[str, int]:
    """Raise, repeat and end alarms; how many "raised", "repeated", "ended" and are "open".

    All is looked for before anything is written, and written in pieces: readers of the ledger wait
    for the oldest transaction that writes. Where another worker is at it, the rest is left to it.
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
    ids = list(found)
    for begin in range(0, len(ids), PIECE):
        piece = {each: found[each] for each in ids[begin : begin + PIECE]}
        if not _keep(piece, able, now, counted):
            return counted
    open_then = Alarm.objects.filter(ended_at__isnull=True, raised_at__lte=now)
    over = [
        pk for pk, *each in open_then.values_list("pk", "kind", "key") if tuple(each) not in found
    ]
    counted["ended"] = Alarm.objects.filter(pk__in=over, ended_at__isnull=True).update(ended_at=now)
    return counted


@transaction.atomic
def _keep(
    found: dict[tuple[str, str], tuple[Wrong, AlarmRule]], able: Able, now: datetime,
    counted: dict[str, int],
) -> bool:  # fmt: skip
    """Raise or repeat these; False where another worker is at it."""
    if not feed.hold(READER):
        return False
    rows = (
        Alarm.objects.select_for_update(of=("self",))
        .select_related("case")
        .filter(ended_at__isnull=True, key__in={key for _, key in found})
    )
    kept = {(row.kind, row.key): row for row in rows.order_by("pk")}
    for each, (wrong, rule) in found.items():
        row = kept.get(each)
        if row is None:
            counted["raised"] += _raise(wrong, rule, able, now)
        elif row.acknowledged_at is None and row.told_at <= now - timedelta(minutes=rule.every):
            row.told_at, row.times = now, row.times + 1
            row.save(update_fields=["told_at", "times"])
            _tell(row, able)
            counted["repeated"] += 1
    return True


def _raise(wrong: Wrong, rule: AlarmRule, able: Able, now: datetime) -> bool:
    centre = _centre(wrong, rule, able)
    if centre is None:
        return False
    posts = _posts(able(centre, rule.role), wrong.case)
    owner = next((pk for pk in posts if _on_duty(pk)), posts[0] if posts else None)
    row = Alarm.objects.create(
        kind=wrong.kind.value,
        key=wrong.key,
        case=wrong.case,
        region_id=wrong.region,
        organisation_id=centre,
        role=rule.role,
        post_id=owner,
        since=wrong.since,
        raised_at=now,
        told_at=now,
    )
    _tell(row, able)
    return True


def _centre(wrong: Wrong, rule: AlarmRule, able: Able) -> int | None:
    """The centre of the rule's tier over the place; where it has no such post, the next above."""
    if wrong.organisation is not None:
        return wrong.organisation
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
    rows = Post.objects.filter(
        organisation=organisation, role=role, active=True, account__is_active=True
    )
    posts = rows.order_by("pk").values_list("account_id", "pk")
    return [actor for post in posts if (actor := people.actor_in_post(*post)) is not None]


def _posts(able: list[Actor], case: Case | None) -> list[int]:
    return [
        actor.post_id
        for actor in able
        if actor.post_id is not None and (case is None or sees(actor, bearings(case)))
    ]


def _on_duty(post: int) -> bool:
    account = Post.objects.values_list("account_id", flat=True).get(pk=post)
    interval = duty.open_interval(account)
    return interval is not None and interval.post_id == post


def _tell(row: Alarm, able: Able) -> None:
    said: dict[str, Any] = {"alarm": row.pk, "kind": row.kind, "times": row.times}
    if row.case is None:
        record(SYSTEM, Entry("alarm", row.pk, ACTION, after=said | {"org": row.organisation_id}))
        return
    posts = _posts(able(row.organisation_id, row.role), row.case)
    after = said | {"told": posts, "count": len(posts)}
    event = record(SYSTEM, Entry("case", row.case.pk, ACTION, after=after))[0]
    telling.tell(NoticeKind.ALARM, row.case.pk, posts, event=event, action=ACTION)


def _urgent() -> Any:
    return Case.objects.filter(closed_at__isnull=True, grade="urgent")


def _uncovered(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Urgent open cases in villages for which nobody is on duty."""
    rows = _urgent().filter(
        village__isnull=False, reported_at__lte=now - timedelta(minutes=rule.after)
    )
    rows = rows.exclude(stage__in=[Stage.FED_BACK, Stage.CHECKING, Stage.SUSPENDED])
    villages = rows.order_by().values("village_id").annotate(since=Min("reported_at"))
    for row in villages:
        village = row["village_id"]
        if duty.covers(village, now):
            continue
        case = rows.filter(village=village).order_by("reported_at", "pk").first()
        yield Wrong(AlarmKind.UNCOVERED, f"region:{village}", row["since"], village, case, village)


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

    At night only where an urgent case waits: a town's console is switched off then.
    """
    waits = Q(stage__in=[Stage.RECEIVED, Stage.PRECHECKING, Stage.FILED])
    if not _working(now):
        waits &= Q(grade="urgent")
    since = now - timedelta(minutes=rule.after)
    owners = dict(
        Case.objects.filter(waits, closed_at__isnull=True, stage_since__lte=since)
        .order_by()
        .values_list("owner_org")
        .annotate(since=Min("stage_since"))
    )
    staffed = set(
        Post.objects.filter(
            organisation__in=owners,
            organisation__kind=OrgKind.CENTRE,
            role__in=[Role.DESK, Role.DISPATCHER],
            active=True,
        ).values_list("organisation_id", flat=True)
    )
    seen = dict(Console.objects.filter(organisation_id__in=staffed).values_list())
    for pk in sorted(staffed):
        if seen.get(pk, since) > since:
            continue
        org = people.organisation(pk)
        if org is not None:
            yield Wrong(AlarmKind.STALE, f"org:{pk}", owners[pk], org.region_id, organisation=pk)


def _working(now: datetime) -> bool:
    calendar = clocks.calendar(clocks.active_rules()[0])
    minute = timedelta(minutes=1)
    return used(now - minute, now, Unit.WORK_MINUTE, calendar) > timedelta()


def _lag(rule: AlarmRule, now: datetime) -> Iterator[Wrong]:
    """Readers of the ledger that have fallen behind: notices and chains come late."""
    centre = next(
        (org for _, org in sorted(people.tree().centres.items()) if org.parent_id is None), None
    )
    if centre is None:
        return
    for row in Cursor.objects.filter(name__in=["notices", "escalation"]):
        waiting = feed.read_after(feed.Position(row.xact, row.event_id), 1)
        if waiting and waiting[0]["at"] <= now - timedelta(minutes=rule.after):
            at = waiting[0]["at"]
            yield Wrong(
                AlarmKind.LAG, f"feed:{row.name}", at, centre.region_id, organisation=centre.pk
            )


_FINDERS: dict[AlarmKind, Callable[[AlarmRule, datetime], Iterator[Wrong]]] = {
    AlarmKind.UNCOVERED: _uncovered,
    AlarmKind.UNACCEPTED: _unaccepted,
    AlarmKind.UNREAD: _unread,
    AlarmKind.STALE: _stale,
    AlarmKind.LAG: _lag,
}
