"""HTTP shapes of the catalogue: the edition in force, suggestions, loading and publishing."""

from datetime import datetime
from typing import Any

from ninja import Field, Query, Router, Schema, Status

from mengding.catalogue import actions, queries
from mengding.catalogue.queries import CaseClassInfo
from mengding.core.actor import Actor
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request

router = Router(tags=["catalogue"])

# A whole file is too long to show; this one loads as it stands.
EXAMPLE: dict[str, Any] = {
    "format": "mengding-catalogue/1",
    "scheme": "mengding",
    "version": "2026.2",
    "title_zh": "示例目录",
    "title_en": "Example catalogue",
    "licence": "Apache-2.0",
    "departments": [{"code": "water", "zh": "水利局", "en": "Water Resources Bureau"}],
    "classes": [
        {
            "code": "C0101",
            "kind": "component",
            "big_code": "01",
            "big_zh": "公用设施",
            "big_en": "Public utilities",
            "small_code": "01",
            "zh": "上水井盖",
            "en": "Water-supply manhole cover",
            "keywords_zh": ["自来水井盖"],
            "grade": "urgent",
            "public": True,
            "confidential": False,
            "default_department": "water",
            "description_zh": "自来水检查井的井盖。",
            "conditions": [
                {
                    "code": "C0101-1",
                    "filing_zh": "井盖丢失",
                    "filing_en": "The cover is missing",
                    "closing_zh": "已补装同规格井盖",
                    "closing_en": "A cover of the same size is in place",
                    "limit": {"amount": 4, "unit": "urgent_hour"},
                }
            ],
        }
    ],
}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "A catalogue file; `mengding-catalogue/1` is its only format.",
        "content": {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}},
    }
}


class DepartmentOut(Schema):
    """A department code of the catalogue with its names."""

    code: str = Field(examples=["water"])
    zh: str
    en: str


class EditionOut(Schema):
    """The version in force and what it refers to."""

    id: int
    scheme: str
    version: str = Field(examples=["2026.1"])
    title_zh: str
    title_en: str
    licence: str
    digest: str = Field(description="SHA-256 of the file.")
    published_at: datetime | None
    classes: int
    conditions: int
    departments: list[DepartmentOut]


class ClassRow(Schema):
    """One small class 小类. `public`: may be shown through Open311."""

    code: str = Field(examples=["C0101"])
    kind: str = Field(description="component, event or service")
    big_code: str
    big_zh: str
    big_en: str
    small_code: str
    zh: str
    en: str
    grade: str
    public: bool
    confidential: bool
    default_department: str
    description_zh: str
    keywords_zh: list[str]
    filing_zh: list[str] = Field(description="What is filed under it, a text for each condition.")


class ConditionOut(Schema):
    """立案条件 with its closing condition and handling limit."""

    code: str = Field(examples=["C0101-1"])
    class_code: str
    filing_zh: str
    filing_en: str
    closing_zh: str
    closing_en: str
    limit_amount: int
    limit_unit: str
    grade: str


class ClassOut(ClassRow):
    """One class with its filing conditions."""

    version: str
    conditions: list[ConditionOut]


class ClassList(Schema):
    """All classes that were asked for, by code; a catalogue is one short page."""

    version: str
    items: list[ClassRow]
    next: None


class ConditionList(Schema):
    """All conditions that were asked for, in the order of the file."""

    version: str
    items: list[ConditionOut]
    next: None


class SuggestIn(Schema):
    """A person's words, and how many classes to name."""

    text: str = Field(max_length=4000, examples=["路口井盖不见了"])
    limit: int = Field(5, ge=1, le=20)


class SuggestionOut(Schema):
    """A class the text may be about, and the words that speak for it."""

    code: str
    zh: str
    en: str
    score: float = Field(description="Comparable within one answer only.")
    matched: list[str]


class Suggestions(Schema):
    """Best first; empty when nothing matches."""

    items: list[SuggestionOut]


class VersionOut(Schema):
    """One version of a scheme."""

    id: int
    scheme: str
    version: str
    status: str = Field(description="draft, active or retired")
    title_zh: str
    title_en: str
    digest: str
    loaded_at: datetime
    published_at: datetime | None
    retired_at: datetime | None

    @staticmethod
    def resolve_scheme(row: Any) -> str:
        """The scheme's code."""
        return str(row.scheme.code)


class VersionPage(Schema):
    """A page of versions, newest first."""

    items: list[VersionOut]
    next: str | None


class ClassFilter(Schema):
    """Filters; all that are given hold."""

    kind: str = Field("", max_length=10, description="component, event or service")
    big: str = Field("", max_length=3, description="Letter and big class: E01")

    def takes(self, info: CaseClassInfo) -> bool:
        """Whether `info` passes."""
        return (not self.kind or info.kind == self.kind) and info.code.startswith(self.big)


@router.get("/catalogue", response=EditionOut, operation_id="catalogue_active")
@allows("catalogue.read")
def get_active(request: Request) -> dict[str, Any]:
    """The version in force: title, size, department codes."""
    version = queries.active_version()
    held = queries.edition(version)
    return {
        **{
            name: getattr(version, name)
            for name in (
                *("id", "version", "title_zh", "title_en"),
                *("licence", "digest", "published_at"),
            )
        },
        "scheme": version.scheme.code,
        "classes": len(held.classes),
        "conditions": len(held.conditions_by_id),
        "departments": [
            {"code": code, "zh": name.zh, "en": name.en} for code, name in held.departments.items()
        ],
    }


@router.get("/catalogue/classes", response=ClassList, operation_id="catalogue_classes")
@allows("catalogue.read")
def list_classes(request: Request, wanted: Query[ClassFilter]) -> dict[str, Any]:
    """Classes in force, by code."""
    version = queries.active_version()
    rows = [_row(info) for info in queries.classes(version) if wanted.takes(info)]
    return {"version": version.version, "items": rows, "next": None}


@router.get("/catalogue/conditions", response=ConditionList, operation_id="catalogue_conditions")
@allows("catalogue.read")
def list_conditions(request: Request, wanted: Query[ClassFilter]) -> dict[str, Any]:
    """Filing conditions in force, by class."""
    version = queries.active_version()
    found = [
        row for info in queries.classes(version) if wanted.takes(info) for row in _conditions(info)
    ]
    return {"version": version.version, "items": found, "next": None}


@router.get("/catalogue/classes/{code}", response=ClassOut, operation_id="catalogue_class")
@allows("catalogue.read")
def get_class(request: Request, code: str) -> dict[str, Any]:
    """One class in force with its filing conditions."""
    version = queries.active_version()
    info = queries.class_by_code(version, code)
    return {**_row(info), "version": version.version, "conditions": _conditions(info)}


@router.get("/catalogue/suggest", response=Suggestions, operation_id="catalogue_suggest")
@allows("catalogue.read")
def suggest(request: Request, wanted: Query[SuggestIn]) -> dict[str, Any]:
    """Classes a person's words may be about. The text is not kept."""
    version = queries.active_version()
    items = []
    for found in queries.suggest(wanted.text, wanted.limit, version):
        name = queries.class_by_code(version, found.code).name
        items.append(
            {
                "code": found.code,
                "zh": name.zh,
                "en": name.en,
                "score": found.score,
                "matched": list(found.matched),
            }
        )
    return {"items": items}


@router.get("/catalogue/versions", response=VersionPage, operation_id="catalogue_versions")
@allows("catalogue.read")
def list_versions(request: Request, paging: Query[Paging]) -> dict[str, Any]:
    """All versions, newest first."""
    items, after = paginate(
        queries.versions(), "-loaded_at", datetime, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": after}


@router.post(
    "/catalogue/versions",
    response={201: VersionOut},
    operation_id="catalogue_upload",
    openapi_extra=_UPLOAD,
)
@allows("catalogue.manage")
def upload(request: Request) -> Status[Any]:
    """Load a file as a draft; a draft of the same version is replaced. 422 names every problem."""
    return Status(201, actions.load_file(actor_of(request), request.body))


@router.post(
    "/catalogue/versions/{int:pk}/publish", response=VersionOut, operation_id="catalogue_publish"
)
@allows("catalogue.manage")
def publish(request: Request, pk: int, digest: str = "") -> Any:
    """Put a version in force; the one before it retires. Cases keep the version they have.

    `digest`: of the content that was looked at; 409 when it has changed since.
    """
    return actions.publish(actor_of(request), queries.version(pk), digest)


@router.post(
    "/catalogue/versions/{int:pk}/retire", response=VersionOut, operation_id="catalogue_retire"
)
@allows("catalogue.manage")
def retire(request: Request, pk: int) -> Any:
    """Take the version in force out of force."""
    return actions.retire(actor_of(request), queries.version(pk))


def actor_of(request: Request) -> Actor:
    """Who asks."""
    assert request.actor is not None  # `allows` has seen to it
    return request.actor


def _row(info: CaseClassInfo) -> dict[str, Any]:
    return {
        **{
            name: getattr(info, name)
            for name in (
                *("code", "kind", "big_code", "small_code", "grade", "public", "confidential"),
                *("default_department", "description_zh"),
            )
        },
        "big_zh": info.big.zh,
        "big_en": info.big.en,
        "zh": info.name.zh,
        "en": info.name.en,
        "keywords_zh": list(info.keywords_zh),
        "filing_zh": [condition.filing.zh for condition in info.conditions],
    }


def _conditions(info: CaseClassInfo) -> list[dict[str, Any]]:
    return [
        {
            "code": condition.code,
            "class_code": info.code,
            "filing_zh": condition.filing.zh,
            "filing_en": condition.filing.en,
            "closing_zh": condition.closing.zh,
            "closing_en": condition.closing.en,
            "limit_amount": condition.limit_amount,
            "limit_unit": condition.limit_unit,
            "grade": condition.grade,
        }
        for condition in info.conditions
    ]
