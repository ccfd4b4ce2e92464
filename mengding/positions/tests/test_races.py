"""Going off duty while a batch arrives: two connections, either may be first."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.duty.models import Interval
from mengding.ledger.tests.connections import other
from mengding.positions.models import Fix, Latest
from mengding.positions.protocol import Placed, Verdict
from mengding.positions.store import Given, store
from mengding.positions.tests.made import LAT, LON, on_duty, pk

pytestmark = pytest.mark.usefixtures("world", "committed")


@pytest.fixture(autouse=True)
def _clean() -> Any:
    Interval.objects.all().delete()
    yield
    Interval.objects.all().delete()


def given(account: int, at: Any) -> Given:
    return Given(account, None, Placed(at, LON, LAT, 5.0, mock=False))


def stored_on_a_thread(batch: list[Given], results: list[Any]) -> threading.Thread:
    def work() -> None:
        try:
            results.append(store(batch))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


_END = (
    "UPDATE duty_interval SET ended_at = %s, off_recorded_at = %s, ended_by = 'worker'"
    " WHERE id = %s"
)


def test_who_goes_off_first_is_believed() -> None:
    """The batch waits for the transaction that ends the duty, and then sees the end."""
    grid = who("grid")
    now = clock.now()
    duty = on_duty(grid, now - timedelta(hours=1))
    ended = now - timedelta(seconds=30)
    before, after = given(pk(grid), now - timedelta(minutes=5)), given(pk(grid), now)
    results: list[Any] = []
    with other() as second:
        second.execute(_END, [ended, ended, duty.pk])
        thread = stored_on_a_thread([before, after], results)
        thread.join(0.3)
        assert thread.is_alive(), "it did not wait"
        second.commit()
    thread.join(60)
    assert results == [[Verdict.KEPT, Verdict.OFF_DUTY]]
    assert [f.at for f in Fix.objects.filter(account_id=pk(grid))] == [before.placed.at]
    assert not Latest.objects.filter(account_id=pk(grid)).exists()


def test_a_batch_that_is_first_holds_the_end_back_and_loses_what_lies_behind_it() -> None:
    grid = who("grid")
    now = clock.now()
    duty = on_duty(grid, now - timedelta(hours=1))
    ended = now - timedelta(seconds=30)
    batch = [given(pk(grid), now - timedelta(minutes=5)), given(pk(grid), now)]
    done = threading.Event()

    def end() -> None:
        with other() as second:
            second.execute(_END, [ended, ended, duty.pk])
            second.commit()
        done.set()

    with transaction.atomic():
        assert store(batch) == [Verdict.KEPT, Verdict.KEPT]
        thread = threading.Thread(target=end)
        thread.start()
        assert not done.wait(0.3), "the end did not wait for the batch"
    thread.join(60)
    assert done.is_set()
    assert [f.at for f in Fix.objects.filter(account_id=pk(grid))] == [batch[0].placed.at]
    assert not Latest.objects.filter(account_id=pk(grid)).exists()


def test_many_batches_and_many_ends_at_once() -> None:
    """Every order of locks: nobody is stuck, nothing lies outside, nothing stored twice."""
    people = [who(name) for name in ("grid", "desk", "dispatch", "handler", "water", "verify")]
    now = clock.now()
    duties = [on_duty(actor, now - timedelta(hours=1)) for actor in people]
    results: list[Any] = []
    threads = []
    for n in range(6):
        batch = [
            given(pk(actor), now - timedelta(minutes=30) + timedelta(seconds=s))
            for actor in (people if n % 2 else reversed(people))
            for s in range(n, n + 40)
        ]
        threads.append(stored_on_a_thread(batch, results))
    ended = now - timedelta(minutes=29, seconds=40)

    def end_all(rows: list[Interval]) -> None:
        with other() as second:
            for duty in rows:
                second.execute(_END, [ended, ended, duty.pk])
            second.commit()

    enders = [
        threading.Thread(target=end_all, args=(rows,)) for rows in (duties[3:], duties[:3][::-1])
    ]
    for thread in enders:
        thread.start()
    for thread in [*threads, *enders]:
        thread.join(120)
    assert not any(isinstance(result, Exception) for result in results), results
    assert len(results) == 6
    assert Latest.objects.count() == 0
    for actor in people:
        times = list(Fix.objects.filter(account_id=pk(actor)).values_list("at", flat=True))
        assert len(times) == len(set(times))
        assert all(at < ended for at in times)
        first = now - timedelta(minutes=30)
        assert set(times) <= {first + timedelta(seconds=s) for s in range(20)}
