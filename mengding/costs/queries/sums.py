"""From counts by pattern to money: sums, means, exact medians, activities, what was saved.

What a pattern holds never changes, so each process reads it once and keeps it as columns of
numbers; sums over hundreds of thousands of pairs then take milliseconds. All are whole numbers
below 2^53, so that none is rounded where they are multiplied as floats.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mengding.core.cache import on_forget_everything
from mengding.costs.activities import BY_CODE
from mengding.costs.models import Pattern
from mengding.costs.packing import PAIR, Pairs
from mengding.costs.reckon import half_up

Numbers = NDArray[np.int64]
CODES = [*BY_CODE]
_AT = {code: place for place, code in enumerate(CODES)}
NO_PAIRS = np.empty(0, PAIR)


def _numbers(rows: Iterable[Any], width: int) -> Numbers:
    return np.array([*rows], np.int64).reshape(-1, width)


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Patterns as columns; a place is where one stands in them.

    `places`: id → place, -1 where it is not known. `lines`: place, activity, count, minutes, fen,
    count without a rate. `merged`, `spot`: cases, times, fen, minutes saved. `values`: each cost
    once, in order; `rank`: which of them a pattern comes to.
    """

    places: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    fen: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    minutes: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    lines: Numbers = field(default_factory=lambda: _numbers((), 6))
    merged: Numbers = field(default_factory=lambda: _numbers((), 4))
    spot: Numbers = field(default_factory=lambda: _numbers((), 4))
    values: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    rank: Numbers = field(default_factory=lambda: np.empty(0, np.int64))

    def unknown(self, ids: NDArray[Any]) -> list[int]:
        """Those of these ids that are not known yet."""
        known = ids < len(self.places)
        known[known] = self.places[ids[known]] >= 0
        return [int(each) for each in np.unique(ids[~known])]

    def with_more(self, rows: list[Any]) -> "Patterns":
        """These and more; `rows`: id, fen, minutes, lines, merged, spot."""
        begin = len(self.fen)
        highest = max(row[0] for row in rows)
        places = np.full(max(len(self.places), highest + 1), -1, np.int64)
        places[: len(self.places)] = self.places
        places[[row[0] for row in rows]] = range(begin, begin + len(rows))
        fen = np.concatenate([self.fen, np.array([row[1] for row in rows], np.int64)])
        values, rank = np.unique(fen, return_inverse=True)
        lines = [
            (place, _AT[code], count, minutes or 0, fen or 0, count if fen is None else 0)
            for place, row in enumerate(rows, begin)
            for code, count, minutes, fen in row[3]
        ]
        saved = [
            [(1, *row[column]) if row[column] else (0, 0, 0, 0) for row in rows]
            for column in (4, 5)
        ]
        return Patterns(
            places,
            fen,
            np.concatenate([self.minutes, np.array([row[2] for row in rows], np.int64)]),
            np.concatenate([self.lines, _numbers(lines, 6)]),
            np.concatenate([self.merged, _numbers(saved[0], 4)]),
            np.concatenate([self.spot, _numbers(saved[1], 4)]),
            values,
            rank,
        )


_known = Patterns()
_lock = threading.Lock()


def _forget() -> None:
    global _known
    _known = Patterns()


on_forget_everything(_forget)


def patterns(wanted: Pairs) -> Patterns:
    """What is known of patterns, these ones at least."""
    global _known
    ids = wanted["pattern"].astype(np.int64)
    known = _known
    if not known.unknown(ids):
        return known
    with _lock:
        missing = _known.unknown(ids)
        if missing:
            rows = Pattern.objects.filter(pk__in=missing)
            columns = ("pk", "fen", "minutes", "lines", "merged", "spot")
            _known = _known.with_more(list(rows.values_list(*columns)))
        return _known


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """Cases of one row, as counts by place of the pattern."""

    known: Patterns
    places: Numbers
    cases: Numbers

    @property
    def count(self) -> int:
        """How many cases."""
        return int(self.cases.sum())

    def shown(self, fewest: int) -> dict[str, Any]:
        """As it is sent; of too few cases only how many they are."""
        count = self.count
        if count < fewest:
            return {"cases": count, "few": True} | dict.fromkeys(
                ("mean", "median", "fen", "minutes")
            )
        fen = int(self.known.fen[self.places] @ self.cases)
        return {
            "cases": count,
            "few": False,
            "mean": half_up(fen, count),
            "median": self._median(count),
            "fen": fen,
            "minutes": int(self.known.minutes[self.places] @ self.cases),
        }

    def _median(self, count: int) -> int:
        """The middle cost; of an even number the mean of the two in the middle, halves up."""
        ranked = np.bincount(self.known.rank[self.places], self.cases)
        low, high = np.searchsorted(ranked.cumsum(), [(count - 1) // 2, count // 2], side="right")
        return half_up(int(self.known.values[low]) + int(self.known.values[high]), 2)

    def activities(self, fewest: int) -> list[dict[str, Any]]:
        """By activity: how often, how long, how much; those without a rate count 0."""
        count = self.count
        often = np.bincount(self.places, self.cases, len(self.known.fen))
        lines = self.known.lines
        lines = lines[often[lines[:, 0]] > 0]
        sums = [
            np.bincount(lines[:, 1], lines[:, column] * often[lines[:, 0]], len(CODES))
            for column in range(2, 6)
        ]
        few = count < fewest
        found = []
        for at in np.unique(lines[:, 1]):
            times, minutes, fen, without = (int(column[at]) for column in sums)
            found.append(
                {
                    "code": CODES[at],
                    "name": BY_CODE[CODES[at]].name,
                    "group": BY_CODE[CODES[at]].group,
                    "count": times,
                    "minutes": None if few else minutes,
                    "fen": None if few else fen,
                    "per_case": None if few else half_up(fen, count),
                    "without_rate": without,
                }
            )
        return found

    def saved(self) -> dict[str, dict[str, int]]:
        """Estimates: cases they come from, reports or matters, fen, minutes."""
        return {
            name: dict(
                zip(
                    ("cases", "times", "fen", "minutes"),
                    (int(each) for each in self.cases @ columns[self.places]),
                    strict=True,
                )
            )
            for name, columns in (("merged", self.known.merged), ("spot", self.known.spot))
        }


def sums(rows: Mapping[Any, Pairs]) -> tuple[dict[Any, Sum], Sum]:
    """Each row, and all of them together."""
    everything = np.concatenate([NO_PAIRS, *rows.values()])
    known = patterns(everything)
    whole = _sum(known, everything)
    found, begin = {}, 0
    for key, some in rows.items():
        part = slice(begin, begin + len(some))
        found[key] = Sum(known, whole.places[part], whole.cases[part])
        begin = part.stop
    return found, whole


def _sum(known: Patterns, some: Pairs) -> Sum:
    return Sum(
        known, known.places[some["pattern"].astype(np.int64)], some["cases"].astype(np.int64)
    )


def costliest(counts: Pairs, most: int | None, wanted: int) -> list[int]:
    """Patterns, from the costliest down, until they hold so many cases below `most` fen; those at
    `most`, of which it is not known how many are wanted, come on top."""
    known = patterns(counts)
    ids = counts["pattern"].astype(np.int64)
    fen = known.fen[known.places[ids]]
    order = np.argsort(-fen, kind="stable")
    if most is not None:
        order = order[fen[order] <= most]
    if not len(order):
        return []
    held = np.where(fen[order] == most, 0, counts["cases"][order].astype(np.int64)).cumsum()
    last = order[min(int(np.searchsorted(held, wanted)), len(order) - 1)]
    return [int(each) for each in np.unique(ids[order][fen[order] >= fen[last]])]


NOTHING = _sum(Patterns(), NO_PAIRS)
