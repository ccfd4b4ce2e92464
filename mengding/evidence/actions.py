"""Attaching evidence and erasing it.

The bytes as they were sent are kept sealed and are never served; readers get the cleaned
rendition. Their SHA-256 stands in the ledger, so that anyone who holds the file can prove later
that it is the one, even after it was erased here.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from math import isfinite
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.evidence import sealing, seals, subjects
from mengding.evidence.config import limits
from mengding.evidence.images import Captured
from mengding.evidence.intake import Intake, examine
from mengding.evidence.kinds import EXTENSION, TEXT
from mengding.evidence.models import Blob, Evidence, Purpose
from mengding.evidence.names import clean_name
from mengding.evidence.store import PARTS, Part, key_of, store
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require

NOTHING = Captured()


def attach(
    actor: Actor,
    subject_kind: str,
    subject_id: int,
    file: IO[bytes],
    purpose: str,
    *,
    name: str = "",
    captured: Captured = NOTHING,
    mock: bool | None = None,
) -> Evidence:
    """Attach a file to a subject the actor may write; returns what was attached.

    `captured` (from the device) goes before what the file says of itself. The same content with
    the same purpose on the same subject is attached once; again returns the first. Raises
    `NotFound`, `NotAllowed`, `Invalid` naming the field, or a refusal naming `file`.
    """
    subjects.require_write(actor, subject_kind, subject_id)
    return attach_own(
        actor, subject_kind, subject_id, file, purpose, name=name, captured=captured, mock=mock
    )


def attach_own(
    actor: Actor,
    subject_kind: str,
    subject_id: int,
    file: IO[bytes],
    purpose: str,
    *,
    name: str = "",
    captured: Captured = NOTHING,
    mock: bool | None = None,
) -> Evidence:
    """As `attach`, for the app that owns the subject and has already decided that it may be.

    A resident's photo comes in this way: the resident can send it but cannot read the case.
    """
    check_said(purpose, captured)
    intake = examine(file, limits(), ZoneInfo(settings.TIME_ZONE))
    given = captured.lon is not None
    found = Captured(
        captured.at or _believable(intake.captured_at),
        captured.lon if given else intake.lon,
        captured.lat if given else intake.lat,
        captured.accuracy_m if given else intake.accuracy_m,
    )
    # Checked, decoded and encoded outside the transaction: that takes seconds for a big photo.
    with transaction.atomic():
        blob = keep(intake)
        return attach_blob(
            actor, subject_kind, subject_id, blob, purpose, name=name, captured=found, mock=mock
        )


def attach_blob(
    actor: Actor,
    subject_kind: str,
    subject_id: int,
    blob: Blob,
    purpose: str,
    *,
    name: str,
    captured: Captured,
    mock: bool | None,
) -> Evidence:
    """Attach stored content, locked by the caller's transaction, and countersign it.

    Once for each content, subject and purpose: again returns the first.
    """
    existing = Evidence.objects.filter(
        blob=blob,
        subject_kind=subject_kind,
        subject_id=subject_id,
        purpose=purpose,
        erased_at__isnull=True,
    ).first()
    if existing is not None:
        return existing
    evidence = Evidence.objects.create(
        blob=blob,
        subject_kind=subject_kind,
        subject_id=subject_id,
        purpose=purpose,
        name=clean_name(name, _extension(blob, name)),
        captured_at=captured.at,
        captured_lon=captured.lon,
        captured_lat=captured.lat,
        accuracy_m=captured.accuracy_m,
        mock=mock,
        account_id=actor.account_id,
        post_id=actor.post_id,
        created_at=clock.now(),
    )
    seal = seals.countersign(evidence)
    record(
        actor,
        Entry(
            kind=subject_kind,
            subject=subject_id,
            action="evidence.attach",
            after={
                "evidence": evidence.pk,
                "sha256": blob.sha256,
                "size": blob.size,
                "media_type": blob.media_type,
                "purpose": purpose,
                "seal": seals.digest_of(seal),
            },
        ),
    )
    return evidence


def check_said(purpose: str, captured: Captured) -> None:
    """Purpose and what the device says have to make sense; raises `Invalid` naming the field."""
    if purpose not in Purpose.values:
        raise Invalid("purpose_unknown", T("用途未知。", "Unknown purpose."), field="purpose")
    _check_captured(captured)


def _check_captured(captured: Captured) -> None:
    """What the device says has to make sense; the error names the form's field."""
    if (captured.lon is None) != (captured.lat is None):
        field = "captured_lat" if captured.lat is None else "captured_lon"
        text = T("经度和纬度须同时给出。", "Longitude and latitude go together.")
        raise Invalid("place_incomplete", text, field=field)
    for field, value, low, high in (
        ("captured_lon", captured.lon, -180.0, 180.0),
        ("captured_lat", captured.lat, -90.0, 90.0),
        ("accuracy_m", captured.accuracy_m, 0.0, 1e7),
    ):
        if value is not None and not (isfinite(value) and low <= value <= high):
            text = T("须在 {low} 与 {high} 之间。", "Must lie between {low} and {high}.")
            raise Invalid("out_of_range", text.fill(low=low, high=high), field=field)
    if captured.at is not None and captured.at.tzinfo is None:
        text = T("时间须带时区。", "The time needs a time zone.")
        raise Invalid("time_without_zone", text, field="captured_at")


def _believable(at: datetime | None) -> datetime | None:
    """A camera whose clock runs ahead tells us nothing."""
    return at if at is not None and at <= clock.now() else None


def _extension(blob: Blob, name: str) -> str:
    if blob.media_type == TEXT.media_type and name.lower().endswith(".csv"):
        return "csv"
    return EXTENSION[blob.served_type.split(";")[0]]


def keep(intake: Intake) -> Blob:
    """The blob of this content, stored; locked until the transaction ends.

    The lock keeps a concurrent erasure of the same content from deleting what we refer to.
    """
    sent, served = intake.sent, intake.served
    facts: dict[str, Any] = {
        "size": sent.size,
        "media_type": intake.media_type,
        "cleaned": served is not sent,
        "served_sha256": served.sha256,
        "served_size": served.size,
        "served_type": intake.served_type,
        "width": intake.width,
        "height": intake.height,
        "preview_sha256": intake.preview.sha256 if intake.preview else "",
        "thumb_sha256": intake.thumb.sha256 if intake.thumb else "",
        "stored_at": clock.now(),
        "erased_at": None,
    }
    locked = Blob.objects.select_for_update()
    blob, created = locked.get_or_create(sha256=sent.sha256, defaults=facts)
    if not created:
        if blob.erased_at is None and is_stored(blob):
            return blob
        # Erased or lost: stored again. Another version of the encoder may make other bytes.
        for name, value in facts.items():
            setattr(blob, name, value)
        blob.save()
    _write(intake)
    return blob


def is_stored(blob: Blob) -> bool:
    """Whether every part is really there; a lost file is put back by the next upload of it."""
    return all(store().has(key_of(blob.sha256, part)) for part in parts_of(blob))


def parts_of(blob: Blob) -> list[Part]:
    """Which parts the store holds of a blob."""
    wanted = {
        "original": blob.cleaned,
        "served": True,
        "preview": bool(blob.preview_sha256),
        "thumb": bool(blob.thumb_sha256),
    }
    return [part for part in PARTS if wanted[part]]


def _write(intake: Intake) -> None:
    sha256, keep = intake.sent.sha256, store()
    if intake.served is not intake.sent:
        sealed: Iterator[bytes] = sealing.seal(intake.sent.chunks(), settings.EVIDENCE_KEY, sha256)
        keep.put(key_of(sha256, "original"), sealed)
    keep.put(key_of(sha256, "served"), intake.served.chunks())
    if intake.preview:
        keep.put(key_of(sha256, "preview"), intake.preview.chunks())
    if intake.thumb:
        keep.put(key_of(sha256, "thumb"), intake.thumb.chunks())


@transaction.atomic
def erase(actor: Actor, evidence_id: int, reason: str) -> Evidence:
    """Erase one attachment for good, and its content if nothing else refers to it.

    The row stays as a mark that something was there, without name, time or place. Raises
    `NotAllowed`, `NotFound` (also when already erased), `Invalid` naming `reason`.
    """
    require(actor, "contact.erase")
    reason = reason.strip()
    if not 0 < len(reason) <= 500:
        text = T("请填写删除理由（500 字以内）。", "Give a reason of up to 500 characters.")
        raise Invalid("reason_required", text, field="reason")
    evidence = Evidence.objects.select_for_update().filter(pk=evidence_id).first()
    if evidence is None or evidence.erased_at is not None:
        raise subjects.not_found()
    rules = subjects.subject(evidence.subject_kind)
    if not rules.can_erase(actor, evidence.subject_id):
        raise subjects.not_found()
    evidence.name = ""
    evidence.captured_at = evidence.captured_lon = evidence.captured_lat = None
    evidence.accuracy_m = evidence.mock = None
    evidence.erased_at = clock.now()
    evidence.save()
    seals.forget_salt(evidence)
    record(
        actor,
        Entry(
            kind=evidence.subject_kind,
            subject=evidence.subject_id,
            action="evidence.erase",
            before={"evidence": evidence.pk, "sha256": evidence.blob_id},
            words=reason,
        ),
    )
    # After the commit: a deleted file cannot be rolled back.
    transaction.on_commit(partial(drop_unused, evidence.blob_id))
    return evidence


@transaction.atomic
def drop_unused(sha256: str) -> bool:
    """Delete the bytes of a blob that no attachment refers to any more; whether it did.

    Uploads of it by whomever end too: who wants to attach it again has to send it again. Runs
    after each erasure; `queries.unused` finds what a crash in between left behind.
    """
    blob = Blob.objects.select_for_update().get(pk=sha256)
    if blob.erased_at is not None or blob.attachments.filter(erased_at__isnull=True).exists():
        return False
    blob.uploads.all().delete()
    for part in PARTS:
        store().drop(key_of(sha256, part))
    blob.erased_at = clock.now()
    blob.save(update_fields=["erased_at"])
    return True
