"""Recomputing the chains, independently of the database's own hashing."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mengding.core import seal
from mengding.core.moment import one_moment
from mengding.ledger import feed
from mengding.ledger.feed import Position


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the ledger does not add up."""

    kind: str
    subject: int
    seq: int
    what: str  # "gap" | "link" | "hash" | "head" | "words"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a full reading found.

    `head` (SHA-256, hex) covers the hash of every event up to position `at`. Noted down outside
    and asked for again by `at`, it shows even a chain rewritten or removed as a whole.
    """

    events: int
    subjects: int
    at: Position
    head: str
    faults: list[Fault]


# Chains and events are read in one order of bytes, so that both sides can be walked together.
_EVENTS = """
SELECT subject_kind, subject_id, seq,
  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  actor_kind, coalesce(account_id::text, ''), coalesce(post_id::text, ''), action,
  before::text, after::text, encode(words_digest, 'hex'), request_id, prev, hash, xact, id
FROM ledger_event ORDER BY subject_kind COLLATE "C", subject_id, seq
"""
_CHAINS = """
SELECT subject_kind, subject_id, seq, hash FROM ledger_chain
ORDER BY subject_kind COLLATE "C", subject_id
"""
_WORDS = """
SELECT e.subject_kind, e.subject_id, e.seq, w.text, w.salt, w.digest, e.words_digest
FROM ledger_event e JOIN ledger_words w ON w.id = e.words_id
"""
_Head = tuple[str, int, int, bytes]


def verify(progress: Callable[[int], None] = lambda n: None) -> tuple[int, list[Fault]]:
    """(events read, faults): see `examine`."""
    found = examine(progress)
    return found.events, found.faults


def examine(
    progress: Callable[[int], None] = lambda n: None, at: Position | None = None
) -> Verified:
    """Numbering, links, hashes, chain heads and stored words, of one moment.

    `progress` is told the number of events read so far. Everything is read in one snapshot:
    between two, others would write, and their heads would look wrong. `at`: where the head digest
    ends; the newest settled position when None.
    """
    faults: list[Fault] = []
    seen = hashlib.sha256()
    subjects = events = 0
    with one_moment():
        at = at or feed.tail()
        chains = _stream("ledger_chains", _CHAINS)
        chain = next(chains, None)

        def close(head: _Head) -> None:
            """Compare the last event of a subject with its chain; chains before it lost theirs."""
            nonlocal chain
            while chain is not None and _key(chain) < _key(head):
                faults.append(Fault(chain[0], chain[1], chain[2], "head"))
                chain = next(chains, None)
            if chain is None or _key(chain) != _key(head):
                faults.append(Fault(head[0], head[1], head[2], "head"))
                return
            if (chain[2], bytes(chain[3])) != head[2:]:
                faults.append(Fault(head[0], head[1], chain[2], "head"))
            chain = next(chains, None)

        last: _Head | None = None
        for row in _stream("ledger_events", _EVENTS):
            kind, subject, seq = row[0], row[1], row[2]
            prev, stored = bytes(row[12]), bytes(row[13])
            if last is not None and last[:2] != (kind, subject):
                close(last)
                last = None
            before = (last[2], last[3]) if last else (0, b"")
            if last is None:
                subjects += 1
            if seq != before[0] + 1:
                faults.append(Fault(kind, subject, seq, "gap"))
            elif prev != before[1]:
                faults.append(Fault(kind, subject, seq, "link"))
            payload = "\x1f".join(str(part) for part in row[:12])
            if hashlib.sha256(prev + payload.encode()).digest() != stored:
                faults.append(Fault(kind, subject, seq, "hash"))
            last = (kind, subject, seq, stored)
            if Position(row[14], row[15]) <= at:
                seen.update(stored)
            events += 1
            if events % 5000 == 0:
                progress(events)
        if last is not None:
            close(last)
        faults += [
            Fault(left[0], left[1], left[2], "head")
            for left in ([chain, *chains] if chain is not None else [])
        ]
        for kind, subject, seq, text, salt, kept, sealed in _stream("ledger_words", _WORDS):
            if bytes(kept) != bytes(sealed) or (
                salt is not None and seal.digest(bytes(salt), text) != bytes(sealed)
            ):
                faults.append(Fault(kind, subject, seq, "words"))
    return Verified(events, subjects, at, seen.hexdigest(), faults)


def _key(head: "_Head | tuple[Any, ...]") -> tuple[bytes, int]:
    return head[0].encode(), head[1]


def _stream(name: str, query: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a query from the server, some thousands at a time."""
    with connection.connection.cursor(name=name) as cursor:
        cursor.itersize = 5000
        cursor.execute(query)
        yield from cursor
