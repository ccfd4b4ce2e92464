"""Evidence over HTTP, through the whole stack of middleware."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mengding.core.actor import Actor, Role
from mengding.evidence.tests import files
from mengding.evidence.tests.conftest import KIND

pytestmark = pytest.mark.django_db
Acting = Callable[[Role], Actor]
URL = "/api/v1/evidence"
SUBJECT: dict[str, str | int] = {"subject_kind": KIND, "subject_id": 1}


def send(client: Client, content: bytes, **more: Any) -> Any:
    headers = more.pop("headers", None)
    form = {"subject_kind": KIND, "subject_id": 1, "purpose": "before"} | more
    # Name and declared type are lies: neither may matter.
    form["file"] = SimpleUploadedFile("现场.exe", content, content_type="text/html")
    return client.post(URL, form, headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_from_upload_to_erasure(caller: Callable[..., Client], root: Path) -> None:
    desk, handler, security = (
        caller(role) for role in (Role.DESK, Role.HANDLER, Role.SECURITY_ADMIN)
    )
    photo = files.jpeg()
    answer = send(
        *(desk, photo), captured_lon="103.2", captured_lat="30.1", accuracy_m="8", mock="false",
        captured_at="2026-11-01T10:00:00+08:00",
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert row["name"] == "现场.jpg"
    assert row["sha256"] == hashlib.sha256(photo).hexdigest()
    assert (row["media_type"], row["size"]) == ("image/jpeg", len(photo))
    assert (row["captured_lon"], row["mock"], row["purpose"]) == (103.2, False, "before")
    assert datetime.fromisoformat(row["captured_at"]) == datetime(2026, 11, 1, 2, tzinfo=UTC)
    assert row["uploaded_by"] == "某desk"
    listed = handler.get(URL, SUBJECT).json()
    assert listed == {"items": [row], "next": None}
    assert handler.get(f"{URL}/{row['id']}").json() == row
    for name in ("file_url", "preview_url", "thumb_url"):
        shown = handler.get(row[name])
        content = body(shown)
        assert shown.status_code == 200
        assert content.startswith(b"\xff\xd8\xff")
        assert b"SpyPhone" not in content
        assert int(shown["Content-Length"]) == len(content)
        assert shown["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert shown["Content-Type"] == "image/jpeg"
        assert shown["X-Content-Type-Options"] == "nosniff"
        assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert shown["Cache-Control"] == "private, no-cache"
        assert shown["Content-Disposition"].startswith("inline")
        again = handler.get(row[name], headers={"if-none-match": shown["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert (
        desk.delete(
            f"{URL}/{row['id']}", {"reason": "误传"}, content_type="application/json"
        ).status_code
        == 403
    )
    gone = security.delete(
        f"{URL}/{row['id']}", {"reason": "误传"}, content_type="application/json"
    )
    assert gone.status_code == 204
    for name in ("file_url", "preview_url", "thumb_url"):
        assert handler.get(row[name]).status_code == 404
    assert handler.get(URL, SUBJECT).json()["items"] == []


def test_documents_are_downloads(caller: Callable[..., Client]) -> None:
    desk = caller(Role.DESK)
    row = send(desk, files.pdf(), purpose="file").json()
    assert (row["preview_url"], row["thumb_url"]) == (None, None)
    shown = desk.get(row["file_url"], headers={"range": "bytes=0-3"})
    assert shown.status_code == 200
    assert body(shown) == files.pdf()
    assert shown["Content-Disposition"].startswith("attachment")
    assert "filename*=utf-8''%E7%8E%B0%E5%9C%BA.pdf" in shown["Content-Disposition"]
    assert desk.get(f"{URL}/{row['id']}/thumb").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=0-999999", 206, 0, None),
        ("bytes=999999-", 416, 0, 0),
        ("bytes=-", 200, 0, None),
        ("bytes=1-2,5-6", 200, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_ranges_of_recordings(
    caller: Callable[..., Client], wanted: str, status: int, start: int, end: int | None
) -> None:
    desk, sound = caller(Role.DESK), files.wav()
    row = send(desk, sound).json()
    part = desk.get(row["file_url"], headers={"range": wanted})
    assert part.status_code == status
    assert body(part) == sound[start:end]
    if status == 206:
        first = start if start >= 0 else len(sound) + start
        last = first + len(sound[start:end]) - 1
        assert part["Content-Range"] == f"bytes {first}-{last}/{len(sound)}"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "file_empty"),
        (files.jpeg()[:400], 422, "file_truncated"),
        (files.png_bomb(), 413, "too_many_pixels"),
        (files.docx(x=bytes(20_000_000)), 413, "archive_bomb"),
        (files.pdf() + files.PAYLOAD, 415, "polyglot"),
        (b"<svg onload=alert(1)>", 415, "file_type_not_accepted"),
    ],
)
def test_refusals_name_the_field(
    caller: Callable[..., Client], root: Path, content: bytes, status: int, code: str
) -> None:
    answer = send(caller(Role.DESK), content)
    assert answer.status_code == status
    problem = answer.json()
    assert (problem["code"], problem["field"]) == (code, "file")
    assert answer["Content-Type"] == "application/problem+json"
    assert not root.exists()


def test_heic_arrives_as_jpeg(caller: Callable[..., Client]) -> None:
    desk = caller(Role.DESK)
    row = send(desk, files.heic()).json()
    assert (row["media_type"], row["served_type"]) == ("image/heic", "image/jpeg")
    assert row["captured_lat"] == pytest.approx(files.GPS[0], abs=1e-6)
    assert body(desk.get(row["file_url"])).startswith(b"\xff\xd8\xff")


def test_bad_forms(caller: Callable[..., Client]) -> None:
    desk = caller(Role.DESK)
    missing = desk.post(URL, {"subject_kind": KIND, "subject_id": 1})
    assert (missing.status_code, missing.json()["field"]) == (422, "file")
    for name, value in (
        ("captured_lon", "181"),
        ("captured_at", "2026-11-01T10:00:00"),
        ("purpose", "revenge"),
        ("subject_id", "0"),
    ):
        answer = send(desk, files.wav(), **{name: value})
        assert (answer.status_code, answer.json()["field"]) == (422, name)
    half = send(desk, files.wav(), captured_lon="103")
    assert (half.status_code, half.json()["field"]) == (422, "captured_lat")


def test_not_for_everyone(caller: Callable[..., Client]) -> None:
    desk, auditor = caller(Role.DESK), caller(Role.AUDITOR, "ledger.read")
    row = send(desk, files.wav()).json()
    assert Client().get(row["file_url"]).status_code == 401
    assert send(Client(), files.wav()).status_code == 401
    assert auditor.get(row["file_url"]).status_code == 403
    assert caller(Role.DISPATCHER).get(row["file_url"]).status_code == 404
    assert send(caller(Role.HANDLER), files.wav()).status_code == 403
    assert send(desk, files.wav(), subject_kind="unheard").status_code == 404


def test_a_retry_attaches_once(caller: Callable[..., Client]) -> None:
    desk = caller(Role.DESK)
    first = send(desk, files.wav(), headers={"idempotency-key": "k1"})
    second = send(desk, files.wav(), headers={"idempotency-key": "k1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()


def test_the_announced_length_is_refused_with_and_without_key(
    caller: Callable[..., Client], settings: Any, root: Path
) -> None:
    settings.EVIDENCE_LIMITS = {"file_bytes": 1000, "form_bytes": 1000}
    for headers in ({}, {"idempotency-key": "k1"}):
        answer = send(caller(Role.DESK) if not headers else caller(Role.SUPERVISOR),
                      bytes(5000), headers=headers)  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
        assert answer.json()["field"] == "file"
