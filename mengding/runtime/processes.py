"""Processes and ports: children that end with their parent, and who holds a port."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mengding.runtime.problem import Problem

_PR_SET_PDEATHSIG = 1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def die_with_parent(sig: signal.Signals) -> None:
    """Ask Linux to send ``sig`` to this process when its parent ends, however it ends.

    Without it a ``kill -9`` of the supervisor would leave the server and the database behind.
    Elsewhere this does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


@contextlib.contextmanager
def interrupted_after() -> Iterator[None]:
    """Signals that end us wait until the block is over.

    For starting a child and keeping hold of it: an interruption between the two would leave it
    behind. Works where only the main thread runs.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def before_exec(sig: signal.Signals) -> Callable[[], None]:
    """What a child does before it begins its work: end with us, hear signals again."""
    # The library is loaded here, before the fork: loading after it could deadlock.
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
            if os.getppid() != parent:  # the parent ended before the request took effect
                os._exit(1)

    return prepare


@dataclass(frozen=True, slots=True)
class RunAs:
    """The account a child runs under; ``None`` where a ``RunAs`` is optional means ourselves."""

    uid: int
    gid: int
    name: str


def spawn(
    command: Sequence[str],
    *,
    log: Path | IO[bytes] | None,
    env: Mapping[str, str] | None = None,
    run_as: RunAs | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own session (a terminal's Ctrl-C reaches only us).

    ``log`` receives stdout and stderr; ``None`` leaves them on the console.
    """
    with contextlib.ExitStack() as stack:
        output: IO[bytes] | None
        output = stack.enter_context(log.open("ab")) if isinstance(log, Path) else log
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            start_new_session=True,
            cwd=cwd,
            pass_fds=pass_fds,
            user=run_as.uid if run_as else None,
            group=run_as.gid if run_as else None,
            extra_groups=[] if run_as else None,
            preexec_fn=before_exec(on_parent_death),
        )


def stop(child: subprocess.Popen[Any], *, sig: signal.Signals, patience: float) -> None:
    """Stop a child and everything in its session; forcefully after ``patience`` seconds."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(sig)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def alive(pid: int) -> bool:
    """Whether a process with this number exists and is not merely waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
    except OSError:
        return sys.platform != "linux"
    return state.split()[0] != "Z"


def command_line(pid: int) -> str:
    """The command of a process, or an empty string where it cannot be read."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def port_holder(port: int) -> int | None:
    """The process listening on a TCP port, if this account may see it (Linux)."""
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            cells = line.split()
            if cells[3] == "0A" and int(cells[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{cells[9]}]")
    if not inodes:
        return None
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                for handle in (folder / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        if os.readlink(handle) in inodes:
                            return int(folder.name)
    return None


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket for the web processes to share.

    Raises ``Problem`` naming the holder if the port is taken. Opened without SO_REUSEPORT, so a
    worker left over from another run cannot silently share the port.
    """
    if not 0 < port < 65536:
        raise Problem(f"端口号无效 not a port number: {port}")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Problem(f"主机地址无效 cannot use host {host}: {error.strerror}") from error
    server = socket.socket(family, kind, proto)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.listen(1024)
    except OSError as error:
        server.close()
        if isinstance(error, PermissionError):
            raise Problem(f"没有权限使用端口 no permission for port {port}; PORT=8123") from error
        if error.errno != errno.EADDRINUSE:
            raise Problem(f"地址不可用 cannot listen on {host}: {error.strerror}") from error
        pid = port_holder(port)
        who = f"pid {pid}: {command_line(pid)[:80]}" if pid else "unknown process"
        raise Problem(
            f"端口已被占用 port {port} is taken ({who}); "
            f"换个端口 use another: make run PORT={port + 1}"
        ) from error
    return server
