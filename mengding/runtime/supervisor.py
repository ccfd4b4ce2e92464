"""``mengding run``: database, migrations, demo, web processes and worker, started and kept up.

Children run in sessions of their own; a signal to this process stops them in order, and if this
process is killed outright the kernel tells them to stop (see ``processes.die_with_parent``).
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from mengding.runtime.database import (
    LOG_LIMIT,
    Embedded,
    check_given,
    require_disk_space,
)
from mengding.runtime.exposure import ALLOW_DEMO, is_loopback
from mengding.runtime.problem import Problem
from mengding.runtime.processes import before_exec, interrupted_after, listen, spawn, stop
from mengding.runtime.state import checkout_dir, ensure_state_dir, load_secrets, one_line

STEADY = 30.0  # seconds a child must live for its next crash to count as its first
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Child:
    """A process to keep running."""

    name: str
    command: list[str]
    log: Path
    pass_fds: tuple[int, ...] = ()
    on_parent_death: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    crashes: int = 0
    again_at: float = 0.0


@dataclass(slots=True)
class Options:
    """What ``mengding run`` was asked for."""

    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True
    allow_demo_on_network: bool = False
    web: int = 2
    threads: int = 4


@dataclass(slots=True)
class Supervisor:
    state: Path
    options: Options
    out: TextIO = field(default_factory=lambda: sys.stdout)
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f}s] {text}", file=self.out, flush=True)

    # -- the whole run -------------------------------------------------------------------

    def run(self) -> int:
        """Start everything, stay until told to stop, stop everything. Raises ``Problem``."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._interrupt)
        server_socket: socket.socket | None = None
        database: Embedded | None = None
        try:
            ensure_state_dir(self.state)
            (self.state / "logs").mkdir(exist_ok=True)
            with self._only_one():
                server_socket = listen(self.options.host, self.options.port)
                load_secrets(self.state)
                require_disk_space(self.state, 50 << 20)
                os.environ["MENGDING_DATA"] = str(self.state)
                os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
                if self.options.allow_demo_on_network:
                    os.environ[ALLOW_DEMO] = "1"
                try:
                    database = self._database()
                    accounts = self._prepare()
                    self._start_children(server_socket)
                    self._await_answer()
                    self._announce(accounts)
                    self._watch(database)
                except KeyboardInterrupt:
                    pass
                finally:
                    self._stop(database)
        except KeyboardInterrupt:
            return 0
        except OSError as error:
            raise Problem(
                f"无法启动 cannot run: {one_line(error)} {error.filename or ''}"
            ) from error
        finally:
            if server_socket is not None:
                server_socket.close()
        return 0

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.stopping.is_set():
            self.stopping.set()
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        path = self.state / "run.lock"
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise Problem(
                    f"已在运行 already running on this state folder: {file.read().strip()}"
                ) from error
            file.truncate(0)
            file.write(f"pid {os.getpid()}, {self._address()}\n")
            file.flush()
            yield

    def _address(self) -> str:
        host = self.options.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.options.port}"

    # -- starting ------------------------------------------------------------------------

    def _database(self) -> Embedded | None:
        given = os.environ.get("DATABASE_URL", "").strip()
        if given:
            self.say("检查数据库 checking DATABASE_URL")
            check_given(given)
            return None
        self.say("启动数据库 starting the database")
        database = Embedded(self.state, say=self.say)
        try:
            database.start()
        except BaseException:
            database.stop()
            raise
        os.environ["DATABASE_URL"] = database.url()
        return database

    def _prepare(self) -> list[dict[str, Any]]:
        host = self.options.host
        command = [sys.executable, "-m", "mengding.runtime.prepare", host]
        if self.options.demo and (is_loopback(host) or self.options.allow_demo_on_network):
            command.append("demo")
        words = {
            "migrate": "更新表结构 migrating",
            "demo": "载入演示区 loading the demo district",
        }
        log = self.state / "logs" / "prepare.log"
        accounts: list[dict[str, Any]] = []
        failure = None
        process: subprocess.Popen[str] | None = None
        try:
            with log.open("wb") as errors, interrupted_after():
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    encoding="utf-8",
                    start_new_session=True,
                    env=self._environment(),
                    preexec_fn=before_exec(signal.SIGTERM),
                )
            assert process.stdout is not None
            for text in process.stdout:
                line = json.loads(text)
                if "step" in line:
                    self.say(words[line["step"]])
                failure = line.get("error", failure)
                accounts = line.get("accounts", accounts)
            code = process.wait()
        except BaseException:
            if process is not None:
                stop(process, sig=signal.SIGTERM, patience=10)
            raise
        if code:
            raise Problem(f"准备数据库失败 {failure or f'exit code {code}'} ({log})")
        return accounts

    def _environment(self) -> dict[str, str]:
        # The checkout first: children are started by module name from any folder.
        path = os.pathsep.join(
            part for part in (str(checkout_dir()), os.environ.get("PYTHONPATH")) if part
        )
        return dict(os.environ) | {"PYTHONPATH": path}

    def _start_children(self, server_socket: socket.socket) -> None:
        logs = self.state / "logs"
        handle = server_socket.fileno()
        for number in range(1, self.options.web + 1):
            self.children.append(
                Child(
                    f"web{number}",
                    [sys.executable, "-m", "mengding.runtime.web", "box", "--fd", str(handle),
                     "--threads", str(self.options.threads)],
                    logs / "web.log",
                    (handle,),
                )
            )  # fmt: skip
        self.children.append(
            Child(
                "worker",
                [sys.executable, "-m", "mengding", "worker"],
                logs / "worker.log",
                # Asked to end, it would wait for a database that went down with us. A job that
                # breaks off has changed nothing and runs again.
                on_parent_death=signal.SIGKILL,
            )
        )
        self.say("启动服务 starting the server")
        for child in self.children:
            if child.log.exists() and child.log.stat().st_size > LOG_LIMIT:
                child.log.replace(child.log.with_suffix(".log.1"))
            self._spawn(child)

    def _spawn(self, child: Child) -> None:
        with interrupted_after():
            child.process = spawn(
                child.command,
                log=child.log,
                env=self._environment(),
                pass_fds=child.pass_fds,
                on_parent_death=child.on_parent_death,
            )
        child.started = time.monotonic()

    def _await_answer(self, seconds: float = 60) -> None:
        host = self.options.host
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1" if host == "0.0.0.0" else "::1"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection = http.client.HTTPConnection(host, self.options.port, timeout=1)
            try:
                connection.request("GET", "/", headers={"Host": "localhost"})
                connection.getresponse()
                return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            for child in self.children:
                if child.process and child.process.poll() is not None:
                    raise Problem(
                        f"{child.name} 启动失败 did not start "
                        f"({_ended(child.process.returncode)}): "
                        f"{_last_line(child.log)} ({child.log})"
                    )
            time.sleep(0.05)
        raise Problem(f"服务没有响应 the server does not answer; see {self.state / 'logs'}")

    def _announce(self, accounts: list[dict[str, Any]]) -> None:
        self.say(f"就绪 ready: {self._address()}")
        if accounts:
            print(table(accounts), file=self.out)
            print(
                "演示口令仅限本机 demo passwords, for this machine only. "
                "Tokens: mengding demo --json",
                file=self.out,
            )
        print(f"数据 data: {self.state}   停止 stop: Ctrl-C", file=self.out, flush=True)

    # -- staying up ----------------------------------------------------------------------

    def _watch(self, database: Embedded | None) -> None:
        while not self.stopping.wait(0.3):
            if database is not None and database.running_pid() is None:
                self.say("数据库意外停止，重新启动 the database stopped; starting it again")
                database.stop()
                try:
                    database.start()
                except Problem as problem:
                    self.say(f"{problem}")
                    self.stopping.wait(5)
            for child in self.children:
                self._keep(child)

    def _keep(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.again_at:
                self._spawn(child)
            return
        code = child.process.poll()
        if code is None:
            return
        stop(child.process, sig=signal.SIGTERM, patience=0)  # whatever it left in its session
        child.process = None
        child.crashes = 1 if now - child.started > STEADY else child.crashes + 1
        pause = min(LONGEST_PAUSE, 0.5 * 2.0 ** (child.crashes - 1))
        child.again_at = now + pause
        self.say(
            f"{child.name} 意外停止 stopped ({_ended(code)}), {pause:g} 秒后重启 "
            f"again in {pause:g} s; {child.log}"
        )

    def _stop(self, database: Embedded | None) -> None:
        self.stopping.set()  # from here on, further signals change nothing
        if self.children:
            self.say("正在停止 stopping")
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 8
        for child in self.children:
            if child.process is not None:
                stop(child.process, sig=signal.SIGTERM, patience=max(0.1, until - time.monotonic()))
        if database is not None:
            database.stop()
        self.say("已停止，数据保留 stopped; nothing is lost")


def _ended(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:160] if lines else ""


def width(text: str) -> int:
    """Columns a text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


COLUMNS = {
    "role": "角色 role",
    "name": "姓名 name",
    "username": "账号 account",
    "password": "口令 password",
}


def table(accounts: list[dict[str, Any]]) -> str:
    """The demo accounts as an aligned text table."""
    keys = [key for key in COLUMNS if any(key in account for account in accounts)]
    rows = [[COLUMNS[key] for key in keys]]
    rows += [[str(account.get(key, "")) for key in keys] for account in accounts]
    widths = [max(width(row[at]) for row in rows) for at in range(len(keys))]
    return "\n".join(
        "  "
        + "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in rows
    )
