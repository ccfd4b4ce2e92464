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
from mengding.costs.packing import PAIR, Numbers, Pairs, pairs, together
from mengding.costs.reckon import half_up

CODES = [*BY_CODE]
_AT_ONCE = 1_000_000  # numbers held at once
_AT = {code: place for place, code in enumerate(CODES)}


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

    def holds(self, ids: NDArray[Any]) -> bool:
        """Whether all of these ids are known."""
        return not len(ids) or bool(ids.max() < len(self.places) and (self.places[ids] >= 0).all())

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


def patterns(ids: NDArray[Any]) -> Patterns:
    """What is known of patterns, these ones at least."""
    global _known
    if _known.holds(ids):
        return _known
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
    count: int = 0
    fen: int = 0
    minutes: int = 0
    median: int = 0

    def shown(self, fewest: int) -> dict[str, Any]:
        """As it is sent; of too few cases only how many they are."""
        few = self.count < fewest
        return {
            "cases": self.count,
            "few": few,
            "mean": None if few else half_up(self.fen, self.count),
            "median": None if few else self.median,
            "fen": None if few else self.fen,
            "minutes": None if few else self.minutes,
        }

    def _often(self) -> NDArray[Any]:
        """How many cases of each pattern that is known."""
        return np.bincount(self.places, self.cases, len(self.known.fen))

    def activities(self, fewest: int) -> list[dict[str, Any]]:
        """By activity: how often, how long, how much; those without a rate count 0."""
        often = self._often()
        lines = self.known.lines
        lines = lines[often[lines[:, 0]] > 0]
        sums = [
            np.bincount(lines[:, 1], lines[:, column] * often[lines[:, 0]], len(CODES))
            for column in range(2, 6)
        ]
        few = self.count < fewest
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
                    "per_case": None if few else half_up(fen, self.count),
                    "without_rate": without,
                }
            )
        return found

    def saved(self) -> dict[str, dict[str, int]]:
        """Estimates: cases they come from, reports or matters, fen, minutes."""
        often = self._often().astype(np.int64)
        return {
            name: dict(
                zip(
                    ("cases", "times", "fen", "minutes"),
                    (int(each) for each in often @ columns),
                    strict=True,
                )
            )
            for name, columns in (("merged", self.known.merged), ("spot", self.known.spot))
        }


def sums(rows: Mapping[Any, bytes]) -> tuple[dict[Any, Sum], Sum]:
    """Each row with cases in it, and all of them together."""
    rows = {key: packed for key, packed in rows.items() if packed}
    if not rows:
        return {}, NOTHING
    everything = pairs(b"".join(rows.values()))
    ids = everything["pattern"].astype(np.int64)
    known = patterns(ids)
    places, cases = known.places[ids], everything["cases"].astype(np.int64)
    ends = np.cumsum([len(packed) // PAIR.itemsize for packed in rows.values()], dtype=np.int64)
    begins = np.concatenate([[0], ends[:-1]])
    counts, fen, minutes = (
        np.add.reduceat(each, begins)
        for each in (cases, known.fen[places] * cases, known.minutes[places] * cases)
    )
    medians = _medians(known, places, cases, begins, counts)
    found = {
        key: Sum(known, places[begin:end], cases[begin:end], count, *others)
        for key, begin, end, count, *others in zip(
            rows, begins.tolist(), ends.tolist(), counts.tolist(), fen.tolist(), minutes.tolist(),
            medians, strict=True,
        )
        if count
    }  # fmt: skip
    count = counts.sum(keepdims=True)
    (middle,) = _medians(known, places, cases, begins[:1], count)
    return found, Sum(
        known, places, cases, int(count[0]), int(fen.sum()), int(minutes.sum()), middle
    )


def _medians(
    known: Patterns, places: Numbers, cases: Numbers, begins: Numbers, counts: Numbers
) -> list[int]:
    """The middle cost of each row; of an even number the mean of the two in the middle, halves up.

    `begins`: where each row begins in `places`; of a row without cases it says anything.
    """
    width, rank, found = len(known.values), known.rank[places], []
    bounds = np.append(begins, len(places))
    for first in range(0, len(begins), step := max(1, _AT_ONCE // width)):
        some = bounds[first : first + step + 1]
        which, inside = np.arange(len(some) - 1), slice(some[0], some[-1])
        cells = np.repeat(which * width, np.diff(some)) + rank[inside]
        ranked = np.bincount(cells, cases[inside], len(which) * width)
        below = ranked.reshape(-1, width).cumsum(axis=1)
        there = counts[first : first + step, None]
        low, high = (
            known.values[np.minimum((below <= middle).sum(axis=1), width - 1)]
            for middle in ((there - 1) // 2, there // 2)
        )
        found += [half_up(total, 2) for total in (low + high).tolist()]
    return found


def largest(counts: Pairs, by: str, most: int | None, wanted: int) -> list[int]:
    """Patterns, from those of most fen or minutes (`by`) down, until they hold so many cases below
    `most`; those at `most`, of which it is not known how many are wanted, come on top."""
    ids, cases = together(counts["pattern"], counts["cases"])
    known = patterns(ids)
    size: Numbers = getattr(known, by)[known.places[ids]]
    order = np.argsort(-size, kind="stable")
    if most is not None:
        order = order[size[order] <= most]
    if not len(order):
        return []
    held = np.where(size[order] == most, 0, cases[order]).cumsum()
    last = order[min(int(np.searchsorted(held, wanted)), len(order) - 1)]
    return [int(each) for each in ids[order][size[order] >= size[last]]]


NOTHING = Sum(Patterns(), np.empty(0, np.int64), np.empty(0, np.int64))
