"""Reading evidence: one attachment, those of a subject, the bytes of a part, their soundness."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import IO
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.evidence import sealing, subjects, watermark
from mengding.evidence.actions import parts_of
from mengding.evidence.intake import digest
from mengding.evidence.kinds import JPEG
from mengding.evidence.models import Blob, Evidence, Seal, Upload
from mengding.evidence.store import Part, key_of, store

_CHUNK = 1024 * 1024
_SETTLED = timedelta(hours=1)


def one(actor: Actor, evidence_id: int) -> Evidence:
    """One attachment with its blob; raises `NotFound` if erased, absent or not readable."""
    found = (
        Evidence.objects.select_related("blob", "account")
        .filter(pk=evidence_id, erased_at__isnull=True)
        .first()
    )
    if found is None:
        raise subjects.not_found()
    subjects.require_read(actor, found.subject_kind, found.subject_id)
    return found


def seal_of(actor: Actor, evidence_id: int) -> tuple[Evidence, Seal]:
    """The seal of an attachment, erased or not; raises `NotFound`, also where it has none."""
    found = Evidence.objects.select_related("blob", "seal").filter(pk=evidence_id).first()
    if found is None:
        raise subjects.not_found()
    subjects.require_read(actor, found.subject_kind, found.subject_id)
    seal: Seal | None = getattr(found, "seal", None)
    if seal is None:
        raise NotFound("no_seal", T("该附件没有存证。", "This attachment was never sealed."))
    return found, seal


def of_subject(actor: Actor, kind: str, number: int) -> QuerySet[Evidence]:
    """What is attached to one subject, to be ordered by id; raises `NotFound`."""
    subjects.require_read(actor, kind, number)
    return Evidence.objects.select_related("blob", "account").filter(
        subject_kind=kind, subject_id=number, erased_at__isnull=True
    )


def of_subjects(kind: str, numbers: Iterable[int]) -> dict[int, list[Evidence]]:
    """By subject id, oldest first; for the app that owns the subjects and has scoped them."""
    found: dict[int, list[Evidence]] = {}
    rows = Evidence.objects.select_related("blob", "account").filter(
        subject_kind=kind, subject_id__in=list(numbers), erased_at__isnull=True
    )
    for row in rows.order_by("subject_id", "pk"):
        found.setdefault(row.subject_id, []).append(row)
    return found


def part_facts(blob: Blob, part: Part) -> tuple[str, str]:
    """(SHA-256 in hex, media type) of a part readers get; raises `NotFound` if there is none."""
    if part == "served":
        return blob.served_sha256, blob.served_type
    sha256 = {"preview": blob.preview_sha256, "thumb": blob.thumb_sha256}.get(part, "")
    if not sha256:
        raise subjects.not_found()
    return sha256, "image/jpeg"


def open_part(blob: Blob, part: Part) -> IO[bytes]:
    """The bytes of a part readers get. The sealed original has no way out through here."""
    part_facts(blob, part)
    return store().get(key_of(blob.sha256, part))


def watermarked(row: Evidence, part: Part) -> bytes:
    """A JPEG of a part readers get, with number, time, place and "模拟定位" drawn on it.

    Raises `Invalid` naming `watermark` for what is no picture; `NotFound` for a missing part.
    """
    _, media_type = part_facts(row.blob, part)
    if media_type != JPEG.media_type:
        raise Invalid("not_a_picture", T("只有照片可加水印。", "Only pictures."), field="watermark")
    with open_part(row.blob, part) as file:
        return watermark.draw(file, watermark_lines(row))


def watermark_lines(row: Evidence) -> list[watermark.Line]:
    """What stands on the served copy. A time nobody's device gave is marked as the server's."""
    number, *place = subjects.subject(row.subject_kind).label(row.subject_id) or [""]
    zone = ZoneInfo(settings.TIME_ZONE)
    taken, said = row.captured_at or row.created_at, "" if row.captured_at else "（上传）"
    lines = [" ".join([number, f"{taken.astimezone(zone):%Y-%m-%d %H:%M:%S}{said}"]).strip()]
    if row.captured_lon is not None and row.captured_lat is not None:
        spread = f" ±{row.accuracy_m:.0f} m" if row.accuracy_m is not None else ""
        place.append(f"{row.captured_lon:.5f}, {row.captured_lat:.5f}{spread}")
    lines += [" ".join(place)] if place else []
    lines.append(f"SHA-256 {row.blob_id[:16]}")
    found = [watermark.Line(text) for text in lines if text]
    if row.mock:
        found.append(watermark.Line("模拟定位 Mock location", warning=True))
    return found


def unsound(blob: Blob) -> list[str]:
    """Names of the parts that are missing or differ from their digest; empty: all is well.

    Reads everything, the sealed original too: "original" here means that what was sent can no
    longer be shown to be what the ledger says.
    """
    expected: dict[Part, str] = {
        "original": blob.sha256,
        "served": blob.served_sha256,
        "preview": blob.preview_sha256,
        "thumb": blob.thumb_sha256,
    }
    bad: list[str] = []
    for part in parts_of(blob):
        try:
            with store().get(key_of(blob.sha256, part)) as file:
                chunks: Iterator[bytes] = (
                    sealing.unseal(file, settings.EVIDENCE_KEY, blob.sha256)
                    if part == "original"
                    else iter(lambda: file.read(_CHUNK), b"")
                )
                sha256, _ = digest(chunks)
        except (FileNotFoundError, InvalidTag):
            bad.append(part)
            continue
        if sha256 != expected[part]:
            bad.append(part)
    return bad


def unused() -> QuerySet[Blob]:
    """Blobs that nothing refers to but whose bytes are still there, older than an hour.

    For the periodic job that calls `actions.drop_unused` on each. An upload that waits to be
    attached is a reference for as long as it lasts.
    """
    live = Evidence.objects.filter(blob=OuterRef("pk"), erased_at__isnull=True)
    waiting = Upload.objects.filter(blob=OuterRef("pk"))
    return Blob.objects.filter(erased_at__isnull=True, stored_at__lt=clock.now() - _SETTLED).filter(
        ~Exists(live), ~Exists(waiting)
    )
