"""What a catalogue file is made of. Pure; the database is not involved."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a class is about; its letter opens class codes and case numbers."""

    COMPONENT = "component"
    EVENT = "event"
    SERVICE = "service"

    @property
    def letter(self) -> str:
        """C and E as in the city-management standard; S is ours, for neither of the two."""
        return {"component": "C", "event": "E", "service": "S"}[self.value]


class Grade(StrEnum):
    """How pressing a case of the class is."""

    GENERAL = "general"
    IMPORTANT = "important"
    URGENT = "urgent"


class Unit(StrEnum):
    """Units of a limit: urgent ones run day and night, work ones in working hours only."""

    URGENT_MINUTE = "urgent_minute"
    WORK_MINUTE = "work_minute"
    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


@dataclass(frozen=True, slots=True)
class DepartmentSpec:
    """A kind of department; `people` ties organisations to it by code."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """When to file, when to close, and the time between. `grade` None: as the class."""

    code: str
    filing_zh: str
    filing_en: str
    closing_zh: str
    closing_en: str
    limit_amount: int
    limit_unit: Unit
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """One small class (小类). `code` = letter + big code + small code, e.g. "E0110"."""

    code: str
    kind: Kind
    big_code: str
    big_zh: str
    big_en: str
    small_code: str
    zh: str
    en: str
    keywords_zh: tuple[str, ...]
    grade: Grade
    public: bool
    confidential: bool
    default_department: str
    description_zh: str
    conditions: tuple[ConditionSpec, ...]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A file found to be without fault. `digest`: SHA-256 of its bytes, in hexadecimal."""

    scheme: str
    version: str
    title_zh: str
    title_en: str
    licence: str
    departments: tuple[DepartmentSpec, ...]
    classes: tuple[ClassSpec, ...]
    digest: str
