"""What a rule is made of, and how one of its values is compared with one of a case's."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal
from unicodedata import normalize
from zoneinfo import ZoneInfo

from mengding.core.text import T

Tier = Literal["village", "town", "district"]
TIERS: tuple[Tier, ...] = ("village", "town", "district")
DEFAULT_DEPARTMENT = "default"  # in a target: the class's own default department
CENTRE = "centre"  # in a target: the tier's own centre handles it itself (自办)
DAY = 24 * 60
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIXED_WIDTH = 12  # division codes down to the village have fixed widths, grid suffixes need not


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case when it is routed.

    `region_codes`: the chain from the district down to the grid, as far as known. `local_time`:
    when it was received, aware. `is_worktime`: whether that lies in the working calendar.
    """

    class_code: str
    condition_code: str | None
    kind: str
    default_department: str
    grade: str
    region_codes: tuple[str, ...]
    channel: str
    local_time: datetime
    is_worktime: bool
    text: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a rule applies: all stated fields together, any one value within a field.

    `class_codes`: exact, or a prefix with a trailing `*` ("E04*"). `region_codes`: a division and
    everything below it. `weekdays`: 1 Monday … 7 Sunday. `hours`: minutes of the day, from
    inclusive to exclusive; a window that ends before it starts runs over midnight, and the
    weekday is that of the moment itself. `text_any`: literal words, compared without regard to
    case and full or half width.
    """

    class_codes: tuple[str, ...] = ()
    condition_codes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    region_codes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None
    worktime: bool | None = None
    text_any: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a case goes. `emergency` sends it straight to the district, whatever the tier."""

    department: str
    tier: Tier = "district"
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an ordered set; `code` is unique within the set."""

    code: str
    name: str
    when: Conditions
    target: Target
    active: bool = True
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The first rule that matched (None: none did) and where the case goes.

    `matched` names the conditions that held, fit for the ledger; `why` says them in words.
    """

    rule_code: str | None
    department: str
    tier: Tier
    emergency: bool
    matched: tuple[str, ...]
    why: list[T]


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes that exist, by field; None where a field cannot be checked."""

    classes: frozenset[str] | None = None
    conditions: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    grades: frozenset[str] | None = None


@lru_cache(maxsize=4096)
def normalised(word: str) -> str:
    """`plain` of a rule's word, remembered."""
    return plain(word)


def plain(text: str) -> str:
    """A text as it is compared: full and half width unified, case folded."""
    return normalize("NFKC", text).casefold()


def class_matches(pattern: str, code: str) -> bool:
    """Whether a class code fits an exact pattern or a prefix pattern ("E04*")."""
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def region_holds(rule_code: str, code: str) -> bool:
    """Whether the division `rule_code` is, or contains, the division `code`."""
    return code == rule_code or (len(rule_code) <= FIXED_WIDTH and code.startswith(rule_code))


def in_hours(hours: tuple[int, int], minute: int) -> bool:
    """Whether a minute of the day lies in the window, which may run over midnight."""
    start, end = hours
    return start <= minute < end if start <= end else minute >= start or minute < end


def weekday_and_minute(moment: datetime) -> tuple[int, int]:
    """ISO weekday and minute of the day in Shanghai."""
    local = moment.astimezone(SHANGHAI)
    return local.isoweekday(), local.hour * 60 + local.minute


def clock_time(minute: int) -> str:
    """Minutes of the day as "HH:MM" ("24:00" for the end of the day)."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
