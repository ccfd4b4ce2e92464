"""Reading the catalogue. Published versions never change, so they are kept in memory.

A `CaseClassInfo` is a frozen copy: safe between threads, no query when a list names its classes.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from mengding.catalogue import suggest as suggesting
from mengding.catalogue.compare import Difference, compare
from mengding.catalogue.file import FORMAT
from mengding.catalogue.models import CaseClass, Condition, SchemeVersion, Status
from mengding.core.cache import Versioned, on_forget_everything
from mengding.core.errors import NotFound
from mengding.core.text import T

DEFAULT_SCHEME = "mengding"


@dataclass(frozen=True, slots=True)
class ConditionInfo:
    """One filing condition; `id` is its row. `grade` is the effective one, never empty."""

    id: int
    class_id: int
    code: str
    filing: T
    closing: T
    limit_amount: int
    limit_unit: str
    grade: str


@dataclass(frozen=True, slots=True)
class CaseClassInfo:
    """One class with its conditions in the order of the file; `id` is its row."""

    id: int
    version_id: int
    code: str
    kind: str
    big_code: str
    small_code: str
    big: T
    name: T
    keywords_zh: tuple[str, ...]
    grade: str
    public: bool
    confidential: bool
    default_department: str
    description_zh: str
    conditions: tuple[ConditionInfo, ...]

    @property
    def letter(self) -> str:
        """C, E or S: what opens the case number."""
        return self.code[0]

    def condition(self, code: str) -> ConditionInfo:
        """The condition of that code, or `NotFound`."""
        for info in self.conditions:
            if info.code == code:
                return info
        raise NotFound(
            "condition_unknown",
            T("{c} 没有立案条件 {v}", "{c} has no filing condition {v}").fill(c=self.code, v=code),
            field="condition",
        )


@dataclass(frozen=True)
class Edition:
    """One version as a whole, by row and by code."""

    version_id: int
    classes: tuple[CaseClassInfo, ...]
    by_code: dict[str, CaseClassInfo]
    by_id: dict[int, CaseClassInfo]
    conditions_by_id: dict[int, ConditionInfo]
    departments: dict[str, T]
    index: suggesting.Index


@lru_cache(maxsize=64)
def _active(scheme: str) -> Versioned[SchemeVersion | None]:
    rows = SchemeVersion.objects.select_related("scheme")
    return Versioned(rows.filter(scheme__code=scheme, status=Status.ACTIVE).first, seconds=5)


def forget_active() -> None:
    """This process has published or retired a version."""
    _active.cache_clear()


def active_version(scheme: str = DEFAULT_SCHEME) -> SchemeVersion:
    """The version in force, at most 5 s old; or `NotFound` ("no_active_catalogue")."""
    found = _active(scheme).get()
    if found is None:
        raise NotFound(
            "no_active_catalogue",
            T("尚未发布事项目录 {v}", "catalogue {v} has no active version").fill(v=scheme),
        )
    return found


def versions() -> QuerySet[SchemeVersion]:
    """All versions of all schemes."""
    return SchemeVersion.objects.select_related("scheme")


def version(version_id: int) -> SchemeVersion:
    """The version of that row, or `NotFound`."""
    found = versions().filter(pk=version_id).first()
    if found is None:
        raise NotFound(
            "version_unknown", T("没有这个目录版本。", "There is no such catalogue version.")
        )
    return found


def edition(version: SchemeVersion) -> Edition:
    """Everything in `version`; from memory once it is published."""
    if version.status == Status.DRAFT:
        return _read(version.pk)
    # Digest and time are part of the key: a rolled-back publication leaves nothing stale.
    return _published(version.pk, version.digest, version.published_at)


def classes(version: SchemeVersion) -> tuple[CaseClassInfo, ...]:
    """All classes of `version`, by code."""
    return edition(version).classes


def class_by_code(version: SchemeVersion, code: str) -> CaseClassInfo:
    """The class of that code, or `NotFound` on field "class_code"."""
    found = edition(version).by_code.get(code)
    if found is None:
        raise NotFound(
            "class_unknown",
            T("目录 {v} 中没有 {c}", "catalogue {v} has no class {c}").fill(
                v=version.version, c=code
            ),
            field="class_code",
        )
    return found


def class_by_id(class_id: int) -> CaseClassInfo:
    """The class of a row of any version, e.g. of an old case; or `NotFound`."""
    if class_id in _published_classes:
        return _published_classes[class_id]
    version = SchemeVersion.objects.filter(caseclass__id=class_id).first()
    if version is None:
        raise NotFound(
            "class_unknown",
            T("没有编号为 {i} 的事项小类", "no case class with id {i}").fill(i=class_id),
            field="class_id",
        )
    found = edition(version)
    if version.status != Status.DRAFT:
        _published_classes.update(found.by_id)
    return found.by_id[class_id]


def conditions(case_class: CaseClassInfo) -> tuple[ConditionInfo, ...]:
    """The filing conditions of a class, in the order of the file."""
    return case_class.conditions


def condition_by_code(version: SchemeVersion, code: str) -> ConditionInfo:
    """The condition of a code such as "E0110-1", or `NotFound`."""
    return class_by_code(version, code.partition("-")[0]).condition(code)


def suggest(
    text: str, limit: int = 5, version: SchemeVersion | None = None
) -> list[suggesting.Suggestion]:
    """Classes of `version` (the active one) that `text` may be about, with the matched words."""
    return edition(version or active_version()).index.suggest(text, limit)


def document(version: SchemeVersion) -> dict[str, Any]:
    """The version as a catalogue file, fit to be loaded again under another number."""
    held: dict[int, list[dict[str, Any]]] = {}
    for row in Condition.objects.filter(case_class__version=version).order_by("id"):
        texts = ("code", "filing_zh", "filing_en", "closing_zh", "closing_en")
        limit = {"amount": row.limit_amount, "unit": row.limit_unit}
        item = {**{name: getattr(row, name) for name in texts}, "limit": limit}
        if row.grade:
            item["grade"] = row.grade
        held.setdefault(row.case_class_id, []).append(item)
    return {
        "format": FORMAT,
        "scheme": version.scheme.code,
        **{name: getattr(version, name) for name in ("version", "title_zh", "title_en", "licence")},
        "departments": version.departments,
        "classes": [
            {**{name: getattr(row, name) for name in _CLASS_FIELDS}, "conditions": held[row.pk]}
            for row in CaseClass.objects.filter(version=version).order_by("code")
        ],
    }


def difference(old: SchemeVersion, new: SchemeVersion) -> Difference:
    """What publishing `new` changes against `old`."""
    return compare(document(old), document(new))


_CLASS_FIELDS = (
    *("code", "kind", "big_code", "big_zh", "big_en", "small_code", "zh", "en", "keywords_zh"),
    *("grade", "public", "confidential", "default_department", "description_zh"),
)

# Rows of published versions by id; ids are never used twice.
_published_classes: dict[int, CaseClassInfo] = {}


@lru_cache(maxsize=16)
def _published(version_id: int, digest: str, published_at: datetime | None) -> Edition:
    return _read(version_id)


def _read(version_id: int) -> Edition:
    version = SchemeVersion.objects.get(pk=version_id)
    held: dict[int, list[Condition]] = {}
    for row in Condition.objects.filter(case_class__version_id=version_id).order_by("id"):
        held.setdefault(row.case_class_id, []).append(row)
    infos = tuple(
        _info(row, held.get(row.pk, []))
        for row in CaseClass.objects.filter(version_id=version_id).order_by("code")
    )
    return Edition(
        version_id=version_id,
        classes=infos,
        by_code={info.code: info for info in infos},
        by_id={info.id: info for info in infos},
        conditions_by_id={c.id: c for info in infos for c in info.conditions},
        departments={d["code"]: T(d["zh"], d["en"]) for d in version.departments},
        index=suggesting.Index(_entry(info) for info in infos),
    )


def _info(row: CaseClass, conditions: list[Condition]) -> CaseClassInfo:
    return CaseClassInfo(
        id=row.pk,
        version_id=row.version_id,
        code=row.code,
        kind=row.kind,
        big_code=row.big_code,
        small_code=row.small_code,
        big=T(row.big_zh, row.big_en),
        name=T(row.zh, row.en),
        keywords_zh=tuple(row.keywords_zh),
        grade=row.grade,
        public=row.public,
        confidential=row.confidential,
        default_department=row.default_department,
        description_zh=row.description_zh,
        conditions=tuple(
            ConditionInfo(
                id=c.pk,
                class_id=row.pk,
                code=c.code,
                filing=T(c.filing_zh, c.filing_en),
                closing=T(c.closing_zh, c.closing_en),
                limit_amount=c.limit_amount,
                limit_unit=c.limit_unit,
                grade=c.grade or row.grade,
            )
            for c in conditions
        ),
    )


def _entry(info: CaseClassInfo) -> suggesting.Entry:
    return suggesting.Entry(
        code=info.code,
        names=(info.name.zh, info.name.en),
        keywords=info.keywords_zh,
        description=info.description_zh,
        conditions=tuple(text for c in info.conditions for text in c.filing),
    )


on_forget_everything(_published_classes.clear)
on_forget_everything(_published.cache_clear)
