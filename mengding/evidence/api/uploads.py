"""Resumable uploads, attaching by digest, seals. The contract is docs/field-sync.md."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Header, Path, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.evidence import queries, seals, sending
from mengding.evidence.api.files import EvidenceOut, caller, shown
from mengding.evidence.config import limits
from mengding.evidence.images import Captured
from mengding.evidence.models import Purpose
from mengding.http.auth import allows
from mengding.http.idempotency import answer_anew
from mengding.http.request import Request

router = Router()
_READ = 64 * 1024
_HEX = r"^[0-9a-f]{64}$"
_SAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class UploadIn(Schema):
    """What will be sent. `content_type` is not believed; the bytes say what they are."""

    sha256: str = Field(pattern=_HEX, examples=[_SAMPLE])
    bytes: int = Field(ge=1, lt=2**40, examples=[48213])
    content_type: str = Field("", max_length=100, examples=["image/jpeg"])


class UploadOut(Schema):
    """How far it is. `offset`: where to go on; `chunk`: advised bytes of one PATCH."""

    sha256: str
    offset: int
    complete: bool
    chunk: int


def _out(request: Request, state: sending.State) -> UploadOut:
    answer_anew(request)
    return UploadOut(
        sha256=state.sha256,
        offset=state.offset,
        complete=state.complete,
        chunk=limits().chunk_bytes,
    )


@router.post(
    "/uploads", response=UploadOut, operation_id="uploads_announce",
    summary="续传：申报或查询 Announce an upload, or ask how far it is",
)  # fmt: skip
@allows("case.attach")
def announce(request: Request, data: UploadIn) -> UploadOut:
    """As often as one likes. Knows the caller's own uploads only."""
    return _out(request, sending.announce(caller(request), data.sha256, data.bytes))


def _body(request: Request) -> Iterator[bytes]:
    while True:
        try:
            chunk = request.read(_READ)
        except OSError:
            return  # the sender is gone; what came before is kept
        if not chunk:
            return
        yield chunk


@router.patch(
    "/uploads/{sha256}", response=UploadOut, operation_id="uploads_append",
    summary="续传：追加字节 Append bytes to an upload",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/offset+octet-stream": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "(bytes)",
                }
            },
        }
    },
)  # fmt: skip
@allows("case.attach")
def append(
    request: Request,
    sha256: Annotated[str, Path(..., pattern=_HEX)],
    upload_offset: Annotated[int, Header(..., alias="Upload-Offset", ge=0, lt=2**40)],
) -> UploadOut:
    """409 `upload_offset` names the right `offset`. The last byte checks and keeps the file."""
    return _out(request, sending.append(caller(request), sha256, upload_offset, _body(request)))


class PhotoIn(Schema):
    """A complete upload to attach, and what the device says of it (WGS-84 degrees, metres)."""

    sha256: str = Field(pattern=_HEX, examples=[_SAMPLE])
    purpose: Purpose = Purpose.FILE
    name: str = Field("", max_length=200)
    captured_at: AwareDatetime | None = None
    captured_lon: float | None = Field(None, ge=-180, le=180)
    captured_lat: float | None = Field(None, ge=-90, le=90)
    accuracy_m: float | None = Field(None, ge=0, le=1e7)
    mock: bool | None = Field(None, description="the device's word that its position is simulated")

    def photo(self) -> sending.Photo:
        """As actions take it."""
        return sending.Photo(
            self.sha256,
            self.purpose,
            self.name,
            Captured(self.captured_at, self.captured_lon, self.captured_lat, self.accuracy_m),
            self.mock,
        )


class AttachUploadIn(PhotoIn):
    """What to attach to which subject."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "subject_kind": "case",
                "subject_id": 17,
                "sha256": _SAMPLE,
                "purpose": "after",
                "captured_at": "2026-11-30T10:21:07+08:00",
                "captured_lon": 103.11,
                "captured_lat": 30.09,
                "accuracy_m": 8.0,
                "mock": False,
            }
        }
    )

    subject_kind: str = Field(max_length=16, examples=["case"])
    subject_id: int = Field(ge=1, lt=2**63, examples=[17])


@router.post(
    "/evidence/attach", response={201: EvidenceOut}, operation_id="evidence_attach_upload",
    summary="附上已传文件 Attach a complete upload",
)  # fmt: skip
@allows("case.attach")
def attach(request: Request, data: AttachUploadIn) -> Status[EvidenceOut]:
    """Once for each content, subject and purpose. 409 `upload_missing`: send the bytes first."""
    row = sending.attach_uploaded(caller(request), data.subject_kind, data.subject_id, data.photo())
    return Status(201, shown(row))


class SealOut(Schema):
    """A seal. `statement` is the very text that was signed; keys and signature in base64.

    `faults`: key, signature, statement, device; none when it verifies. `device`: what the device
    said, None after erasing.
    """

    evidence_id: int
    algorithm: str
    key_id: str
    public_key: str
    statement: str
    signature: str
    verified: bool
    faults: list[str]
    erased: bool
    sealed_at: datetime
    device: dict[str, Any] | None


@router.get(
    "/evidence/{int:evidence_id}/seal", response=SealOut, operation_id="evidence_seal",
    summary="存证 The seal of an attachment",
)  # fmt: skip
@allows("case.read")
def read_seal(request: Request, evidence_id: int) -> SealOut:
    """Also of an erased one: statement and signature stay and verify."""
    row, seal = queries.seal_of(caller(request), evidence_id)
    verdict = seals.verify(row, seal)
    return SealOut(
        evidence_id=row.pk,
        algorithm="Ed25519",
        key_id=seal.key_id,
        public_key=base64.b64encode(seals.public_key()).decode(),
        statement=seal.statement,
        signature=base64.b64encode(bytes(seal.signature)).decode(),
        verified=verdict.verified,
        faults=verdict.faults,
        erased=row.erased_at is not None,
        sealed_at=row.created_at,
        device=None if row.erased_at else seals.said_by_device(row),
    )
