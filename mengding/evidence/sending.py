"""Resumable uploads: announce, append, complete, attach. The contract is docs/field-sync.md.

An upload is its account's own. Whether somebody else has sent the same content shows nowhere:
who does not have the bytes cannot learn that they are here, and who has them sends them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Sum

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, DomainError, Invalid, NotAllowed
from mengding.core.text import T
from mengding.evidence import partials, refusals, subjects
from mengding.evidence.actions import attach_blob, check_said, is_stored, keep
from mengding.evidence.config import limits
from mengding.evidence.images import Captured
from mengding.evidence.intake import digest, examine
from mengding.evidence.models import Blob, Evidence, Upload
from mengding.policy.permissions import require

MOST_PHOTOS = 20  # with one write
_LOCK_SPACE = 0x75706C64  # "upld", so that these advisory locks meet no others
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class State:
    """How far an upload is: bytes that arrived, and whether it is checked and kept."""

    sha256: str
    offset: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Photo:
    """A complete upload to attach, with what the device says of it."""

    sha256: str
    purpose: str
    name: str = ""
    captured: Captured = field(default_factory=Captured)
    mock: bool | None = None


def announce(actor: Actor, sha256: str, size: int) -> State:
    """Say what will be sent, or ask how far it is; again and again, from any process.

    Raises `NotAllowed`, `TooLarge`, `TooMany`; a file that arrived whole before a crash is
    finished here, with the refusals of `append`.
    """
    account = _account(actor)
    if size > limits().file_bytes:
        raise refusals.too_large(limits().file_bytes)
    with transaction.atomic():
        _one_at_a_time(account)
        row = Upload.objects.select_for_update().filter(account=account, sha256=sha256).first()
        if row is None:
            _refuse_too_much(account, size)
            row = Upload.objects.create(
                account_id=account,
                sha256=sha256,
                size=size,
                announced_at=clock.now(),
                touched_at=clock.now(),
            )
        elif row.completed_at is None and row.size != size:
            # One of the two announcements was wrong; what arrived for the other is no use.
            partials.drop(partials.path_of(account, sha256))
            row.size, row.touched_at = size, clock.now()
            row.save(update_fields=["size", "touched_at"])
    return _state(row)


def append(actor: Actor, sha256: str, at: int, chunks: Iterable[bytes]) -> State:
    """Add bytes from `at` on. The last one completes: digest, checks, renditions, store.

    Raises `NotFound` for what was not announced, `Conflict` with the right `offset`,
    `Invalid` for too many bytes or a wrong digest, and the refusals of a file.
    """
    account = _account(actor)
    row = Upload.objects.filter(account=account, sha256=sha256).first()
    if row is None:
        raise refusals.unknown_upload()
    if row.completed_at is not None:
        if at == row.size:
            return State(sha256, row.size, complete=True)
        raise refusals.wrong_offset(row.size)
    path = partials.path_of(account, sha256)
    try:
        partials.append(path, at, _pieces(chunks), row.size)
    except Conflict:
        # Completed by another request meanwhile: opening the file made it anew, for nobody.
        if Upload.objects.filter(pk=row.pk, completed_at__isnull=False).exists():
            partials.drop(path)
        raise
    finally:
        Upload.objects.filter(pk=row.pk).update(touched_at=clock.now())
    return _state(row)


def _pieces(chunks: Iterable[bytes]) -> Iterable[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE]


def _state(row: Upload) -> State:
    """How far it is; finishes what is whole."""
    if row.completed_at is None:
        offset = partials.arrived(partials.path_of(row.account_id, row.sha256))
        if offset >= row.size:
            _complete(row)
        # Asked after the length: who completes it says so before the file goes.
        elif not Upload.objects.filter(pk=row.pk, completed_at__isnull=False).exists():
            return State(row.sha256, offset, complete=False)
    return State(row.sha256, row.size, complete=True)


def _complete(row: Upload) -> None:
    """Check and keep a file whose bytes are all there. Twice at once is harmless."""
    path = partials.path_of(row.account_id, row.sha256)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        if Upload.objects.filter(pk=row.pk, completed_at__isnull=False).exists():
            return  # another request was quicker
        raise refusals.wrong_offset(0) from error
    with file:
        sha256, _ = digest(iter(lambda: file.read(_PIECE), b""))
        if sha256 != row.sha256:
            partials.restart(path, row.size)
            raise refusals.digest_differs()
        try:
            intake = examine(file, limits(), ZoneInfo(settings.TIME_ZONE))
        except DomainError:
            # Final: the same bytes would be refused again.
            Upload.objects.filter(pk=row.pk, completed_at__isnull=True).delete()
            partials.drop(path)
            raise
        with transaction.atomic():
            blob = keep(intake)
            now = clock.now()
            Upload.objects.filter(pk=row.pk, completed_at__isnull=True).update(
                blob=blob, completed_at=now, touched_at=now
            )
    partials.drop(path)


def attach_uploaded(actor: Actor, subject_kind: str, subject_id: int, photo: Photo) -> Evidence:
    """Attach a complete upload to a subject the actor may write; the first one if it was before.

    Raises `NotFound`, `NotAllowed`, `Invalid` naming the field, `Conflict` `upload_missing`.
    """
    subjects.require_write(actor, subject_kind, subject_id)
    return _attach(actor, subject_kind, subject_id, photo, "")


@transaction.atomic
def attach_photos(
    actor: Actor, subject_kind: str, subject_id: int, photos: Sequence[Photo]
) -> list[Evidence]:
    """As `attach_uploaded` for several, all or none, for the app that owns the subject.

    Errors name `photos.<n>.…`.
    """
    if len(photos) > MOST_PHOTOS:
        text = T("最多 {n} 张照片。", "At most {n} photos.").fill(n=MOST_PHOTOS)
        raise Invalid("photos_many", text, field="photos")
    if photos:
        require(actor, "case.attach")
    # Locked in one order, or two writes with the same photos could wait for each other.
    order = sorted(range(len(photos)), key=lambda n: photos[n].sha256)
    made = {n: _attach(actor, subject_kind, subject_id, photos[n], f"photos.{n}.") for n in order}
    return [made[n] for n in range(len(photos))]


@transaction.atomic
def _attach(actor: Actor, kind: str, number: int, photo: Photo, prefix: str) -> Evidence:
    try:
        check_said(photo.purpose, photo.captured)
    except Invalid as error:
        error.field = f"{prefix}{error.field}"
        raise
    account = _account(actor)
    row = Upload.objects.filter(account=account, sha256=photo.sha256, blob__isnull=False).first()
    # Blob before upload, as in `drop_unused`.
    if row is None:
        raise refusals.missing_upload(photo.sha256, f"{prefix}sha256")
    blob = Blob.objects.select_for_update().get(pk=row.blob_id)
    if blob.erased_at is not None or not is_stored(blob):
        raise refusals.missing_upload(photo.sha256, f"{prefix}sha256")
    now = clock.now()
    if not Upload.objects.filter(pk=row.pk).update(attached_at=now, touched_at=now):
        raise refusals.missing_upload(photo.sha256, f"{prefix}sha256")
    return attach_blob(
        *(actor, kind, number, blob, photo.purpose),
        name=photo.name,
        captured=photo.captured,
        mock=photo.mock,
    )


def drop_stale() -> int:
    """Delete uploads nobody touched for `upload_days`, and files no upload owns; how many.

    Content that is attached stays: only the right to attach it by its digest ends.
    """
    before = clock.now() - timedelta(days=limits().upload_days)
    count = 0
    for pk in list(Upload.objects.filter(touched_at__lt=before).values_list("pk", flat=True)):
        with transaction.atomic():
            row = Upload.objects.select_for_update().filter(pk=pk, touched_at__lt=before).first()
            if row is not None:
                row.delete()
                partials.drop(partials.path_of(row.account_id, row.sha256))
                count += 1
    for account, sha256, path in partials.all_of():
        open_ones = Upload.objects.filter(account=account, sha256=sha256, blob__isnull=True)
        if not open_ones.exists():
            partials.drop(path)
            count += 1
    return count


def _account(actor: Actor) -> int:
    require(actor, "case.attach")
    if actor.account_id is None:
        raise NotAllowed("not_allowed", T("请以账户登录。", "Sign in with an account."))
    return actor.account_id


def _one_at_a_time(account: int) -> None:
    """Announcements of one account wait for each other, or two could pass the limit together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, account % 2**31])


def _refuse_too_much(account: int, size: int) -> None:
    held = Upload.objects.filter(account=account, attached_at__isnull=True).aggregate(
        count=Count("pk"), size=Sum("size")
    )
    most = limits()
    if held["count"] >= most.uploads or (held["size"] or 0) + size > most.uploads_bytes:
        raise refusals.uploads_full()
