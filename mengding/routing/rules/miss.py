"""Why a rule does not take a case: the first of its conditions that does not hold."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mengding.core.text import T
from mengding.routing.rules.match import Index
from mengding.routing.rules.parts import (
    Conditions,
    Facts,
    Rule,
    class_matches,
    clock_time,
    in_hours,
    normalised,
    plain,
    region_holds,
    weekday_and_minute,
)


class Miss(NamedTuple):
    """A rule that was asked before the one that matched. `field`: the condition that failed."""

    rule: Rule
    field: str
    why: T


def misses(rules: Sequence[Rule], facts: Facts) -> list[Miss]:
    """The active rules before the first that matches, in order, each with why it does not."""
    index = Index(rules)
    taker = index.first(facts)
    found = []
    for rule in index.rules:
        if taker is not None and rule.code == taker.code:
            break
        field, why = next(_failures(rule.when, facts))
        found.append(Miss(rule, field, why))
    return found


def _failures(when: Conditions, facts: Facts) -> Iterator[tuple[str, T]]:
    for name, values, value, zh, en in (
        ("class_codes", when.class_codes, facts.class_code, "类别", "class"),
        ("condition_codes", when.condition_codes, facts.condition_code, "立案条件", "condition"),
        ("kinds", when.kinds, facts.kind, "类型", "kind"),
        ("grades", when.grades, facts.grade, "等级", "grade"),
        ("channels", when.channels, facts.channel, "来源渠道", "channel"),
    ):
        fits = class_matches if name == "class_codes" else str.__eq__
        if values and not any(fits(each, value or "") for each in values):
            yield name, _is_not(T(zh, en), value or "–")
    if when.region_codes and not any(
        region_holds(wanted, code) for wanted in when.region_codes for code in facts.region_codes
    ):
        yield "region_codes", T("地点不在所列区划内", "the place lies in none of its divisions")
    weekday, minute = weekday_and_minute(facts.local_time)
    if when.weekdays and weekday not in when.weekdays:
        yield "weekdays", T("不在所列的星期内", "not on one of its weekdays")
    if when.hours is not None and not in_hours(when.hours, minute):
        at, start, end = clock_time(minute), *map(clock_time, when.hours)
        yield (
            "hours",
            T(f"{at} 不在 {start}–{end} 之间", f"{at} does not lie in {start}–{end}"),
        )
    if when.worktime is not None and when.worktime is not facts.is_worktime:
        yield (
            "worktime",
            T("不在工作时间内", "outside working time")
            if when.worktime
            else T("在工作时间内", "in working time"),
        )
    text = plain(facts.text)
    if when.text_any and not any(normalised(word) in text for word in when.text_any):
        yield "text_any", T("描述中没有所列的词", "the text has none of its words")


def _is_not(label: T, value: str) -> T:
    return T("{label}为 {value}", "{label} is {value}").fill(label=label, value=value)
