"""The stream over a real server and real connections."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
import uvicorn
from django.db import connection

from mengding.cases import actions
from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD, case_at, org, report, who
from mengding.core.beside import connect
from mengding.demo.secrets import token
from mengding.live import app as live

pytestmark = pytest.mark.usefixtures("world", "committed")


class Reader:
    """One client: collects (id, event, data) until closed."""

    def __init__(self, port: int, user: str, last: str = "") -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self._http = HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Bearer {token(user)}"}
        if last:
            headers["Last-Event-ID"] = last
        self._http.request("GET", "/api/v1/stream", headers=headers)
        assert self._http.sock is not None
        self._sock = self._http.sock
        self.response: HTTPResponse = self._http.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.wait(lambda r: any(e[1] in ("hello", "reset") for e in r.events))

    def _read(self) -> None:
        block: dict[str, str] = {}
        with suppress(OSError, ValueError, AttributeError):
            for raw in self.response:
                line = raw.decode().rstrip("\n")
                if not line and block:
                    self.events.append((block["id"], block["event"], json.loads(block["data"])))
                    block = {}
                elif ": " in line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    block[name] = value

    def wait(self, done: Any, seconds: float = 30) -> None:
        """Until `done(self)`, or fail."""
        end = time.monotonic() + seconds
        while not done(self):
            assert time.monotonic() < end, f"waited in vain; got {self.events}"
            time.sleep(0.02)

    def cases(self) -> list[int]:
        """Ids of the cases told of so far."""
        return [data["id"] for _, event, data in self.events if event == "case"]

    def last(self) -> str:
        """The id of the newest event."""
        return self.events[-1][0]

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._sock.close()


@contextmanager
def reading(port: int, user: str, last: str = "") -> Iterator[Reader]:
    """A reader for the length of a block."""
    reader = Reader(port, user, last)
    try:
        yield reader
    finally:
        reader.close()


@pytest.fixture(scope="module")
def port(world: str, django_db_blocker: Any) -> Iterator[int]:
    """The live application on a free port, with its own event loop on a thread."""
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


def settle(reader: Reader, case_id: int) -> None:
    """Wait until the reader has heard of a case."""
    reader.wait(lambda r: case_id in r.cases())


def test_everybody_hears_of_what_they_may_see(port: int) -> None:
    names = ("desk", "town", "handler", "mediate", "sysadmin", "audit")
    readers = {name: Reader(port, name) for name in names}
    here = report().case.pk  # in the town dispatcher's town
    there = report(village="511803001001").case.pk
    secret = report("邻里纠纷", class_code="S0102").case.pk
    ours = case_at(Stage.DISPATCHED).pk
    settle(readers["desk"], ours)
    settle(readers["mediate"], secret)
    time.sleep(0.6)
    heard = {name: set(reader.cases()) for name, reader in readers.items()}
    assert heard["desk"] >= {here, there, secret, ours}  # the desk took the confidential one
    assert heard["town"] & {here, there, secret} == {here}
    assert heard["handler"] & {here, there, secret, ours} == {ours}
    assert secret in heard["mediate"]
    assert heard["sysadmin"] == heard["audit"] == set()
    for reader in readers.values():
        reader.close()


def test_no_words_and_no_contact_data(port: int) -> None:
    with reading(port, "desk") as reader:
        case_id = report("我是张三，电话13812345678").case.pk
        settle(reader, case_id)
        assert "13812345678" not in json.dumps(reader.events, ensure_ascii=False)
        assert "张三" not in json.dumps(reader.events, ensure_ascii=False)


def test_changes_within_the_window_come_as_one(port: int) -> None:
    with reading(port, "desk") as reader:
        case_id = case_at(Stage.HANDLING).pk
        settle(reader, case_id)
        reader.wait(
            lambda r: (
                sum(d["count"] for _, e, d in r.events if e == "case" and d["id"] == case_id) == 4
            )
        )
        told = [
            data for _, event, data in reader.events if event == "case" and data["id"] == case_id
        ]
        assert len(told) < 4
        assert told[-1]["stage"] == "handling"


def test_resuming_misses_nothing_and_doubles_nothing(port: int) -> None:
    with reading(port, "desk") as reader:
        first = report().case.pk
        settle(reader, first)
        last = reader.last()
    away = [report().case.pk for _ in range(3)]
    with reading(port, "desk", last) as again:
        after = report().case.pk
        settle(again, after)
        assert again.cases() == [*away, after]


def test_late_commits_are_not_missed(port: int) -> None:
    """A transaction that began first and commits last sorts behind what was read meanwhile."""
    early = connect()
    with reading(port, "desk") as reader:
        case_id = report().case.pk
        settle(reader, case_id)  # on a slow machine it is told of after the reader came
        resume_at = reader.last()
        reader.events.clear()
        early.execute(
            "INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, action,"
            " before, after, words_digest, request_id, prev, hash) VALUES ('case', %s, 0, now(), 0,"
            " 'system', 'case.test_early', '{}', '{}', '', '', '', '')",
            [case_id],
        )
        later = report().case.pk  # begins and commits while the first is open
        time.sleep(0.8)
        early.commit()
        settle(reader, later)
        settle(reader, case_id)
        assert sorted(reader.cases()) == sorted([case_id, later])
    early.close()
    with reading(port, "desk", resume_at) as again:
        again.wait(lambda r: len(r.cases()) == 2)


def test_an_order_taken_away_is_told_to_who_had_it(port: int) -> None:
    case_id = case_at(Stage.HANDLING).pk
    with reading(port, "handler") as reader:
        actions.reassign(who("dispatch"), case_id, lead_org_id=org("dept-water"), reason="转办")
        # Not just any event of the case: on a slow machine earlier ones are still under way.
        reader.wait(lambda r: any(data.get("action") == "case.reassign" for *_, data in r.events))
        reader.events.clear()
        actions.note(who("water"), case_id, text="收到")
        time.sleep(0.7)
        assert reader.cases() == []
    assert LEAD != "dept-water"


def test_the_database_may_go_and_come_back(port: int) -> None:
    with reading(port, "desk") as reader:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'mengding-live' AND datname = current_database()"
            )
            assert cursor.fetchone()[0] >= 1
        case_id = report().case.pk
        settle(reader, case_id)


def test_strangers_get_problem_details(port: int) -> None:
    http = HTTPConnection("127.0.0.1", port, timeout=5)
    http.request("GET", "/api/v1/stream", headers={"Accept-Language": "en"})
    answer = http.getresponse()
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.read())["code"] == "not_signed_in"


def test_a_position_of_another_ledger_resets(port: int) -> None:
    with reading(port, "desk", "99999999999-1") as reader:
        assert [event for _, event, _ in reader.events] == ["reset"]
    with reading(port, "desk", "nonsense") as reader:
        assert [event for _, event, _ in reader.events] == ["reset"]
