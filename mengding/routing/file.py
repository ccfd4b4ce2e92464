"""The JSON form of a rule set, checked so that every mistake is named by its place.

    {"rules": [{"code": "gas-leak", "name": "燃气泄漏", "name_en": "Gas leak", "active": true,
      "when": {"class_codes": ["E0502"], "hours": ["22:00", "06:00"], "text_any": ["漏气"]},
      "target": {"department": "gas", "tier": "district", "emergency": true}}]}

`when` takes the fields of `rules.Conditions` (hours as two "HH:MM"); leaving one out means any.
`load` reads a file that has to be right; `check` lists everything that is wrong with one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.routing.rules import (
    CENTRE,
    DEFAULT_DEPARTMENT,
    TIERS,
    Codes,
    Conditions,
    Rule,
    Target,
)
from mengding.routing.rules.parts import DAY, class_matches, clock_time, plain

MAX_RULES = 500
MAX_VALUES = 200
MAX_WORD = 40
MAX_NAME = 80
_RULE_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_CLASS = re.compile(r"\*|[A-Za-z0-9_.-]{1,20}\*?")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
_REGION = re.compile(r"[0-9]{6,20}")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
# Control characters and halves of surrogate pairs: legal in JSON, refused by the database.
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Problem(NamedTuple):
    """One mistake: where (`rules[3].when.hours[0]`) and what, in both languages."""

    path: str
    text: T


def load(data: object, codes: Codes | None = None) -> tuple[Rule, ...]:
    """The rules of a JSON value; `Invalid` with `field` the first place and all `problems`."""
    rules, problems = check(data, codes)
    if problems:
        first = problems[0]
        raise Invalid(
            "routing_rules",
            T(
                "规则有 {count} 处问题，第一处在 {path}：{text}",
                "The rules have {count} problem(s), the first at {path}: {text}",
            ).fill(count=len(problems), path=first.path or "$", text=first.text),
            field=first.path,
            problems=[{"path": path, "text": text} for path, text in problems],
        )
    return rules


def check(data: object, codes: Codes | None = None) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules that could be read, and every problem found, in the order of the file."""
    reader = _Reader(codes or Codes())
    return tuple(reader.rule_set(data)), reader.problems


def dump(rules: Sequence[Rule]) -> dict[str, Any]:
    """The JSON form; `load(dump(rules)) == rules`."""
    return {"rules": [_dump_rule(rule) for rule in rules]}


def _dump_rule(rule: Rule) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for field in fields(Conditions):
        value = getattr(rule.when, field.name)
        if field.name == "hours" and value is not None:
            when["hours"] = [clock_time(minute) for minute in value]
        elif value not in ((), None):
            when[field.name] = list(value) if isinstance(value, tuple) else value
    target = rule.target
    return {
        "code": rule.code,
        "name": rule.name,
        "name_en": rule.name_en,
        "active": rule.active,
        "when": when,
        "target": {
            "department": target.department,
            "tier": target.tier,
            "emergency": target.emergency,
        },
    }


class _Reader:
    """Reads a rule set and collects the problems, so that one pass reports them all."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.problems: list[Problem] = []

    def _wrong(self, path: str, zh: str, en: str, **values: object) -> None:
        # A path may quote a key of the file, whatever that holds.
        place = _UNSTORABLE.sub("?", path)[:200]
        self.problems.append(Problem(place, T(zh, en).fill(**values)))

    def _object(
        self, data: object, path: str, allowed: Sequence[str], required: Sequence[str]
    ) -> Mapping[str, Any] | None:
        if not isinstance(data, dict):
            self._wrong(path, "应为对象。", "Should be an object.")
            return None
        prefix = f"{path}." if path else ""
        for key in data:
            if key not in allowed:
                self._wrong(
                    f"{prefix}{key}",
                    "没有这个字段；可用：{allowed}。",
                    "There is no such field; allowed: {allowed}.",
                    allowed=", ".join(allowed),
                )
        for key in required:
            if key not in data:
                self._wrong(f"{prefix}{key}", "缺少此字段。", "This field is missing.")
        return data

    def rule_set(self, data: object) -> list[Rule]:
        top = self._object(data, "", ("rules",), ("rules",))
        if top is None or "rules" not in top:
            return []
        listed = top["rules"]
        if not isinstance(listed, list):
            self._wrong("rules", "应为列表。", "Should be a list.")
            return []
        if len(listed) > MAX_RULES:
            self._wrong("rules", "最多 {most} 条规则。", "At most {most} rules.", most=MAX_RULES)
            return []
        rules: list[Rule] = []
        seen: dict[str, int] = {}
        for number, item in enumerate(listed):
            rule = self._rule(item, f"rules[{number}]")
            if rule is None:
                continue
            if rule.code in seen:
                self._wrong(
                    f"rules[{number}].code",
                    "代码 {code} 与 rules[{other}] 重复。",
                    "The code {code} is already that of rules[{other}].",
                    code=rule.code,
                    other=seen[rule.code],
                )
            seen.setdefault(rule.code, number)
            rules.append(rule)
        return rules

    def _rule(self, data: object, path: str) -> Rule | None:
        known = len(self.problems)
        allowed = ("code", "name", "name_en", "active", "when", "target")
        item = self._object(data, path, allowed, ("code", "name", "when", "target"))
        if item is None:
            return None
        code = self._text(item, f"{path}.code", 40)
        if code is not None and not _RULE_CODE.fullmatch(code):
            self._wrong(
                f"{path}.code",
                "代码只能用小写字母、数字和 . _ -，以字母或数字开头，最长 40。",
                "A code has lower-case letters, digits and . _ -, begins with a letter or digit, "
                "and is at most 40 long.",
            )
        name = self._text(item, f"{path}.name", MAX_NAME)
        name_en = self._text(item, f"{path}.name_en", MAX_NAME, empty=True)
        active = self._flag(item, f"{path}.active", True)
        when = self._when(item.get("when", {}), f"{path}.when")
        target = self._target(item.get("target", {}), f"{path}.target", "target" in item)
        if len(self.problems) > known or code is None or name is None or target is None:
            return None
        return Rule(code, name, when, target, active, name_en or "")

    def _text(
        self, item: Mapping[str, Any], path: str, most: int, *, empty: bool = False
    ) -> str | None:
        key = path.rsplit(".", 1)[-1]
        if key not in item:
            return None
        value = item[key]
        if (
            not isinstance(value, str)
            or len(value) > most
            or not (empty or value.strip())
            or _UNSTORABLE.search(value)
        ):
            self._wrong(
                path,
                "应为 1 至 {most} 个字，不含控制字符。",
                "Should be text of 1 to {most} characters, none of them a control character.",
                most=most,
            )
            return None
        return value

    def _flag(self, item: Mapping[str, Any], path: str, default: bool) -> bool:
        value = item.get(path.rsplit(".", 1)[-1], default)
        if not isinstance(value, bool):
            self._wrong(path, "应为 true 或 false。", "Should be true or false.")
            return default
        return value

    def _target(self, data: object, path: str, given: bool) -> Target | None:
        item = self._object(
            data,
            path,
            ("department", "tier", "emergency"),
            ("department",) if given else (),
        )
        if item is None:
            return None
        department = self._text(item, f"{path}.department", 40)
        known = self.codes.departments
        if department is not None and department not in (DEFAULT_DEPARTMENT, CENTRE):
            if not _CODE.fullmatch(department):
                self._malformed(f"{path}.department", department)
            elif known is not None and department not in known:
                self._unknown(f"{path}.department", department)
        tier = item.get("tier", "district")
        if tier not in TIERS:
            self._wrong(
                f"{path}.tier",
                "应为 village、town 或 district。",
                "Should be village, town or district.",
            )
            return None
        emergency = self._flag(item, f"{path}.emergency", False)
        if emergency and tier != "district":
            self._wrong(
                f"{path}.tier",
                "紧急事项直达区级，层级应为 district。",
                "An emergency goes straight to the district: the tier should be district.",
            )
        return None if department is None else Target(department, tier, emergency)

    def _when(self, data: object, path: str) -> Conditions:
        names = [field.name for field in fields(Conditions)]
        item = self._object(data, path, names, ())
        if item is None:
            return Conditions()
        codes = self.codes
        worktime = item.get("worktime")
        if worktime is not None and not isinstance(worktime, bool):
            self._wrong(f"{path}.worktime", "应为 true 或 false。", "Should be true or false.")
            worktime = None

        def listed(
            key: str,
            shape: re.Pattern[str],
            known: frozenset[str] | None,
            fits: Callable[[str, str], bool] = str.__eq__,
        ) -> tuple[str, ...]:
            return self._codes(item.get(key, []), f"{path}.{key}", shape, known, fits)

        return Conditions(
            class_codes=listed("class_codes", _CLASS, codes.classes, class_matches),
            condition_codes=listed("condition_codes", _CODE, codes.conditions),
            kinds=listed("kinds", _CODE, codes.kinds),
            grades=listed("grades", _CODE, codes.grades),
            region_codes=listed("region_codes", _REGION, codes.regions),
            channels=listed("channels", _CODE, codes.channels),
            weekdays=self._weekdays(item.get("weekdays", []), f"{path}.weekdays"),
            hours=self._hours(item.get("hours"), f"{path}.hours"),
            worktime=worktime,
            text_any=self._words(item.get("text_any", []), f"{path}.text_any"),
        )

    def _list(self, data: object, path: str) -> list[Any]:
        if not isinstance(data, list) or len(data) > MAX_VALUES:
            self._wrong(
                path,
                "应为列表，最多 {most} 项。",
                "Should be a list of at most {most} items.",
                most=MAX_VALUES,
            )
            return []
        return data

    def _codes(
        self,
        data: object,
        path: str,
        shape: re.Pattern[str],
        known: frozenset[str] | None,
        fits: Callable[[str, str], bool],
    ) -> tuple[str, ...]:
        kept: list[str] = []
        for number, value in enumerate(self._list(data, path)):
            place = f"{path}[{number}]"
            if not isinstance(value, str) or not shape.fullmatch(value):
                self._malformed(place, value)
            elif known is not None and not any(fits(value, code) for code in known):
                self._unknown(place, value)
            else:
                kept.append(value)
        return tuple(kept)

    def _weekdays(self, data: object, path: str) -> tuple[int, ...]:
        kept: list[int] = []
        for number, value in enumerate(self._list(data, path)):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 7:
                self._wrong(
                    f"{path}[{number}]",
                    "应为 1（星期一）至 7（星期日）。",
                    "Should be 1 (Monday) to 7 (Sunday).",
                )
            else:
                kept.append(value)
        return tuple(kept)

    def _hours(self, data: object, path: str) -> tuple[int, int] | None:
        if data is None:
            return None
        if not isinstance(data, list) or len(data) != 2:
            self._wrong(
                path,
                '应为起止两个时刻，如 ["22:00", "06:00"]。',
                'Should be two times, from and to, such as ["22:00", "06:00"].',
            )
            return None
        minutes: list[int] = []
        for number, value in enumerate(data):
            found = _TIME.fullmatch(value) if isinstance(value, str) else None
            minute = int(found[1]) * 60 + int(found[2]) if found else DAY + 1
            if minute > DAY or (minute == DAY and number == 0):
                self._wrong(
                    f"{path}[{number}]",
                    "应为 00:00 至 24:00 的时刻（起始不能是 24:00）。",
                    "Should be a time from 00:00 to 24:00 (the start not 24:00).",
                )
            else:
                minutes.append(minute)
        if len(minutes) != 2:
            return None
        if minutes[0] == minutes[1]:
            self._wrong(path, "起止时刻相同，时间段为空。", "From and to are equal: empty window.")
            return None
        return minutes[0], minutes[1]

    def _words(self, data: object, path: str) -> tuple[str, ...]:
        kept: list[str] = []
        for number, value in enumerate(self._list(data, path)):
            if (
                not isinstance(value, str)
                or not plain(value).strip()
                or len(value) > MAX_WORD
                or _UNSTORABLE.search(value)
            ):
                self._wrong(
                    f"{path}[{number}]",
                    "应为 1 至 {most} 个字的词。",
                    "Should be a word of 1 to {most} characters.",
                    most=MAX_WORD,
                )
            else:
                kept.append(value)
        return tuple(kept)

    def _malformed(self, path: str, value: object) -> None:
        said = _UNSTORABLE.sub("?", str(value)[:40])
        self._wrong(path, "“{value}”不是代码。", "“{value}” is not a code.", value=said)

    def _unknown(self, path: str, code: str) -> None:
        self._wrong(path, "代码 {code} 不存在。", "The code {code} does not exist.", code=code)
