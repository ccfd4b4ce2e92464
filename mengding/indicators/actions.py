"""Following the ledger, rebuilding from it, and closing periods."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from psycopg.errors import LockNotAvailable

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.core.text import T
from mengding.indicators import rollup
from mengding.indicators.facts import items, local_day
from mengding.indicators.models import Fact, FrozenCell, FrozenFact, Mark, Period
from mengding.indicators.sources import from_ledger
from mengding.indicators.spans import Kind, Span, months_of, span
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Chain, Cursor
from mengding.policy.permissions import require
from mengding.regions.models import Region

READER = "indicators"
BATCH = 200
_REBUILD = 2000
_PATIENCE = "200ms"  # of a reader for the other who writes
CLOSING: tuple[Kind, ...] = ("month", "quarter", "year")
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
    if not feed.hold(READER):
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


def keep_near(limit: int = 100) -> bool:
    """Take in what waits, the newest first: for who cannot wait for the worker's next round.

    Also what the feed still holds back behind an older transaction: a case is folded anew from
    all of its events, so the follower that comes later finds it as it should be. So much that it
    costs a reader milliseconds; a long queue is left to the worker. Returns whether the numbers
    are near now: not when more waits, or another one writes just now and does not end soon.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            feed.hold(READER, wait=True)
            cases, more = _waiting(limit)
            take_in(cases)
            # The mark says up to when the numbers are right: not while older events wait.
            return not more and tick(limit)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False


def _waiting(limit: int | None) -> tuple[list[int], bool]:
    """Cases with events behind the follower, of the newest so many of these (None: of all);
    whether there are more."""
    here = feed.stands(READER)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id FROM ledger_event WHERE (xact, id) > (%s, %s)"
            " AND subject_kind = 'case' ORDER BY xact DESC, id DESC LIMIT %s",
            [here.xact, here.event_id, None if limit is None else limit + 1],
        )
        found = cursor.fetchall()
    return sorted({pk for (pk,) in found[:limit]}), limit is not None and len(found) > limit


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
    feed.hold(READER, wait=True)
    position, now = feed.tail(), clock.now()
    cases, last = 0, 0
    chains = Chain.objects.filter(subject_kind="case").order_by("subject_id")
    with rollup.anew():
        while ids := list(
            chains.filter(subject_id__gt=last).values_list("subject_id", flat=True)[:_REBUILD]
        ):
            last = ids[-1]
            found = [item for case in from_ledger(ids) for item in items(case, now)]
            rollup.insert(found, {item.case: item.day for item in found if item.kind == "out"})
            cases += len(ids)
            progress(f"{cases:,}")
    rollup.sum_up(progress)
    rollup.touched_anew()
    Mark.objects.update_or_create(one=True, defaults={"as_of": now})
    here = {"xact": position.xact, "event_id": position.event_id}
    Cursor.objects.update_or_create(name=READER, defaults=here)
    return cases


# Closing a period


def freeze(
    actor: Actor, since: date, district_id: int | None = None, kind: Kind = "month"
) -> Period:
    """Close a month, quarter or year that is over: its numbers are kept as they are now, for good.

    Later changes of its cases are shown beside them as corrections. Months of a quarter or year
    that are not closed yet are closed with it; those that are keep their numbers, and what was
    corrected in them since is in those of the quarter. What waits in the ledger is taken in
    before. Raises `Invalid` for a period that is not over, `Conflict` for one that is closed
    already, or while the numbers are far behind.
    """
    require(actor, "indicators.freeze")
    district = _district(actor, district_id)
    days = span(kind, since)
    if kind not in CLOSING or days.since != since:
        raise Invalid(
            "period_begin",
            T(
                "期间是整月、整季或整年，从第一天开始。",
                "A period is a whole month, quarter or year from its first day.",
            ),
            field="period",
        )
    if days.until > local_day(clock.now()):
        raise Invalid(
            "period_not_over",
            T("这个期间还没有结束。", "This period is not over."),
            field="period",
        )
    catch_up()  # in transactions of its own: what others write is not held up by all of it
    with transaction.atomic():
        feed.hold(READER, wait=True)
        # Another one follows just now, and more waits than can be taken in at once.
        if len(feed.read_after(feed.stands(READER), BATCH)) == BATCH:
            raise Conflict(
                "numbers_behind",
                T(
                    "汇总尚未跟上台账，请稍后再封账。",
                    "The numbers are still behind the ledger; close the period a little later.",
                ),
                field="period",
            )
        held, _ = _waiting(None)  # also what an older transaction still holds back
        take_in(held)
        while not tick():
            pass
        closed = Period.objects.filter(district=district)
        if closed.filter(since=days.since, until=days.until).exists():
            raise Conflict(
                "period_frozen",
                T("这个期间已经封账。", "This period is closed already."),
                field="period",
            )
        if kind != "month":
            for month in months_of(days):
                if not closed.filter(since=month.since, until=month.until).exists():
                    _keep(actor, district, month)
        return _keep(actor, district, days)


def _keep(actor: Actor, district: Region, days: Span) -> Period:
    # Beside the facts of its days, those of what came before and stood open at its end.
    facts = Fact.objects.filter(
        Q(day__gte=days.since, day__lt=days.until)
        | Q(Q(kind="in", day__lt=days.since), Q(left_on=None) | Q(left_on__gte=days.until)),
        district=district.pk,
    )
    period = Period.objects.create(
        district=district,
        since=days.since,
        until=days.until,
        frozen_at=clock.now(),
        frozen_by=actor.account_id,
        facts=facts.count(),
        digest=_digest(facts),
    )
    _copy(
        period, rollup.FACTS, FrozenFact, rollup.COLUMNS[:-1],
        "(day >= %(since)s AND day < %(until)s OR kind = 'in' AND day < %(since)s"
        " AND (left_on IS NULL OR left_on >= %(until)s))",
    )  # fmt: skip
    _copy(
        period, rollup.CELLS, FrozenCell, rollup.KEYS + rollup.CODES,
        "grain = 'm' AND day >= %(since)s AND day < %(until)s",
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
                "since": days.since.isoformat(),
                "until": days.until.isoformat(),
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


def _copy(period: Period, source: str, to: Any, columns: list[str], where: str) -> None:
    listed = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {to._meta.db_table} (period_id, {listed})"  # noqa: S608
            f" SELECT %(period)s, {listed} FROM {source} f"
            f" WHERE district = %(district)s AND {where}",
            {
                "period": period.pk,
                "district": period.district_id,
                "since": period.since,
                "until": period.until,
            },
        )


def _copy_stock(period: Period) -> None:
    """What came in and went out before the end of the period: the stock open at its end."""
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
