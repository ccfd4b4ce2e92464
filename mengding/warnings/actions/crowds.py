"""Scenic spots and their anonymous counts."""

from datetime import datetime, timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.warnings import queries
from mengding.warnings.actions.raising import keep
from mengding.warnings.facts import Found
from mengding.warnings.kinds import Kind
from mengding.warnings.models import LONGEST_SPAN, Crowd, Spot
from mengding.warnings.queries.rules import own_stages, rules_for
from mengding.warnings.rules import Rules, ascending

KEEP = timedelta(days=400)


@transaction.atomic
def add_spot(
    actor: Actor,
    *,
    code: str,
    name: str,
    region_code: str,
    capacity: int,
    stages: tuple[int, ...] = (),
) -> Spot:
    """A scenic spot with its capacity, or a change of one known by its code. `stages`: three
    percentages of its own; none: the district's."""
    require(actor, "crowd.configure")
    region = Region.objects.filter(code=region_code, active=True).first()
    if region is None:
        raise Invalid(
            "region_unknown", T("没有这个区划代码。", "No division has this code."), field="region"
        )
    require(actor, "crowd.configure", locate.chain(region.pk))
    if stages:
        _check_stages(stages)
    was = Spot.objects.select_for_update().filter(code=code).first()
    before = {}
    if was is not None:
        require(actor, "crowd.configure", locate.chain(was.region_id))
        before = {"region": was.region_id, "capacity": was.capacity, "stages": was.stages}
    spot, _ = Spot.objects.update_or_create(
        code=code,
        defaults={"name": name, "region": region, "capacity": capacity, "stages": list(stages)},
    )
    after = {"code": code, "region": region.pk, "capacity": capacity, "stages": spot.stages}
    record(actor, Entry("spot", spot.pk, "spot.save", before=before, after=after))
    return spot


def _check_stages(stages: tuple[int, ...]) -> None:
    if len(stages) != 3 or not all(10 <= each <= 300 for each in stages):
        raise Invalid(
            "stages_bad",
            T("三级百分比，各为 10 到 300。", "Three percentages from 10 to 300."),
            field="stages",
        )
    ascending(*stages, "stages.")


@transaction.atomic
def count(actor: Actor, *, code: str, people_count: int, since: datetime, until: datetime) -> Spot:
    """One count of a counter (`CrowdFlowObserved`). Sent twice, it counts once; an older one than
    the last is kept and changes no stage. Raises `Invalid` naming the field, for a span longer
    than a day too."""
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
    if until - since > LONGEST_SPAN:
        raise Invalid(
            "span_long",
            T("一次计数最长一天。", "One count is of a day at most."),
            field="dateObservedFrom",
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
        rules = rules_for(spot.region_id)
        spot.stage = rules.stages(own_stages(spot)).stage(people_count, spot.capacity, before)
        spot.save(update_fields=["people", "counted_at", "stage"])
        if spot.stage > 0 and Kind.CROWD in rules.on:
            keep(_full(spot, rules, since, until), now, rules.version)
    return spot


def _full(spot: Spot, rules: Rules, since: datetime, until: datetime) -> Found:
    stages = rules.stages(own_stages(spot))
    limits = (stages.attention, stages.crowded, stages.full)
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
