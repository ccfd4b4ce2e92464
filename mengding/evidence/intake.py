"""From an uploaded file to what is stored: kind, checks, digest, renditions.

No database and no store here. Everything that can be refused is refused before anything is kept.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from mmap import ACCESS_READ, mmap
from typing import IO

from mengding.evidence import refusals
from mengding.evidence.archives import check_office
from mengding.evidence.documents import check_pdf, check_text, refuse_hidden_zip
from mengding.evidence.images import render
from mengding.evidence.kinds import JPEG, KINDS, TEXT, Family, Kind, sniff
from mengding.evidence.limits import Limits
from mengding.evidence.media import Data, Structure, check_media

_CHUNK = 1024 * 1024
Chunks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes to store, with their SHA-256 (hex) and size; `chunks()` may be read repeatedly."""

    chunks: Chunks
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Intake:
    """A file that passed every check.

    `sent`: the bytes as they came. `served`: what readers get; the same object as `sent` where
    nothing had to be cleaned. Place and time are what the file says of itself.
    """

    media_type: str
    served_type: str
    sent: Part
    served: Part
    preview: Part | None = None
    thumb: Part | None = None
    width: int | None = None
    height: int | None = None
    captured_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None


def examine(file: IO[bytes], limits: Limits, zone: tzinfo) -> Intake:
    """Check a file and make what is served of it.

    `file` is read from its beginning and has to stay open until the result is stored. Raises
    the refusals of `refusals.py`, each naming the field `file`.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise refusals.empty()
    if size > limits.file_bytes:
        raise refusals.too_large(limits.file_bytes)
    kind = sniff(file.read(32)) or TEXT
    file.seek(0)
    if kind.family is Family.IMAGE:
        if size > limits.image_bytes:
            raise refusals.too_large(limits.image_bytes)
        return _image(file, kind, limits, zone)
    data = _data(file)
    sent = _part(lambda: _slices(data, 0, len(data)))
    if kind.family is Family.OFFICE:
        kind = check_office(file, limits)
        return Intake(kind.media_type, kind.media_type, sent, sent)
    refuse_hidden_zip(data)
    if kind.family is Family.PDF:
        check_pdf(data)
        return Intake(kind.media_type, kind.media_type, sent, sent)
    if kind.family is Family.TEXT:
        charset = check_text(data)
        return Intake(kind.media_type, f"{kind.media_type}; charset={charset}", sent, sent)
    return _recording(data, kind, sent)


def _image(file: IO[bytes], kind: Kind, limits: Limits, zone: tzinfo) -> Intake:
    made = render(file, kind, limits, zone)
    sent = file_part(file)
    return Intake(
        media_type=kind.media_type,
        served_type=JPEG.media_type,
        sent=sent,
        served=_bytes_part(made.full),
        preview=_bytes_part(made.preview),
        thumb=_bytes_part(made.thumb),
        width=made.width,
        height=made.height,
        captured_at=made.captured.at,
        lon=made.captured.lon,
        lat=made.captured.lat,
        accuracy_m=made.captured.accuracy_m,
    )


def _recording(data: Data, kind: Kind, sent: Part) -> Intake:
    found = check_media(data, kind)
    as_sent = not found.blanks and (found.start, found.end) == (0, len(data))
    lon, lat = found.lon, found.lat
    if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90:
        lon = lat = None
    return Intake(
        media_type=kind.media_type,
        served_type=kind.media_type,
        sent=sent,
        served=sent if as_sent else _part(lambda: _blanked(data, found)),
        captured_at=found.captured_at,
        lon=lon,
        lat=lat,
    )


def file_part(file: IO[bytes]) -> Part:
    """An open file as a part."""

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        return iter(lambda: file.read(_CHUNK), b"")

    return _part(chunks)


def media_types() -> list[str]:
    """What is accepted, for the interface's file chooser."""
    return [kind.media_type for kind in KINDS]


def _part(chunks: Chunks) -> Part:
    sha256, size = digest(chunks())
    return Part(chunks, sha256, size)


def digest(chunks: Iterable[bytes]) -> tuple[str, int]:
    """SHA-256 (hex) and size of chunks."""
    hashed, size = hashlib.sha256(), 0
    for chunk in chunks:
        hashed.update(chunk)
        size += len(chunk)
    return hashed.hexdigest(), size


def _bytes_part(content: bytes) -> Part:
    return Part(lambda: iter((content,)), hashlib.sha256(content).hexdigest(), len(content))


def _data(file: IO[bytes]) -> Data:
    """The file as one sequence of bytes; mapped, not read, where it lies on disk."""
    try:
        number = file.fileno()
    except (AttributeError, OSError):
        return file.read()  # a small upload, still in memory
    file.flush()
    return mmap(number, 0, access=ACCESS_READ)


def _slices(data: Data, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _CHUNK):
        yield data[at : min(at + _CHUNK, end)]


def _blanked(data: Data, found: Structure) -> Iterator[bytes]:
    """The recording with its metadata overwritten."""
    at = found.start
    for blank in sorted(found.blanks, key=lambda b: b.offset):
        if blank.offset < at:
            continue  # lies inside one already blanked
        yield from _slices(data, at, blank.offset)
        yield blank.tag
        zeros = blank.length - len(blank.tag)
        for done in range(0, zeros, _CHUNK):
            yield bytes(min(_CHUNK, zeros - done))
        at = blank.offset + blank.length
    yield from _slices(data, at, found.end)
