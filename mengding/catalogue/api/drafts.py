"""HTTP shapes of drafts: a version as a file, what it changes, and changing it class by class."""

from typing import Any

from ninja import Field, Router, Schema, Status

from mengding.catalogue import actions, queries
from mengding.catalogue.api.versions import EXAMPLE, VersionOut, actor_of
from mengding.http.auth import allows
from mengding.http.request import Request

router = Router()
_DIGEST = "a" * 64


class StartIn(Schema):
    """A draft to start; `base` absent: from the version in force."""

    version: str = Field(max_length=40, examples=["2026.2"])
    base: int | None = Field(None, description="Id of the version to copy.")


class ClassIn(Schema):
    """A class as it stands in a catalogue file, and the digest of the draft that was seen."""

    digest: str = Field(max_length=64, examples=[_DIGEST])
    data: dict[str, Any] = Field(json_schema_extra={"example": EXAMPLE["classes"][0]})


class BigIn(Schema):
    """Other names of a big class."""

    digest: str = Field(max_length=64, examples=[_DIGEST])
    zh: str = Field(max_length=100, examples=["公用设施"])
    en: str = Field(max_length=200, examples=["Public utilities"])


class ClassName(Schema):
    """A class by its names, and how many conditions it has."""

    code: str = Field(examples=["C0101"])
    zh: str
    en: str
    big_zh: str
    big_en: str
    conditions: int


class FieldChangeOut(Schema):
    """One value that differs; null on the side where there is none."""

    path: str = Field(examples=["conditions.C0101-1.limit"])
    old: Any = Field(examples=[{"amount": 4, "unit": "urgent_hour"}])
    new: Any = Field(examples=[{"amount": 2, "unit": "urgent_hour"}])


class ClassChange(ClassName):
    """A class in both editions and what differs in it."""

    changes: list[FieldChangeOut]


class DifferenceOut(Schema):
    """What one version changes against another. `limits`: conditions whose limit differs."""

    base: int
    digest: str = Field(description="Of the version that was compared.")
    added: list[ClassName]
    removed: list[ClassName]
    changed: list[ClassChange]
    departments: list[FieldChangeOut]
    limits: int


@router.get(
    "/catalogue/versions/{int:pk}/file",
    response=dict[str, Any],
    operation_id="catalogue_file",
)
@allows("catalogue.read")
def get_file(request: Request, pk: int) -> dict[str, Any]:
    """A version as a catalogue file."""
    return queries.document(queries.version(pk))


@router.get(
    "/catalogue/versions/{int:pk}/difference",
    response=DifferenceOut,
    operation_id="catalogue_difference",
)
@allows("catalogue.read")
def get_difference(request: Request, pk: int, base: int | None = None) -> dict[str, Any]:
    """What a version changes against `base` (absent: the one in force)."""
    new = queries.version(pk)
    old = queries.version(base) if base else queries.active_version(new.scheme.code)
    found = queries.difference(old, new)
    return {
        "base": old.pk,
        "digest": new.digest,
        "added": found.added,
        "removed": found.removed,
        "changed": [{**row, "changes": ways} for row, ways in found.changed],
        "departments": found.departments,
        "limits": found.limits,
    }


@router.post("/catalogue/drafts", response={201: VersionOut}, operation_id="catalogue_start_draft")
@allows("catalogue.manage")
def start_draft(request: Request, data: StartIn) -> Status[Any]:
    """A new draft with everything another version holds."""
    base = queries.version(data.base) if data.base else queries.active_version()
    return Status(201, actions.start_draft(actor_of(request), base, data.version))


@router.put(
    "/catalogue/versions/{int:pk}/classes/{code}",
    response=VersionOut,
    operation_id="catalogue_put_class",
)
@allows("catalogue.manage")
def put_class(request: Request, pk: int, code: str, data: ClassIn) -> Any:
    """Add or replace a class of a draft. 422 names every problem with its field."""
    version = queries.version(pk)
    return actions.put_class(actor_of(request), version, code, data.data, data.digest)


@router.delete(
    "/catalogue/versions/{int:pk}/classes/{code}",
    response=VersionOut,
    operation_id="catalogue_remove_class",
)
@allows("catalogue.manage")
def remove_class(request: Request, pk: int, code: str, digest: str) -> Any:
    """Leave a class out of a draft."""
    return actions.remove_class(actor_of(request), queries.version(pk), code, digest)


@router.put(
    "/catalogue/versions/{int:pk}/bigs/{code}",
    response=VersionOut,
    operation_id="catalogue_rename_big",
)
@allows("catalogue.manage")
def rename_big(request: Request, pk: int, code: str, data: BigIn) -> Any:
    """Rename a big class of a draft, e.g. E01, in all its classes."""
    version = queries.version(pk)
    return actions.rename_big(actor_of(request), version, code, data.zh, data.en, data.digest)


@router.delete(
    "/catalogue/versions/{int:pk}", response={204: None}, operation_id="catalogue_discard"
)
@allows("catalogue.manage")
def discard(request: Request, pk: int, digest: str) -> Status[None]:
    """Throw a draft away."""
    actions.discard(actor_of(request), queries.version(pk), digest)
    return Status(204, None)
