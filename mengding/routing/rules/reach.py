"""Rules that no case can ever reach."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from mengding.core.text import T
from mengding.routing.rules.parts import (
    DAY,
    Codes,
    Conditions,
    Rule,
    class_matches,
    in_hours,
    normalised,
    region_holds,
)


class Unreachable(NamedTuple):
    """A rule no case can reach, the earlier rule that takes its cases (or None), and why."""

    rule: Rule
    shadowed_by: Rule | None
    why: T


def unreachable(rules: Sequence[Rule], codes: Codes | None = None) -> list[Unreachable]:
    """Active rules that can never match. Sound, not complete: what is listed is certain.

    A rule is listed when its window is empty, when a condition names only codes that do not
    exist, or when one earlier rule applies wherever it does. Several earlier rules that only
    together cover a rule are not detected.
    """
    found: list[Unreachable] = []
    live: list[Rule] = []
    for rule in rules:
        if not rule.active:
            continue
        dead = _impossible(rule.when, codes or Codes())
        if dead is not None:
            found.append(Unreachable(rule, None, dead))
            continue
        earlier = next((e for e in live if _implies(rule.when, e.when)), None)
        if earlier is not None:
            why = T(
                "排在前面的规则“{name}”（{code}）已包含此规则的全部情形。",
                "The earlier rule “{name}” ({code}) already covers every case of this one.",
            ).fill(name=T(earlier.name, earlier.name_en or earlier.name), code=earlier.code)
            found.append(Unreachable(rule, earlier, why))
            continue
        live.append(rule)
    return found


def _impossible(when: Conditions, codes: Codes) -> T | None:
    if when.hours is not None and when.hours[0] == when.hours[1]:
        return T("时间段为空。", "The time window is empty.")
    checks = (
        (when.class_codes, codes.classes, class_matches, T("类别", "class")),
        (when.condition_codes, codes.conditions, _same, T("立案条件", "condition")),
        (when.kinds, codes.kinds, _same, T("类型", "kind")),
        (when.grades, codes.grades, _same, T("等级", "grade")),
        (when.channels, codes.channels, _same, T("渠道", "channel")),
        (when.region_codes, codes.regions, region_holds, T("区划", "division")),
    )
    for values, known, fits, label in checks:
        if not values or known is None:
            continue
        if not any(fits(value, code) for value in values for code in known):
            return T(
                "{label}代码都不存在：{values}。", "No {label} code of these exists: {values}."
            ).fill(label=label, values=", ".join(values))
    return None


def _implies(later: Conditions, earlier: Conditions) -> bool:
    """Whether every case that fits `later` also fits `earlier`, judged field by field."""
    return (
        _covered(later.class_codes, earlier.class_codes, _pattern_covers)
        and _covered(later.condition_codes, earlier.condition_codes, _same)
        and _covered(later.kinds, earlier.kinds, _same)
        and _covered(later.grades, earlier.grades, _same)
        and _covered(later.channels, earlier.channels, _same)
        and _covered(later.region_codes, earlier.region_codes, region_holds)
        and (not earlier.weekdays or set(_days(later)) <= set(earlier.weekdays))
        and _hours_covered(later.hours, earlier.hours)
        and (earlier.worktime is None or later.worktime is earlier.worktime)
        and _covered(
            tuple(normalised(word) for word in later.text_any),
            tuple(normalised(word) for word in earlier.text_any),
            lambda wide, narrow: wide in narrow,
        )
    )


def _days(when: Conditions) -> tuple[int, ...]:
    return when.weekdays or (1, 2, 3, 4, 5, 6, 7)


def _pattern_covers(wide: str, narrow: str) -> bool:
    if wide.endswith("*"):
        return narrow.removesuffix("*").startswith(wide[:-1])
    return wide == narrow


def _same(wide: str, narrow: str) -> bool:
    return wide == narrow


def _covered(
    later: Sequence[str], earlier: Sequence[str], covers: Callable[[str, str], bool]
) -> bool:
    """Whether each value of `later` is covered by one of `earlier`; empty means any value."""
    if not earlier:
        return True
    return bool(later) and all(any(covers(wide, narrow) for wide in earlier) for narrow in later)


def _hours_covered(later: tuple[int, int] | None, earlier: tuple[int, int] | None) -> bool:
    if earlier is None:
        return True
    return _minutes(later or (0, DAY)) <= _minutes(earlier)


@lru_cache(maxsize=1024)
def _minutes(hours: tuple[int, int]) -> frozenset[int]:
    return frozenset(minute for minute in range(DAY) if in_hours(hours, minute))
