"""Append-only and chained: what the database refuses, and what a check finds if it could not."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mengding.core import seal
from mengding.core.actor import SYSTEM, Actor, ActorKind
from mengding.ledger import check, feed
from mengding.ledger.actions import Entry, erase_words, keep_words, record
from mengding.ledger.models import Chain, Event, Words
from mengding.ledger.tests.connections import append, other
from mengding.ledger.verify import Fault, examine, verify

pytestmark = pytest.mark.django_db
STAFF = Actor(kind=ActorKind.STAFF, account_id=7, post_id=9, request_id="req-1")


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody with full rights over the database would get in."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # ALTER TABLE wants no check outstanding
    sql("ALTER TABLE ledger_event DISABLE TRIGGER ledger_refuse")
    yield
    sql("ALTER TABLE ledger_event ENABLE TRIGGER ledger_refuse")


def three(kind: str = "test", subject: int = 1) -> list[int]:
    """Three events of one subject."""
    return record(
        STAFF,
        Entry(kind, subject, "test.one", after={"n": 1, "名": "值", "x": 1.5}),
        Entry(kind, subject, "test.two", before={"n": 1}, after={"n": None, "l": [1, "\u001f"]}),
        Entry(kind, subject, "test.three", words="居民的原话"),
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET after = '{}'",
        "UPDATE ledger_event SET words_id = NULL",
        "DELETE FROM ledger_event",
        "TRUNCATE ledger_event CASCADE",
        "INSERT INTO ledger_event SELECT * FROM ledger_event"
        " ON CONFLICT (id) DO UPDATE SET action = 'test.other'",
    ],
)
def test_the_database_refuses_to_change_an_event(statement: str) -> None:
    three()
    before = list(Event.objects.order_by("pk").values_list())
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE wants no check outstanding
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert list(Event.objects.order_by("pk").values_list()) == before


def test_the_database_numbers_and_links_whatever_is_inserted() -> None:
    sql(
        "INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, action,"
        " before, after, words_digest, request_id, prev, hash) VALUES ('test', 1, 99, now(), 99,"
        " 'system', 'test.forged', '{}', '{}', '', '', 'forged', 'forged')"
    )
    event = Event.objects.get()
    assert (event.seq, bytes(event.prev)) == (1, b"")
    assert event.xact != 99
    assert bytes(event.hash) != b"forged"
    assert verify() == (1, [])


def test_python_computes_the_same_hashes() -> None:
    """From the model's fields, not from what the database renders."""
    three()
    one, two, three_ = Event.objects.order_by("seq")
    assert [e.seq for e in (one, two, three_)] == [1, 2, 3]
    assert bytes(two.prev) == bytes(one.hash)
    assert bytes(three_.prev) == bytes(two.hash)
    at = one.at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
    fields = ["test", "1", "1", at, "staff", "7", "9", "test.one", "{}"]
    after = '{"n": 1, "x": 1.5, "名": "值"}'
    payload = "\x1f".join([*fields, after, "", "req-1"])
    assert hashlib.sha256(payload.encode()).digest() == bytes(one.hash)


def test_a_whole_ledger_has_no_faults() -> None:
    three()
    three(subject=2)
    three(kind="Test", subject=1)
    three(kind="test-", subject=5)
    assert verify() == (12, [])
    assert examine().subjects == 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.other"),
        ("after", '{"n": 2}'),
        ("before", '{"n": 2}'),
        ("account_id", 8),
        ("post_id", None),
        ("at", "2020-01-01 00:00+00"),
        ("request_id", "other"),
        ("actor_kind", "system"),
        ("words_digest", b"x"),
    ],
)
def test_a_changed_event_is_named(column: str, value: Any) -> None:
    ids = three()
    three(subject=2)
    with unguarded():
        sql(f"UPDATE ledger_event SET {column} = %s WHERE id = %s", value, ids[1])  # noqa: S608
    assert verify()[1] == [Fault("test", 1, 2, "hash")]


def test_a_changed_event_with_a_new_hash_breaks_the_link_behind_it() -> None:
    ids = three()
    with unguarded():
        sql("UPDATE ledger_event SET action = 'test.other' WHERE id = %s", ids[1])
        sql(
            "UPDATE ledger_event e SET hash ="
            " sha256(e.prev || convert_to(ledger_payload(e), 'UTF8')) WHERE id = %s",
            ids[1],
        )
    assert verify()[1] == [Fault("test", 1, 3, "link")]


@pytest.mark.parametrize(
    ("gone", "faults"),
    [
        ([0], [Fault("test", 1, 2, "gap")]),
        ([1], [Fault("test", 1, 3, "gap")]),
        ([2], [Fault("test", 1, 3, "head")]),
        ([0, 1, 2], [Fault("test", 1, 3, "head")]),
    ],
)
def test_a_removed_event_is_named(gone: list[int], faults: list[Fault]) -> None:
    three(kind="aaaa")
    ids = three()
    three(kind="zzzz")
    with unguarded():
        sql("DELETE FROM ledger_event WHERE id = ANY(%s)", [ids[n] for n in gone])
    assert verify()[1] == faults


def test_a_chain_without_its_head_is_named() -> None:
    three(kind="aaaa")
    three()
    Chain.objects.filter(subject_kind="test").delete()
    assert verify()[1] == [Fault("test", 1, 3, "head")]


def test_changed_words_are_named_and_erased_ones_still_verify() -> None:
    three()
    three(subject=2)
    words = Event.objects.get(subject_id=1, seq=3).words
    assert words is not None
    assert words.salt is not None
    Words.objects.filter(pk=words.pk).update(text="别的话")
    assert verify()[1] == [Fault("test", 1, 3, "words")]
    # Nor does a fitting digest beside the words help: the event has the old one.
    forged = seal.digest(bytes(words.salt), "别的话")
    Words.objects.filter(pk=words.pk).update(digest=forged)
    assert verify()[1] == [Fault("test", 1, 3, "words")]
    Words.objects.filter(pk=words.pk).update(digest=words.digest)
    assert erase_words(STAFF, "test", 1, [words.pk]) == 1
    words.refresh_from_db()
    assert not words.text
    assert not words.salt
    assert verify()[1] == []
    last = Event.objects.get(subject_id=1, seq=4)
    assert (last.action, last.after) == ("words.erase", {"count": 1})
    assert erase_words(STAFF, "test", 1, [words.pk]) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Words.objects.filter(pk=words.pk).update(text="又来")


def test_recording_needs_a_transaction_and_keeps_words_apart() -> None:
    words = keep_words("只存一次")
    assert words.salt is not None
    record(STAFF, Entry("test", 1, "test.a", words=words), Entry("test", 1, "test.b", words=words))
    a, b = Event.objects.order_by("seq")
    assert a.words_id == b.words_id == words.pk
    assert bytes(a.words_digest) == seal.digest(bytes(words.salt), "只存一次")
    for bad in ("Not A Code", "x; DROP"):
        with pytest.raises(IntegrityError), transaction.atomic():
            record(STAFF, Entry("test", 1, bad))


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(SYSTEM, Entry("test", 1, "test.a"))


@pytest.mark.django_db(transaction=True)
def test_a_check_beside_writers_sees_one_moment() -> None:
    """New events between reading the events and reading the heads are no faults."""
    with transaction.atomic():
        three()
    with other() as writer:
        writer.autocommit = True
        real, done = verify.__globals__["_stream"], []

        def stream(name: str, query: str) -> Iterator[Any]:
            yield from real(name, query)
            if name == "ledger_events":
                done.append(append(writer, "test", 1))

        verify.__globals__["_stream"] = stream
        try:
            assert verify() == (3, [])
        finally:
            verify.__globals__["_stream"] = real
        assert len(done) == 1
    assert verify() == (4, [])


@pytest.mark.django_db(transaction=True)
def test_the_head_digest_of_a_position_stays_and_shows_a_rewritten_past(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with transaction.atomic():
        ids = three()
    end = time.monotonic() + 5
    while feed.tail().event_id != ids[2]:  # what ended elsewhere a moment ago may hold it back
        assert time.monotonic() < end
        time.sleep(0.02)
    assert check.run([]) == 0
    noted = capsys.readouterr().out
    position = str(feed.tail())
    head = examine().head
    assert position in noted
    assert head in noted
    with transaction.atomic():
        three(subject=2)
        newest = three(subject=1)[2]
    end = time.monotonic() + 5
    while feed.tail().event_id != newest:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert examine().head != head
    assert check.run([position]) == 0
    assert head in capsys.readouterr().out
    with transaction.atomic(), unguarded():  # the whole subject vanishes, with its chain
        sql("DELETE FROM ledger_event WHERE id = ANY(%s)", ids)
        sql("UPDATE ledger_event SET seq = seq - 3 WHERE subject_id = 1")
        sql("UPDATE ledger_chain SET seq = 3 WHERE subject_id = 1")
    assert head not in (check.run([position]), capsys.readouterr().out)[1]
    assert check.run(["nonsense"]) == 2
    assert check.run([]) == 1
    assert "test 1 #1: link" in capsys.readouterr().out
