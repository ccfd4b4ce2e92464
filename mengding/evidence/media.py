"""Sound and film: their structure has to account for every byte of the file.

Whoever appends another file to a recording leaves bytes that belong to no box, frame, page or
chunk; such a file is refused. Containers that carry metadata (position, device, tags) say here
which spans to blank in what is served; offsets inside the file stay as they are.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from mmap import mmap

from mengding.core.text import T
from mengding.evidence import refusals
from mengding.evidence.kinds import AAC, Family, Kind

Data = bytes | mmap


@dataclass(frozen=True, slots=True)
class Blank:
    """A span to overwrite: `tag` first, then zeros up to `length` bytes."""

    offset: int
    length: int
    tag: bytes = b""


@dataclass(slots=True)
class Structure:
    """What of a recording to serve: `start` to `end` with `blanks` blanked.

    `captured_at`, `lon`, `lat`: when and where it says it was recorded.
    """

    start: int
    end: int
    blanks: list[Blank] = field(default_factory=list)
    captured_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None


def check_media(data: Data, kind: Kind) -> Structure:
    """The structure of a recording of that kind; raises the refusal for damage or extra bytes."""
    if kind.family is Family.BOXES:
        return _check_boxes(data)
    if kind.family is Family.RIFF:
        return _check_wav(data)
    if kind.family is Family.PAGES:
        return _check_ogg(data)
    return _check_frames(data, adts=kind == AAC)


# --- ISO base media (ISO/IEC 14496-12): MP4, M4A

_TOP = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"pdin"}
_TOP |= {b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"prft", b"emsg"}
_METADATA = {b"udta", b"meta", b"uuid", b"free", b"skip"}
_PLACE = re.compile(rb"\xa9xyz.{4}([+-]\d{1,2}\.\d+)([+-]\d{1,3}\.\d+)", re.S)
_EPOCH_1904 = datetime(1904, 1, 1, tzinfo=UTC)


def _boxes(data: Data, start: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, offset of the box, offset of its payload, its end), covering `start` to `end`."""
    while start < end:
        if end - start < 8:
            raise refusals.polyglot(T("文件尾部有多余内容", "extra bytes at the end"))
        size, name = struct.unpack(">I4s", data[start : start + 8])
        payload = start + 8
        if size == 1:
            size = int.from_bytes(data[payload : payload + 8], "big")
            payload += 8
        elif size == 0:
            size = end - start
        if size < payload - start:
            raise refusals.damaged()
        if start + size > end:
            raise refusals.truncated()
        yield name, start, payload, start + size
        start += size


def _check_boxes(data: Data) -> Structure:
    found = Structure(0, len(data))
    seen = set()
    for name, start, payload, end in _boxes(data, 0, len(data)):
        if name not in _TOP:
            raise refusals.polyglot(T("文件中有多余内容", "bytes that belong to nothing"))
        seen.add(name)
        if name in _METADATA:
            found.blanks.append(Blank(start + 4, end - start - 4, b"free"))
        if name == b"moov":
            _clean_moov(data, payload, end, found)
    if b"mdat" not in seen:
        raise refusals.truncated()
    if b"moov" not in seen:
        # Recorders write the index last: without it the upload or the recording was cut off.
        raise refusals.truncated()
    return found


def _clean_moov(data: Data, start: int, end: int, found: Structure) -> None:
    """Note the spans of metadata in a movie box or track box, and what they say."""
    for name, box, payload, box_end in _boxes(data, start, end):
        if name in _METADATA:
            if place := _PLACE.search(data, box, box_end):
                found.lat, found.lon = float(place[1]), float(place[2])
            if payload - box > 8:
                raise refusals.damaged()  # metadata of more than 4 GB
            found.blanks.append(Blank(box + 4, box_end - box - 4, b"free"))
        elif name == b"trak":
            _clean_moov(data, payload, box_end, found)
        elif name == b"mvhd" and box_end - payload >= 12:
            wide = data[payload] == 1
            seconds = int.from_bytes(data[payload + 4 : payload + (12 if wide else 8)], "big")
            if 0 < seconds < 2**33:
                found.captured_at = _EPOCH_1904 + timedelta(seconds=seconds)


# --- RIFF: WAV


def _check_wav(data: Data) -> Structure:
    size = int.from_bytes(data[4:8], "little") + 8
    if size > len(data):
        raise refusals.truncated()
    if len(data) - size > size % 2:
        raise refusals.polyglot(T("文件尾部有多余内容", "extra bytes at the end"))
    found, seen, at = Structure(0, len(data)), set(), 12
    while at + 8 <= size:
        name, length = struct.unpack("<4sI", data[at : at + 8])
        if at + 8 + length > len(data):
            raise refusals.truncated()
        if name not in {b"fmt ", b"fact", b"data"}:
            found.blanks += [Blank(at, 4, b"JUNK"), Blank(at + 8, length)]
        seen.add(name)
        at += 8 + length + length % 2
    if not {b"fmt ", b"data"} <= seen:
        raise refusals.damaged()
    return found


# --- Ogg (RFC 3533)

_SOUND = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")


def _check_ogg(data: Data) -> Structure:
    at, pages = 0, 0
    while at < len(data):
        if data[at : at + 4] != b"OggS"[: len(data) - at]:
            raise refusals.polyglot(T("文件尾部有多余内容", "extra bytes at the end"))
        if at + 27 > len(data):
            raise refusals.truncated()
        body = at + 27 + data[at + 26]
        end = body + sum(data[at + 27 : body])
        if end > len(data):
            raise refusals.truncated()
        if pages == 0 and not data[body : body + 8].startswith(_SOUND):
            raise refusals.not_accepted()
        at, pages = end, pages + 1
    return Structure(0, len(data))


# --- MPEG audio layer III and ADTS

_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LEAST_FRAMES = 2


def _adts_length(head: bytes) -> int:
    """Bytes of the ADTS frame with that header; 0 if it is none."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0


def _mp3_length(head: bytes) -> int:
    """Bytes of the MPEG audio layer III frame with that header; 0 if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in {0, 15} or rate == 3:
        return 0
    kbits = (_BITRATES_1 if version == 3 else _BITRATES_2)[bitrate]
    samples = 144 if version == 3 else 72
    return samples * kbits * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)


def _check_frames(data: Data, *, adts: bool) -> Structure:
    """Frame after frame to the end; an ID3 tag before or after them is cut off."""
    start, end = 0, len(data)
    if data[:3] == b"ID3" and end > 10:
        size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        start = 10 + size + (10 if data[5] & 0x10 else 0)
    if end >= 128 and data[end - 128 : end - 125] == b"TAG":
        end -= 128
    at, frames, length = start, 0, 0
    while at < end:
        head = data[at : at + 7]
        length = _adts_length(head) if adts else _mp3_length(head)
        if not length:
            break
        at, frames = at + length, frames + 1
    if frames < _LEAST_FRAMES:
        raise refusals.damaged() if end - start > 8192 or not frames else refusals.truncated()
    if at < end:
        raise refusals.polyglot(T("文件尾部有多余内容", "extra bytes at the end"))
    return Structure(start, end)
