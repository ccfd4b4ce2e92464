"""Where a stream ends: heartbeats, revoked access, full houses, who hears of configuration."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import uvicorn
from django.db import transaction
from django.test import Client

from mengding.cases.tests.made import report
from mengding.core.actor import SYSTEM
from mengding.demo.secrets import password, token
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Chain
from mengding.ledger.tests.connections import append, other
from mengding.live import app as live
from mengding.live import hub
from mengding.live.hub import Subscriber, collapsed
from mengding.live.tests.test_stream import reading, settle
from mengding.people.models import Token
from mengding.people.queries import token_digest

pytestmark = pytest.mark.usefixtures("world", "committed")


@pytest.fixture(scope="module")
def port(world: str, django_db_blocker: Any) -> Iterator[int]:
    """The live application, in more of a hurry."""
    patch = pytest.MonkeyPatch()
    patch.setattr(hub, "HEARTBEAT", 0.3)
    patch.setattr(hub, "RECHECK", 0.3)
    with django_db_blocker.unblock():
        sock = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(live.app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield sock.getsockname()[1]
        server.should_exit = True
        thread.join(10)
        sock.close()
    patch.undo()


def ask(port: int, **headers: str) -> Any:
    """Status and problem of a refused stream."""
    http = HTTPConnection("127.0.0.1", port, timeout=5)
    http.request("GET", "/api/v1/stream", headers=headers)
    answer = http.getresponse()
    return answer.status, json.loads(answer.read()), answer.headers


def test_headers_and_heartbeats(port: int) -> None:
    http = HTTPConnection("127.0.0.1", port, timeout=5)
    http.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {token('desk')}"})
    answer = http.getresponse()
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert "no-cache" in answer.headers["Cache-Control"]
    assert answer.headers["X-Accel-Buffering"] == "no"
    lines = [answer.readline() for _ in range(10)]
    assert lines.count(b": beat\n") >= 2
    answer.close()


def test_a_revoked_token_loses_its_stream(port: int) -> None:
    key = Token.objects.get(digest=token_digest(token("supervise")))
    with reading(port, "supervise") as reader, reading(port, "desk") as mate:
        from mengding.core import clock

        key.revoked_at = clock.now()
        key.save()
        try:
            reader._thread.join(5)
            assert not reader._thread.is_alive()
            assert ask(port, Authorization=f"Bearer {token('supervise')}")[0] == 401
            settle(mate, report().case.pk)  # nobody else's
        finally:
            key.revoked_at = None
            key.save()


def test_a_session_streams_until_it_signs_out(port: int) -> None:
    client = Client()
    body = {"username": "desk", "password": password("desk")}
    signed = client.post("/api/v1/session", json.dumps(body), content_type="application/json")
    assert signed.status_code == 200, signed.content
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    http = HTTPConnection("127.0.0.1", port, timeout=10)
    http.request("GET", "/api/v1/stream", headers={"Cookie": cookie})
    answer = http.getresponse()
    assert answer.status == 200
    client.delete("/api/v1/session", headers={"X-CSRFToken": signed.json()["csrf_token"]})
    assert answer.read() is not None  # to its end
    assert ask(port, Cookie=cookie)[0] == 401


def test_configuration_is_told_to_auditors_alone(port: int) -> None:
    with reading(port, "audit") as audit, reading(port, "desk") as desk:
        with transaction.atomic():
            record(SYSTEM, Entry("region", 1, "region.update", after={"version": "five"}))
        audit.wait(lambda r: any(e == "ledger" for _, e, _ in r.events))
        settle(desk, report().case.pk)
        assert {e for _, e, _ in desk.events} == {"hello", "case"}
        told = next(data for _, event, data in audit.events if event == "ledger")
        assert (told["kind"], told["id"], told["version"]) == ("region", 1, None)


def test_a_full_house_says_when_to_come_back(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 1)
    with reading(port, "desk"):
        status, problem, headers = ask(port, Authorization=f"Bearer {token('desk')}")
        assert (status, problem["code"], headers["Retry-After"]) == (503, "streams_full", "5")


def test_a_reader_too_far_behind_loads_afresh(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(port, "desk") as reader:
        settle(reader, report().case.pk)
        last = reader.last()
        report()
        settle(reader, report().case.pk)
    monkeypatch.setattr(live, "MOST_BACKLOG", 1)
    with reading(port, "desk", last) as again:
        assert [(e, d["reason"]) for _, e, d in again.events] == [("reset", "too_far_behind")]
        case_id = report().case.pk
        settle(again, case_id)
        assert again.cases() == [case_id]


def test_only_this_address_and_only_reading(port: int) -> None:
    http = HTTPConnection("127.0.0.1", port, timeout=5)
    http.request("POST", "/api/v1/stream")
    assert http.getresponse().status == 404


def test_reconnecting_under_overlapping_writers_misses_and_doubles_nothing(port: int) -> None:
    """Writers commit out of order while the reader hangs up and resumes again and again."""
    cases = [report().case.pk for _ in range(6)]
    done = threading.Event()
    heard: dict[int, int] = dict.fromkeys(cases, 0)
    with reading(port, "desk") as reader:
        settle(reader, report().case.pk)
        last = reader.last()
    before = dict(_last_seqs(cases))

    def write(number: int) -> None:
        # Each pair of connections shares three cases; what began first commits last.
        mine = cases[number * 3 : number * 3 + 3]
        with other() as slow, other() as quick:
            for n in range(40):
                append(slow, "case", mine[n % 3])
                append(quick, "case", mine[(n + 1) % 3])
                quick.commit()
                time.sleep(0.01)
                slow.rollback() if n % 5 == 4 else slow.commit()

    writers = [threading.Thread(target=write, args=(n,)) for n in range(2)]
    for writer in writers:
        writer.start()
    while not done.is_set():
        if not any(writer.is_alive() for writer in writers):
            time.sleep(0.5)
            done.set()
        with reading(port, "desk", last) as reader:
            time.sleep(0.4)
            events = list(reader.events)
        for place, kind, data in events:
            assert kind != "reset"
            last = place
            if data.get("id") in heard:
                heard[data["id"]] += data["count"]
    after = dict(_last_seqs(cases))
    assert heard == {pk: after[pk] - before[pk] for pk in cases}
    assert sum(heard.values()) == 2 * (40 + 32)


def _last_seqs(cases: list[int]) -> Any:
    rows = Chain.objects.filter(subject_kind="case", subject_id__in=cases)
    return rows.values_list("subject_id", "seq")


def event(seq: int, place: int, **more: Any) -> dict[str, Any]:
    return {"subject_kind": "case", "subject_id": 1, "seq": seq, "xact": place, "id": place} | {
        "stage": None, "version": None, "action": f"a{seq}", **more
    }  # fmt: skip


def test_the_newest_wins_whatever_the_order_and_keeps_what_older_ones_said() -> None:
    one = collapsed(None, event(4, 10, stage="handling", version=7))
    two = collapsed(one, event(3, 11, stage="dispatched", version=6))
    three = collapsed(two, event(5, 12))
    assert (two["action"], two["stage"], two["version"], two["id"]) == ("a4", "handling", 7, 11)
    assert (three["action"], three["stage"], three["version"]) == ("a5", "handling", 7)
    assert (three["count"], three["id"]) == (3, 12)


def test_a_slow_reader_costs_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST_WAITING", 3)
    reader = Subscriber(SYSTEM, lambda: SYSTEM)
    for n in range(3):
        reader.offer({**event(1, n), "subject_id": n})
    assert not reader.lost
    reader.offer({**event(2, 9), "subject_id": 0})
    assert (len(reader.waiting), reader.lost) == (3, False)
    reader.offer({**event(1, 10), "subject_id": 99})
    assert (reader.waiting, reader.lost) == ({}, True)
