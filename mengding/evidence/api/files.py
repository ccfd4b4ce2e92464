"""Evidence over HTTP: attach by multipart form, list, read, erase."""

import hashlib
import io
from datetime import datetime

from django.http.response import HttpResponseBase
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AwareDatetime

from mengding.core.actor import Actor
from mengding.core.errors import NotSignedIn
from mengding.core.text import T
from mengding.evidence import actions, queries
from mengding.evidence.delivery import deliver
from mengding.evidence.images import Captured
from mengding.evidence.models import Evidence, Purpose
from mengding.evidence.store import Part
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request, actor_of

router = Router()


class AttachIn(Schema):
    """The form beside its `file`. `captured_*`, `accuracy_m`, `mock`: what the device says."""

    subject_kind: str = Field(max_length=16, examples=["case"])
    subject_id: int = Field(ge=1, lt=2**63, examples=[17])
    purpose: Purpose = Purpose.FILE
    captured_at: AwareDatetime | None = None
    captured_lon: float | None = Field(None, ge=-180, le=180, description="WGS-84 degrees")
    captured_lat: float | None = Field(None, ge=-90, le=90, description="WGS-84 degrees")
    accuracy_m: float | None = Field(None, ge=0, le=1e7, description="metres")
    mock: bool | None = None


class EraseIn(Schema):
    """Why it has to go."""

    reason: str = Field(min_length=1, max_length=500, examples=["误传他人证件照片"])


class SubjectIn(Paging):
    """Whose evidence to list."""

    subject_kind: str = Field(max_length=16, examples=["case"])
    subject_id: int = Field(ge=1, lt=2**63)


class EvidenceOut(Schema):
    """One attachment. `sha256`, `size`, `media_type`: of the bytes as they were sent."""

    id: int
    subject_kind: str
    subject_id: int
    purpose: str
    name: str
    media_type: str
    size: int
    sha256: str
    served_type: str
    served_size: int
    width: int | None
    height: int | None
    captured_at: datetime | None
    captured_lon: float | None
    captured_lat: float | None
    accuracy_m: float | None
    mock: bool | None
    uploaded_by: str | None
    created_at: datetime
    seal_url: str
    file_url: str
    preview_url: str | None
    thumb_url: str | None


class EvidencePage(Schema):
    """One page, oldest first."""

    items: list[EvidenceOut]
    next: str | None


def shown(row: Evidence) -> EvidenceOut:
    """An attachment as the API answers it; `blob` and `account` should be loaded."""
    blob, base = row.blob, f"/api/v1/evidence/{row.pk}"
    return EvidenceOut(
        id=row.pk,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        purpose=row.purpose,
        name=row.name,
        media_type=blob.media_type,
        size=blob.size,
        sha256=blob.sha256,
        served_type=blob.served_type,
        served_size=blob.served_size,
        width=blob.width,
        height=blob.height,
        captured_at=row.captured_at,
        captured_lon=row.captured_lon,
        captured_lat=row.captured_lat,
        accuracy_m=row.accuracy_m,
        mock=row.mock,
        uploaded_by=row.account.name if row.account else None,
        created_at=row.created_at,
        seal_url=f"{base}/seal",
        file_url=f"{base}/file",
        preview_url=f"{base}/preview" if blob.preview_sha256 else None,
        thumb_url=f"{base}/thumb" if blob.thumb_sha256 else None,
    )


def caller(request: Request) -> Actor:
    """Who asks; raises `NotSignedIn`."""
    actor = actor_of(request)
    if actor is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    return actor


@router.post(
    "/evidence",
    response={201: EvidenceOut},
    summary="Attach a file to a subject",
    operation_id="evidence_attach",
)
@allows("case.attach")
def attach(request: Request, data: Form[AttachIn], file: File[UploadedFile]) -> Status[EvidenceOut]:
    """Multipart form. Pictures up to 20 MB and 50 megapixels, other files up to 50 MB.

    Answers 413 for too many bytes or pixels and for decompression bombs, 415 for types that are
    not accepted, 422 for damaged files, always naming `file`.
    """
    row = actions.attach(
        caller(request),
        data.subject_kind,
        data.subject_id,
        file,
        data.purpose,
        name=file.name or "",
        captured=Captured(data.captured_at, data.captured_lon, data.captured_lat, data.accuracy_m),
        mock=data.mock,
    )
    return Status(201, shown(row))


@router.get(
    "/evidence",
    response=EvidencePage,
    summary="Evidence of a subject",
    operation_id="evidence_list",
)
@allows("case.read")
def list_evidence(request: Request, query: Query[SubjectIn]) -> EvidencePage:
    """Oldest first."""
    rows = queries.of_subject(caller(request), query.subject_kind, query.subject_id)
    found, following = paginate(rows, "id", int, cursor=query.cursor, limit=query.limit)
    return EvidencePage(items=[shown(row) for row in found], next=following)


@router.get(
    "/evidence/{int:evidence_id}",
    response=EvidenceOut,
    summary="One attachment",
    operation_id="evidence_read",
)
@allows("case.read")
def read_evidence(request: Request, evidence_id: int) -> EvidenceOut:
    """What it is; the bytes are at `file_url`."""
    return shown(queries.one(caller(request), evidence_id))


def _deliver(
    request: Request, evidence_id: int, part: Part, *, watermark: bool = False
) -> HttpResponseBase:
    row = queries.one(caller(request), evidence_id)
    if watermark:
        drawn = queries.watermarked(row, part)
        return deliver(
            request,
            io.BytesIO(drawn),
            sha256=hashlib.sha256(drawn).hexdigest(),
            size=len(drawn),
            media_type="image/jpeg",
            name=row.name,
        )
    sha256, media_type = queries.part_facts(row.blob, part)
    file = queries.open_part(row.blob, part)
    size = row.blob.served_size
    if part != "served":
        size = file.seek(0, 2)
        file.seek(0)
    return deliver(request, file, sha256=sha256, size=size, media_type=media_type, name=row.name)


@router.get(
    "/evidence/{int:evidence_id}/file",
    summary="The cleaned file",
    operation_id="evidence_file",
)
@allows("case.read")
def read_file(request: Request, evidence_id: int, watermark: bool = False) -> HttpResponseBase:
    """Pictures as JPEG without metadata; recordings accept a Range. `watermark=1`: with number,
    time and place drawn on this copy."""
    return _deliver(request, evidence_id, "served", watermark=watermark)


@router.get(
    "/evidence/{int:evidence_id}/preview",
    summary="A picture at 1600 pixels",
    operation_id="evidence_preview",
)
@allows("case.read")
def read_preview(request: Request, evidence_id: int, watermark: bool = False) -> HttpResponseBase:
    """JPEG, longest edge at most 1600 pixels; 404 for what is no picture. `watermark` as for
    the file."""
    return _deliver(request, evidence_id, "preview", watermark=watermark)


@router.get(
    "/evidence/{int:evidence_id}/thumb",
    summary="A picture at 480 pixels",
    operation_id="evidence_thumb",
)
@allows("case.read")
def read_thumb(request: Request, evidence_id: int) -> HttpResponseBase:
    """JPEG, longest edge at most 480 pixels; 404 for what is no picture."""
    return _deliver(request, evidence_id, "thumb")


@router.delete(
    "/evidence/{int:evidence_id}",
    response={204: None},
    summary="Erase an attachment",
    operation_id="evidence_erase",
)
@allows("contact.erase")
def erase(request: Request, evidence_id: int, data: EraseIn) -> Status[None]:
    """For good. The ledger keeps its SHA-256, the reason and who did it."""
    actions.erase(caller(request), evidence_id, data.reason)
    return Status(204, None)
