"""One device: the queue on its disk and the protocol of docs/field-sync.md, as the app does it."""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHUNK = 2048  # small, so that much can happen within one photo


class NoAnswer(Exception):
    """Nobody answered, or not understandably: the same again later."""


class AppKilled(Exception):
    """The app is gone with everything it had in memory."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON of an answer."""

    status: int
    body: dict[str, Any]


Send = Callable[[str, str, dict[str, str], bytes], Answer]
"""Method, path below /api/v1, headers, body → answer; raises `NoAnswer` or `AppKilled`."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS writes (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL,
  depends INTEGER, state TEXT NOT NULL DEFAULT 'waiting', answer TEXT);
CREATE TABLE IF NOT EXISTS photos (
  sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL, complete INTEGER NOT NULL DEFAULT 0);
"""
_AGAIN = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Write:
    """One queued write; `depends` must be done before it."""

    id: int
    key: str
    path: str
    body: dict[str, Any]
    depends: int | None
    state: str
    answer: dict[str, Any]


class Outbox:
    """Opened anew after each death of the app: nothing it needs is anywhere but in the file."""

    def __init__(self, file: Path, send: Send, *, new_keys: bool = False) -> None:
        """`new_keys` breaks it on purpose: every try is another write to the server."""
        self.send = send
        self.new_keys = new_keys
        self.disk = sqlite3.connect(file, isolation_level=None)
        self.disk.execute("PRAGMA journal_mode=WAL")
        self.disk.execute("PRAGMA synchronous=OFF")  # the app dies, the phone does not
        self.disk.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.disk.close()

    def enqueue(
        self,
        path: str,
        body: dict[str, Any],
        *,
        photos: Sequence[bytes] = (),
        depends: int | None = None,
    ) -> int:
        """Keep a write and its photos, both or neither; its number in the queue."""
        self.disk.execute("BEGIN")
        for content in photos:
            self.disk.execute(
                "INSERT OR IGNORE INTO photos (sha256, bytes) VALUES (?, ?)",
                [hashlib.sha256(content).hexdigest(), content],
            )
        done = self.disk.execute(
            "INSERT INTO writes (key, path, body, depends) VALUES (?, ?, ?, ?)",
            [str(uuid.uuid4()), path, json.dumps(body), depends],
        )
        self.disk.execute("COMMIT")
        return int(done.lastrowid or 0)

    def all(self) -> list[Write]:
        """Everything that was ever queued."""
        rows = self.disk.execute(
            "SELECT id, key, path, body, depends, state, answer FROM writes ORDER BY id"
        )
        return [_write(row) for row in rows]

    def next(self) -> Write | None:
        """The first write that waits for nothing but the network."""
        row = self.disk.execute(
            "SELECT w.id, w.key, w.path, w.body, w.depends, w.state, w.answer FROM writes w"
            " LEFT JOIN writes d ON d.id = w.depends"
            " WHERE w.state = 'waiting' AND (w.depends IS NULL OR d.state = 'done')"
            " ORDER BY w.id LIMIT 1"
        ).fetchone()
        return _write(row) if row else None

    def waiting(self) -> int:
        """How many are not done."""
        row = self.disk.execute("SELECT count(*) FROM writes WHERE state = 'waiting'").fetchone()
        return int(row[0])

    def step(self) -> bool:
        """Send the next write once; False when there is none. Raises what `send` raises."""
        write = self.next()
        if write is None:
            return False
        path, body = self._filled(write)
        for photo in _photos(body):
            self._upload(photo)
        key = str(uuid.uuid4()) if self.new_keys else write.key
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        answer = self.send("POST", path, headers, json.dumps(body).encode())
        self._settle(write, answer)
        return True

    def _filled(self, write: Write) -> tuple[str, dict[str, Any]]:
        """With what the write it depends on was answered: its case, and the version after it."""
        body = dict(write.body)
        known: dict[str, Any] = {}
        if write.depends is not None:
            row = self.disk.execute(
                "SELECT answer FROM writes WHERE id = ?", [write.depends]
            ).fetchone()
            known = json.loads(row[0])
        case = known.get("case_id") or known.get("id")
        for name, value in body.items():
            if value == "{case_id}":
                body[name] = case
            elif value == "{version}":
                body[name] = known.get("version")
        return write.path.replace("{case_id}", str(case)), body

    def _settle(self, write: Write, answer: Answer) -> None:
        """What the answer means for the queue; raises `NoAnswer` where it means "again"."""
        code = answer.body.get("code")
        if answer.status in (200, 201):
            self._set(write.id, state="done", answer=json.dumps(answer.body))
        elif answer.status in _AGAIN or answer.status >= 500:
            raise NoAnswer(f"{answer.status}")
        elif code == "upload_missing":
            self.disk.execute(
                "UPDATE photos SET complete = 0 WHERE sha256 = ?", [answer.body["sha256"]]
            )
        elif code == "version_conflict":
            # Soft: the person looked at both sides and goes on; that is another write.
            body = {**write.body, "version": answer.body["current"]["version"]}
            self._set(write.id, key=str(uuid.uuid4()), body=json.dumps(body))
        elif code == "try_again":
            raise NoAnswer(code)
        else:
            self._set(write.id, state="refused", answer=json.dumps(answer.body))

    def _set(self, number: int, **values: str) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        self.disk.execute(
            f"UPDATE writes SET {names} WHERE id = ?",  # noqa: S608 (our own names)
            [*values.values(), number],
        )

    def _upload(self, sha256: str) -> None:
        """Send a photo's bytes from where the server has them, until it has them all."""
        row = self.disk.execute(
            "SELECT bytes, complete FROM photos WHERE sha256 = ?", [sha256]
        ).fetchone()
        content, complete = bytes(row[0]), bool(row[1])
        at, state = 0, None
        while not complete:
            if state is None:
                said = {"sha256": sha256, "bytes": len(content), "content_type": "image/jpeg"}
                headers = {"Content-Type": "application/json"}
                state = self._asked("POST", "/uploads", headers, json.dumps(said).encode())
            else:
                headers = {
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Offset": str(at),
                }
                part = content[at : at + CHUNK]
                state = self._asked("PATCH", f"/uploads/{sha256}", headers, part)
            if state is not None:
                at, complete = int(state["offset"]), bool(state.get("complete"))
        self.disk.execute("UPDATE photos SET complete = 1 WHERE sha256 = ?", [sha256])

    def _asked(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> dict[str, Any] | None:
        """How far the upload is; None: announce it again."""
        answer = self.send(method, path, headers, body)
        if answer.status == 200 or answer.body.get("code") == "upload_offset":
            return answer.body
        if answer.body.get("code") in {"upload_unknown", "sha256_mismatch", "upload_too_long"}:
            return None
        raise NoAnswer(f"{answer.status} {answer.body.get('code')}")


def _photos(body: dict[str, Any]) -> list[str]:
    """SHA-256 of every photo a body names."""
    if "sha256" in body:
        return [str(body["sha256"])]
    return [str(photo["sha256"]) for photo in body.get("photos", [])]


def _write(row: tuple[Any, ...]) -> Write:
    number, key, path, body, depends, state, answer = row
    return Write(
        number, key, path, json.loads(body), depends, state, json.loads(answer) if answer else {}
    )
