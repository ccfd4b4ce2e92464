"""What every verb of the lifecycle shares over HTTP: the version seen, the case afterwards."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import AwareDatetime

from mengding.cases import actions
from mengding.cases.api.reading import caller
from mengding.cases.models import Case
from mengding.evidence.api.uploads import PhotoIn
from mengding.http.versions import wanted_version

Reason = Annotated[str, Field(examples=["现场施工需要，已与申请人说明。"])]


class Move(Schema):
    """What every verb takes."""

    version: int | None = Field(
        None, ge=1, description="The version you saw; 409 if it moved on.", examples=[3]
    )


class FieldMove(Move):
    """A verb of the field, which may be sent hours after it was done."""

    at: AwareDatetime | None = Field(
        None,
        description="When it was done, by the device: at most 7 days ago. Kept beside the "
        "server's time, which alone moves clocks.",
    )


class PhotoMove(FieldMove):
    """One with complete uploads to attach, in the same transaction."""

    photos: list[PhotoIn] = Field(default_factory=list, max_length=20)


class Moved(Schema):
    """The case after the move."""

    id: int
    number: str | None
    stage: str
    version: int
    due_at: Any
    lead_org_id: int | None
    owner_org_id: int
    outcome: str


def run(request: HttpRequest, verb: str, case_id: int, data: Move) -> Case:
    """Carry out `actions.<verb>` with the body's fields."""
    fields = data.model_dump()
    if isinstance(data, PhotoMove):
        fields["photos"] = [photo.photo() for photo in data.photos]
    fields["version"] = wanted_version(request, fields["version"])
    case: Case = getattr(actions, verb)(caller(request), case_id, **fields)
    return case
