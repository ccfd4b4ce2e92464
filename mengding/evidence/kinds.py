"""What a file is, by its first bytes. Its name and declared type are never believed.

This only decides which decoder or structural check has to confirm it (`intake.py`).
"""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Which check a kind goes through."""

    IMAGE = "image"  # decoded and encoded anew
    PDF = "pdf"
    OFFICE = "office"  # a ZIP container
    BOXES = "boxes"  # ISO base media: MP4, M4A
    FRAMES = "frames"  # MP3, AAC
    PAGES = "pages"  # Ogg
    RIFF = "riff"  # WAV
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Kind:
    """An accepted type: its media type, the extension it is served with, the check it needs."""

    media_type: str
    extension: str
    family: Family


JPEG = Kind("image/jpeg", "jpg", Family.IMAGE)
PNG = Kind("image/png", "png", Family.IMAGE)
GIF = Kind("image/gif", "gif", Family.IMAGE)
WEBP = Kind("image/webp", "webp", Family.IMAGE)
HEIC = Kind("image/heic", "heic", Family.IMAGE)
PDF = Kind("application/pdf", "pdf", Family.PDF)
DOCX = Kind(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "docx",
    Family.OFFICE,
)
XLSX = Kind(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", Family.OFFICE
)
ZIP = Kind("application/zip", "zip", Family.OFFICE)  # never accepted as such, see archives.py
MP4 = Kind("video/mp4", "mp4", Family.BOXES)
M4A = Kind("audio/mp4", "m4a", Family.BOXES)
MP3 = Kind("audio/mpeg", "mp3", Family.FRAMES)
AAC = Kind("audio/aac", "aac", Family.FRAMES)
OGG = Kind("audio/ogg", "ogg", Family.PAGES)
WAV = Kind("audio/wav", "wav", Family.RIFF)
TEXT = Kind("text/plain", "txt", Family.TEXT)

KINDS = (JPEG, PNG, GIF, WEBP, HEIC, PDF, DOCX, XLSX, MP4, M4A, MP3, AAC, OGG, WAV, TEXT)
EXTENSION = {kind.media_type: kind.extension for kind in KINDS}

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"heif"}
_AUDIO_BRANDS = {b"M4A ", b"M4B "}
_VIDEO_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "}
_VIDEO_BRANDS |= {b"3gp4", b"3gp5", b"3gp6", b"dash", b"MSNV"}


def sniff(head: bytes) -> Kind | None:
    """The kind the first bytes (at least 16 where there are that many) point to.

    None: none of the binary kinds we take; it may still be text.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZIP
    if head.startswith(b"OggS"):
        return OGG
    if head.startswith(b"ID3"):
        return MP3
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return AAC  # ADTS: sync word, layer 0
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return MP3  # MPEG audio: sync word, layer III
    return None


def _brand(head: bytes) -> Kind | None:
    """By the major brand of an ISO file; AVIF and QuickTime are not taken."""
    brand = head[8:12]
    if brand in _HEIF_BRANDS:
        return HEIC
    if brand in _AUDIO_BRANDS:
        return M4A
    return MP4 if brand in _VIDEO_BRANDS else None
