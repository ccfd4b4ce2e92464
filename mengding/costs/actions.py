"""Publishing rates, and reckoning cases as the ledger goes on."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from mengding.cases.models import Case
from mengding.cases.stages import ENDED
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.costs import rollup
from mengding.costs.gathering import on_site, reckoned
from mengding.costs.models import CaseCost, Pattern, RateVersion, Recount
from mengding.costs.queries.rates import district_of, series
from mengding.costs.rates import Version, checked
from mengding.costs.reckon import Reckoning, Saved
from mengding.indicators.facts import CaseFacts, local_day
from mengding.indicators.sources import with_events
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Organisation
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region

BATCH = 200
_FIRST = date(2000, 1, 1)
_AHEAD = timedelta(days=731)


@transaction.atomic
def publish(actor: Actor, starts_on: date, document: Any, version: int) -> RateVersion:
    """The next version of the district's rates; `version`: the newest the editor saw, 0: none.

    The first may start in the past, as there is nothing to overwrite; any other from tomorrow on.
    Raises `Invalid` naming the field, `Conflict` when somebody published meanwhile.
    """
    district = district_of(actor)
    require(actor, "costs.rates", locate.chain(district))
    ready = checked(document)
    _known_departments(district, ready["departments"])
    # One at a time in a district: the row is locked until the version stands.
    Region.objects.select_for_update().get(pk=district)
    held = RateVersion.objects.filter(district=district)
    newest = held.aggregate(newest=Max("number"))["newest"] or 0
    if newest != version:
        raise Conflict(
            "rates_changed",
            T(
                "他人刚发布了新版本，请重新载入。",
                "Somebody published another version: load again.",
            ),
            field="version",
            current=newest,
        )
    _in_order(starts_on, first=newest == 0)
    row = RateVersion.objects.create(
        district_id=district,
        number=newest + 1,
        starts_on=starts_on,
        document=ready,
        published_at=clock.now(),
        published_by=actor.account_id,
    )
    if newest == 0:
        Recount.objects.update_or_create(district_id=district, defaults={"last_case": 0})
    record(
        actor,
        Entry(
            "cost_rates",
            row.pk,
            "costs.publish",
            before={"version": newest},
            after={
                "district": district,
                "version": row.number,
                "starts_on": starts_on.isoformat(),
                "document": ready,
            },
        ),
    )
    return row


def _known_departments(district: int, codes: Sequence[str]) -> None:
    found = {
        row.code
        for row in Organisation.objects.filter(code__in=list(codes)).only("code", "region_id")
        if people.within(row.region_id, district)
    }
    for code in codes:
        if code not in found:
            raise Invalid(
                "org_unknown",
                T("本区没有这个单位。", "There is no such organisation in the district."),
                field=f"departments.{code}",
            )


def _in_order(starts_on: date, *, first: bool) -> None:
    today = local_day(clock.now())
    if starts_on > today + _AHEAD or starts_on < _FIRST:
        raise Invalid(
            "starts_on_far",
            T("生效日期须在 2000 年以后、两年以内。", "After 2000 and within two years."),
            field="starts_on",
        )
    if not first and starts_on <= today:
        raise Invalid(
            "starts_on_past",
            T(
                "新版本最早从明天起：已经过去的日子保留当时的标准。",
                "From tomorrow at the earliest: days that are over keep their rates.",
            ),
            field="starts_on",
        )


# Following the ledger


def follow(limit: int = BATCH) -> int:
    """Take the next events of the ledger in; returns how many were read."""
    return feed.follow(rollup.READER, limit, _take)


def _take(events: list[dict[str, Any]]) -> None:
    touched = {event["subject_id"] for event in events if event["subject_kind"] == "case"}
    take_in(sorted(touched))


def catch_up() -> int:
    """Read the ledger to its end; returns how many events were read."""
    read = 0
    while found := follow():
        read += found
    return read


def recount(limit: int = BATCH) -> int:
    """Reckon the cases of districts that got their first rates; returns how many."""
    done = 0
    for district in list(Recount.objects.values_list("district_id", flat=True)):
        while found := _recount_some(district, limit):
            done += found
    return done


@transaction.atomic
def _recount_some(district: int, limit: int) -> int:
    # Not beside the follower: both write the same rows.
    if not feed.hold(rollup.READER):
        return 0
    row = Recount.objects.filter(district=district).first()
    if row is None:
        return 0
    cases = Case.objects.filter(district=district, pk__gt=row.last_case).order_by("pk")
    ids = list(cases.values_list("pk", flat=True)[:limit])
    if not ids:
        row.delete()
        return 0
    take_in(ids)
    row.last_case = ids[-1]
    row.save(update_fields=["last_case"])
    return len(ids)


def take_in(case_ids: Sequence[int]) -> None:
    """Bring these cases up to date from the ledger: a row for each that has ended, and counts.

    The caller holds the reader.
    """
    if not case_ids:
        return
    spent = on_site()
    known: dict[int, list[Version]] = {}
    rows: list[tuple[CaseFacts, Reckoning]] = []
    for case, events in with_events(case_ids):
        if case.ended_at is None or case.stage not in ENDED:
            continue
        if case.district not in known:
            known[case.district] = series(case.district)
        if known[case.district]:
            rows.append((case, reckoned(case, events, known[case.district], spent)))
    patterns = _patterns([found for _, found in rows])
    rollup.refresh(
        (_row(case, found, patterns[digest_of(found)]) for case, found in rows), case_ids
    )


def _row(case: CaseFacts, found: Reckoning, pattern: int) -> CaseCost:
    assert case.ended_at is not None
    return CaseCost(
        case_id=case.id,
        day=local_day(case.ended_at),
        ending=case.stage,
        whole=found.whole,
        pattern_id=pattern,
        **case.dimensions(),
    )


def _content(found: Reckoning) -> dict[str, Any]:
    def saved(each: Saved | None) -> list[int] | None:
        return None if each is None else [each.times, each.fen, each.minutes]

    return {
        "fen": found.fen,
        "minutes": found.minutes,
        "lines": [
            [line.activity, line.count, line.minutes, line.fen if line.rate else None]
            for line in found.lines
        ],
        "merged": saved(found.merged),
        "spot": saved(found.spot),
    }


def digest_of(found: Reckoning) -> str:
    """SHA-256 over what a pattern keeps."""
    return hashlib.sha256(json.dumps(_content(found)).encode()).hexdigest()


def _patterns(some: Sequence[Reckoning]) -> dict[str, int]:
    """Ids by digest; those not known yet are made."""
    wanted = {digest_of(found): _content(found) for found in some}
    kept = Pattern.objects.filter(digest__in=wanted).values_list("digest", "pk")
    known = dict(kept)
    if new := wanted.keys() - known.keys():
        # Only these are offered: each try would use up a number, and numbers are places in memory.
        Pattern.objects.bulk_create(
            (Pattern(digest=digest, **wanted[digest]) for digest in sorted(new)),
            ignore_conflicts=True,
        )
        known = dict(kept.all())
    return known
