"""An upload of two gigabytes: refused early, without filling memory or disk."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadhandler import load_handler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser

from mengding.core.errors import TooLarge
from mengding.evidence.limits import MIB

GIB = 1024 * MIB
HEAD = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n"
)
TAIL = b"\r\n--b--\r\n"


class Endless:
    """A body that goes on for as long as somebody reads it, and counts how far that was."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "read everything at once"
        assert self.given < 200 * MIB, "nobody stops reading"
        first = HEAD if not self.given else b""
        chunk = (first + bytes(size))[:size]
        self.given += len(chunk)
        return chunk


def _parse(body: Any, length: int, where: Path) -> Any:
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": str(length)}
    handlers = [load_handler(name, HttpRequest()) for name in django_settings.FILE_UPLOAD_HANDLERS]
    return MultiPartParser(meta, body, handlers).parse()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """Where uploads go meanwhile."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


def test_announced_too_long_is_not_read_at_all(temporary: Path) -> None:
    body = Endless()
    with pytest.raises(TooLarge) as caught:
        _parse(body, 2 * GIB, temporary)
    assert (caught.value.code, caught.value.field) == ("file_too_large", "file")
    assert body.given == 0


def test_longer_than_announced_is_cut_off(temporary: Path) -> None:
    body = Endless()
    with pytest.raises(TooLarge):
        _parse(body, 1000, temporary)
    assert 50 * MIB < body.given < 51 * MIB
    assert sum(path.stat().st_size for path in temporary.iterdir()) < 51 * MIB


def test_the_product_is_set_up_so() -> None:
    assert django_settings.FILE_UPLOAD_HANDLERS[0] == "mengding.evidence.uploads.LimitedUpload"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The real server in its own process: (port, process id)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "mengding.evidence.tests.upload_app:application"],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.getcwd()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _family(pid: int) -> list[int]:
    """A process and everything below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _family(int(child)))]


def _peak_mib(pid: int) -> int:
    """The most memory any process of the server ever held."""
    peaks = []
    for member in _family(pid):
        lines = Path(f"/proc/{member}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


def _post(port: int, size: int) -> tuple[bytes, int]:
    """Send a sparse file of that size; the first line of the answer and how much was sent."""
    with tempfile.TemporaryFile() as sparse, socket.create_connection(("127.0.0.1", port)) as to:
        sparse.truncate(size)
        length = len(HEAD) + size + len(TAIL)
        to.settimeout(60)
        to.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: %d\r\n\r\n" % length + HEAD
        )
        sent = 0
        try:
            while sent < size:
                sent += to.send(sparse.read(min(MIB, size - sent)))
                to.setblocking(False)
                try:
                    if early := to.recv(4096):
                        return early.split(b"\r\n")[0], sent
                except BlockingIOError:
                    pass  # no answer yet
                to.settimeout(60)
            to.sendall(TAIL)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer may still be there
        to.settimeout(60)
        return to.recv(4096).split(b"\r\n")[0], sent


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_gigabytes_against_the_real_server(server: tuple[int, int], tmp_path: Path) -> None:
    port, pid = server
    answer, _ = _post(port, 3 * MIB)
    assert answer == b"HTTP/1.1 200 OK"
    before = _peak_mib(pid)
    answer, sent = _post(port, 2 * GIB)
    assert b" 413 " in answer
    assert sent < 64 * MIB
    assert _peak_mib(pid) - before < 32
    assert sum(path.stat().st_size for path in tmp_path.iterdir() if path.is_file()) < 64 * MIB
    answer, _ = _post(port, 30 * MIB)
    assert answer == b"HTTP/1.1 200 OK"
