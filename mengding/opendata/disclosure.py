"""What of a month is told, decided once for its tables and its files, so that neither gives back
what the other leaves out. Pure.

A part of the whole that counts fewer than the threshold is never told, nor can it be computed: a
town, a class, a group of classes, and of each town and group the closed and the not closed. Two
such facts together (a class in a town) may well point at fewer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import starmap

from mengding.opendata.coarsen import LeftOut, Spot, left_out, spots

CLOSED, DECLINED, OPEN = "closed", "declined", "open"
NOT_CLOSED = "not_closed"  # open or declined, where one of them is few


@dataclass(frozen=True, slots=True)
class Fact:
    """What of a case decides. `town`: "" where it is not known; `group`: of its class;
    `state`: closed, declined or open; `late`: None before it is handled; `cell`: zoom 22."""

    town: str
    group: str
    class_code: str
    state: str
    late: bool | None
    cell: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one case; "" or None where that is left out. `class_code`: of its class, or
    of the group where the class itself has few; `state`: as in `Fact`, or not_closed."""

    town: str
    class_code: str
    state: str
    in_time: bool | None
    place: Spot | None


@dataclass(frozen=True, slots=True)
class Count:
    """One line of a table; None where a number is left out."""

    received: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A month as it is told. `in_time`: percent of the cases handled. `towns`, `groups`: those with
    cases; empty where not even the total may stand beside the gaps. `rows`: one a fact."""

    whole: Count
    in_time: float | None
    towns: dict[str, Count]
    groups: dict[str, Count]
    rows: list[Told]


def disclose(facts: Sequence[Fact], threshold: int, finest: int) -> Disclosure:
    """Decide what of these cases is told; nothing at all where they are fewer than `threshold`.

    `finest`: zoom of the smallest squares.
    """
    if len(facts) < threshold:
        return Disclosure(Count(None, None), None, {}, {}, [])
    closed = [fact.state == CLOSED for fact in facts]
    towns = _table([fact.town for fact in facts], closed, threshold)
    groups = _table([fact.group for fact in facts], closed, threshold)
    # Both tables have the same sums, and where these are few no line of either is told.
    closed_told = towns.untold.total_safe

    def class_told(n: int) -> bool:
        # With a class on rows without state, the closed of the group would give theirs back.
        untold = groups.lines[n] in groups.untold or towns.lines[n] in towns.untold
        return groups.lines[n] is not None and not (closed_told and untold)

    classes = _classes(facts, [n for n in range(len(facts)) if class_told(n)], threshold)
    states = _states(facts, towns, threshold)
    places = _places(facts, towns, threshold, finest)
    speed = Counter(fact.late for fact in facts)
    speed_told = speed[True] >= threshold and speed[False] >= threshold
    rows = [
        Told(
            towns.lines[n] or "",
            classes.get(n, ""),
            states[n],
            # It tells open from declined, too.
            not fact.late
            if speed_told and fact.late is not None and states[n] not in ("", NOT_CLOSED)
            else None,
            places.get(n),
        )
        for n, fact in enumerate(facts)
    ]
    share = 100 * speed[False] / (speed[True] + speed[False]) if speed_told else None
    return Disclosure(
        Count(len(facts), sum(closed) if closed_told else None),
        None if share is None else round(share, 1),
        towns.counts,
        groups.counts,
        rows,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """`lines`: for each case its line, None for all whose line has no number told, which count as
    one from there on. `untold`: lines whose closed are not told."""

    counts: dict[str, Count]
    lines: list[str | None]
    untold: LeftOut[str | None]


def _table(keys: Sequence[str], closed: Sequence[bool], threshold: int) -> _Table:
    received = Counter(keys)
    hidden = left_out({key: (n,) for key, n in received.items()}, threshold)
    lines = [None if key in hidden else key for key in keys]
    parts = Counter(zip(lines, closed, strict=True))
    untold = left_out(
        {line: (parts[line, True], parts[line, False]) for line in dict.fromkeys(lines)}, threshold
    )
    counts = {
        key: Count(None, None)
        if key in hidden
        else Count(n, None if key in untold else parts[key, True])
        for key, n in received.items()
    }
    return _Table(counts if hidden.total_safe else {}, lines, untold)


def _classes(facts: Sequence[Fact], shown: Iterable[int], threshold: int) -> dict[int, str]:
    """For the cases whose group is told: their class, or the group where the class has few."""
    members = defaultdict(list)
    for n in shown:
        members[facts[n].group].append(n)
    found = {}
    for group, some in members.items():
        sizes = Counter(facts[n].class_code for n in some)
        hidden = left_out({code: (size,) for code, size in sizes.items()}, threshold)
        for n in some:
            code = facts[n].class_code
            found[n] = group if code in hidden else code
    return found


def _states(facts: Sequence[Fact], towns: _Table, threshold: int) -> list[str]:
    sizes = Counter((line, fact.state) for line, fact in zip(towns.lines, facts, strict=True))

    def said(line: str | None, fact: Fact) -> str:
        if line in towns.untold:
            return ""
        few = any(0 < sizes[line, state] < threshold for state in (OPEN, DECLINED))
        return NOT_CLOSED if few and fact.state != CLOSED else fact.state

    return list(starmap(said, zip(towns.lines, facts, strict=True)))


def _places(
    facts: Sequence[Fact], towns: _Table, threshold: int, finest: int
) -> dict[int, Spot | None]:
    """Squares shared by cases of one town: one across its border would say on which side."""
    members = defaultdict(list)
    for n, line in enumerate(towns.lines):
        if line is not None:
            members[line].append(n)
    found: dict[int, Spot | None] = {}
    for some in members.values():
        cells = [facts[n].cell for n in some]
        found |= zip(some, spots(cells, threshold, finest), strict=True)
    return found
