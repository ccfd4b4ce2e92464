"""Where the bytes lie: a local folder by default, an S3-compatible service by setting.

Keys are `ab/cd/<sha256 of the bytes sent>.<part>`, so the same content always has the same key
and two uploads of it at once write the same bytes to the same place.
"""

import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Literal, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.files import File

Part = Literal["original", "served", "preview", "thumb"]
PARTS: tuple[Part, ...] = ("original", "served", "preview", "thumb")


def key_of(sha256: str, part: Part) -> str:
    """Two levels of folders: 65,536 of them keep each small at many millions of files."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{part}"


class Store(Protocol):
    """What the product needs of a store. `get` raises `FileNotFoundError`."""

    def put(self, key: str, chunks: Iterable[bytes]) -> None: ...
    def get(self, key: str) -> IO[bytes]: ...
    def has(self, key: str) -> bool: ...
    def drop(self, key: str) -> None: ...


class LocalStore:
    """A folder. A file appears under its name whole and on disk, or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Write beside the target, flush to disk, rename into place."""
        path = self.root / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name itself, not only the bytes
        finally:
            os.close(folder)

    def get(self, key: str) -> IO[bytes]:
        """The file, open for reading."""
        return (self.root / key).open("rb")

    def has(self, key: str) -> bool:
        """Whether it is there."""
        return (self.root / key).is_file()

    def drop(self, key: str) -> None:
        """Delete; fine if it is already gone."""
        (self.root / key).unlink(missing_ok=True)


class S3Store:
    """A bucket, through django-storages. Objects are private and written whole by S3 itself."""

    def __init__(self, options: dict[str, Any]) -> None:
        # An optional part of the installation, and untyped.
        from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

        self.storage = S3Storage(**options)

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Upload through a file on disk, so that memory stays bounded."""
        with tempfile.TemporaryFile() as file:
            for chunk in chunks:
                file.write(chunk)
            file.seek(0)
            self.storage.save(key, File(file, name=key))

    def get(self, key: str) -> IO[bytes]:
        """The object, fetched when first read."""
        opened: IO[bytes] = self.storage.open(key, "rb")
        return opened

    def has(self, key: str) -> bool:
        """Whether it is there."""
        return bool(self.storage.exists(key))

    def drop(self, key: str) -> None:
        """Delete; fine if it is already gone."""
        self.storage.delete(key)


_S3_QUERY = {"endpoint_url", "region_name", "addressing_style", "signature_version"}


def s3_options(url: str) -> dict[str, Any]:
    """django-storages options from `s3://[key:secret@]bucket[/prefix]?endpoint_url=…`.

    Other query names: region_name, addressing_style, signature_version. Without key and secret
    the usual AWS environment applies. Raises `ValueError` naming what is wrong.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ValueError("MENGDING_S3: s3://bucket?endpoint_url=…")
    query = dict(parse_qsl(parts.query))
    if unknown := sorted(set(query) - _S3_QUERY):
        raise ValueError(f"MENGDING_S3: unknown {', '.join(unknown)}")
    if parts.username:
        query |= {
            "access_key": unquote(parts.username),
            "secret_key": unquote(parts.password or ""),
        }
    return {
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "default_acl": None,  # private
        "file_overwrite": True,  # the same key is the same content
        "gzip": False,
    } | query


@lru_cache(maxsize=4)
def _store(root: Path, s3: str | None) -> Store:
    return S3Store(s3_options(s3)) if s3 else LocalStore(root)


def store() -> Store:
    """The store of this installation, by settings."""
    return _store(Path(settings.EVIDENCE_ROOT), settings.EVIDENCE_S3)
