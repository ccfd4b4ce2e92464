"""Following the ledger, rebuilding from it, and closing periods."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.core.text import T
from mengding.indicators import rollup
from mengding.indicators.facts import items, local_day
from mengding.indicators.models import Fact, FrozenCell, FrozenFact, Mark, Period
from mengding.indicators.sources import from_ledger
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Chain, Cursor
from mengding.policy.permissions import require
from mengding.regions.models import Region

READER = "indicators"
BATCH = 500
_REBUILD = 2000
Progress = Callable[[str], None]


def _quiet(step: str) -> None:
    """No progress wanted."""


def as_of() -> datetime:
    """The moment up to which limits are taken to be over; before the first run, now."""
    known = Mark.objects.values_list("as_of", flat=True).first()
    return known or clock.now()


def follow(limit: int = BATCH) -> int:
    """Take the next events of the ledger in; returns how many were read."""
    return feed.follow(READER, limit, _take)


def _take(events: list[dict[str, Any]]) -> None:
    touched = {event["subject_id"] for event in events if event["subject_kind"] == "case"}
    take_in(sorted(touched))


def take_in(case_ids: list[int]) -> int:
    """Bring these cases up to date from the ledger; returns how many facts changed."""
    return rollup.refresh(from_ledger(case_ids), case_ids, as_of()) if case_ids else 0


@transaction.atomic
def tick(limit: int = BATCH) -> bool:
    """Let limits run out: facts that turned since the last time. Returns whether all were taken.

    The mark moves on only then, so that all facts speak of the same moment.
    """
    if not _hold():
        return True
    known, now = as_of(), clock.now()
    if now <= known and Mark.objects.exists():
        return True
    turned = Fact.objects.filter(turns_at__lt=now).order_by("turns_at")
    ids = sorted(set(turned.values_list("case_id", flat=True)[:limit]))
    rollup.refresh(from_ledger(ids), ids, now)
    done = not Fact.objects.filter(turns_at__lt=now).exists()
    if done:
        Mark.objects.update_or_create(one=True, defaults={"as_of": now})
    return done


def _hold(*, wait: bool = False) -> bool:
    """Be the only writer until the transaction ends; False when another one is."""
    Cursor.objects.get_or_create(name=READER)
    rows = Cursor.objects.select_for_update(skip_locked=not wait).filter(name=READER)
    return bool(list(rows))


def catch_up() -> int:
    """Read the ledger to its end, then let limits run out; returns how many events were read."""
    read = 0
    while found := follow():
        read += found
    while not tick():
        pass
    return read


@transaction.atomic
def rebuild(progress: Progress = _quiet) -> int:
    """Make all facts and sums anew from the ledger; returns how many cases there are.

    Numbers cannot be read while it writes. What happens meanwhile comes after it.
    """
    _hold(wait=True)
    position, now = feed.tail(), clock.now()
    cases, last = 0, 0
    chains = Chain.objects.filter(subject_kind="case").order_by("subject_id")
    with rollup.anew():
        while ids := list(
            chains.filter(subject_id__gt=last).values_list("subject_id", flat=True)[:_REBUILD]
        ):
            last = ids[-1]
            rollup.insert(item for case in from_ledger(ids) for item in items(case, now))
            cases += len(ids)
            progress(f"{cases:,}")
    rollup.sum_up(progress)
    Mark.objects.update_or_create(one=True, defaults={"as_of": now})
    Cursor.objects.filter(name=READER).update(xact=position.xact, event_id=position.event_id)
    return cases


# Closing a period


def _following(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


@transaction.atomic
def freeze(actor: Actor, since: date, district_id: int | None = None) -> Period:
    """Close a month that is over: its numbers are kept as they are now, for good.

    Later changes of its cases are shown beside them as corrections. Raises `Invalid` for a month
    that is not over, `Conflict` for one that is closed already.
    """
    require(actor, "indicators.freeze")
    district = _district(actor, district_id)
    if since.day != 1:
        raise Invalid(
            "period_month", T("期间从每月一日开始。", "A period begins on the 1st."), field="since"
        )
    until = _following(since)
    if until > local_day(clock.now()):
        raise Invalid(
            "period_not_over",
            T("这个月还没有结束。", "This month is not over."),
            field="since",
        )
    _hold(wait=True)
    if Period.objects.filter(district=district, since=since).exists():
        raise Conflict(
            "period_frozen", T("这个月已经封账。", "This month is closed already."), field="since"
        )
    span = Fact.objects.filter(district=district.pk, day__gte=since, day__lt=until)
    period = Period.objects.create(
        district=district,
        since=since,
        until=until,
        frozen_at=clock.now(),
        frozen_by=actor.account_id,
        facts=span.count(),
        digest=_digest(span),
    )
    _copy(period, rollup.FACTS, FrozenFact, rollup.COLUMNS[:-1], "day >= %s AND day < %s", until)
    _copy(
        period, rollup.CELLS, FrozenCell, rollup.KEYS + rollup.CODES,
        "grain = 'm' AND day >= %s AND day < %s", until,
    )  # fmt: skip
    _copy_stock(period)
    record(
        actor,
        Entry(
            "period",
            period.pk,
            "indicators.freeze",
            after={
                "district": district.code,
                "since": since.isoformat(),
                "until": until.isoformat(),
                "facts": period.facts,
                "digest": period.digest,
            },
        ),
    )
    return period


def _district(actor: Actor, district_id: int | None) -> Region:
    if actor.kind is not ActorKind.SYSTEM:
        if actor.level is not Level.DISTRICT or actor.region_id is None:
            raise NotAllowed(
                "not_allowed",
                T("封账由区级督办员进行。", "The district's supervisor closes periods."),
                action="indicators.freeze",
            )
        district_id = actor.region_id
    return Region.objects.get(pk=district_id or 0, level=Level.DISTRICT)


def _digest(facts: Any) -> str:
    """SHA-256 over the facts in a fixed order, one line each."""
    told = hashlib.sha256()
    rows = facts.order_by("case_id", "kind", "order_id").values_list(*rollup.COLUMNS[:-1])
    for row in rows.iterator(chunk_size=5000):
        told.update("\x1f".join(map(str, row)).encode() + b"\n")
    return told.hexdigest()


def digest_of(period: Period) -> str:
    """The digest of what is kept; differs from `period.digest` when it was tampered with."""
    return _digest(FrozenFact.objects.filter(period=period))


def _copy(
    period: Period, source: str, to: Any, columns: list[str], where: str, until: date
) -> None:
    listed = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {to._meta.db_table} (period_id, {listed})"  # noqa: S608
            f" SELECT %s, {listed} FROM {source} WHERE district = %s AND {where}",
            [period.pk, period.district_id, period.since, until],
        )


def _copy_stock(period: Period) -> None:
    """What came in and went out before the end of the month: the stock open at its end."""
    keys = [name for name in rollup.KEYS if name not in ("grain", "day")]
    counted = ", ".join(f"sum({code})" for code in rollup.CODES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {FrozenCell._meta.db_table}"  # noqa: S608
            f" (period_id, grain, day, {', '.join(keys + rollup.CODES)})"
            f" SELECT %s, 's', %s, {', '.join(keys)}, {counted} FROM {rollup.CELLS}"
            " WHERE district = %s AND grain = 'm' AND day < %s"
            f" GROUP BY {', '.join(keys)}",
            [period.pk, period.since, period.district_id, period.until],
        )
