"""Side effects: once a key, retried when they fail, given up in the end."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from mengding.core import clock
from mengding.ledger import outbox
from mengding.ledger.models import Outbox, Words


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Registers a deliverer "test" that stores each key as words; fails where told to."""
    keys: list[str] = []

    @outbox.handles("test")
    def deliver(key: str, payload: dict[str, Any]) -> None:
        Words.objects.create(text=key, digest=b"", at=clock.now())
        keys.append(key)
        time.sleep(payload.get("sleep", 0))
        if payload.get("fail"):
            raise ValueError("out of order")

    yield keys
    del outbox._deliverers["test"]


def delivered() -> list[str]:
    return sorted(Words.objects.values_list("text", flat=True))


@pytest.mark.django_db
def test_a_key_goes_out_once(sent: list[str]) -> None:
    outbox.put([("a", "test", {}), ("b", "test", {})])
    outbox.put([("a", "test", {"fail": True})])
    assert outbox.deliver_due() == 2
    outbox.put([("a", "test", {})])
    assert outbox.deliver_due() == 0
    assert sorted(sent) == delivered() == ["a", "b"]


@pytest.mark.django_db
def test_what_fails_is_undone_and_tried_again_later_and_less_and_less_often(
    sent: list[str],
) -> None:
    start = clock.now()
    outbox.put([("a", "test", {"fail": True}), ("b", "test", {})])
    assert outbox.deliver_due() == 2
    assert delivered() == ["b"]  # what the failed one wrote is gone
    row = Outbox.objects.get(key="a")
    assert (row.attempts, row.error, row.done_at) == (1, "ValueError: out of order", None)
    assert outbox.deliver_due() == 0
    waits = []
    at = start
    while row.failed_at is None:
        waits.append((row.due_at - at).total_seconds())
        at = row.due_at + timedelta(seconds=1)
        with clock.at(at):
            assert outbox.deliver_due() == 1
        row.refresh_from_db()
    assert row.attempts == outbox.MAX_ATTEMPTS
    assert waits == sorted(waits)
    assert max(waits) <= 3600
    with clock.at(at + timedelta(days=30)):
        assert outbox.deliver_due() == 0  # given up, kept for somebody to look at


@pytest.mark.django_db
def test_an_unknown_kind_waits_with_its_error(sent: list[str]) -> None:
    outbox.put([("a", "nobody", {}), ("b", "test", {})])
    assert outbox.deliver_due() == 2
    assert Outbox.objects.get(key="a").error.startswith("KeyError")
    assert sent == ["b"]
    with pytest.raises(RuntimeError, match="twice"):
        outbox.handles("test")(lambda key, payload: None)


@pytest.mark.django_db
def test_old_deliveries_are_forgotten_and_failures_are_not(sent: list[str]) -> None:
    with clock.at(clock.now() - timedelta(days=91)):
        outbox.put([("old", "test", {}), ("bad", "test", {"fail": True})])
        outbox.deliver_due()
    outbox.put([("new", "test", {})])
    outbox.deliver_due(1)
    outbox.deliver_due()
    assert outbox.forget_done() == 1
    assert set(Outbox.objects.values_list("key", flat=True)) == {"bad", "new"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_deliver_the_same_row(sent: list[str]) -> None:
    with transaction.atomic():
        outbox.put([(f"k{n:02}", "test", {"sleep": 0.01}) for n in range(30)])
    together = threading.Barrier(3)
    shares: list[int] = []

    def work() -> None:
        together.wait()
        try:
            shares.append(outbox.deliver_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == delivered() == [f"k{n:02}" for n in range(30)]
    assert sum(shares) == 30
    assert sum(share > 0 for share in shares) > 1  # they did work side by side
