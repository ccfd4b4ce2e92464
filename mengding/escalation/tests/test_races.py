"""Two workers on real connections: every step once, none lost, whatever breaks off when.

These tests commit for real, in the shared demo district, and leave their cases behind.
"""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from mengding.core import clock
from mengding.escalation import actions, running
from mengding.escalation.models import StepRun, Watch
from mengding.escalation.tests.made import CHAIN, MONDAY, publish, ran, watched
from mengding.ledger import outbox
from mengding.ledger.models import Event, Outbox
from mengding.notices.models import Notice

HOUR = timedelta(hours=1)
ALL = [(0, 0), (1, 0), (2, 0), (2, 1)]


@pytest.fixture(autouse=True)
def committed(world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        Watch.objects.filter(state="running").update(try_at=None)  # of other tests
        yield


def together(work: Callable[[int], None], size: int = 3) -> None:
    """Run it on threads with connections of their own, from one moment."""
    barrier = threading.Barrier(size)
    errors: list[BaseException] = []

    def start(number: int) -> None:
        try:
            barrier.wait(30)
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=(n,)) for n in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert not errors, errors


def check(watches: list[Watch]) -> None:
    """Once each: the run, its event, its outbox row, and a notice for each post."""
    for watch in watches:
        assert sorted(ran(watch)) == ALL
        runs = list(StepRun.objects.filter(watch=watch))
        events = {run.event_id for run in runs}
        assert len(events) == len(runs)
        told = Event.objects.filter(
            subject_kind="case", subject_id=watch.case_id, action="escalation.step"
        )
        assert set(told.values_list("pk", flat=True)) == events
        keys = [f"notice:{event}:escalated" for event in events]
        assert Outbox.objects.filter(key__in=keys, done_at__isnull=False).count() == len(events)
        for run in runs:
            posts = Notice.objects.filter(event_id=run.event_id).values_list("post_id", flat=True)
            assert sorted(posts) == sorted(run.posts)


def test_workers_that_run_at_once_and_break_off_send_once_and_lose_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    watches = [watched()[1] for _ in range(4)]
    plain, dice, lock = running._step, random.Random(5), threading.Lock()
    broke = [0]

    def fragile(*given: Any) -> None:
        """Two of five break off, before or after having written everything."""
        with lock:
            chance = dice.random()
        if chance < 0.2:
            broke[0] += 1
            raise RuntimeError("before")
        plain(*given)
        if chance < 0.4:
            broke[0] += 1
            raise RuntimeError("after")

    monkeypatch.setattr(running, "_step", fragile)
    moments = [MONDAY + 2 * HOUR, MONDAY + 5.5 * HOUR, MONDAY + 6.5 * HOUR, MONDAY + 8 * HOUR]
    for moment in moments:

        def work(number: int, moment: Any = moment) -> None:
            # Tried again and again, as the job is: what failed waits a little longer each time.
            for turn in range(8):
                with clock.at(moment + timedelta(minutes=turn, seconds=number)):
                    actions.run_due()
                    while outbox.deliver_due():
                        pass

        together(work)
    monkeypatch.setattr(running, "_step", plain)

    def rest(number: int) -> None:
        with clock.at(MONDAY + 30 * HOUR + timedelta(seconds=number)):
            actions.run_due()
            while outbox.deliver_due():
                pass

    together(rest)
    assert broke[0] > 3, "nothing was tried"
    check(watches)


def test_a_worker_that_slept_finds_the_fence_moved_and_leaves_nothing_behind() -> None:
    """Without the row lock: as if it had been read before a long sleep."""
    publish()
    _, watch = watched()
    with clock.at(MONDAY + 2 * HOUR):
        asleep = Watch.objects.get(pk=watch.pk)
        actions.run_due()
        assert ran(watch) == [(0, 0)]
        before = (Event.objects.count(), Outbox.objects.count())
        # It wakes: the step it thinks is due has run, and even one that has not may not be written.
        with clock.at(MONDAY + 5.5 * HOUR), pytest.raises(running.Fenced), transaction.atomic():
            running.run(asleep)
        assert (Event.objects.count(), Outbox.objects.count()) == before
    assert ran(watch) == [(0, 0)]
    with clock.at(MONDAY + 5.5 * HOUR):
        actions.run_due()
    assert ran(watch) == [(0, 0), (1, 0)]


def test_while_one_worker_holds_a_watch_the_other_goes_on_with_the_next() -> None:
    publish({**CHAIN, "steps": CHAIN["steps"][:1]})
    first, second = watched()[1], watched(MONDAY + timedelta(minutes=1))[1]
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Watch.objects.select_for_update().get(pk=first.pk)
                held.set()
                go.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    with clock.at(MONDAY + 3 * HOUR):
        actions.run_due()
        assert (ran(first), ran(second)) == ([], [(0, 0)])
        go.set()
        thread.join(60)
        actions.run_due()
    assert ran(first) == [(0, 0)]
