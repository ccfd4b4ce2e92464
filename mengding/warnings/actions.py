"""Raising and renewing warnings, deciding them, and taking in anonymous counts."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, Role
from mengding.core.errors import Invalid, NotFound, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.ledger.models import Cursor
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.warnings import queries
from mengding.warnings.finding import Found, everything
from mengding.warnings.models import Alert, Crowd, Kind, Spot, Status
from mengding.warnings.stats.crowd import Stages

READER = "warnings"
QUIET = timedelta(days=7)  # after a dismissal the same thing is not raised again
STAGES = Stages()
KEEP = timedelta(days=400)


def look() -> dict[str, int]:
    """Find what is so now; raise what is new, renew what is open. One worker at a time."""
    Cursor.objects.get_or_create(name=READER)
    with transaction.atomic():
        if not Cursor.objects.select_for_update(skip_locked=True).filter(name=READER):
            return {}
        now = clock.now()
        counted = {"found": 0, "raised": 0}
        for found in everything(now):
            counted["found"] += 1
            counted["raised"] += _keep(found, now)
        return counted


def _keep(found: Found, now: datetime) -> bool:
    """Whether a warning was raised; an open one is renewed, one just dismissed left alone."""
    figures: dict[str, Any] = {
        "since": found.since,
        "until": found.until,
        "observed": found.observed,
        "expected": found.expected,
        "threshold": found.threshold,
        "chance": found.chance,
        "stage": found.stage,
        "detail": found.detail,
        "case_ids": list(found.case_ids),
        "seen_at": now,
    }
    rows = Alert.objects.filter(kind=found.kind, key=found.key)
    if rows.filter(status=Status.OPEN).update(**figures):
        return False
    if rows.filter(decided_at__gt=now - QUIET).exists():
        return False
    owner, post = _owner(found.region)
    row = Alert.objects.create(
        kind=found.kind.value,
        key=found.key,
        class_code=found.class_code,
        region_id=found.region,
        cell=found.cell,
        organisation_id=owner,
        post_id=post,
        raised_at=now,
        **figures,
    )
    after = {"kind": row.kind, "class_code": row.class_code, "region": row.region_id}
    record(SYSTEM, Entry("warning", row.pk, "warning.raise", after=after))
    return True


def _owner(region: int) -> tuple[int, int | None]:
    """The nearest centre with a supervisor or dispatcher, and that post."""
    centre = people.centre_of(region)
    last = centre
    while centre is not None:
        last = centre
        for role in (Role.SUPERVISOR, Role.DISPATCHER):
            post = Post.objects.filter(organisation=centre.pk, role=role, active=True).first()
            if post is not None:
                return centre.pk, post.pk
        centre = people.centre_above(centre)
    assert last is not None  # every region lies under a centre
    return last.pk, None


@transaction.atomic
def decide(actor: Actor, alert_id: int, *, real: bool, words: str) -> Alert:
    """Done (it was real, and what was done), or dismissed as a false alarm, with the reason."""
    require(actor, "warnings.decide")
    if not queries.visible(actor).filter(pk=alert_id).exists():
        raise NotFound("warning_unknown", T("没有这条预警。", "There is no such warning."))
    row = Alert.objects.select_for_update().get(pk=alert_id)
    if row.status != Status.OPEN:
        raise WrongStage("warning_decided", T("已处理。", "It is decided already."))
    if not words.strip() or len(words) > 2000:
        raise Invalid(
            "words_missing",
            T("请写明理由，最多 2000 字。", "Say why, in at most 2,000 characters."),
            field="words",
        )
    row.status = Status.DONE.value if real else Status.DISMISSED.value
    row.decided_at, row.decided_by = clock.now(), actor.account_id
    row.words = keep_words(words.strip())
    row.save(update_fields=["status", "decided_at", "decided_by", "words"])
    action = "warning.done" if real else "warning.dismiss"
    after = {"kind": row.kind, "class_code": row.class_code}
    record(actor, Entry("warning", row.pk, action, after=after, words=row.words))
    return row


@transaction.atomic
def add_spot(actor: Actor, *, code: str, name: str, region_code: str, capacity: int) -> Spot:
    """A scenic spot with its capacity, or a change of one known by its code."""
    require(actor, "crowd.manage")
    region = Region.objects.filter(code=region_code, active=True).first()
    if region is None:
        raise Invalid(
            "region_unknown", T("没有这个区划代码。", "No division has this code."), field="region"
        )
    require(actor, "crowd.manage", locate.chain(region.pk))
    before = Spot.objects.filter(code=code).first()
    if before is not None:
        require(actor, "crowd.manage", locate.chain(before.region_id))
    spot, _ = Spot.objects.update_or_create(
        code=code, defaults={"name": name, "region": region, "capacity": capacity}
    )
    after = {"code": code, "region": region.pk, "capacity": capacity}
    record(actor, Entry("spot", spot.pk, "spot.save", after=after))
    return spot


@transaction.atomic
def count(actor: Actor, *, code: str, people_count: int, since: datetime, until: datetime) -> Spot:
    """One count of a counter (`CrowdFlowObserved`). Sent twice, it counts once; an older one than
    the last is kept and changes no stage."""
    require(actor, "crowd.count")
    spot = Spot.objects.select_for_update().filter(code=code).first()
    if spot is None or not queries.in_area(actor, spot.region_id):
        raise NotFound("spot_unknown", T("没有这个景点。", "There is no such spot."))
    now = clock.now()
    if since.tzinfo is None or until.tzinfo is None or not since < until:
        raise Invalid(
            "span_bad",
            T(
                "时间需要带时区，且止晚于起。",
                "Times need a zone, and the end lies behind the start.",
            ),
            field="dateObservedTo",
        )
    if not now - timedelta(days=7) <= until <= now + timedelta(minutes=5):
        raise Invalid(
            "span_old",
            T("时间应在最近七天内。", "The time lies within the last seven days."),
            field="dateObservedTo",
        )
    Crowd.objects.update_or_create(
        spot=spot, since=since, until=until, defaults={"people": people_count}
    )
    if spot.counted_at is None or until >= spot.counted_at:
        before, spot.people, spot.counted_at = spot.stage, people_count, until
        spot.stage = STAGES.stage(people_count, spot.capacity, before)
        spot.save(update_fields=["people", "counted_at", "stage"])
        if spot.stage > 0:
            _keep(_full(spot, since, until), now)
    return spot


def _full(spot: Spot, since: datetime, until: datetime) -> Found:
    limits = (STAGES.attention, STAGES.crowded, STAGES.full)
    return Found(
        Kind.CROWD,
        f"{spot.code}:{spot.stage}",
        spot.region_id,
        since,
        until,
        spot.people or 0,
        spot.capacity,
        spot.capacity * limits[spot.stage - 1] / 100,
        stage=spot.stage,
        detail={"spot": spot.pk, "percent": round(100 * (spot.people or 0) / spot.capacity)},
    )


def forget_old() -> int:
    """Delete counts older than 400 days; returns how many."""
    return Crowd.objects.filter(until__lt=clock.now() - KEEP).delete()[0]
