"""Office documents: a ZIP container that has to be exactly what it claims, and harmless.

Everything is decided from the directory first, then every member is unpacked once into nothing,
counting, so that a directory that lies about sizes is caught as well.
"""

import io
import re
import zipfile
import zlib
from typing import IO

from mengding.core.text import T
from mengding.evidence import refusals
from mengding.evidence.kinds import DOCX, XLSX, Kind
from mengding.evidence.limits import Limits

_ARCHIVES = (".zip", ".jar", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".zst")
_OFFICE = (".docx", ".xlsx", ".pptx", ".xlsb")
_MACRO = re.compile(rb"macroEnabled|vbaProject", re.I)
_EXTERNAL = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.I)
_HARMLESS_LINK = re.compile(rb"relationships/(hyperlink|image)[\"']", re.I)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_CHUNK = 64 * 1024


def check_office(file: IO[bytes], limits: Limits) -> Kind:
    """DOCX or XLSX; raises the refusal for a bomb, a polyglot, macros, damage, any other ZIP."""
    return _check(file, limits, nested=False)


def _check(file: IO[bytes], limits: Limits, *, nested: bool) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_directory(file, archive, members, limits)
            names = {member.filename for member in members}
            _unpack_counting(archive, members, limits, nested=nested)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise refusals.damaged() from error
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return DOCX
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return XLSX
    raise refusals.not_accepted()


def _check_directory(
    file: IO[bytes], archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: Limits
) -> None:
    """What the directory says, before anything is unpacked."""
    if len(members) > limits.archive_members:
        raise refusals.archive_bomb(T("内含 {n} 个文件", "it holds {n} files").fill(n=len(members)))
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    _check_volume(unpacked, packed, limits)
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        # The shape of the densest bombs: many entries that share the same packed bytes.
        if member.header_offset < end:
            raise refusals.archive_bomb(T("内部文件互相重叠", "its files overlap"))
        end = member.header_offset + member.compress_size
        if member.flag_bits & 0x1:
            raise refusals.encrypted()
        if member.compress_type not in _METHODS:
            raise refusals.damaged()
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/"):
            raise refusals.damaged()
        _check_name(name.lower())
    file.seek(0)
    if file.read(4) != b"PK\x03\x04" or (members and min(m.header_offset for m in members)):
        raise refusals.polyglot(T("压缩包前有其他内容", "something precedes the container"))
    file.seek(-22, io.SEEK_END)
    if file.read(4) != b"PK\x05\x06" or archive.comment:
        raise refusals.polyglot(T("压缩包后有其他内容", "something follows the container"))


def _check_volume(unpacked: int, packed: int, limits: Limits) -> None:
    if unpacked > limits.archive_unpacked_bytes:
        size = T("解压后超过 {mib} MB", "it unpacks to more than {mib} MB")
        raise refusals.archive_bomb(size.fill(mib=limits.archive_unpacked_bytes // 1024 // 1024))
    if unpacked > limits.archive_ratio_from and unpacked > packed * limits.archive_ratio:
        ratio = T("压缩比超过 {n} 倍", "it is packed more than {n} times")
        raise refusals.archive_bomb(ratio.fill(n=limits.archive_ratio))


def _check_name(name: str) -> None:
    """One member's name, lower case."""
    if (
        "vbaproject" in name
        or "/activex/" in name
        or name.endswith((".exe", ".dll", ".js", ".vbs"))
    ):
        raise refusals.active_content(T("宏或可执行内容", "macros or programs"))
    if "/embeddings/" in name and name.endswith(".bin"):
        raise refusals.active_content(T("嵌入对象", "an embedded object"))
    if name.endswith(_ARCHIVES):
        raise refusals.archive_bomb(T("内含压缩包", "it holds another archive"))


def _unpack_counting(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: Limits, *, nested: bool
) -> None:
    """Unpack every member once, keeping only what has to be looked at."""
    total = 0
    for member in members:
        keep = member.filename.endswith(("[Content_Types].xml", ".rels"))
        inner = member.filename.lower().endswith(_OFFICE)
        kept, head = bytearray(), b""
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                head = head or chunk[:4]
                total += len(chunk)
                if total > limits.archive_unpacked_bytes:
                    _check_volume(total, 0, limits)
                if keep or inner:
                    kept += chunk
                    if len(kept) > limits.file_bytes:
                        raise refusals.archive_bomb(T("内部文件过大", "one of its files is huge"))
        if keep and _MACRO.search(kept):
            raise refusals.active_content(T("宏或可执行内容", "macros or programs"))
        if keep and any(not _HARMLESS_LINK.search(m.group()) for m in _EXTERNAL.finditer(kept)):
            raise refusals.active_content(T("外部链接内容", "content loaded from elsewhere"))
        if inner:
            # A chart brings its own workbook. One level of that, never more.
            if nested:
                raise refusals.archive_bomb(T("多层嵌套", "containers inside containers"))
            _check(io.BytesIO(bytes(kept)), limits, nested=True)
        elif head == b"PK\x03\x04":
            raise refusals.archive_bomb(T("内含压缩包", "it holds another archive"))
