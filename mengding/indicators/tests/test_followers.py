"""Following the real feed, on real connections: several followers, late commits, a rebuild between.

These tests commit for real, in a copy of the demo district of their own.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, transaction

from mengding.cases import actions as cases
from mengding.cases.stages import Stage
from mengding.cases.tests.made import TRIES, case_at, report, who
from mengding.core.errors import Conflict
from mengding.indicators import actions, queries, rollup
from mengding.indicators.check import compare
from mengding.indicators.models import Cell, Fact, Period
from mengding.ledger import feed
from mengding.ledger.models import Cursor, Event


@pytest.fixture(autouse=True)
def committed(fresh_world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield


def together(*calls: Callable[[], object]) -> list[object]:
    """Run the calls at once, each on a connection of its own."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            gate.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def caught_up() -> None:
    """Follow until nothing waits: the feed holds back while other transactions run."""
    end = monotonic() + 60
    while True:
        actions.catch_up()
        if not queries.state()["waiting"] or monotonic() > end:
            return
        sleep(0.05)


def test_two_followers_at_once_count_everything_once() -> None:
    for stage in (Stage.FILED, Stage.HANDLING, Stage.CLOSED, Stage.VOID):
        case_at(stage)
    reads = together(*[lambda: sum(iter(lambda: actions.follow(7), 0)) for _ in range(3)])
    caught_up()
    found = compare()
    assert found.different == []
    assert found.cases >= 4
    assert any(reads)


def test_cases_change_while_they_are_followed_and_rebuilt() -> None:
    made = [case_at(Stage.HANDLING).pk for _ in range(3)]
    stop = threading.Event()

    def work() -> int:
        for pk in made:
            for action in ("feed_back", "start_check", "rework"):
                TRIES[action].make(who(TRIES[action].by), pk, None)
        report()
        stop.set()
        return len(made)

    def follow() -> int:
        read = 0
        while not stop.is_set():
            read += actions.catch_up()
            sleep(0.01)
        return read

    together(work, follow, follow, actions.rebuild)
    caught_up()
    assert compare().different == []


def test_an_event_that_commits_late_is_counted_late_and_not_lost() -> None:
    held, go = threading.Event(), threading.Event()

    def slow() -> int:
        with transaction.atomic():
            pk = report().case_id
            held.set()
            assert go.wait(60)
        return pk

    def others() -> int:
        assert held.wait(60)
        pk = report().case_id  # begins later, commits first
        actions.catch_up()
        known = Fact.objects.filter(case_id=pk)
        assert not known.exists()  # the feed holds it back
        assert actions.keep_near()  # the wall does not wait
        assert known.exists()
        go.set()
        return pk

    late, early = together(slow, others)
    caught_up()
    counted = set(Fact.objects.filter(kind="in").values_list("case_id", flat=True))
    assert {late, early} <= counted
    assert compare().different == []


def test_a_period_is_not_closed_while_the_follower_is_far_behind() -> None:
    assert Event.objects.count() > actions.BATCH
    Cursor.objects.filter(name=actions.READER).update(xact=0, event_id=0)
    held = threading.Event()

    def follower() -> None:
        with transaction.atomic():
            assert feed.hold(actions.READER, wait=True)
            held.set()
            end = monotonic() + 60
            while monotonic() < end:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    )
                    if cursor.rowcount:
                        return
                sleep(0.01)

    def closing() -> str:
        assert held.wait(60)
        with pytest.raises(Conflict) as refused:
            actions.freeze(who("supervise"), date(2020, 1, 1))
        return refused.value.code

    assert together(follower, closing) == [None, "numbers_behind"]
    caught_up()
    assert not Period.objects.exists()


def test_who_reads_does_not_wait_long_for_who_writes() -> None:
    """While the roll-ups are rebuilt the wall says what it has."""
    held, go = threading.Event(), threading.Event()

    def writer() -> bool:
        with transaction.atomic():
            kept = feed.hold(actions.READER, wait=True)
            held.set()
            assert go.wait(60)
        return kept

    def reader() -> bool:
        assert held.wait(60)
        near = actions.keep_near()
        go.set()
        return near

    assert together(writer, reader) == [True, False]
    assert actions.keep_near()


def test_the_mark_does_not_move_over_what_waits() -> None:
    caught_up()
    before = queries.state()["as_of"]
    pks = [report().case_id for _ in range(3)]
    assert not actions.keep_near(1)
    assert Fact.objects.filter(case_id=pks[-1]).exists()
    assert not Fact.objects.filter(case_id=pks[0]).exists()
    assert queries.state()["as_of"] == before
    assert actions.keep_near()
    assert queries.state()["as_of"] > before


def test_a_follower_that_breaks_off_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    caught_up()
    before = (Fact.objects.count(), list(Cell.objects.filter(cut=0).values_list("received")))
    case_at(Stage.HANDLING)
    plain = rollup.insert

    def broken(come: Any, left: Any) -> None:
        plain(come, left)
        raise RuntimeError("power cut")

    monkeypatch.setattr(rollup, "insert", broken)

    def until_it_breaks() -> None:
        end = monotonic() + 60
        while monotonic() < end:  # until the feed lets the events through
            actions.follow()

    with pytest.raises(RuntimeError):
        until_it_breaks()
    after = (Fact.objects.count(), list(Cell.objects.filter(cut=0).values_list("received")))
    assert after == before
    monkeypatch.undo()
    caught_up()
    assert compare().different == []
    cases.note(who("desk"), Fact.objects.earliest("case_id").case_id, text="已联系")
    caught_up()
    assert compare().different == []
