"""Real second connections, for races."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from mengding.core.beside import connect


@contextmanager
def other() -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own to the current test database, in a transaction until committed."""
    with connect() as made:
        yield made


def append(to: psycopg.Connection[Any], kind: str, subject: int) -> int:
    """Append an event as the product does, on another connection; returns its id."""
    row = to.execute(
        "INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, action,"
        " before, after, words_digest, request_id, prev, hash) VALUES"
        " (%s, %s, 0, now(), 0, 'system', 'test.write', '{}', '{}', '', '', '', '') RETURNING id",
        [kind, subject],
    ).fetchone()
    assert row is not None
    return int(row[0])
