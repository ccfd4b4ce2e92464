"""A real server on a state folder of its own, to be killed and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from bench.faults.layer import HOST, Tally
from mengding.runtime.database import Embedded
from mengding.runtime.state import checkout_dir


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Server:
    """`mengding run` with the embedded database in `state`."""

    def __init__(self, state: Path, port: int | None = None) -> None:
        self.state, self.port = state, port or free_port()
        self.log = state.parent / "server.log"
        self.env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.env |= {
            "MENGDING_DATA": str(state),
            "DJANGO_SETTINGS_MODULE": "mengding.settings",
            "PYTHONPATH": str(checkout_dir()),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mengding", "run", "--port", str(self.port)],
                env=self.env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.wait_ready()

    def wait_ready(self, seconds: float = 300) -> None:
        """Until somebody answers; raises RuntimeError with the end of the log."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://{HOST}:{self.port}/api/v1/session", timeout=10)
            except urllib.error.HTTPError as error:
                if error.code == 401:
                    return
            except OSError:
                pass  # not there yet
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server does not answer:\n{self.log.read_text('utf-8')[-3000:]}")

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(90)

    def ask(self, code: str) -> str:
        """Run some lines of Python as this installation, in its database; what they print."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.env | {"DATABASE_URL": self.database()},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return done.stdout.strip()

    def known(
        self, accounts: list[str], organisations: list[str]
    ) -> tuple[dict[str, str], dict[str, int]]:
        """API tokens of demo accounts, ids of organisations by code."""
        told = json.loads(
            self.ask(
                "import django, json; django.setup()\n"
                "from mengding.demo.secrets import token\n"
                "from mengding.people.models import Organisation\n"
                f"orgs = Organisation.objects.filter(code__in={organisations!r})\n"
                f"print(json.dumps([{{name: token(name) for name in {accounts!r}}},"
                " dict(orgs.values_list('code', 'pk'))]))"
            )
        )
        return told[0], told[1]

    def database(self) -> str:
        """The address of its database."""
        return Embedded(self.state).url()

    # What is done to it

    def kill_web(self) -> None:
        """`kill -9` of every web process; the supervisor starts them again."""
        for pid in self._tree(self._top()):
            if b"mengding.runtime.web" in _command(pid):
                _kill(pid)

    def kill_database(self) -> None:
        """`kill -9` of PostgreSQL's first process."""
        with suppress(FileNotFoundError):
            lines = (self.state / "pg" / "postmaster.pid").read_text("utf-8").splitlines()
            _kill(int(lines[0]))

    def kill_all(self) -> None:
        """`kill -9` of the supervisor and all it runs, and a new start."""
        with suppress(FileNotFoundError):
            lines = (self.state / "pg" / "postmaster.pid").read_text("utf-8").splitlines()
            database = set(self._tree(int(lines[0])))
        for pid in self._tree(self._top()):
            if pid not in database:
                _kill(pid)
        if self.process is not None:
            self.process.wait(30)
        self.start()

    def restart(self) -> None:
        """An orderly stop and a new start, as for an update."""
        self.stop()
        self.start()

    def _top(self) -> int:
        assert self.process is not None
        return self.process.pid

    @staticmethod
    def _tree(top: int) -> list[int]:
        """A process and every one below it, top first."""
        children: dict[int, list[int]] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(folder.name))
        found = [top]
        for pid in found:
            found += children.get(pid, [])
        return found


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it may have ended meanwhile
        os.kill(pid, signal.SIGKILL)


class Reaper(threading.Thread):
    """Kills and restarts, spread evenly over the faults; each is one of them."""

    def __init__(self, server: Server, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.server, self.tally = server, tally
        self.over = threading.Event()
        self.failed: BaseException | None = None
        blows = max(3, tally.most // 400)
        kinds = ["kill_web", "kill_web", "kill_database", "kill_web", "kill_all", "restart"]
        self.plan = [
            ((number + 1) * tally.most // (blows + 1), kinds[number % len(kinds)])
            for number in range(blows)
        ]

    def run(self) -> None:
        """Wait for the next place in the plan and strike."""
        try:
            for place, kind in self.plan:
                while self.tally.count < place and not self.over.wait(0.02):
                    pass
                if self.over.is_set():
                    return
                if self.tally.take(kind):
                    getattr(self.server, kind)()
                    self.server.wait_ready()
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.failed = error
