"""The catalogue file: reading and checking it. Pure; the database is not involved.

`parse` reports every problem at once, each with its path and line, so that an author mends a
file in one go. The shape is described in `specs`; a file looks like

    {"format": "mengding-catalogue/1", "scheme": "mengding", "version": "2026.1", …,
     "departments": [{"code", "zh", "en"}], "classes": [{…, "conditions": [{…}]}]}
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from mengding.catalogue.jsonlines import Located, Problem, SyntaxProblem, read
from mengding.catalogue.specs import (
    CatalogueFile,
    ClassSpec,
    ConditionSpec,
    DepartmentSpec,
    Grade,
    Kind,
    Unit,
)
from mengding.core.errors import Invalid
from mengding.core.text import T

__all__ = [
    "CatalogueFile",
    "ClassSpec",
    "ConditionSpec",
    "DepartmentSpec",
    "Grade",
    "InvalidCatalogue",
    "Kind",
    "Unit",
    "digest_of",
    "parse",
    "read_class",
]

FORMAT = "mengding-catalogue/1"
BUNDLED = Path(__file__).parent / "data" / "mengding-2026.1.json"
MAX_BYTES = 8 * 1024 * 1024


class InvalidCatalogue(Invalid):
    """The file has faults; `problems` names all of them, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(
            "catalogue_file_invalid",
            T(
                "目录文件有 {count} 处问题，第一处：{where}：{first}",
                "The catalogue file has {count} problem(s); the first: {where}: {first}",
            ).fill(count=len(problems), where=first.where, first=first.text),
            field="data",
            problems=[
                {"path": p.path, "line": p.line, "zh": p.text.zh, "en": p.text.en} for p in problems
            ],
        )
        self.problems = problems


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes) -> CatalogueFile:
    """The catalogue in `data` (UTF-8 JSON), or `InvalidCatalogue` with every problem."""
    if len(data) > MAX_BYTES:
        size = T(
            "文件超过 {n} 字节",
            "the file is larger than {n} bytes",
        ).fill(n=MAX_BYTES)
        raise InvalidCatalogue([Problem("$", 1, size)])
    try:
        located = read(data)
    except SyntaxProblem as error:
        raise InvalidCatalogue([error.problem]) from error
    reader = _Reader(located)
    result = reader.catalogue(digest_of(data))
    if reader.problems:
        raise InvalidCatalogue(sorted(reader.problems, key=lambda p: p.line))
    return result


def read_class(data: object, departments: set[str]) -> tuple[ClassSpec, list[Problem]]:
    """One class as it would stand in a file, and every problem with it, by path from "$"."""
    reader = _Reader(Located(data))
    spec = reader.case_class(data, "$", departments)
    return spec, reader.problems


_E = TypeVar("_E", bound=StrEnum)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Units without a calendar may be long: limits taken over from elsewhere are exact to the minute.
_CONTINUOUS = frozenset({"urgent_minute", "urgent_hour", "natural_day"})
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,19}")
_TWO_DIGITS = re.compile(r"[0-9]{2}")
_HAN = re.compile(r"[\u3400-\u9fff]")

_ROOT_KEYS = {
    *("format", "scheme", "version", "title_zh", "title_en", "licence", "note_zh", "note_en"),
    *("departments", "classes"),
}
_CLASS_KEYS = set(ClassSpec.__dataclass_fields__)
_CONDITION_KEYS = (set(ConditionSpec.__dataclass_fields__) - {"limit_amount", "limit_unit"}) | {
    "limit"
}


class _Reader:
    """Walks the value once and notes what is wrong; stand-ins keep the walk going."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.problems: list[Problem] = list(located.problems)

    def bad(self, path: str, zh: str, en: str, **values: Any) -> None:
        self.problems.append(Problem(path, self.located.line(path), T(zh, en).fill(**values)))

    def mapping(self, value: Any, path: str, allowed: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.bad(path, "应为对象", "must be an object")
            return {}
        for key in value:
            if key not in allowed:
                self.bad(f"{path}.{key}", "未知字段“{k}”", "unknown field “{k}”", k=key)
        return value

    def items(self, parent: Mapping[str, Any], path: str, key: str) -> Iterator[tuple[str, Any]]:
        value = parent.get(key)
        if not isinstance(value, list) or not value:
            self.bad(f"{path}.{key}", "应为非空列表", "must be a non-empty list")
            return
        for number, item in enumerate(value):
            yield f"{path}.{key}[{number}]", item

    def text(
        self,
        parent: Mapping[str, Any],
        path: str,
        key: str,
        *,
        limit: int = 200,
        pattern: re.Pattern[str] | None = None,
        chinese: bool = False,
    ) -> str:
        value, at = parent.get(key), f"{path}.{key}"
        if value is None:
            self.bad(at, "缺少“{k}”", "“{k}” is missing", k=key)
        elif not isinstance(value, str):
            self.bad(at, "“{k}”应为文字", "“{k}” must be text", k=key)
        elif not value.strip() or value != value.strip():
            self.bad(at, "“{k}”为空或首尾有空格", "“{k}” is empty or has outer spaces", k=key)
        elif not value.isprintable():
            self.bad(at, "“{k}”含控制字符", "“{k}” has control characters", k=key)
        elif len(value) > limit:
            self.bad(at, "“{k}”超过 {n} 字", "“{k}” exceeds {n} characters", k=key, n=limit)
        elif pattern and not pattern.fullmatch(value):
            self.bad(at, "“{k}”格式不对：{v}", "“{k}” is malformed: {v}", k=key, v=value)
        elif chinese and not _HAN.search(value):
            self.bad(at, "“{k}”应为中文", "“{k}” must be in Chinese", k=key)
        return value if isinstance(value, str) else ""

    def flag(self, parent: Mapping[str, Any], path: str, key: str) -> bool:
        value = parent.get(key)
        if not isinstance(value, bool):
            self.bad(
                f"{path}.{key}", "“{k}”应为 true 或 false", "“{k}” must be true or false", k=key
            )
        return value is True

    def choice(self, parent: Mapping[str, Any], path: str, key: str, options: type[_E]) -> _E:
        value = parent.get(key)
        if value in list(options):
            return options(value)
        self.bad(
            f"{path}.{key}",
            "“{k}”应为以下之一：{o}",
            "“{k}” must be one of: {o}",
            k=key,
            o=", ".join(options),
        )
        return next(iter(options))

    def once(self, seen: set[str], value: str, path: str) -> None:
        if value in seen:
            self.bad(path, "代码重复：{v}", "duplicate code: {v}", v=value)
        seen.add(value)

    def catalogue(self, digest: str) -> CatalogueFile:
        root = self.mapping(self.located.value, "$", _ROOT_KEYS)
        if root.get("format") != FORMAT:
            self.bad("$.format", "格式应为 {f}", "the format must be {f}", f=FORMAT)
        departments = tuple(self.departments(root))
        classes = tuple(self.classes(root, {d.code for d in departments}))
        self.same_big_names(classes)
        return CatalogueFile(
            scheme=self.text(root, "$", "scheme", pattern=_CODE),
            version=self.text(root, "$", "version", pattern=_VERSION),
            title_zh=self.text(root, "$", "title_zh", limit=80, chinese=True),
            title_en=self.text(root, "$", "title_en", limit=120),
            licence=self.text(root, "$", "licence", limit=60),
            departments=departments,
            classes=classes,
            digest=digest,
        )

    def departments(self, root: Mapping[str, Any]) -> Iterator[DepartmentSpec]:
        seen: set[str] = set()
        for path, item in self.items(root, "$", "departments"):
            row = self.mapping(item, path, {"code", "zh", "en"})
            code = self.text(row, path, "code", pattern=_CODE)
            self.once(seen, code, f"{path}.code")
            yield DepartmentSpec(
                code,
                self.text(row, path, "zh", limit=80, chinese=True),
                self.text(row, path, "en", limit=120),
            )

    def classes(self, root: Mapping[str, Any], departments: set[str]) -> Iterator[ClassSpec]:
        seen: set[str] = set()
        for path, item in self.items(root, "$", "classes"):
            spec = self.case_class(item, path, departments)
            self.once(seen, spec.code, f"{path}.code")
            yield spec

    def case_class(self, item: object, path: str, departments: set[str]) -> ClassSpec:
        row = self.mapping(item, path, _CLASS_KEYS)
        kind = self.choice(row, path, "kind", Kind)
        big = self.text(row, path, "big_code", pattern=_TWO_DIGITS)
        small = self.text(row, path, "small_code", pattern=_TWO_DIGITS)
        code = self.text(row, path, "code")
        if code != kind.letter + big + small:
            self.bad(
                f"{path}.code",
                "代码应为“{want}”（类型字母＋大类＋小类）",
                "the code must be “{want}” (kind letter, big code, small code)",
                want=kind.letter + big + small,
            )
        department = self.text(row, path, "default_department", pattern=_CODE)
        if department not in departments:
            self.bad(
                f"{path}.default_department",
                "未定义的部门代码：{v}",
                "department code not defined: {v}",
                v=department,
            )
        public = self.flag(row, path, "public")
        confidential = self.flag(row, path, "confidential")
        if public and confidential:
            self.bad(
                f"{path}.public",
                "保密类别不能公开",
                "a confidential class cannot be public",
            )
        return ClassSpec(
            code=code,
            kind=kind,
            big_code=big,
            big_zh=self.text(row, path, "big_zh", limit=40, chinese=True),
            big_en=self.text(row, path, "big_en", limit=80),
            small_code=small,
            zh=self.text(row, path, "zh", limit=40, chinese=True),
            en=self.text(row, path, "en", limit=120),
            keywords_zh=tuple(self.keywords(row, path)),
            grade=self.choice(row, path, "grade", Grade),
            public=public,
            confidential=confidential,
            default_department=department,
            description_zh=self.text(row, path, "description_zh", limit=400, chinese=True),
            conditions=tuple(self.conditions(row, path, code)),
        )

    def keywords(self, row: Mapping[str, Any], path: str) -> Iterator[str]:
        seen: set[str] = set()
        for at, word in self.items(row, path, "keywords_zh"):
            if (
                not isinstance(word, str)
                or not word.isprintable()
                or not 2 <= len(word.strip()) == len(word) <= 20
            ):
                self.bad(at, "关键词应为 2 至 20 字", "a keyword has 2 to 20 characters")
            elif word in seen:
                self.bad(at, "关键词重复：{v}", "duplicate keyword: {v}", v=word)
            else:
                seen.add(word)
                yield word

    def conditions(
        self, row: Mapping[str, Any], path: str, class_code: str
    ) -> Iterator[ConditionSpec]:
        seen: set[str] = set()
        prefix = re.compile(re.escape(class_code) + r"-[1-9][0-9]{0,3}")
        for at, item in self.items(row, path, "conditions"):
            condition = self.mapping(item, at, _CONDITION_KEYS)
            code = self.text(condition, at, "code", pattern=prefix)
            self.once(seen, code, f"{at}.code")
            limit = self.mapping(condition.get("limit"), f"{at}.limit", {"amount", "unit"})
            amount = limit.get("amount")
            most = 1_000_000 if limit.get("unit") in _CONTINUOUS else 1000
            # bool is an int in Python; `true` is not an amount.
            if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= most:
                self.bad(
                    f"{at}.limit.amount",
                    "时限应为 1 至 {most} 的整数",
                    "the limit must be a whole number from 1 to {most}",
                    most=most,
                )
                amount = 1
            yield ConditionSpec(
                code=code,
                filing_zh=self.text(condition, at, "filing_zh", chinese=True),
                filing_en=self.text(condition, at, "filing_en", limit=400),
                closing_zh=self.text(condition, at, "closing_zh", chinese=True),
                closing_en=self.text(condition, at, "closing_en", limit=400),
                limit_amount=amount,
                limit_unit=self.choice(limit, f"{at}.limit", "unit", Unit),
                grade=self.choice(condition, at, "grade", Grade) if "grade" in condition else None,
            )

    def same_big_names(self, classes: tuple[ClassSpec, ...]) -> None:
        names: dict[tuple[Kind, str], tuple[str, str]] = {}
        for number, spec in enumerate(classes):
            known = names.setdefault((spec.kind, spec.big_code), (spec.big_zh, spec.big_en))
            if known != (spec.big_zh, spec.big_en):
                self.bad(
                    f"$.classes[{number}].big_zh",
                    "大类 {c} 在前文名为“{v}”",
                    "big class {c} was named “{v}” before",
                    c=spec.kind.letter + spec.big_code,
                    v=known[0],
                )
