"""Resumable uploads over HTTP: resumed, cut off, raced, refused, forgotten."""

import hashlib
import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import Conflict, DomainError, Invalid, TooMany
from mengding.evidence import actions, partials, queries, seals, sending
from mengding.evidence.images import Captured
from mengding.evidence.models import Blob, Evidence, Seal, Upload
from mengding.evidence.tasks import tidy
from mengding.evidence.tests import files
from mengding.evidence.tests.conftest import KIND, Matters
from mengding.ledger.models import Event

Acting = Callable[[Role], Actor]
ROOT = "/api/v1"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def announce(client: Client, content: bytes, **more: Any) -> Any:
    body = {"sha256": sha(content), "bytes": len(content), "content_type": "image/jpeg"} | more
    return client.post(f"{ROOT}/uploads", body, "application/json")


def append(client: Client, content: bytes, at: int, part: bytes) -> Any:
    return client.patch(
        f"{ROOT}/uploads/{sha(content)}",
        part,
        "application/offset+octet-stream",
        headers={"upload-offset": str(at)},
    )


def attach(client: Client, content: bytes, **more: Any) -> Any:
    body = {"subject_kind": KIND, "subject_id": 1, "sha256": sha(content), "purpose": "before"}
    return client.post(f"{ROOT}/evidence/attach", body | more, "application/json")


def complete(client: Client, content: bytes) -> None:
    announce(client, content)
    assert append(client, content, 0, content).json()["complete"] is True


def parts(root: Path) -> list[Path]:
    folder = root.parent / "uploads"
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.django_db
def test_a_photo_in_pieces(caller: Callable[..., Client], root: Path) -> None:
    desk, photo = caller(Role.DESK), files.jpeg()
    first = announce(desk, photo)
    assert first.status_code == 200
    assert first.json() == {
        "sha256": sha(photo), "offset": 0, "complete": False, "chunk": 256 * 1024,
    }  # fmt: skip
    assert append(desk, photo, 0, photo[:100]).json()["offset"] == 100
    # The answer was lost: the same piece again, told where to go on.
    again = append(desk, photo, 0, photo[:100])
    assert (again.status_code, again.json()["code"]) == (409, "upload_offset")
    assert (again.json()["offset"], again.json()["field"]) == (100, "Upload-Offset")
    gap = append(desk, photo, 200, photo[200:])
    assert (gap.status_code, gap.json()["offset"]) == (409, 100)
    assert announce(desk, photo).json()["offset"] == 100
    assert attach(desk, photo).json()["code"] == "upload_missing"
    last = append(desk, photo, 100, photo[100:])
    assert (last.json()["offset"], last.json()["complete"]) == (len(photo), True)
    assert parts(root) == []
    # Whoever asks once more, or sends the end once more, is told it is done.
    assert announce(desk, photo).json()["complete"] is True
    assert append(desk, photo, len(photo), b"").json()["complete"] is True
    assert append(desk, photo, 100, photo[100:]).json()["offset"] == len(photo)
    made = attach(desk, photo, captured_at="2026-11-01T10:00:00+08:00", captured_lon=103,
                  captured_lat=30.1, accuracy_m=8, mock=True, name="现场.jpg")  # fmt: skip
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["sha256"], row["name"], row["mock"]) == (sha(photo), "现场.jpg", True)
    assert attach(desk, photo).json()["id"] == row["id"]
    assert attach(desk, photo, purpose="after").json()["id"] != row["id"]
    assert Event.objects.filter(action="evidence.attach").count() == 2
    assert queries.unsound(Blob.objects.get()) == []


@pytest.mark.django_db
def test_an_answer_is_never_replayed(caller: Callable[..., Client]) -> None:
    """A client that sends a key all the same is still told how things stand now."""
    desk, photo = caller(Role.DESK), files.jpeg()
    key = {"idempotency-key": "one"}
    body = {"sha256": sha(photo), "bytes": len(photo)}
    url = f"{ROOT}/uploads"
    assert desk.post(url, body, "application/json", headers=key).json()["offset"] == 0
    append(desk, photo, 0, photo[:50])
    assert desk.post(url, body, "application/json", headers=key).json()["offset"] == 50


@pytest.mark.django_db
def test_nobody_learns_what_others_sent(
    caller: Callable[..., Client], matters: Matters, root: Path
) -> None:
    """Content that is here answers a stranger exactly as content that is not."""
    matters.writers |= {Role.HANDLER}
    desk, handler = caller(Role.DESK), caller(Role.HANDLER)
    known, unknown = files.jpeg(), files.jpeg(comment=b"another")
    complete(desk, known)
    attach(desk, known)

    def told(content: bytes) -> list[Any]:
        answers = [attach(handler, content), append(handler, content, 0, b"x"),
                   announce(handler, content)]  # fmt: skip
        return [
            {k: v for k, v in answer.json().items() if k not in {"sha256", "request_id"}}
            for answer in answers
        ]

    assert told(known) == told(unknown)
    # Whoever really has the bytes sends them; they are stored once.
    assert append(handler, known, 0, known).json()["complete"] is True
    assert attach(handler, known, purpose="after").status_code == 201
    assert Blob.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (files.jpeg()[:400], 422, "file_truncated"),
        (files.png_bomb(), 413, "too_many_pixels"),
        (files.docx(x=bytes(20_000_000)), 413, "archive_bomb"),
        (files.pdf() + files.PAYLOAD, 415, "polyglot"),
        (b"<svg onload=alert(1)>", 415, "file_type_not_accepted"),
    ],
)
def test_what_a_form_refuses_an_upload_refuses(
    caller: Callable[..., Client], root: Path, content: bytes, status: int, code: str
) -> None:
    desk = caller(Role.DESK)
    announce(desk, content)
    half = len(content) // 2
    append(desk, content, 0, content[:half])
    answer = append(desk, content, half, content[half:])
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["field"] == "file"
    assert attach(desk, content).json()["code"] == "upload_missing"
    assert (parts(root), root.exists(), Upload.objects.exists()) == ([], False, False)


@pytest.mark.django_db
def test_other_bytes_than_announced(caller: Callable[..., Client], root: Path) -> None:
    desk, photo = caller(Role.DESK), files.jpeg()
    announce(desk, photo)
    append(desk, photo, 0, photo[:100])
    wrong = append(desk, photo, 100, bytes(len(photo) - 100))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "sha256_mismatch")
    assert wrong.json()["offset"] == 0
    assert announce(desk, photo).json()["offset"] == 0
    longer = append(desk, photo, 0, photo + b"x")
    assert (longer.status_code, longer.json()["code"]) == (422, "upload_too_long")
    rest = announce(desk, photo).json()["offset"]
    assert append(desk, photo, rest, photo[rest:]).json()["complete"] is True
    assert (
        sha(b"".join(_served(desk, attach(desk, photo).json()))) == Blob.objects.get().served_sha256
    )


def _served(client: Client, row: dict[str, Any]) -> Any:
    answer: Any = client.get(row["file_url"])
    return answer.streaming_content


@pytest.mark.django_db
def test_bad_requests_name_their_field(caller: Callable[..., Client], settings: Any) -> None:
    desk = caller(Role.DESK)
    for body, field in (
        ({"sha256": "XYZ", "bytes": 1}, "sha256"),
        ({"sha256": "A" * 64, "bytes": 1}, "sha256"),
        ({"sha256": "a" * 64, "bytes": 0}, "bytes"),
        ({"sha256": "a" * 64, "bytes": 2**41}, "bytes"),
    ):
        answer = desk.post(f"{ROOT}/uploads", body, "application/json")
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    big = announce(desk, b"x", bytes=51 * 1024 * 1024)
    assert (big.status_code, big.json()["code"]) == (413, "file_too_large")
    lost = append(desk, b"never announced", 0, b"never")
    assert (lost.status_code, lost.json()["code"]) == (404, "upload_unknown")
    no_offset = desk.patch(f"{ROOT}/uploads/{'a' * 64}", b"x", "application/offset+octet-stream")
    assert (no_offset.status_code, no_offset.json()["field"]) == (422, "Upload-Offset")
    assert announce(Client(), b"x").status_code == 401
    assert announce(caller(Role.AUDITOR, "ledger.read"), b"x").status_code == 403


@pytest.mark.django_db
def test_how_much_one_account_may_hold(
    matters: Matters, acting: Acting, settings: Any, root: Path
) -> None:
    settings.EVIDENCE_LIMITS = {"uploads": 3, "uploads_bytes": 5000}
    desk, other = acting(Role.DESK), acting(Role.HANDLER)
    sound = files.wav()
    sending.announce(desk, sha(b"1"), 10)
    sending.announce(desk, sha(b"2"), 10)
    sending.announce(desk, sha(sound), len(sound))
    with pytest.raises(TooMany) as full:
        sending.announce(desk, sha(b"4"), 10)
    assert (full.value.code, full.value.extra) == ("uploads_full", {"retry_after": 600})
    sending.announce(desk, sha(b"1"), 10)  # what is announced already goes on
    sending.announce(other, sha(b"4"), 10)  # and others are not in the way
    sending.append(desk, sha(sound), 0, [sound])
    sending.attach_uploaded(desk, KIND, 1, sending.Photo(sha(sound), "file"))
    with pytest.raises(TooMany):  # too many bytes
        sending.announce(desk, sha(b"5"), 4990)
    sending.announce(desk, sha(b"5"), 4900)  # attached ones no longer count


@pytest.mark.django_db(transaction=True)
def test_what_nobody_finished_goes(matters: Matters, acting: Acting, root: Path) -> None:
    desk = acting(Role.DESK)
    photo, sound = files.jpeg(), files.wav()
    sending.announce(desk, sha(photo), len(photo))
    sending.append(desk, sha(photo), 0, [photo[:100]])
    sending.announce(desk, sha(sound), len(sound))
    sending.append(desk, sha(sound), 0, [sound])
    stray = partials.path_of(desk.account_id or 0, "f" * 64)
    stray.write_bytes(b"left by a crash")
    assert tidy() == {"uploads": 1, "contents": 0}  # the stray file only
    with clock.at(clock.now() + timedelta(days=7)):
        assert tidy() == {"uploads": 0, "contents": 0}
        sending.append(desk, sha(photo), 100, [photo[100:200]])  # still at it
    with clock.at(clock.now() + timedelta(days=9)):
        assert tidy() == {"uploads": 1, "contents": 1}  # the recording nobody attached
        assert Blob.objects.get().erased_at is not None
        assert len(parts(root)) == 1
        with pytest.raises(Conflict):
            sending.attach_uploaded(desk, KIND, 1, sending.Photo(sha(sound), "file"))
    with clock.at(clock.now() + timedelta(days=16)):
        tidy()
        assert (parts(root), Upload.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_erased_content_has_to_be_sent_again(matters: Matters, acting: Acting, root: Path) -> None:
    desk, security, sound = acting(Role.DESK), acting(Role.SECURITY_ADMIN), files.wav()
    sending.announce(desk, sha(sound), len(sound))
    sending.append(desk, sha(sound), 0, [sound])
    row = sending.attach_uploaded(desk, KIND, 1, sending.Photo(sha(sound), "file"))
    actions.erase(security, row.pk, "误传")
    with pytest.raises(Conflict) as missing:
        sending.attach_uploaded(desk, KIND, 1, sending.Photo(sha(sound), "file"))
    assert missing.value.code == "upload_missing"
    assert sending.announce(desk, sha(sound), len(sound)).offset == 0
    sending.append(desk, sha(sound), 0, [sound])
    again = sending.attach_uploaded(desk, KIND, 1, sending.Photo(sha(sound), "file"))
    assert queries.unsound(Blob.objects.get()) == []
    assert again.pk != row.pk


@pytest.mark.django_db
def test_photos_of_one_write_are_all_or_none(matters: Matters, acting: Acting, root: Path) -> None:
    desk, sound = acting(Role.DESK), files.wav()
    sending.announce(desk, sha(sound), len(sound))
    sending.append(desk, sha(sound), 0, [sound])
    there, absent = sending.Photo(sha(sound), "after"), sending.Photo("0" * 64, "before")
    with pytest.raises(Conflict) as missing:
        sending.attach_photos(desk, KIND, 1, [there, absent])
    assert (missing.value.field, missing.value.extra) == (
        "photos.1.sha256", {"sha256": "0" * 64},
    )  # fmt: skip
    assert not Evidence.objects.exists()
    with pytest.raises(Invalid) as bad:
        sending.attach_photos(
            desk, KIND, 1, [there, sending.Photo(sha(sound), "after", captured=Captured(lon=1.0))]
        )
    assert bad.value.field == "photos.1.captured_lat"
    with pytest.raises(Invalid) as many:
        sending.attach_photos(desk, KIND, 1, [there] * 21)
    assert many.value.field == "photos"
    twice = sending.attach_photos(desk, KIND, 1, [there, there])
    assert len({row.pk for row in twice}) == 1


def together(calls: list[Callable[[], object]]) -> list[object]:
    """Run all from the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait(30)
        try:
            return call()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result(60) for future in [threads.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_two_connections_send_the_same_photo(matters: Matters, acting: Acting, root: Path) -> None:
    desk = acting(Role.DESK)
    for round_ in range(4):
        photo = files.jpeg(comment=bytes([round_]) * 3000)
        sending.announce(desk, sha(photo), len(photo))
        pieces = [photo[i : i + 500] for i in range(0, len(photo), 500)]

        def send(photo: bytes = photo, pieces: list[bytes] = pieces) -> object:
            """As the app does: on a conflict go on where the server says."""
            at = 0
            while True:
                try:
                    return sending.append(desk, sha(photo), at, [photo[at:]])
                except Conflict as conflict:
                    at = int(conflict.extra["offset"])

        found = together([send] * 4)
        assert {type(each) for each in found} == {sending.State}, found
        assert all(isinstance(each, sending.State) and each.complete for each in found)
        blob = Blob.objects.get(pk=sha(photo))
        assert queries.unsound(blob) == []
    assert parts(root) == []


@pytest.mark.django_db(transaction=True)
def test_two_connections_attach_the_same_photo(
    matters: Matters, acting: Acting, root: Path
) -> None:
    desk, sound = acting(Role.DESK), files.wav()
    sending.announce(desk, sha(sound), len(sound))
    sending.append(desk, sha(sound), 0, [sound])
    photo = sending.Photo(sha(sound), "before")
    made = together([lambda: sending.attach_uploaded(desk, KIND, 1, photo)] * 6)
    assert all(isinstance(row, Evidence) for row in made), made
    assert len({row.pk for row in made if isinstance(row, Evidence)}) == 1
    assert Event.objects.filter(action="evidence.attach").count() == 1
    assert Seal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_announcements_do_not_pass_the_limit_together(
    matters: Matters, acting: Acting, settings: Any, root: Path
) -> None:
    settings.EVIDENCE_LIMITS = {"uploads": 3}
    desk = acting(Role.DESK)
    calls: list[Callable[[], object]] = [
        partial(sending.announce, desk, sha(bytes([n])), 10) for n in range(8)
    ]
    found = together(calls)
    assert sum(isinstance(each, sending.State) for each in found) == 3
    assert Upload.objects.count() == 3


# The seal


def _sealed(desk: Actor, content: bytes) -> Evidence:
    sending.announce(desk, sha(content), len(content))
    sending.append(desk, sha(content), 0, [content])
    said = Captured(clock.now(), 103, 30.0833, 8.0)
    return sending.attach_uploaded(
        desk, KIND, 1, sending.Photo(sha(content), "after", captured=said, mock=True)
    )


def _read(pk: int) -> Evidence:
    return Evidence.objects.select_related("blob", "seal").get(pk=pk)


@pytest.mark.django_db(transaction=True)
def test_a_seal_outlives_what_it_is_about(
    caller: Callable[..., Client], acting: Acting, root: Path
) -> None:
    desk_client = caller(Role.DESK)
    from mengding.people.models import Account

    account = Account.objects.get(username="desk")
    desk = acting_of(account.pk)
    row = _sealed(desk, files.jpeg())
    told = desk_client.get(f"{ROOT}/evidence/{row.pk}/seal").json()
    assert (told["verified"], told["faults"], told["erased"]) == (True, [], False)
    assert (told["device"]["lon"], told["device"]["mock"]) == (103.0, True)
    assert sha(files.jpeg()) in told["statement"]
    assert set(json.loads(told["statement"])) == {
        *("v", "evidence", "subject", "purpose", "sha256", "served_sha256", "size"),
        *("account", "post", "at", "device"),
    }
    _verify_outside(told)
    security = acting(Role.SECURITY_ADMIN)
    actions.erase(security, row.pk, "误传")
    gone = desk_client.get(f"{ROOT}/evidence/{row.pk}/seal").json()
    assert (gone["verified"], gone["erased"], gone["device"]) == (True, True, None)
    assert gone["statement"] == told["statement"]
    _verify_outside(gone)
    assert Seal.objects.get().salt is None
    assert caller(Role.DISPATCHER).get(f"{ROOT}/evidence/{row.pk}/seal").status_code == 404


def acting_of(account_id: int) -> Actor:
    """The actor of an account that exists."""
    from mengding.core.actor import ActorKind
    from mengding.people.models import Post

    post = Post.objects.get(account=account_id)
    return Actor(kind=ActorKind.STAFF, account_id=account_id, post_id=post.pk, role=Role(post.role))


def _verify_outside(told: dict[str, Any]) -> None:
    """With nothing but what the answer holds, as anybody could."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(base64.b64decode(told["public_key"])).verify(
        base64.b64decode(told["signature"]), told["statement"].encode()
    )


@pytest.mark.django_db
def test_whatever_is_changed_shows(matters: Matters, acting: Acting, root: Path) -> None:
    row = _sealed(acting(Role.DESK), files.jpeg())
    assert seals.verify(_read(row.pk), _read(row.pk).seal).verified
    for changes, fault in (
        ({"captured_lon": 103.001}, "device"),
        ({"captured_at": None}, "device"),
        ({"accuracy_m": 1.0}, "device"),
        ({"mock": False}, "device"),
        ({"purpose": "before"}, "statement"),
        ({"subject_id": 2}, "statement"),
        ({"created_at": clock.now() - timedelta(hours=1)}, "statement"),
        ({"account_id": None}, "statement"),
    ):
        before = Evidence.objects.filter(pk=row.pk).values(*changes).get()
        Evidence.objects.filter(pk=row.pk).update(**changes)
        found = _read(row.pk)
        assert seals.verify(found, found.seal).faults == [fault], changes
        Evidence.objects.filter(pk=row.pk).update(**before)
    for seal_changes, fault in (
        ({"statement": row.seal.statement.replace("after", "before")}, "signature"),
        ({"signature": bytes(64)}, "signature"),
        ({"key_id": "0" * 16}, "key"),
        ({"salt": bytes(16)}, "device"),
    ):
        before = Seal.objects.filter(pk=row.pk).values(*seal_changes).get()
        Seal.objects.filter(pk=row.pk).update(**seal_changes)
        found = _read(row.pk)
        assert seals.verify(found, found.seal).faults == [fault], seal_changes
        Seal.objects.filter(pk=row.pk).update(**before)
    found = _read(row.pk)
    assert seals.verify(found, found.seal).verified


# What is drawn on the served copy


def _pixels(content: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.mark.django_db
def test_a_watermark_is_drawn_on_the_served_copy_only(
    caller: Callable[..., Client], root: Path
) -> None:
    from mengding.people.models import Account

    client = caller(Role.DESK)
    desk = acting_of(Account.objects.get(username="desk").pk)
    big = files.saved(files.picture(900, 600), "JPEG", quality=90)
    row = _sealed(desk, big)
    before = {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    url = f"{ROOT}/evidence/{row.pk}/file"
    plain, marked = (
        b"".join(_served(client, {"file_url": f"{url}{query}"})) for query in ("", "?watermark=1")
    )
    assert marked != plain
    one, other = _pixels(plain), _pixels(marked)
    assert one.size == other.size == (900, 600)
    # The lower left differs, the upper half does not but for the encoder.
    corner = [max(abs(a - b) for a, b in zip(one.getpixel(p), other.getpixel(p), strict=True))
              for p in ((20, 590), (60, 570))]  # fmt: skip
    assert max(corner) > 60
    assert max(abs(a - b) for a, b in zip(one.getpixel((450, 100)), other.getpixel((450, 100)),
                                          strict=True)) < 30  # fmt: skip
    assert {p.name: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    small = client.get(f"{ROOT}/evidence/{row.pk}/preview?watermark=1")
    assert small.status_code == 200
    sound = _sealed(desk, files.wav())
    no = client.get(f"{ROOT}/evidence/{sound.pk}/file?watermark=1")
    assert (no.status_code, no.json()["field"]) == (422, "watermark")


@pytest.mark.django_db
def test_what_a_watermark_says(matters: Matters, acting: Acting, root: Path) -> None:
    row = _sealed(acting(Role.DESK), files.jpeg())
    lines = queries.watermark_lines(row)
    said = [line.text for line in lines]
    assert said[0].startswith("#1 20")
    assert "103.00000, 30.08330 ±8 m" in said[1]
    assert said[2] == f"SHA-256 {row.blob_id[:16]}"
    assert (said[3], lines[3].warning) == ("模拟定位 Mock location", True)
    row.mock, row.captured_at, row.captured_lon = False, None, None
    assert len(queries.watermark_lines(row)) == 2
    assert "（上传）" in queries.watermark_lines(row)[0].text


def test_the_font_has_the_characters() -> None:
    """No box where a character should be: each is drawn otherwise than a character nobody has."""
    from PIL import ImageFont

    from mengding.core.fonts import REGULAR

    font = ImageFont.truetype(str(REGULAR), 30)
    box = bytes(font.getmask("\U000e0001"))
    for sign in "模拟定位上传名山区车岭镇村（）±0123456789":
        assert bytes(font.getmask(sign)) != box, sign


@pytest.mark.django_db
def test_check_evidence(
    matters: Matters, acting: Acting, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mengding.evidence.check import run

    row = _sealed(acting(Role.DESK), files.jpeg())
    assert run([]) == 0
    assert "seals: 1" in capsys.readouterr().out
    next(root.rglob("*.served")).write_bytes(b"forged")
    assert run(["--seals"]) == 0
    assert run([]) == 1
    assert "served" in capsys.readouterr().out
    Evidence.objects.filter(pk=row.pk).update(captured_lat=31.0)
    assert run(["--seals"]) == 1
    assert "device" in capsys.readouterr().out
    assert run(["--else"]) == 2


# The file of an unfinished upload, without database


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pieces_in_any_order_end_as_the_whole(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Overlapping, repeated, misplaced pieces: what is kept is always the beginning of it all."""
    whole = data.draw(st.binary(min_size=1, max_size=200))
    path = tmp_path_factory.mktemp("part") / "1-x.part"
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(at, len(whole)))
        before = partials.arrived(path)
        if at != before:
            with pytest.raises(Conflict) as conflict:
                partials.append(path, at, [whole[at:end]], len(whole))
            assert conflict.value.extra["offset"] == before
        else:
            assert partials.append(path, at, [whole[at:end]], len(whole)) == end
        assert (path.read_bytes() if path.exists() else b"") == whole[: partials.arrived(path)]
    with pytest.raises(Invalid):
        partials.append(path, partials.arrived(path), [whole + b"x"], len(whole))
