"""Attaching, erasing and reading, on the real database and a real folder."""

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from mengding.core import clock
from mengding.core.actor import RESIDENT, Actor, Role
from mengding.core.errors import Invalid, NotAllowed, NotFound
from mengding.evidence import actions, queries, seals
from mengding.evidence.images import Captured
from mengding.evidence.models import Blob, Evidence
from mengding.evidence.store import key_of
from mengding.evidence.tests import files
from mengding.evidence.tests.conftest import KIND, Matters
from mengding.ledger.models import Event, Words

Acting = Callable[[Role], Actor]
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def attach(actor: Actor, content: bytes, number: int = 1, purpose: str = "before") -> Evidence:
    return actions.attach(actor, KIND, number, io.BytesIO(content), purpose, name="井盖.jpeg")


def stored(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_attach_keeps_everything_and_says_so(matters: Matters, acting: Acting, root: Path) -> None:
    desk, photo = acting(Role.DESK), files.jpeg()
    with clock.at(NOW):
        row = attach(desk, photo)
    assert (row.name, row.purpose, row.created_at) == ("井盖.jpg", "before", NOW)
    assert (row.captured_lat, row.captured_lon) == pytest.approx(files.GPS, abs=1e-6)
    assert (row.account_id, row.post_id) == (desk.account_id, desk.post_id)
    sha256 = row.blob.sha256
    assert stored(root) == sorted(
        key_of(sha256, part) for part in ("original", "served", "preview", "thumb")
    )
    event = Event.objects.get(subject_kind=KIND, subject_id=1)
    assert (event.action, event.account_id) == ("evidence.attach", desk.account_id)
    assert event.after == {
        "evidence": row.pk,
        "sha256": sha256,
        "size": len(photo),
        "media_type": "image/jpeg",
        "purpose": "before",
        "seal": seals.digest_of(row.seal),
    }
    # What was sent is there, sealed: not one of its strings can be read on the disk.
    sealed = (root / key_of(sha256, "original")).read_bytes()
    assert b"SpyPhone" not in sealed
    assert queries.unsound(row.blob) == []


@pytest.mark.django_db
def test_same_content_is_stored_once(matters: Matters, acting: Acting, root: Path) -> None:
    desk, photo = acting(Role.DESK), files.jpeg()
    first = attach(desk, photo)
    assert attach(desk, photo).pk == first.pk
    others = {attach(desk, photo, purpose="after").pk, attach(desk, photo, 2).pk}
    assert len(others | {first.pk}) == 3
    assert Blob.objects.count() == 1
    assert len(stored(root)) == 4
    assert Event.objects.filter(action="evidence.attach").count() == 3


@pytest.mark.django_db
def test_the_device_goes_before_the_file(matters: Matters, acting: Acting) -> None:
    desk = acting(Role.DESK)
    at = NOW - timedelta(hours=1)
    row = actions.attach(
        *(desk, KIND, 1, io.BytesIO(files.jpeg()), "report"),
        captured=Captured(at, 103.2, 30.1, 8.0),
        mock=True,
    )
    assert (row.captured_at, row.captured_lon, row.captured_lat) == (at, 103.2, 30.1)
    assert (row.accuracy_m, row.mock) == (8.0, True)
    # A camera clock that runs ahead is not believed.
    with clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        assert attach(desk, files.jpeg(), 2).captured_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("captured", "field"),
    [
        (Captured(lon=103.0), "captured_lat"),
        (Captured(lat=30.0), "captured_lon"),
        (Captured(lon=181.0, lat=30.0), "captured_lon"),
        (Captured(lon=103.0, lat=float("nan")), "captured_lat"),
        (Captured(accuracy_m=-1.0), "accuracy_m"),
        (Captured(at=datetime(2026, 1, 1)), "captured_at"),  # noqa: DTZ001
    ],
)
def test_nonsense_from_the_device(
    matters: Matters, acting: Acting, captured: Captured, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.attach(
            acting(Role.DESK), KIND, 1, io.BytesIO(files.jpeg()), "report", captured=captured
        )
    assert caught.value.field == field
    assert not Evidence.objects.exists()


@pytest.mark.django_db
def test_who_may(matters: Matters, acting: Acting, root: Path) -> None:
    desk, handler, dispatcher = (acting(r) for r in (Role.DESK, Role.HANDLER, Role.DISPATCHER))
    row = attach(desk, files.jpeg())
    assert queries.one(handler, row.pk).pk == row.pk
    assert [e.pk for e in queries.of_subject(handler, KIND, 1)] == [row.pk]
    assert queries.of_subjects(KIND, [1, 2]) == {1: [row]}
    with pytest.raises(NotAllowed):
        attach(handler, files.wav())
    for forbidden in (
        lambda: queries.one(dispatcher, row.pk),
        lambda: queries.of_subject(dispatcher, KIND, 1),
        lambda: attach(dispatcher, files.wav()),
        lambda: attach(desk, files.wav(), 99),
        lambda: attach(RESIDENT, files.wav()),
        lambda: actions.attach(desk, "unheard", 1, io.BytesIO(files.wav()), "file"),
        lambda: queries.one(desk, row.pk + 1),
    ):
        with pytest.raises(NotFound):
            forbidden()
    with pytest.raises(Invalid, match="purpose"):
        attach(desk, files.wav(), purpose="revenge")
    assert len(stored(root)) == 4
    # The owner of the subject decided already: a resident's photo of a new report.
    sent = actions.attach_own(RESIDENT, KIND, 1, io.BytesIO(files.wav()), "report")
    assert (sent.account_id, sent.name) == (None, "附件.wav")


@pytest.mark.django_db(transaction=True)
def test_erase(matters: Matters, acting: Acting, root: Path) -> None:
    desk, security = acting(Role.DESK), acting(Role.SECURITY_ADMIN)
    one, two = attach(desk, files.jpeg()), attach(desk, files.jpeg(), 2)
    with pytest.raises(NotAllowed):
        actions.erase(desk, one.pk, "误传")
    with pytest.raises(Invalid, match="reason"):
        actions.erase(security, one.pk, "  ")
    actions.erase(security, one.pk, "误传身份证")
    assert len(stored(root)) == 4  # the other attachment still needs them
    with pytest.raises(NotFound):
        queries.one(desk, one.pk)
    with pytest.raises(NotFound):
        actions.erase(security, one.pk, "again")
    actions.erase(security, two.pk, "误传身份证")
    assert stored(root) == []
    blob = Blob.objects.get()
    assert blob.erased_at is not None
    gone = Evidence.objects.get(pk=two.pk)
    assert (gone.name, gone.captured_lon, gone.captured_at) == ("", None, None)
    event = Event.objects.filter(action="evidence.erase", subject_id=2).get()
    assert event.before == {"evidence": two.pk, "sha256": blob.sha256}
    assert Words.objects.get(pk=event.words_id or 0).text == "误传身份证"
    # Sent once more: stored once more.
    again = attach(desk, files.jpeg())
    assert queries.unsound(again.blob) == []
    assert again.blob.erased_at is None


@pytest.mark.django_db(transaction=True)
def test_what_a_crash_leaves_behind_is_found(
    matters: Matters, acting: Acting, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, security = acting(Role.DESK), acting(Role.SECURITY_ADMIN)
    row, kept = attach(desk, files.wav()), attach(desk, files.mp3())
    with monkeypatch.context() as patch:
        patch.setattr(actions, "drop_unused", lambda sha256: None)  # the process dies here
        actions.erase(security, row.pk, "误传")
    with clock.at(clock.now() + timedelta(hours=2)):
        assert [blob.pk for blob in queries.unused()] == [row.blob_id]
        assert actions.drop_unused(row.blob_id) is True
        assert actions.drop_unused(kept.blob_id) is False
        assert not queries.unused().exists()
    assert stored(root) == [key_of(kept.blob_id, "served")]


@pytest.mark.django_db
def test_a_damaged_store_is_noticed_and_healed(
    matters: Matters, acting: Acting, root: Path
) -> None:
    desk = acting(Role.DESK)
    blob = attach(desk, files.jpeg()).blob
    original = root / key_of(blob.sha256, "original")
    sealed = bytearray(original.read_bytes())
    sealed[-20] ^= 1
    original.write_bytes(sealed)
    (root / key_of(blob.sha256, "thumb")).unlink()
    (root / key_of(blob.sha256, "served")).write_bytes(b"forged")
    assert queries.unsound(blob) == ["original", "served", "thumb"]
    attach(desk, files.jpeg(), 2)
    assert queries.unsound(Blob.objects.get()) == []


@pytest.mark.django_db(transaction=True)
def test_same_content_at_once(matters: Matters, acting: Acting, root: Path) -> None:
    desk, photo = acting(Role.DESK), files.jpeg()
    ready, got, failed = threading.Barrier(6), [], []

    def run(number: int) -> None:
        try:
            ready.wait(10)
            got.append(attach(desk, photo, 1 + number % 2).pk)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert len(got) == 6
    assert len(set(got)) == 2
    assert Blob.objects.count() == 1
    assert len(stored(root)) == 4
    assert queries.unsound(Blob.objects.get()) == []


@pytest.mark.django_db(transaction=True)
def test_erasing_races_attaching(matters: Matters, acting: Acting, root: Path) -> None:
    """Whichever comes first, a live attachment has its bytes and a dead one has none."""
    desk, security = acting(Role.DESK), acting(Role.SECURITY_ADMIN)
    for _ in range(5):
        row, ready = attach(desk, files.wav()), threading.Barrier(2)

        def again(ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            attach(desk, files.wav(), 2)
            connections.close_all()

        other = threading.Thread(target=again)
        other.start()
        ready.wait(10)
        actions.erase(security, row.pk, "误传")
        other.join(30)
        live = Evidence.objects.get(subject_id=2, erased_at__isnull=True)
        assert queries.unsound(live.blob) == []
        actions.erase(security, live.pk, "误传")
        assert stored(root) == []


@pytest.mark.django_db
def test_the_database_holds_the_rules(matters: Matters, acting: Acting) -> None:
    from django.db import IntegrityError, transaction

    row = attach(acting(Role.DESK), files.jpeg())
    for broken in (
        {"captured_lon": 200.0},
        {"captured_lat": None},
        {"accuracy_m": -1.0},
        {"purpose": "revenge"},
        {"erased_at": NOW},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Evidence.objects.filter(pk=row.pk).update(**broken)
    assert connection.is_usable()
