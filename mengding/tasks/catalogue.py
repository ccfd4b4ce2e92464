"""The catalogue of daily tasks as a document: kinds, kinds of places, checklists. Pure.

One document is one version; a change makes the next. Tasks and inspections name the version they
were made under, so what was asked stays readable.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.tasks.matching import Rule

FORMAT = "mengding-tasks/1"
BUNDLED = Path(__file__).parent / "data" / "mengding-tasks-2026.1.json"
_CODE = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_LONGEST = 200


class Record(StrEnum):
    """What is the record of a kind's work: there is exactly one."""

    EVENT = "event"  # an event of the ledger that was there anyhow
    VISIT = "visit"  # its own short action
    INSPECTION = "inspection"
    CARE = "care"


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its text."""

    code: str
    text: T


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task."""

    code: str
    text: T
    hint: T
    icon: str
    record: Record
    rules: tuple[Rule, ...]
    purposes: tuple[Named, ...]
    results: tuple[Named, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a checklist; "no" is what fails. `class_code`, `words`: its case."""

    code: str
    text: T
    class_code: str
    words: str


@dataclass(frozen=True, slots=True)
class Checklist:
    code: str
    text: T
    items: tuple[Item, ...]

    def item(self, code: str) -> Item:
        """One item; `NotFound`."""
        return _one(self.items, code, "item")


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """What is inspected: with which checklist, as which kind of task, every how many days."""

    code: str
    text: T
    checklist: str
    task: str
    every_days: int


@dataclass(frozen=True, slots=True)
class Care:
    """What care visits may be for, how consent may be given, what may come of a visit."""

    scopes: tuple[Named, ...]
    ways: tuple[Named, ...]
    results: tuple[Named, ...]
    service_class: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole version."""

    version: str
    kinds: tuple[Kind, ...]
    place_kinds: tuple[PlaceKind, ...]
    checklists: tuple[Checklist, ...]
    care: Care
    recheck_days: int

    def kind(self, code: str) -> Kind:
        """One kind, active or not; `NotFound`."""
        return _one(self.kinds, code, "kind")

    def checklist(self, code: str) -> Checklist:
        """One checklist; `NotFound`."""
        return _one(self.checklists, code, "checklist")

    def place_kind(self, code: str) -> PlaceKind:
        """One kind of places; `NotFound`."""
        return _one(self.place_kinds, code, "place_kind")

    @property
    def rules(self) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
        """The kinds with their rules, in order, as `matching.kind_of` wants them."""
        return tuple((kind.code, kind.rules) for kind in self.kinds if kind.active)


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Coded)


def _one(known: Iterable[_Entry], code: str, field: str) -> _Entry:
    for each in known:
        if each.code == code:
            return each
    raise NotFound(
        f"{field}_not_found",
        T("任务目录中没有 {code}。", "The task catalogue has no {code}.").fill(code=code),
        field=field,
    )


def parse(document: Mapping[str, Any]) -> Catalogue:
    """The catalogue in a document; raises `Invalid` naming the path of what is wrong."""
    if document.get("format") != FORMAT:
        raise _bad("format", T("不是任务目录文件。", "This is not a task catalogue."))
    kinds = tuple(_kind(each, f"kinds.{n}") for n, each in _list(document, "kinds"))
    lists = tuple(_checklist(each, f"checklists.{n}") for n, each in _list(document, "checklists"))
    places = tuple(
        PlaceKind(
            _code(each, where := f"place_kinds.{n}"),
            _text(each, where),
            _known(each, "checklist", {c.code for c in lists}, where),
            _known(each, "task", {k.code for k in kinds if k.record is Record.INSPECTION}, where),
            _number(each, "every_days", where, 1, 366),
        )
        for n, each in _list(document, "place_kinds")
    )
    care = _dict(document, "care")
    found = Catalogue(
        version=_string(document, "version", "", 20),
        kinds=kinds,
        place_kinds=places,
        checklists=lists,
        care=Care(
            _named(care, "scopes", "care"),
            _named(care, "ways", "care"),
            _named(care, "results", "care"),
            _string(care, "service_class", "care", 12),
        ),
        recheck_days=_number(document, "recheck_days", "", 1, 60),
    )
    _distinct(kinds, "kinds")
    _distinct(lists, "checklists")
    _distinct(places, "place_kinds")
    return found


@lru_cache(maxsize=1)
def bundled() -> dict[str, Any]:
    """The document that comes with the product; do not change it."""
    kept: dict[str, Any] = json.loads(BUNDLED.read_text(encoding="utf-8"))
    return kept


def _kind(each: Any, where: str) -> Kind:
    record = _string(each, "record", where, 12)
    if record not in list(Record):
        raise _bad(f"{where}.record", T("未知的记录方式。", "Unknown way of recording."))
    kind = Kind(
        code=_code(each, where),
        text=_text(each, where),
        hint=T(
            _string(each, "hint_zh", where, _LONGEST, empty=True),
            _string(each, "hint_en", where, _LONGEST, empty=True),
        ),
        icon=_string(each, "icon", where, 20, empty=True),
        record=Record(record),
        rules=tuple(
            _rule(rule, f"{where}.credited_by.{n}") for n, rule in _list(each, "credited_by", where)
        ),
        purposes=_named(each, "purposes", where),
        results=_named(each, "results", where),
        active=bool(each.get("active", True)),
    )
    if kind.record is Record.EVENT and not kind.rules:
        raise _bad(
            f"{where}.credited_by",
            T("请写明由哪些事件完成。", "Say which events complete it."),
        )
    if kind.record is Record.VISIT and not (kind.purposes and kind.results):
        raise _bad(f"{where}.purposes", T("请填写目的和结果。", "It needs purposes and results."))
    return kind


def _rule(each: Any, where: str) -> Rule:
    return Rule(
        action=_string(each, "action", where, 48),
        **{
            name: tuple(str(value) for value in each.get(name, ()))
            for name in ("classes", "without", "channels", "roles")
        },
    )


def _checklist(each: Any, where: str) -> Checklist:
    items = tuple(
        Item(
            _code(item, at := f"{where}.items.{n}"),
            _text(item, at),
            _string(item, "class_code", at, 12),
            _string(item, "words", at, _LONGEST),
        )
        for n, item in _list(each, "items", where)
    )
    if not items:
        raise _bad(f"{where}.items", T("清单至少要有一项。", "A checklist needs an item."))
    _distinct(items, f"{where}.items")
    return Checklist(_code(each, where), _text(each, where), items)


def _named(each: Any, field: str, where: str) -> tuple[Named, ...]:
    found = tuple(
        Named(_code(one, at := f"{where}.{field}.{n}"), _text(one, at))
        for n, one in _list(each, field, where)
    )
    _distinct(found, f"{where}.{field}")
    return found


def _distinct(known: Any, where: str) -> None:
    codes = [each.code for each in known]
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise _bad(where, T("{code} 出现了两次。", "{code} stands there twice.").fill(code=twice))


def _code(each: Any, where: str) -> str:
    code = _string(each, "code", where, 40)
    if not _CODE.match(code):
        raise _bad(
            f"{where}.code",
            T(
                "代码由小写字母、数字和下划线组成。",
                "A code is made of small letters, digits and _.",
            ),
        )
    return code


def _text(each: Any, where: str) -> T:
    return T(_string(each, "zh", where, 60), _string(each, "en", where, 120))


def _list(each: Any, field: str, where: str = "") -> list[tuple[int, Any]]:
    kept = each.get(field)
    if not isinstance(kept, list) or len(kept) > 100:
        raise _bad(f"{where}.{field}".lstrip("."), T("应为列表。", "Must be a list."))
    for n, one in enumerate(kept):
        if not isinstance(one, Mapping):
            raise _bad(f"{where}.{field}.{n}".lstrip("."), T("应为对象。", "Must be an object."))
    return list(enumerate(kept))


def _dict(each: Any, field: str) -> Mapping[str, Any]:
    kept = each.get(field)
    if not isinstance(kept, Mapping):
        raise _bad(field, T("应为对象。", "Must be an object."))
    return kept


def _string(each: Any, field: str, where: str, longest: int, *, empty: bool = False) -> str:
    kept = each.get(field, "")
    at = f"{where}.{field}".lstrip(".")
    if not isinstance(kept, str) or (not kept.strip() and not empty):
        raise _bad(at, T("请填写。", "Please fill this in."))
    if len(kept) > longest or "\x00" in kept:
        raise _bad(at, T("最多 {n} 字。", "At most {n} characters.").fill(n=longest))
    return kept.strip()


def _number(each: Any, field: str, where: str, least: int, most: int) -> int:
    kept = each.get(field)
    if not isinstance(kept, int) or isinstance(kept, bool) or not least <= kept <= most:
        raise _bad(
            f"{where}.{field}".lstrip("."),
            T("应在 {least} 到 {most} 之间。", "Must lie between {least} and {most}.").fill(
                least=least, most=most
            ),
        )
    return kept


def _known(each: Any, field: str, known: set[str], where: str) -> str:
    kept = _string(each, field, where, 40)
    if kept not in known:
        raise _bad(f"{where}.{field}", T("没有 {code}。", "There is no {code}.").fill(code=kept))
    return kept


def _bad(where: str, text: T) -> Invalid:
    return Invalid("task_catalogue_invalid", text, field=where)
