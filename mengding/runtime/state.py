"""The state folder: where one installation keeps its database, files, logs and secrets.

Pure module (standard library only): settings, the command line and the supervisor all read it
before Django exists.

Layout of the folder: ``pg/`` (embedded database), ``files/`` (evidence), ``logs/``,
``secrets.json`` (mode 0600).
"""

from __future__ import annotations

import base64
import errno
import json
import os
import secrets
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

from mengding.runtime.problem import Problem

SECRETS_FILE = "secrets.json"


class StateError(Problem):
    """The state folder cannot be used; the message is one line for the person at the console."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys of one installation, made at the first start and never shown.

    ``contact_key`` and ``evidence_key`` are 32 random bytes in URL-safe base64; the others are
    URL-safe text. ``demo_seed`` only feeds the passwords and tokens of demo accounts.
    """

    django_key: str
    contact_key: str
    evidence_key: str
    demo_seed: str
    db_password: str


def checkout_dir() -> Path:
    """The folder that holds the ``mengding`` package."""
    return Path(__file__).resolve().parent.parent.parent


def state_dir() -> Path:
    """The state folder: ``MENGDING_DATA``, or ``.mengding`` in the checkout. Not created here."""
    given = os.environ.get("MENGDING_DATA", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    return checkout_dir() / ".mengding"


def one_line(error: OSError) -> str:
    """An operating-system error as words, in both languages where we know the cause."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "磁盘已满 disk is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "没有写权限 not writable"
    return error.strerror or str(error)


def ensure_state_dir(folder: Path | None = None) -> Path:
    """Create the state folder (0700) if absent and return it.

    Raises ``StateError`` when it cannot be created or written.
    """
    folder = folder or state_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        raise StateError(f"状态目录不可用 state folder {folder}: {one_line(error)}") from error
    return folder


def _fresh() -> dict[str, str]:
    def key() -> str:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")

    return {
        "django_key": secrets.token_urlsafe(50),
        "contact_key": key(),
        "evidence_key": key(),
        "demo_seed": secrets.token_urlsafe(24),
        "db_password": secrets.token_urlsafe(24),
    }


def load_secrets(folder: Path | None = None) -> Secrets:
    """Read ``<folder>/secrets.json``, creating it with fresh keys if absent.

    Two processes starting at once agree: the file appears whole, by a hard link that only one
    of them wins. A file that misses a key of a newer version is completed in place. Raises
    ``StateError`` if the file is damaged or the folder is not usable; damaged keys are never
    replaced, because data encrypted with them would be lost.
    """
    folder = folder or state_dir()
    path = folder / SECRETS_FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        ensure_state_dir(folder)
        _write(path, _fresh(), replace=False)
        return load_secrets(folder)
    except OSError as error:
        raise StateError(f"密钥文件不可读 cannot read {path}: {one_line(error)}") from error
    names = [field.name for field in fields(Secrets)]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise StateError(f"密钥文件已损坏 damaged secrets file {path}") from error
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name, ""), str) for name in names
    ):
        raise StateError(f"密钥文件已损坏 damaged secrets file {path}")
    if any(not found.get(name) for name in names):
        found = _fresh() | {name: value for name, value in found.items() if value}
        _write(path, found, replace=True)
    return Secrets(**{name: found[name] for name in names})


def _write(path: Path, content: dict[str, str], *, replace: bool) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=".secrets-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(name, path)
            else:
                try:
                    os.link(name, path)
                except FileExistsError:
                    pass  # another process made the keys first; its keys are the keys
        finally:
            if os.path.exists(name):
                os.unlink(name)
    except OSError as error:
        raise StateError(f"无法写入密钥 cannot write {path}: {one_line(error)}") from error
