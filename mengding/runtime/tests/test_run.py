"""``mengding run`` for real: started, interrupted, killed, started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mengding.runtime.processes import alive, command_line
from mengding.runtime.state import checkout_dir


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(state: Path) -> list[str]:
    """Commands of all live processes that were started for this state folder."""
    mark = f"MENGDING_DATA={state}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            theirs = mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if (theirs or str(state).encode() in command) and alive(int(folder.name)):
            found.append(command.replace(b"\0", b" ").decode())
    return found


def children(pid: int) -> list[int]:
    try:
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:  # it has ended
        return []
    return [int(each) for each in said.split()]


class Run:
    """One ``mengding`` process on a state folder."""

    def __init__(self, state: Path, *arguments: str, **env: str) -> None:
        self.state = state
        self.port = free_port()
        self.output = state.parent / f"output-{self.port}"
        self.env = {key: os.environ[key] for key in os.environ if key != "DATABASE_URL"} | {
            "MENGDING_DATA": str(state),
            "DJANGO_SETTINGS_MODULE": "mengding.runtime.tests.stub",
            "PYTHONPATH": str(checkout_dir()),
        }
        self.env |= env
        command = list(arguments) or ["run", "--port", str(self.port)]
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mengding", *command],
                env=self.env,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def wait_for(self, text: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.02)

    def ready(self) -> Run:
        self.wait_for("stop: Ctrl-C")
        return self

    def call(self, path: str = "/", data: bytes | None = None, **headers: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def end(self, sig: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(40)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    until = time.monotonic() + 10
    while processes_of(folder) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_of(folder) == []


def test_second_run_is_quick_and_loses_nothing_and_ctrl_c_leaves_nothing(state: Path) -> None:
    first = Run(state).ready()
    try:
        assert "desk" in first.said()
        assert "pass-word" in first.said()
        assert first.call(data=b"")["rows"] == 1
    finally:
        assert first.end() == 0
    assert processes_of(state) == []
    assert (state / "secrets.json").stat().st_mode & 0o777 == 0o600
    secrets = (state / "secrets.json").read_text("utf-8")

    began = time.monotonic()
    second = Run(state).ready()
    try:
        assert time.monotonic() - began < 15
        assert "loading" not in second.said()
        assert second.call()["rows"] == 1
        assert (state / "secrets.json").read_text("utf-8") == secrets
    finally:
        assert second.end(signal.SIGTERM) == 0
    assert processes_of(state) == []
    assert "Traceback" not in first.said() + second.said()


def test_kill_nine_takes_everything_along_and_the_next_run_has_the_data(state: Path) -> None:
    first = Run(state).ready()
    assert first.call(data=b"")["rows"] == 1
    first.process.kill()
    first.process.wait()
    second = Run(state).ready()  # at once: the old database may still be shutting down
    try:
        assert second.call()["rows"] == 1
    finally:
        assert second.end() == 0


def test_killed_database_and_web_process_come_back(state: Path) -> None:
    run = Run(state).ready()
    try:
        run.call(data=b"")
        os.kill(run.call()["pid"], signal.SIGKILL)
        run.wait_for("SIGKILL")
        assert run.call()["rows"] == 1
        database = int((state / "pg" / "postmaster.pid").read_text("utf-8").splitlines()[0])
        os.kill(database, signal.SIGKILL)
        run.wait_for("the database stopped")
        until = time.monotonic() + 30
        while True:
            try:
                assert run.call()["rows"] == 1
                break
            except OSError:  # an error answer while it restarts
                assert time.monotonic() < until, run.said()
                time.sleep(0.1)
    finally:
        assert run.end() == 0


def test_jobs_have_two_processes_that_come_back_together(state: Path) -> None:
    run = Run(state).ready()

    def workers() -> list[int]:
        """The one that follows the ledger, and the one of long jobs, its child."""
        quick = [pid for pid in children(run.process.pid) if command_line(pid).endswith(" worker")]
        below = [pid for parent in quick for pid in children(parent)]
        return quick + [pid for pid in below if command_line(pid).endswith(" worker")]

    def both_but(before: list[int]) -> list[int]:
        until, last = time.monotonic() + 60, before
        while True:
            found = workers()
            # Twice the same: what is about to become another program has this name for a moment.
            if found == last and len(found) == 2 and not set(found) & set(before):
                return found
            assert time.monotonic() < until, run.said()
            last = found
            time.sleep(0.3)

    try:
        both = both_but([])
        os.kill(both[1], signal.SIGKILL)
        both = both_but(both)
        os.kill(both[0], signal.SIGKILL)
        both = both_but(both)
    finally:
        assert run.end() == 0


@pytest.mark.parametrize("moment", ["starting the database", "making", "migrating", "the server"])
def test_ctrl_c_while_starting_leaves_nothing(state: Path, moment: str) -> None:
    run = Run(state)
    run.wait_for(moment)
    assert run.end() == 0
    assert processes_of(state) == []
    assert "Traceback" not in run.said()
    again = Run(state).ready()
    assert again.end() == 0


def test_taken_port_names_who_has_it(state: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        run = Run(state, "run", "--port", str(port))
        assert run.process.wait(20) == 1
    assert f"port {port} is taken (pid {os.getpid()}" in run.said()
    assert len(run.said().strip().splitlines()) == 1


def test_a_second_server_on_the_same_folder_is_refused(state: Path) -> None:
    first = Run(state).ready()
    try:
        second = Run(state)
        assert second.process.wait(20) == 1
        assert f"pid {first.process.pid}, http://127.0.0.1:{first.port}" in second.said()
    finally:
        assert first.end() == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "cannot connect"),
        ("mysql://localhost/x", "only postgresql://"),
    ],
)
def test_unusable_database_url_is_one_line(state: Path, url: str, words: str) -> None:
    run = Run(state, "run", "--port", str(free_port()), DATABASE_URL=url)
    assert run.process.wait(20) == 1
    last = run.said().strip().splitlines()[-1]
    assert words in last
    assert "Traceback" not in run.said()


def test_unusable_state_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mengding", "run", "--port", str(free_port())],
        env=os.environ | {"MENGDING_DATA": str(tmp_path / "file" / "state")},
        cwd=checkout_dir(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "state folder" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_demo_accounts_stay_on_this_machine(state: Path) -> None:
    assert Run(state).ready().end() == 0
    port = str(free_port())
    refused = Run(state, "run", "--host", "0.0.0.0", "--port", port)
    assert refused.process.wait(60) == 1
    assert "--allow-demo-on-network" in refused.said()
    allowed = Run(state, "run", "--host", "0.0.0.0", "--port", port, "--allow-demo-on-network")
    assert allowed.ready().end() == 0


def test_a_command_starts_the_database_and_stops_it_or_joins_one(state: Path) -> None:
    alone = Run(state, "migrate")
    assert alone.process.wait(60) == 0, alone.said()
    assert processes_of(state) == []
    server = Run(state).ready()
    try:
        beside = Run(state, "demo", "--json")
        assert beside.process.wait(60) == 0, beside.said()
        assert json.loads(beside.said())[0]["token"] == "t"
        assert server.call()["rows"] == 0  # the database is still there
    finally:
        assert server.end() == 0


def test_the_bridge_carries_requests_whole(state: Path) -> None:
    run = Run(state).ready()
    try:
        got = run.call(
            "/echo/%E8%B7%AF?q=%E7%81%AF", b"x" * 3_000_000,
            **{"Content-Type": "text/plain", "X-Real": "yes", "X_Real": "forged"},
        )  # fmt: skip
        assert got == {
            "size": 3_000_000, "type": "text/plain", "path": "/echo/路", "query": "灯",
            "header": "yes",
        }  # fmt: skip
        chunked = _raw(run.port, b"POST /echo/%E8%B7%AF HTTP/1.1\r\nHost: a\r\n"
                       b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                       b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")  # fmt: skip
        assert b'{"size": 5,' in chunked
        huge = _raw(run.port, b"POST /echo/%E8%B7%AF HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 2147483648\r\n\r\n")  # fmt: skip
        assert huge.startswith(b"HTTP/1.1 413")
        assert b"application/problem+json" in huge
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/stream", timeout=10) as answer:
            assert answer.read() == b"part 0\npart 1\npart 2\n"
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda _: run.call(), range(200)))
        # 2 processes x 4 threads, the worker's few and this one: connections are not leaked.
        assert run.call("/backends")["backends"] <= 20
    finally:
        assert run.end() == 0


def test_kept_connections_are_shared_between_the_processes(state: Path) -> None:
    run = Run(state).ready()
    kept = [http.client.HTTPConnection("127.0.0.1", run.port, timeout=10) for _ in range(8)]
    try:
        time.sleep(1)  # both processes up: readiness means that one of them is
        for connection in kept:
            connection.connect()
            time.sleep(0.02)
        pids = []
        for connection in kept:
            connection.request("GET", "/")
            pids.append(json.loads(connection.getresponse().read())["pid"])
        assert sorted(pids.count(pid) for pid in set(pids)) in ([3, 5], [4, 4]), pids
    finally:
        for connection in kept:
            connection.close()
        assert run.end() == 0


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer
