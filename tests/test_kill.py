"""The server is killed in the middle of a burst: what it acknowledged is there, once.

Really started, really killed: the whole process tree by `kill -9`, and the database alone.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mengding.runtime.processes import command_line
from mengding.runtime.tests.test_run import Run, processes_of

LON, LAT = 103.11, 30.09
WRITERS = 6
# Nobody there, an error answer, half an answer.
NO_ANSWER = (OSError, http.client.HTTPException, ValueError)
pytestmark = pytest.mark.slow


class Burst:
    """Reports sent by several threads, each with a key; what came back for each."""

    def __init__(self, run: Run, bearer: str, name: str) -> None:
        self.run, self.bearer, self.name = run, bearer, name
        self.answers: dict[str, int] = {}  # key -> report id
        self.sent: list[str] = []
        self.over = threading.Event()

    def post(self, key: str) -> int:
        """The id of the report taken in under the key; OSError when nobody answers."""
        body = {"description": f"突发 {key}", "class_code": "C0101", "lon": LON, "lat": LAT}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.run.port}/api/v1/reports",
            data=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.bearer}",
                "Idempotency-Key": key,
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 201
            taken: dict[str, Any] = json.loads(answer.read())
        return int(taken["id"])

    def write(self, writer: int) -> None:
        """One thread's reports, until the burst is over."""
        number = 0
        while not self.over.is_set():
            number += 1
            key = f"{self.name}-{writer}-{number}"
            self.sent.append(key)
            try:
                self.answers[key] = self.post(key)
            except NO_ANSWER:
                time.sleep(0.05)

    def strike(self, *processes: int, after: int = 40) -> None:
        """Send until `after` reports are acknowledged, kill, go on for a moment."""
        with ThreadPoolExecutor(WRITERS) as threads:
            writers = [threads.submit(self.write, n) for n in range(WRITERS)]
            try:
                until = time.monotonic() + 60
                while len(self.answers) < after and time.monotonic() < until:
                    time.sleep(0.002)
                enough = len(self.answers) >= after
                for pid in processes:
                    with suppress(ProcessLookupError):  # the worker may have ended meanwhile
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.3)
            finally:
                self.over.set()  # else the threads below would never end
            for writer in writers:
                writer.result(60)
        assert enough, self.run.said()

    def retry(self) -> int:
        """Send everything unacknowledged again under its key; how many there were."""
        open_keys = [key for key in self.sent if key not in self.answers]
        for key in open_keys:
            until = time.monotonic() + 60
            while key not in self.answers:
                try:
                    self.answers[key] = self.post(key)
                except NO_ANSWER as error:
                    if time.monotonic() > until:
                        raise AssertionError(f"{key}: {error!r}\n{self.run.said()}") from error
                    time.sleep(0.2)
        return len(open_keys)

    def check(self, database: str) -> None:
        """Each key is one report, with one case, one clock and one first event."""
        with psycopg.connect(database) as connection:
            rows = connection.execute(
                "SELECT r.description, r.id, r.case_id, c.version,"
                " (SELECT count(*) FROM clocks_clock k WHERE k.case_id = c.id),"
                " (SELECT count(*) FROM search_entry s WHERE s.case_id = c.id),"
                " (SELECT count(*) FROM ledger_event e WHERE e.subject_kind = 'case'"
                "  AND e.subject_id = c.id)"
                " FROM cases_report r JOIN cases_case c ON c.id = r.case_id"
                " WHERE r.description LIKE %s",
                [f"突发 {self.name}-%"],
            ).fetchall()
            unfinished = connection.execute(
                "SELECT count(*) FROM http_idempotencykey WHERE status = 0"
            ).fetchone()
        stored = {text.removeprefix("突发 "): report for text, report, *_ in rows}
        assert len(stored) == len(rows), "taken in twice"
        assert stored == self.answers, "an acknowledged report is lost or another one"
        assert set(stored) == set(self.sent)
        assert len({case for _, _, case, *_ in rows}) == len(rows)
        assert {tuple(rest) for _, _, _, *rest in rows} == {(1, 1, 1, 1)}
        assert unfinished == (0,)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    until = time.monotonic() + 15
    while processes_of(folder) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_of(folder) == []


def started(state: Path) -> Run:
    run = Run(state, DJANGO_SETTINGS_MODULE="mengding.settings")
    run.wait_for("stop: Ctrl-C", seconds=180)
    return run


def ask(state: Path, code: str) -> str:
    """Run some lines of Python as the installation in `state`; what they print."""
    import subprocess
    import sys

    from mengding.runtime.state import checkout_dir

    environment = os.environ | {"MENGDING_DATA": str(state), "PYTHONPATH": str(checkout_dir())}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def pids_of(run: Run) -> list[int]:
    """The supervisor and every process below it, top first."""
    return tree(run.process.pid)


def tree(top: int) -> list[int]:
    """A process and every one below it, top first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found = [top]
    for pid in found:
        found += children.get(pid, [])
    return found


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(state: Path) -> None:
    run = started(state)
    try:
        bearer = ask(state, "from mengding.demo.secrets import token; print(token('desk'))")
        address = ask(
            state,
            "from mengding.runtime.database import Embedded\n"
            "from mengding.runtime.state import state_dir\n"
            "print(Embedded(state_dir()).url())",
        )
        postmaster = int((state / "pg" / "postmaster.pid").read_text("utf-8").splitlines()[0])

        # The database alone: the server stays, answers with errors, and finds it again.
        burst = Burst(run, bearer, "database")
        burst.strike(postmaster)
        assert burst.retry() > 0
        burst.check(address)

        # The web processes alone: the supervisor starts them again.
        burst = Burst(run, bearer, "web")
        database = int((state / "pg" / "postmaster.pid").read_text("utf-8").splitlines()[0])
        webs = [pid for pid in pids_of(run) if "mengding.runtime.web" in command_line(pid)]
        assert len(webs) == 2
        burst.strike(*webs)
        assert burst.retry() > 0
        burst.check(address)

        # The supervisor and all its servers; the database goes down with them on its own.
        burst = Burst(run, bearer, "all")
        everything = [pid for pid in pids_of(run) if pid not in tree(database)]
        assert len(everything) >= 3  # the worker may be between two starts
        burst.strike(*everything)
        run.process.wait(10)
        run = burst.run = started(state)
        assert burst.retry() > 0
        burst.check(address)
        assert run.end() == 0
    finally:
        run.end()
