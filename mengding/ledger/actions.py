"""Writing to the ledger. Called inside the transaction of the change it records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from mengding.core import clock, seal
from mengding.core.actor import Actor
from mengding.ledger.models import Words
from mengding.policy.permissions import require


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to record. `before`/`after`: JSON of codes, ids, numbers and ISO times only.

    `digest` seals words that are kept in another table (a report's description); `words` stores
    the text beside the ledger and seals it (or names words stored already).
    """

    kind: str
    subject: int
    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    words: "str | Words" = ""
    digest: bytes = b""


_INSERT = """
INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, account_id, post_id,
  action, before, after, words_id, words_digest, request_id, prev, hash)
VALUES {rows} RETURNING id
"""
_ROW = "(%s, %s, 0, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', '')"


def record(actor: Actor, *entries: Entry) -> list[int]:
    """Append entries in order, in one statement; returns their event ids.

    Raw SQL because this runs in every write of the product and needs no model instances.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("ledger.record: needs the transaction of the change it records")
    at = clock.now()
    values: list[Any] = []
    for entry in entries:
        words_id, digest = None, entry.digest
        if entry.words:
            stored = entry.words if isinstance(entry.words, Words) else keep_words(entry.words)
            words_id, digest = stored.pk, bytes(stored.digest)
        values += [
            entry.kind,
            entry.subject,
            at,
            actor.kind.value,
            actor.account_id,
            actor.post_id,
            entry.action,
            Jsonb(entry.before),
            Jsonb(entry.after),
            words_id,
            digest,
            actor.request_id,
        ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(rows=", ".join([_ROW] * len(entries))), values)
        return [row[0] for row in cursor.fetchall()]


def keep_words(text: str) -> Words:
    """Store somebody's words with a fresh salt and their digest."""
    salt = seal.new_salt()
    return Words.objects.create(
        text=text, salt=salt, digest=seal.digest(salt, text), at=clock.now()
    )


@transaction.atomic
def erase_words(actor: Actor, kind: str, subject: int, words_ids: Sequence[int]) -> int:
    """Erase words for good (text and salt); the chain keeps its digests. Returns how many."""
    erased = Words.objects.filter(pk__in=words_ids, erased_at__isnull=True).update(
        text="", salt=None, erased_at=clock.now()
    )
    if erased:
        record(
            actor,
            Entry(kind=kind, subject=subject, action="words.erase", after={"count": erased}),
        )
    return erased


@transaction.atomic
def exported(actor: Actor, filters: Mapping[str, Any]) -> None:
    """Record that an auditor takes a copy of the ledger; `filters` are codes, ids and times."""
    require(actor, "ledger.read")
    assert actor.account_id is not None
    record(actor, Entry("account", actor.account_id, "ledger.export", after=filters))
