"""Reading on: nothing missed however transactions overlap, everything once."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from mengding.core.actor import SYSTEM
from mengding.core.beside import connect
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.ledger.feed import Position
from mengding.ledger.models import Cursor, Event
from mengding.ledger.tests.connections import append, other

database = pytest.mark.django_db(transaction=True)


def write(subject: int) -> int:
    """One event in a transaction of its own."""
    with transaction.atomic():
        return record(SYSTEM, Entry("test", subject, "test.write"))[0]


def read_on(position: Position, wanted: int = 0) -> tuple[list[int], Position]:
    """Ids behind a position, and the position behind them.

    Looks again until there are `wanted` events: a transaction that ended elsewhere on the server
    a moment ago may hold the reader back once.
    """
    end = time.monotonic() + 5
    while True:
        events = feed.read_after(position)
        if len(events) >= wanted or time.monotonic() > end:
            break
        time.sleep(0.02)
    last = events[-1] if events else None
    return [e["id"] for e in events], Position(last["xact"], last["id"]) if last else position


@database
def test_a_late_commit_is_read_late_but_never_missed() -> None:
    start = feed.tail()
    with other() as slow, other() as quick:
        first = append(slow, "test", 1)  # takes the lower id …
        second = append(quick, "test", 2)
        quick.commit()  # … and commits last
        seen, position = read_on(start)
        assert seen == []  # the reader waits for the older transaction
        third = write(3)
        assert read_on(position)[0] == []
        slow.commit()
        seen, position = read_on(position, 3)
        assert seen == [first, second, third]
        assert read_on(position) == ([], position)
        assert feed.tail() == position


@database
def test_a_rollback_lets_the_reader_on() -> None:
    start = feed.tail()
    with other() as slow:
        append(slow, "test", 1)
        kept = write(2)
        assert read_on(start)[0] == []
        slow.rollback()
        assert read_on(start, 1)[0] == [kept]


@database
def test_a_transaction_of_another_database_holds_nobody_back() -> None:
    start = feed.tail()
    with connect("postgres") as elsewhere, other() as here:
        elsewhere.execute("SELECT pg_current_xact_id()")
        kept = write(1)
        assert read_on(start, 1)[0] == [kept]
        here.execute("SELECT pg_current_xact_id()")
        write(2)
        assert read_on(start)[0] == [kept]
        elsewhere.rollback()


@database
def test_a_running_transaction_is_no_reason_to_rebase() -> None:
    with other() as slow:
        append(slow, "test", 1)
        write(2)
        assert feed.rebase() is False
        slow.rollback()


@database
def test_who_began_first_and_waited_comes_first_with_the_higher_number() -> None:
    """Why readers who want a subject's newest event compare `seq`."""
    start = feed.tail()
    with other() as early, other() as late:
        early.execute("SELECT pg_current_xact_id()")
        append(late, "test", 1)
        late.commit()
        append(early, "test", 1)
        early.commit()
    read_on(start, 2)
    assert [event["seq"] for event in feed.read_after(start)] == [2, 1]


@database
def test_many_writers_and_a_reader() -> None:
    """Whatever the interleaving, the reader gets each event once.

    A subject's own events can come in another order than their numbers: a transaction that began
    first, and waited for the subject, has the lower id and the higher number.
    """
    start = feed.tail()
    done = threading.Event()

    def work(number: int) -> None:
        with other() as mine:
            for n in range(40):
                for _ in range(1 + n % 2):
                    append(mine, "test", (number + n) % 3)  # they wait for each other's subjects
                if n % 7 == 3:
                    mine.rollback()
                else:
                    mine.commit()

    seen: list[int] = []
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    position = start
    while not done.is_set():
        if not any(thread.is_alive() for thread in threads):
            done.set()
        found, position = read_on(position)
        seen += found
    found, position = read_on(position, Event.objects.count() - len(seen))
    seen += found
    rows = list(Event.objects.order_by("xact", "id").values_list("id", "subject_id", "seq"))
    assert seen == [row[0] for row in rows]
    assert len(seen) > 100
    for subject in range(3):
        numbers = [seq for _, of, seq in rows if of == subject]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


@database
def test_following_moves_with_its_work_and_only_one_at_a_time() -> None:
    ids = [write(1), write(2), write(3)]
    read_on(Position(), 3)
    got: list[int] = []

    def take(events: list[dict[str, Any]]) -> None:
        got.extend(e["id"] for e in events)

    def fail(events: list[dict[str, Any]]) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        feed.follow("reader", 10, fail)
    assert feed.follow("reader", 2, take) == 2
    with other() as held:
        held.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_cursor'), hashtext('reader'))")
        assert feed.follow("reader", 2, take) == 0
        held.rollback()
    assert feed.follow("reader", 2, take) == 1
    assert feed.follow("reader", 2, take) == 0
    assert got == ids
    assert feed.follow("another", 10, take) == 3


@database
def test_a_reader_that_only_reads_holds_nobody_back() -> None:
    """Its batch may take long: as long as nothing is written, others see what is settled."""
    write(1)
    assert read_on(Position(), 1)[0]
    seen: list[list[Any]] = []

    def slow(events: list[dict[str, Any]]) -> None:
        with other() as quick:
            append(quick, "test", 2)
            quick.commit()
            start = Position(events[-1]["xact"], events[-1]["id"])
            for _ in range(100):
                found = quick.execute(
                    f"SELECT id FROM ledger_event WHERE (xact, id) > (%s, %s) AND {feed.SETTLED}",  # noqa: S608
                    [start.xact, start.event_id],
                ).fetchall()
                quick.commit()
                if found:
                    break
                time.sleep(0.02)
            seen.append(found)

    Cursor.objects.create(name="slow")
    feed.follow("slow", 10, slow)
    assert len(seen[0]) == 1


@database
def test_a_reader_moved_by_somebody_else_takes_its_work_back() -> None:
    write(1)
    read_on(Position(), 1)

    def overtake(events: list[dict[str, Any]]) -> None:
        write(2)
        with other() as rude:
            rude.execute("UPDATE ledger_cursor SET xact = 1 WHERE name = 'overtaken'")
            rude.commit()

    feed.follow("overtaken", 1, lambda events: None)
    write(3)
    read_on(Position(), 2)
    with pytest.raises(feed.Overtaken):
        feed.follow("overtaken", 1, overtake)
    assert not Event.objects.filter(subject_kind="test", subject_id=2).exists()


@database
def test_after_a_restore_into_a_younger_cluster_the_order_goes_on() -> None:
    """There transaction ids start low again; without the base new events would sort first."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_base SET base = 1000000000000")
    old = write(1)
    position = read_on(Position(), 1)[1]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_base SET base = 0")  # the younger cluster
    try:
        assert read_on(Position())[0] == []  # as if it lay in the future
        assert feed.rebase() is True
        assert feed.rebase() is False
        new = write(1)
        assert read_on(position, 1)[0] == [new]
        assert read_on(Position(), 2)[0] == [old, new]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_base SET base = 0")


@database
def test_migrating_rebases() -> None:
    from django.core.management import call_command

    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_base SET base = 1000000000000")
        write(1)
        cursor.execute("UPDATE ledger_base SET base = 0")
        call_command("migrate", verbosity=0)
        cursor.execute("SELECT base FROM ledger_base")
        assert cursor.fetchone()[0] > 1000000000000
        cursor.execute("UPDATE ledger_base SET base = 0")


@database
def test_a_reader_starts_at_the_beginning() -> None:
    feed.follow("fresh", 10, lambda events: None)
    assert Cursor.objects.get(name="fresh").xact == 0


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_positions_are_read_as_written(xact: int, event: int) -> None:
    assert Position.parse(str(Position(xact, event))) == Position(xact, event)


@given(st.text(max_size=50))
def test_other_texts_are_no_positions(text: str) -> None:
    found = Position.parse(text)
    assert found is None or 0 <= found.xact < 2**63 > found.event_id >= 0


@pytest.mark.parametrize("bad", ["", "-", "1-", "-1", "1-2-3", "²-1", f"{2**63}-1", "9" * 50])
def test_these_neither(bad: str) -> None:
    assert Position.parse(bad) is None
