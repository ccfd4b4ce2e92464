"""Rules and months: publishing, freezing, and corrections of frozen months."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.scores import evidence, gathering, queries
from mengding.scores.models import Figure, Month, Origin, RuleVersion
from mengding.scores.rules import document, evaluate, parse

# Work of the last day may be told of seven days later; a month is frozen after that.
SETTLE = timedelta(days=8)
_FREEZE_LOCK = 511_803_004


@transaction.atomic
def publish(actor: Actor, said: Mapping[str, Any], starts_on: date) -> RuleVersion:
    """A new version, in force from the first of a month that has not begun.

    What is asked of people never changes inside a month. Raises `Invalid` naming the field,
    `Conflict` when a version for that month or a later one is there already.
    """
    require(actor, "scores.rules")
    rules = parse(1, said)
    if starts_on.day != 1 or starts_on <= queries.today():
        raise Invalid(
            "month_begun",
            T(
                "规则只能从下个月或以后某月的 1 日起生效，月中不变。",
                "Rules begin on the first of a month to come: none changes inside a month.",
            ),
            field="starts_on",
        )
    # Two who publish at once are put in order by the version's primary key.
    last = RuleVersion.objects.select_for_update().order_by("-version").first()
    if last is not None and last.starts_on >= starts_on:
        raise Conflict(
            "rules_taken",
            T("已有从 {day} 起生效的第 {n} 版。", "Version {n} already begins on {day}.").fill(
                day=last.starts_on.isoformat(), n=last.version
            ),
            field="starts_on",
        )
    row = RuleVersion.objects.create(
        version=(last.version if last else 0) + 1,
        document=document(rules),
        starts_on=starts_on,
        published_at=clock.now(),
        published_by=actor.account_id,
    )
    record(
        actor,
        Entry(
            "evaluation_rules",
            row.pk,
            "evaluation_rules.publish",
            after={"version": row.version, "starts_on": starts_on.isoformat()},
            digest=evidence.digest(row.document),
        ),
    )
    return row


@transaction.atomic
def freeze(actor: Actor, first: date) -> Month:
    """Fix the figures of a month for good; a second call returns what is there.

    Raises `Invalid` naming `month` before everything of it can have arrived.
    """
    require(actor, "scores.rules")
    first = gathering.month_of(first)
    if queries.today() < gathering.following(first) + SETTLE:
        raise Invalid(
            "month_open",
            T(
                "{day} 以后才能冻结：月末的工作最迟 7 天内补传。",
                "Not before {day}: work of the last days may arrive seven days later.",
            ).fill(day=(gathering.following(first) + SETTLE).isoformat()),
            field="month",
        )
    queries.lock(_FREEZE_LOCK)  # two at once: the second finds the month frozen
    known = Month.objects.filter(pk=first).first()
    if known is not None:
        return known
    rules = queries.rules_for(first)
    figures = []
    at = clock.now()  # of the month and of its figures: the database compares them
    month = Month(first=first, rules=rules.version, frozen_at=at)
    for each in gathering.gather(gathering.workers(first), first):
        said = evidence.write(rules, each.work, evaluate(rules, each.work))
        figures.append(
            Figure(
                month=month,
                account_id=each.account,
                post_id=each.post,
                origin=Origin.FROZEN,
                tenths=said["tenths"],
                document=said,
                digest=evidence.digest(said),
                made_at=at,
            )
        )
    month.frozen_by = actor.account_id
    month.figures_count = len(figures)
    month.digest = hashlib.sha256(b"".join(bytes(each.digest) for each in figures)).digest()
    month.save(force_insert=True)
    Figure.objects.bulk_create(figures)
    record(
        actor,
        Entry(
            "evaluation",
            int(f"{first:%Y%m}"),
            "evaluation.freeze",
            after={
                "month": first.isoformat(),
                "rules": rules.version,
                "figures": len(figures),
                "digest": month.digest.hex(),
            },
        ),
    )
    return month


def freeze_due() -> list[date]:
    """Freeze the months that have settled; from the last one on, older ones were not asked for."""
    first = gathering.month_of(queries.today() - SETTLE)
    last = gathering.month_of(first - timedelta(days=1))
    if not gathering.workers(last) or Month.objects.filter(pk=last).exists():
        return []
    freeze(SYSTEM, last)
    return [last]


def correct_late(first: date) -> int:
    """Work a frozen month out again and put corrections beside figures that were too low.

    Leave granted afterwards, a closure entered late. A correction never lowers anything. Returns
    how many were made.
    """
    month = Month.objects.get(pk=first)
    newest = {row.account_id: row for row in queries.newest(first)}
    made = 0
    for each in gathering.gather(list(newest), first):
        row = newest[each.account]
        rules, _ = evidence.read(row.document)
        work = evidence.granted(each.work, evidence.on_appeal(row.document))
        said = evidence.write(rules, work, evaluate(rules, work))
        if _above(said["tenths"], row.tenths):
            correct(SYSTEM, month, row, said, Origin.LATE)
            made += 1
    return made


def _above(new: int | None, old: int | None) -> bool:
    """Whether a result is better; "nothing to look at" stands above every number."""
    return old is not None and (new is None or new > old)


@transaction.atomic
def correct(
    actor: Actor, month: Month, before: Figure, said: dict[str, Any], origin: Origin
) -> Figure:
    """Put a correction beside a figure; inside the transaction of whoever decides on it."""
    queries.lock(before.account_id, int(f"{month.first:%Y%m}"))
    number = Figure.objects.filter(month=month, account=before.account_id).count()
    row = Figure.objects.create(
        month=month,
        account_id=before.account_id,
        post_id=before.post_id,
        number=number,
        origin=origin,
        tenths=said["tenths"],
        document=said,
        digest=evidence.digest(said),
        made_at=clock.now(),
    )
    record(
        actor,
        Entry(
            "evaluation",
            int(f"{month.first:%Y%m}"),
            "evaluation.correct",
            before={"figure": before.pk},
            after={"figure": row.pk, "origin": origin.value, "digest": row.digest.hex()},
        ),
    )
    return row
