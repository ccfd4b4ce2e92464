"""The database: the one in ``DATABASE_URL``, or an embedded PostgreSQL in the state folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from mengding.runtime.binaries import (
    OLDEST,
    Binaries,
    database_account,
    find_binaries,
    make_reachable,
)
from mengding.runtime.problem import Problem
from mengding.runtime.processes import RunAs, alive, command_line, interrupted_after, spawn
from mengding.runtime.state import ensure_state_dir, load_secrets, one_line

NAME = "mengding"
SOCKET_PATH_LIMIT = 100  # sun_path is 104 bytes on macOS, 108 on Linux
MIN_FREE = 300 * 1024 * 1024
LOG_LIMIT = 10 * 1024 * 1024

# Small machine, many short transactions: modest shared memory, no JIT (it costs more than it
# saves on short queries and holds memory), disk as SSD.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "superuser_reserved_connections": "2",
    "shared_buffers": "160MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "96MB",
    "wal_buffers": "8MB",
    "min_wal_size": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "checkpoint_completion_target": "0.9",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_workers": "2",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "20s",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",  # messages are recognised by text, and read by people who search them
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "huge_pages": "off",
}
# Only for test databases, which are thrown away.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def require_disk_space(folder: Path, needed: int = MIN_FREE) -> None:
    """Raise ``Problem`` if the folder's file system has less than ``needed`` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Problem(
            f"磁盘空间不足 disk is full: {free >> 20} MiB free at {folder}, "
            f"{needed >> 20} MiB needed"
        )


class Embedded:
    """One embedded server in ``<state>/pg``, started here or found running.

    It listens on a Unix socket only, in a folder that only its account (and root) may enter,
    and asks for a password even there.
    """

    def __init__(
        self, state: Path, *, careless: bool = False, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.state = state
        self.data = state / "pg"
        self.log = state / "logs" / "postgres.log"
        self.careless = careless
        self.say = say
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def started_here(self) -> bool:
        return self.child is not None

    def url(self) -> str:
        """The ``postgresql://`` address with password, for ``DATABASE_URL`` of our children."""
        password = quote(load_secrets(self.state).db_password, safe="")
        return f"postgresql://{NAME}:{password}@/{NAME}?host={quote(str(self._sockets()))}"

    def start(self, patience: float = 300) -> None:
        """Make the database if absent and start it, or join the one already running.

        ``patience`` is in seconds, long because a crash may need replaying. Raises ``Problem``.
        """
        ensure_state_dir(self.state)
        try:
            self.log.parent.mkdir(exist_ok=True)
            with self._lock():
                if self._join(patience):
                    return
                require_disk_space(self.state)
                self._start(patience)
        except OSError as error:
            raise Problem(f"数据库无法启动 cannot start the database: {one_line(error)}") from error

    def stop(self) -> None:
        """Stop the server if it was started here: fast shutdown, data safe on disk."""
        child, self.child = self.child, None
        if child is None:
            return
        for sig, seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)):
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.send_signal(sig)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(seconds)
        if child.poll() is None:
            child.kill()
            child.wait()

    # -- a server that is already there --------------------------------------------------

    def running_pid(self) -> int | None:
        """The process id of the live server of this data folder, whoever started it."""
        pid, _ = self._pid_file()
        if pid is None or not alive(pid):
            return None
        command = command_line(pid)
        return pid if not command or "postgres" in command else None

    def _pid_file(self) -> tuple[int | None, str]:
        try:
            lines = (self.data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting"
        except (FileNotFoundError, ValueError, IndexError):
            return None, ""

    def _join(self, patience: float) -> bool:
        """True if a live server serves this folder; waits for one that is starting or ending."""
        until = time.monotonic() + patience
        told = False
        while self.running_pid() is not None:
            status = self._pid_file()[1]
            if status == "ready" and self._answers():
                return True
            if time.monotonic() > until:
                raise Problem(
                    f"数据库没有响应 the database (pid {self.running_pid()}) does not answer; "
                    f"see {self.log}"
                )
            if not told and time.monotonic() > until - patience + 1:
                told = True
                self.say("等待数据库 waiting for a database that is starting or stopping")
            time.sleep(0.05)
        return False

    def _answers(self) -> bool:
        """A server whose supervisor was killed says ready while it is already shutting down."""
        import psycopg

        try:
            with psycopg.connect(self.url(), connect_timeout=5):
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Problem(
                    "数据库口令与 secrets.json 不符 the database refuses the password in "
                    f"{self.state / 'secrets.json'}; was that file replaced?"
                ) from error
            return False

    # -- starting our own ----------------------------------------------------------------

    def _start(self, patience: float) -> None:
        account = database_account(self.data)
        binaries = find_binaries(self._made_with())
        make_reachable(binaries.folder / "postgres", account)
        make_reachable(self.state, account)
        if not self.data.exists():
            self._create(binaries, account)
        sockets = self._sockets()
        sockets.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            os.chown(sockets, account.uid, account.gid)
        elif sockets.stat().st_uid != os.geteuid():
            raise Problem(f"套接字目录属于他人 {sockets} belongs to another user")
        self._forget_dead()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        options = SETTINGS | (CARELESS if self.careless else {})
        command = [str(binaries.folder / "postgres"), "-D", str(self.data), "-k", str(sockets)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        until = time.monotonic() + patience
        for attempt in range(20):
            mark = self.log.stat().st_size if self.log.exists() else 0
            with interrupted_after():
                self.child = child = spawn(
                    command,
                    log=self.log,
                    run_as=account,
                    on_parent_death=signal.SIGINT,
                    env=_environment(),
                    cwd=Path("/"),
                )
            while child.poll() is None:
                if self._pid_file() == (child.pid, "ready"):
                    return
                if time.monotonic() > until:
                    self.stop()
                    raise Problem(f"数据库启动超时 the database did not start; see {self.log}")
                time.sleep(0.02)
            self.child = None
            said = self._log_after(mark)
            # Backends of a killed server need a moment to notice; their memory is still held. A
            # server that is ending removes its two lock files one after the other.
            held = "pre-existing shared memory" in said
            held = held or ("lock file" in said and "already exists" in said)
            if attempt == 19 or not held:
                raise Problem(_explain(said, self.log))
            time.sleep(0.5)
            self._forget_dead()

    def _create(self, binaries: Binaries, account: RunAs | None) -> None:
        """``initdb`` beside the final place, moved there only when complete."""
        self.say("建立数据库 making the database")
        fresh = self.state / "pg.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        password = self.state / ".pg-password"
        handle = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(load_secrets(self.state).db_password)
            if account is not None:
                os.chown(fresh, account.uid, account.gid)
                os.chown(password, account.uid, account.gid)
            command = [
                str(binaries.folder / "initdb"), "-D", str(fresh), "-U", NAME,
                "--pwfile", str(password), "-A", "scram-sha-256", "-E", "UTF8",
                "--no-instructions",
            ]  # fmt: skip
            command += _locale(binaries.major)
            if self.careless:
                command.append("--no-sync")
            self._tool(command, account, None)
            self._tool(
                [str(binaries.folder / "postgres"), "--single", "-D", str(fresh), "postgres"],
                account,
                f"CREATE DATABASE {NAME}\n".encode(),
            )
        finally:
            password.unlink(missing_ok=True)
        fresh.rename(self.data)

    def _tool(self, command: list[str], account: RunAs | None, given: bytes | None) -> None:
        done = subprocess.run(
            command,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout)
        if done.returncode:
            raise Problem(_explain(done.stdout.decode("utf-8", "replace"), self.log))

    def _made_with(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text("ascii"))
        except FileNotFoundError:
            if self.data.exists():
                raise Problem(f"数据库目录不完整 {self.data} is not a database folder") from None
            return None
        except PermissionError:
            database_account(self.data)  # says whose it is
            raise

    def _sockets(self) -> Path:
        near = self.state / "run"
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return near
        mark = hashlib.sha256(os.fsencode(self.state.resolve())).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"mengding-{mark}"

    def _forget_dead(self) -> None:
        """Remove lock files whose process number now belongs to some other program.

        PostgreSQL itself removes those of dead processes, but takes any live one for a server.
        """
        for path in (self.data / "postmaster.pid", self._sockets() / ".s.PGSQL.5432.lock"):
            with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
                pid = int(path.read_text("utf-8", "replace").splitlines()[0])
                command = command_line(pid)
                if alive(pid) and command and "postgres" not in command:
                    path.unlink()

    def _log_after(self, mark: int) -> str:
        with self.log.open("rb") as log:
            log.seek(mark)
            return log.read(65536).decode("utf-8", "replace")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.state / ".start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _locale(major: int) -> list[str]:
    if major >= 17:  # PostgreSQL's own C.UTF-8: every machine alike, Chinese letters are letters
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "TMPDIR", "TZ") if key in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | kept


def _explain(said: str, log: Path) -> str:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return "磁盘已满 disk is full: PostgreSQL cannot write its data"
    for line in said.splitlines():
        for mark in ("FATAL:", "PANIC:", "error:"):
            if mark in line:
                return f"数据库无法启动 PostgreSQL: {line.partition(mark)[2].strip()} ({log})"
    return f"数据库无法启动 PostgreSQL did not start; see {log}"


def check_given(url: str) -> None:
    """Raise ``Problem`` unless ``url`` answers and is PostgreSQL 15 or newer."""
    import psycopg

    if not url.startswith(("postgres://", "postgresql://")):
        raise Problem("DATABASE_URL: 只支持 only postgresql://… is supported")
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise Problem(f"DATABASE_URL 无法连接 cannot connect: {reason[:240]}") from error
    if version < OLDEST * 10000:
        raise Problem(
            f"DATABASE_URL: PostgreSQL {version // 10000} 太旧 is too old; needs ≥{OLDEST}"
        )


@contextlib.contextmanager
def database(
    state: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Iterator[Embedded | None]:
    """Make ``DATABASE_URL`` good for this process: as given, or an embedded server.

    Yields the embedded server (``None`` for a given URL); stops it only if started here.
    """
    given = os.environ.get("DATABASE_URL", "").strip()
    if given:
        check_given(given)
        yield None
        return
    server = Embedded(ensure_state_dir(state), say=say)
    try:
        server.start()
        os.environ["DATABASE_URL"] = server.url()
        yield server
    finally:
        os.environ.pop("DATABASE_URL", None)
        server.stop()
