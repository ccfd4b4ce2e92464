"""Reading the ledger: for auditors, and the result of its checks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from mengding.core.actor import Actor
from mengding.http.paging import paginate
from mengding.jobs.models import JobRun
from mengding.ledger import naming
from mengding.ledger.feed import Position
from mengding.ledger.models import Event
from mengding.ledger.verify import examine
from mengding.policy.permissions import require

VERIFY_JOB = "ledger.verify"
_FAULTS_SHOWN = 50
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list of events; empty: no condition.

    `actions`: codes, or prefixes where they end in ".". `number`: a case number; one that no
    case has finds nothing.
    """

    subject_kind: str = ""
    subject_id: int | None = None
    number: str = ""
    actions: tuple[str, ...] = ()
    account_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def _rows(actor: Actor, narrow: Filters) -> QuerySet[Event]:
    require(actor, "ledger.read")
    rows = Event.objects.all()
    if narrow.subject_kind:
        rows = rows.filter(subject_kind=narrow.subject_kind)
    if narrow.subject_id is not None:
        rows = rows.filter(subject_id=narrow.subject_id)
    if narrow.number:
        found = naming.find("case", narrow.number)
        rows = rows.filter(subject_kind="case", subject_id=found) if found else rows.none()
    if narrow.actions:
        exact = [code for code in narrow.actions if not code.endswith(".")]
        wanted = Q(action__in=exact) if exact else Q()
        for code in set(narrow.actions) - set(exact):
            wanted |= Q(action__startswith=code)
        rows = rows.filter(wanted)
    if narrow.account_id is not None:
        rows = rows.filter(account_id=narrow.account_id)
    if narrow.since is not None:
        rows = rows.filter(at__gte=narrow.since)
    if narrow.until is not None:
        rows = rows.filter(at__lt=narrow.until)
    return rows


def _shown(found: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Events as auditors see them: who did what to which subject, never the words."""
    rows = list(found)
    names = naming.names_of(
        [(row.subject_kind, row.subject_id) for row in rows]
        + [("account", row.account_id) for row in rows if row.account_id is not None]
    )
    return (_one(row, names) for row in rows)


def _one(event: Event, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    return {
        "id": event.pk,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "subject_name": names.get((event.subject_kind, event.subject_id)),
        "seq": event.seq,
        "at": event.at,
        "actor_kind": event.actor_kind,
        "account_id": event.account_id,
        "account_name": names.get(("account", event.account_id or 0)),
        "post_id": event.post_id,
        "action": event.action,
        "before": event.before,
        "after": event.after,
        "has_words": bool(event.words_digest),
        "request_id": event.request_id,
        "hash": bytes(event.hash).hex(),
    }


def events(
    actor: Actor, narrow: Filters, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of events, newest id first, and the cursor of the next."""
    found, following = paginate(_rows(actor, narrow), "-id", int, cursor=cursor, limit=limit)
    return list(_shown(found)), following


def all_events(actor: Actor, narrow: Filters) -> Iterator[dict[str, Any]]:
    """Every event, oldest id first, read from the server some thousands at a time."""
    rows = _rows(actor, narrow).order_by("pk").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        yield from _shown(chunk)


def verified(
    progress: Callable[[int], None] = lambda n: None, at: Position | None = None
) -> dict[str, Any]:
    """Check the whole ledger now: counts, position, head digest and the first faults."""
    found = examine(progress, at)
    return {
        "events": found.events,
        "subjects": found.subjects,
        "at": str(found.at),
        "head": found.head,
        "faults_total": len(found.faults),
        "faults": [asdict(fault) for fault in found.faults[:_FAULTS_SHOWN]],
    }


def last_check(actor: Actor) -> dict[str, Any] | None:
    """When the nightly check last ended, and what it found; None before its first run."""
    require(actor, "ledger.read")
    run = JobRun.objects.filter(name=VERIFY_JOB).first()
    if run is None or run.succeeded_at is None:
        return None
    return {"checked_at": run.succeeded_at, **run.result}
