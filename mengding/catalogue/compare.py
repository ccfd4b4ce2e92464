"""What one edition of a catalogue changes against another. Pure; works on catalogue files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_NAMES = ("code", "zh", "en", "big_zh", "big_en")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs. `path`: "grade", "conditions.C0101-1" (a whole condition came or
    went; the other side is None) or "conditions.C0101-1.limit"."""

    path: str
    old: Any
    new: Any


@dataclass(slots=True)
class Difference:
    """Classes as in a file, by code. `changed`: the new class and what differs in it."""

    added: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[dict[str, Any], list[FieldChange]]] = field(default_factory=list)
    departments: list[FieldChange] = field(default_factory=list)

    @property
    def limits(self) -> int:
        """Conditions in both editions whose limit differs."""
        ways = (way for _, all_ways in self.changed for way in all_ways)
        return sum(way.path.endswith(".limit") for way in ways)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """What differs from `old` to `new`, two catalogue files."""
    before = {row["code"]: row for row in old["classes"]}
    after = {row["code"]: row for row in new["classes"]}
    found = Difference()
    for code in sorted(before.keys() | after.keys()):
        if code not in before:
            found.added.append(_named(after[code]))
        elif code not in after:
            found.removed.append(_named(before[code]))
        elif ways := list(_class(before[code], after[code])):
            found.changed.append((_named(after[code]), ways))
    found.departments = list(_by_code("", old["departments"], new["departments"]))
    return found


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _NAMES} | {"conditions": len(row["conditions"])}


def _class(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in new:
        if name != "conditions" and old[name] != new[name]:
            yield FieldChange(name, old[name], new[name])
    yield from _by_code("conditions.", old["conditions"], new["conditions"])


def _by_code(
    prefix: str, old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> Iterator[FieldChange]:
    before, after = ({row["code"]: row for row in rows} for rows in (old, new))
    for code in [*before, *(code for code in after if code not in before)]:
        one, other = before.get(code), after.get(code)
        if one is None or other is None:
            yield FieldChange(prefix + code, one, other)
            continue
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                yield FieldChange(f"{prefix}{code}.{name}", one.get(name), other.get(name))
