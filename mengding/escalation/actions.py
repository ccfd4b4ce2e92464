"""Publishing chains, acknowledging alarms, noting that consoles are open."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.cache import changed
from mengding.core.errors import Conflict, Invalid, NotFound
from mengding.core.text import T
from mengding.escalation import alarms, auditing, following, queries, running
from mengding.escalation.document import DEFAULT, Bad, read
from mengding.escalation.models import Alarm, Audit, ChainSet, Console, Watch
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


@transaction.atomic
def publish(actor: Actor, document: dict[str, Any], *, seen: int | None = None) -> ChainSet:
    """Put a new version in force. Clocks that run keep theirs. `seen`: the version it was made
    from; `Conflict` where another has been published since."""
    require(actor, "escalation.manage")
    try:
        read(document)
    except Bad as bad:
        raise Invalid("chain_bad", T(bad.zh, bad.en), field=f"document.{bad.field}") from bad
    current = ChainSet.objects.select_for_update().filter(active=True).first()
    if seen is not None and current is not None and current.version != seen:
        raise Conflict(
            "version_conflict",
            T("已有人发布了新版本。", "Somebody has published a newer version."),
            yours={"version": seen},
            current={"version": current.version},
        )
    if current is not None:
        ChainSet.objects.filter(pk=current.pk).update(active=False)
    last = ChainSet.objects.aggregate(last=Max("version"))["last"] or 0
    made = ChainSet.objects.create(
        version=last + 1,
        document=document,
        active=True,
        created_at=clock.now(),
        created_by=actor.account_id,
    )
    after = {"version": made.version}
    record(actor, Entry("chains", made.pk, "escalation.publish", after=after))
    changed(queries.forget_active)
    return made


def install_default(actor: Actor) -> ChainSet:
    """The chains a district begins with."""
    return publish(actor, DEFAULT)


@transaction.atomic
def acknowledge(actor: Actor, alarm_id: int) -> Alarm:
    """Say that one looks after it: it is not told again. Doing so twice changes nothing."""
    require(actor, "alarms.acknowledge")
    if not queries.alarms_of(actor).filter(pk=alarm_id).exists():
        raise NotFound("alarm_unknown", T("没有这条预警。", "There is no such alarm."))
    row = Alarm.objects.select_for_update().get(pk=alarm_id)
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = clock.now(), actor.account_id
        row.save(update_fields=["acknowledged_at", "acknowledged_by"])
        after = {"alarm": row.pk, "kind": row.kind}
        subject = ("alarm", row.pk) if row.case_id is None else ("case", row.case_id)
        record(actor, Entry(*subject, "escalation.acknowledge", after=after))
    return row


def consoles_seen(organisations: Iterable[int]) -> None:
    """Note that consoles of these organisations hold the live stream."""
    now = clock.now()
    Console.objects.bulk_create(
        [Console(organisation_id=pk, seen_at=now) for pk in sorted(set(organisations))],
        update_conflicts=True,
        update_fields=["seen_at"],
        unique_fields=["organisation_id"],
    )


def follow() -> int:
    """Bring the watches up to date with the ledger; returns how many events were read."""
    read_ = 0
    while found := following.follow():
        read_ += found
    return read_


def run_due() -> dict[str, int]:
    """Run the steps that are due."""
    return running.run_due()


def check_alarms() -> dict[str, int]:
    """Raise, repeat and end alarms."""
    active = queries.active()
    return alarms.check(queries.document_of(active)) if active else {}


def audit() -> Audit:
    """Compare what was due with what ran."""
    return auditing.audit()


def forget_old() -> int:
    """Delete watches (with their runs) and alarms that ended over 90 days ago; the ledger keeps
    that they were. Returns how many."""
    before = clock.now() - auditing.KEEP
    watches = Watch.objects.filter(ended_at__lt=before).delete()[0]
    return watches + Alarm.objects.filter(ended_at__lt=before).delete()[0]
