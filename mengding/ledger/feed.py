"""Reading the ledger in an order in which nothing can be missed.

Ids are given out before commit, so a reader that remembers "the last id" misses an event whose
transaction committed late. Every event therefore carries its transaction id, and a reader only
takes events of transactions older than the oldest still running one, ordered by
(transaction, id). What becomes visible later always sorts behind what was read.

Within one subject that order is not always the order of its numbers: a transaction that began
first but waited for the subject comes first with the higher `seq`. Who wants the newest event of a
subject compares `seq`.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from mengding.ledger.models import Cursor

SETTLED = "xact < (SELECT ledger_horizon())"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed; written `xact-id` as a stream's event id."""

    xact: int = 0
    event_id: int = 0

    def __str__(self) -> str:
        return f"{self.xact}-{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """The position written as `text`, or None when it is not one."""
        left, _, right = text.partition("-")
        if not (left.isdecimal() and right.isdecimal() and text.isascii() and len(text) < 40):
            return None
        found = cls(int(left), int(right))
        return found if max(found.xact, found.event_id) < 2**63 else None


def tail() -> Position:
    """The position behind everything settled now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT xact, id FROM ledger_event WHERE {SETTLED} ORDER BY xact DESC, id DESC LIMIT 1"  # noqa: S608
        )
        row = cursor.fetchone()
    return Position(*row) if row else Position()


def rebase() -> bool:
    """After a restore into a younger cluster: raise the base above every kept event.

    Returns whether it was needed. Called after migrations, when nobody else writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_base SET base = kept.top FROM"
            " (SELECT coalesce(max(xact), 0) AS top FROM ledger_event) AS kept"
            " WHERE kept.top >= base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " RETURNING base"
        )
        return cursor.fetchone() is not None


def read_after(position: Position, limit: int = 500) -> list[dict[str, Any]]:
    """Settled events behind `position`, oldest first: dicts of the event's columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, xact, subject_kind, subject_id, seq, at, actor_kind, account_id, post_id,"  # noqa: S608
            " action, before, after, words_id FROM ledger_event"
            f" WHERE (xact, id) > (%s, %s) AND {SETTLED} ORDER BY xact, id LIMIT %s",
            [position.xact, position.event_id, limit],
        )
        names = [column.name for column in cursor.description or ()]
        events = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for event in events:
        for name in ("before", "after"):
            event[name] = json.loads(event[name])  # Django leaves JSON of raw cursors undecoded
    return events


def stands(name: str) -> Position:
    """How far reader `name` has read; the beginning before its first round."""
    found = Cursor.objects.filter(name=name).values_list("xact", "event_id").first()
    return Position(*found) if found else Position()


def hold(name: str, *, wait: bool = False) -> bool:
    """Be the only one who works as reader `name` until the transaction ends; False when another
    one does. `wait`: for it to end, as long as `lock_timeout` allows.

    By an advisory lock: a locked row would give the transaction an id at once, and every reader of
    the feed would wait for it while it only reads.
    """
    lock = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtext('ledger_cursor'), hashtext(%s))", [name])
        return wait or bool(cursor.fetchone()[0])


class Overtaken(RuntimeError):
    """Another one has moved the reader, who should have waited."""


@transaction.atomic
def follow(name: str, limit: int, handle: "Any") -> int:
    """Hand the next events to `handle(events)` and move reader `name` in the same transaction.

    Returns how many were read; 0 also when another worker holds the reader just now. While one
    batch is handled what others write is not settled: `limit` is as much as takes a moment.
    """
    if not hold(name):
        return 0
    row, _ = Cursor.objects.get_or_create(name=name)
    events = read_after(Position(row.xact, row.event_id), limit)
    if events:
        handle(events)
        here = Cursor.objects.filter(name=name, xact=row.xact, event_id=row.event_id)
        if not here.update(xact=events[-1]["xact"], event_id=events[-1]["id"]):
            raise Overtaken(name)
    return len(events)
