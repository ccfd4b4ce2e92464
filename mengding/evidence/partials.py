"""Bytes of unfinished uploads: one file each in a folder all web processes share.

The length of the file is how much has arrived; nothing else keeps count, so a process may be
killed at any moment. A power failure may leave a file longer than what was written: its digest
then differs and it starts again.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from mengding.evidence import refusals


def path_of(account_id: int, sha256: str) -> Path:
    """Where the bytes of one account's upload lie."""
    return Path(settings.EVIDENCE_UPLOADS) / f"{account_id}-{sha256}.part"


def arrived(path: Path) -> int:
    """How many bytes there are; 0 when none came yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def append(path: Path, at: int, chunks: Iterable[bytes], size: int) -> int:
    """Write chunks from byte `at` on as they come; where the file ends afterwards.

    Each chunk is written under a lock of its own and only to the end of the file, so two senders
    of the same content take turns or one is told 409 `upload_offset`; none waits for a slow one.
    Raises 422 `upload_too_long` beyond `size`. What was written before an error stays.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _expect(number, at)
        for chunk in chunks:
            if at + len(chunk) > size:
                raise refusals.too_long(size)
            with _locked(number):
                _expect(number, at)
                _write(number, chunk, at)
            at += len(chunk)
        os.fsync(number)
    finally:
        os.close(number)
    return at


def restart(path: Path, size: int) -> None:
    """Throw away what arrived, if that is all `size` bytes: it had the wrong digest."""
    try:
        number = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        with _locked(number):
            if os.fstat(number).st_size >= size:
                os.ftruncate(number, 0)
    finally:
        os.close(number)


def drop(path: Path) -> None:
    """Delete; fine if it is already gone."""
    path.unlink(missing_ok=True)


def all_of() -> Iterator[tuple[int, str, Path]]:
    """(account id, SHA-256, path) of every file there is."""
    folder = Path(settings.EVIDENCE_UPLOADS)
    for path in folder.glob("*-*.part") if folder.is_dir() else ():
        account, _, sha256 = path.stem.partition("-")
        if account.isdecimal():
            yield int(account), sha256, path


@contextmanager
def _locked(number: int) -> Iterator[None]:
    fcntl.flock(number, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(number, fcntl.LOCK_UN)


def _expect(number: int, at: int) -> None:
    size = os.fstat(number).st_size
    if size != at:
        raise refusals.wrong_offset(size)


def _write(number: int, chunk: bytes, at: int) -> None:
    rest = memoryview(chunk)
    while rest:
        written = os.pwrite(number, rest, at)
        rest, at = rest[written:], at + written
