"""抽查: draw closed cases at random, so that anyone can repeat the draw, and hand them out."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from mengding.cases import drawing
from mengding.cases.actions.rechecks import closers
from mengding.cases.models import Case, Draw, Recheck
from mengding.cases.stages import RecheckKind, Stage
from mengding.cases.visibility import bearings, visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import can, require
from mengding.regions.models import Region

MOST, LARGEST = 200, 200_000
BY = {"town": "town_id", "lead_org": "lead_org_id", "none": None}
_AREA = {"district": "district_id", "town": "town_id", "village": "village_id", "grid": "grid_id"}


@transaction.atomic
def draw_cases(
    actor: Actor,
    *,
    since: datetime,
    until: datetime,
    size: int,
    stratified_by: str = "town",
    region_code: str = "",
) -> Draw:
    """Draw `size` of the cases closed in [since, until) and make a recheck of each.

    The seed comes from the operating system and is in the ledger before the cases are read; the
    second event names the population's digest and what was drawn. Confidential cases and cases
    that a spot check waits for are left out.
    """
    require(actor, "rechecks.draw")
    now = clock.now()
    _fit(since, until, size, stratified_by, now)
    region = _region(actor, region_code)
    made = Draw.objects.create(
        seed=secrets.token_hex(32),
        region=region,
        since=since,
        until=until,
        stratified_by=stratified_by,
        size=size,
        made_at=now,
        made_by=actor.account_id,
    )
    announced = {
        "seed": made.seed,
        "region": region.code,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "by": stratified_by,
        "size": size,
    }
    record(actor, Entry("draw", made.pk, "draw.announce", after=announced))
    strata = _strata(actor, made)
    total = sum(len(numbers) for numbers in strata.values())
    if not total:
        raise Invalid(
            "draw_empty",
            T("这段时间没有可抽查的结案案件。", "No closed case of this period can be drawn."),
            field="since",
        )
    drawn = drawing.draw(made.seed, strata, size)
    made.population = sorted(number for numbers in strata.values() for number in numbers)
    made.digest = drawing.digest(made.population)
    made.strata = [
        {"key": key, "population": len(strata[key]), "drawn": len(drawn.get(key, ()))}
        for key in sorted(strata)
    ]
    made.save(update_fields=["population", "digest", "strata"])
    rechecks = _hand_out(made, drawn)
    record(
        actor,
        Entry(
            "draw",
            made.pk,
            "draw.make",
            after={
                "population": total,
                "digest": made.digest,
                "strata": made.strata,
                "cases": [each.case_id for each in rechecks],
                "to": [each.assigned_to for each in rechecks],
            },
        ),
        *(
            Entry("case", each.case_id, "recheck.draw", after={"draw": made.pk, "id": each.pk})
            for each in rechecks
        ),
    )
    return made


def _fit(since: datetime, until: datetime, size: int, by: str, now: datetime) -> None:
    if since.tzinfo is None or until.tzinfo is None or not since < until:
        raise Invalid(
            "draw_period",
            T("结束时间须晚于开始时间。", "The period ends after it begins."),
            field="until",
        )
    if since >= now:
        raise Invalid(
            "draw_period", T("时间段还没有开始。", "The period has not begun."), field="since"
        )
    if not 1 <= size <= MOST:
        raise Invalid(
            "draw_size",
            T("抽取数为 1 到 {n}。", "Draw 1 to {n} cases.").fill(n=MOST),
            field="size",
        )
    if by not in BY:
        raise Invalid(
            "draw_strata",
            T("分层方式为 town、lead_org 或 none。", "Strata are town, lead_org or none."),
            field="stratified_by",
        )


def _region(actor: Actor, code: str) -> Region:
    own = actor.region_id
    region = Region.objects.filter(code=code).first() if code else None
    if not code and own is not None:
        return Region.objects.get(pk=own)
    if region is None or own is None or not people.within(region, own):
        raise Invalid(
            "region_unknown",
            T("没有这个区划，或不在您的辖区。", "No such division in your area."),
            field="region",
        )
    return region


def _strata(actor: Actor, made: Draw) -> dict[str, list[int]]:
    """Ids of the cases to draw from, ascending, by stratum ("" where a case has none)."""
    column = BY[made.stratified_by]
    rows = Case.objects.filter(
        visible_to(actor),
        stage=Stage.CLOSED,
        confidential=False,
        closed_at__gte=made.since,
        closed_at__lt=made.until,
        **{_AREA[made.region.level]: made.region.pk},
    ).exclude(pk__in=Recheck.objects.filter(kind=RecheckKind.SPOT, result="").values("case_id"))
    found: dict[str, list[int]] = {}
    for number, key in rows.order_by("pk").values_list("pk", column or "pk")[: LARGEST + 1]:
        found.setdefault(str(key or "") if column else "", []).append(number)
    if sum(len(numbers) for numbers in found.values()) > LARGEST:
        raise Invalid(
            "draw_too_many",
            T("超过 {n} 件，请缩短时间段。", "More than {n} cases: shorten the period.").fill(
                n=LARGEST
            ),
            field="since",
        )
    return found


def _hand_out(made: Draw, drawn: dict[str, list[int]]) -> list[Recheck]:
    """A recheck for each drawn case, with the verifier it goes to."""
    stratum = {number: key for key, numbers in drawn.items() for number in numbers}
    closed = closers(stratum)
    verifiers = _verifiers(made)
    eligible = {
        case.pk: [
            account
            for account, actor in verifiers
            if account != closed.get(case.pk) and can(actor, "case.uphold", bearings(case))
        ]
        for case in Case.objects.filter(pk__in=list(stratum))
    }
    to = drawing.assign(made.seed, list(stratum), eligible)
    rows = [
        Recheck(
            case_id=number,
            kind=RecheckKind.SPOT.value,
            draw=made,
            stratum=key,
            closed_by=closed.get(number),
            assigned_to=to[number],
            made_at=made.made_at,
        )
        for number, key in sorted(stratum.items())
    ]
    Recheck.objects.bulk_create(rows)
    return rows


def _verifiers(made: Draw) -> Iterable[tuple[int, Any]]:
    """Active verifiers as (account, actor), each once."""
    posts = Post.objects.filter(role=Role.VERIFIER, active=True, account__is_active=True)
    found: dict[int, Actor] = {}
    for account, post in posts.order_by("pk").values_list("account_id", "pk"):
        actor = people.actor_in_post(account, post)
        if actor is not None:
            found.setdefault(account, actor)
    return list(found.items())
