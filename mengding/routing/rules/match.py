"""Finding the first rule that matches, and saying why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mengding.core.text import T
from mengding.routing.rules.parts import (
    DEFAULT_DEPARTMENT,
    FIXED_WIDTH,
    Conditions,
    Facts,
    Match,
    Rule,
    class_matches,
    clock_time,
    in_hours,
    normalised,
    plain,
    region_holds,
    weekday_and_minute,
)

_MEMO_LIMIT = 4096


@dataclass(slots=True)
class _Moment:
    """The parts of the facts that need work, worked out once and only when a rule asks."""

    facts: Facts
    _text: str | None = None
    _time: tuple[int, int] | None = None

    def text(self) -> str:
        if self._text is None:
            self._text = plain(self.facts.text)
        return self._text

    def time(self) -> tuple[int, int]:
        """ISO weekday and minute of the day in Shanghai."""
        if self._time is None:
            self._time = weekday_and_minute(self.facts.local_time)
        return self._time


class _Ready(NamedTuple):
    """A rule with the conditions left to test once the codes of a case are known to fit."""

    rule: Rule
    words: tuple[str, ...]
    regions: frozenset[str]
    timed: bool
    any_left: bool


class Index:
    """A rule set ready for routing.

    Which rules fit a case's class, condition, kind, grade and channel is worked out once for
    each combination that occurs (a few hundred) and remembered; region, time and text remain.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rule for rule in rules if rule.active)
        self._ready = [
            _Ready(
                rule,
                tuple(normalised(word) for word in rule.when.text_any),
                frozenset(rule.when.region_codes),
                bool(rule.when.weekdays or rule.when.hours),
                bool(
                    rule.when.region_codes
                    or rule.when.text_any
                    or rule.when.weekdays
                    or rule.when.hours is not None
                    or rule.when.worktime is not None
                ),
            )
            for rule in self.rules
        ]
        self._memo: dict[tuple[str, str | None, str, str, str], tuple[_Ready, ...]] = {}

    def _candidates(self, facts: Facts) -> tuple[_Ready, ...]:
        key = (facts.class_code, facts.condition_code, facts.kind, facts.grade, facts.channel)
        found = self._memo.get(key)
        if found is None:
            fitting: list[_Ready] = []
            for ready in self._ready:
                if _codes_fit(ready.rule.when, facts):
                    fitting.append(ready)
                    if not ready.any_left:
                        break  # it always matches: later rules are never asked
            found = tuple(fitting)
            if len(self._memo) >= _MEMO_LIMIT:  # codes from outside must not fill the memory
                self._memo.clear()
            self._memo[key] = found
        return found

    def first(self, facts: Facts) -> Rule | None:
        """The first rule that matches."""
        moment = _Moment(facts)
        for rule, words, regions, timed, any_left in self._candidates(facts):
            if not any_left:
                return rule
            when = rule.when
            if when.worktime is not None and when.worktime is not facts.is_worktime:
                continue
            if regions and regions.isdisjoint(_holders(facts.region_codes)):
                continue
            if timed:
                weekday, minute = moment.time()
                if when.weekdays and weekday not in when.weekdays:
                    continue
                if when.hours is not None and not in_hours(when.hours, minute):
                    continue
            if words:
                text = moment.text()
                if not any(word in text for word in words):
                    continue
            return rule
        return None


@lru_cache(maxsize=4096)
def _holders(chain: tuple[str, ...]) -> frozenset[str]:
    """Every code that `region_holds` one of the chain."""
    return frozenset(chain).union(
        code[:width] for code in chain for width in range(min(len(code), FIXED_WIDTH) + 1)
    )


def _codes_fit(when: Conditions, facts: Facts) -> bool:
    return (
        (not when.class_codes or any(class_matches(p, facts.class_code) for p in when.class_codes))
        and (not when.condition_codes or facts.condition_code in when.condition_codes)
        and (not when.kinds or facts.kind in when.kinds)
        and (not when.grades or facts.grade in when.grades)
        and (not when.channels or facts.channel in when.channels)
    )


def _region_of(when: Conditions, facts: Facts) -> str | None:
    """The rule's region that holds the case."""
    for rule_code in when.region_codes:
        for code in facts.region_codes:
            if region_holds(rule_code, code):
                return rule_code
    return None


def route(rules: Index | Sequence[Rule], facts: Facts) -> Match:
    """Where the case goes and why. Pass an `Index` when routing more than once."""
    index = rules if isinstance(rules, Index) else Index(rules)
    rule = index.first(facts)
    if rule is None:
        return Match(
            rule_code=None,
            department=facts.default_department,
            tier="district",
            emergency=False,
            matched=(),
            why=[
                T(
                    "没有规则符合，按类别的默认部门在区级派遣（{department}）。",
                    "No rule matches: the class's default department at district tier takes it "
                    "({department}).",
                ).fill(department=facts.default_department)
            ],
        )
    target = rule.target
    default = target.department == DEFAULT_DEPARTMENT
    matched, why = _explain(rule, facts)
    return Match(
        rule_code=rule.code,
        department=facts.default_department if default else target.department,
        tier="district" if target.emergency else target.tier,
        emergency=target.emergency,
        matched=matched,
        why=why,
    )


def _explain(rule: Rule, facts: Facts) -> tuple[tuple[str, ...], list[T]]:
    when = rule.when
    said: list[tuple[str, T]] = []
    if when.class_codes:
        pattern = next(p for p in when.class_codes if class_matches(p, facts.class_code))
        said.append(
            (
                "class_codes",
                T(
                    f"类别 {facts.class_code} 符合 {pattern}",
                    f"class {facts.class_code} fits {pattern}",
                ),
            )
        )
    for name, values, value, zh, en in (
        ("condition_codes", when.condition_codes, facts.condition_code, "立案条件", "condition"),
        ("kinds", when.kinds, facts.kind, "类型", "kind"),
        ("grades", when.grades, facts.grade, "等级", "grade"),
        ("channels", when.channels, facts.channel, "来源渠道", "channel"),
    ):
        if values:
            said.append((name, T(f"{zh}为 {value}", f"{en} is {value}")))
    if when.region_codes:
        code = _region_of(when, facts)
        said.append(("region_codes", T(f"位于区划 {code} 内", f"lies in division {code}")))
    if when.weekdays or when.hours is not None:
        weekday, minute = _Moment(facts).time()
        if when.weekdays:
            said.append(("weekdays", T(f"星期{_DAYS_ZH[weekday]}", _DAYS_EN[weekday])))
        if when.hours is not None:
            at, start, end = clock_time(minute), *map(clock_time, when.hours)
            said.append(("hours", T(f"{at} 在 {start}–{end} 之间", f"{at} lies in {start}–{end}")))
    if when.worktime is not None:
        said.append(
            (
                "worktime",
                T("工作时间内", "in working time")
                if when.worktime
                else T("非工作时间", "outside working time"),
            )
        )
    if when.text_any:
        text = plain(facts.text)
        word = next(w for w in when.text_any if normalised(w) in text)
        said.append(("text_any", T(f"描述中有“{word}”", f"the text contains “{word}”")))
    if not said:
        said.append(
            ("", T("此规则没有条件，一律适用", "the rule has no conditions and always fits"))
        )
    return tuple(name for name, _ in said if name), [text for _, text in said]


_DAYS_ZH = " 一二三四五六日"
_DAYS_EN = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
