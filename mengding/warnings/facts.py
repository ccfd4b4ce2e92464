"""What finders look at and what they find. Pure.

It knows class, place and day of a case; no description, no reporter.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from mengding.regions import cells
from mengding.warnings.kinds import Kind

LOCAL = ZoneInfo("Asia/Shanghai")
ONCE_ZOOM = 18  # reports of one class in one such cell on one day are one thing


class Row(NamedTuple):
    """One case: not confidential, not void, not merged. `town`: the district where unknown."""

    pk: int
    code: str
    town: int
    village: int | None
    cell: int | None
    day: date


class Recheck(NamedTuple):
    """A hazard's re-inspection: when it was due, and when it was done or called off."""

    finding: int
    region: int
    code: str
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What one district's numbers are made of. `works`: whether a day is a working day; `then`:
    class → day → cases of a year before."""

    district: int
    rows: Sequence[Row]
    rechecks: Sequence[Recheck] = ()
    works: Callable[[date], bool] | None = None
    then: Mapping[str, Mapping[date, int]] = field(default_factory=dict)

    def known_since(self, first: date, until: date) -> date:
        """The first day from which on cases are known, at the earliest `first`, before `until`:
        days before a district began are no quiet days."""
        known = min((row.day for row in self.rows), default=first)
        return min(max(first, known), until - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is so now, with the figures of its method."""

    kind: Kind
    key: str
    region: int
    since: datetime
    until: datetime
    observed: int
    expected: float
    threshold: float
    class_code: str = ""
    chance: float | None = None
    cell: int | None = None
    stage: int = 1
    detail: dict[str, Any] = field(default_factory=dict)
    case_ids: tuple[int, ...] = ()


def start_of(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)


def once(rows: Sequence[Row]) -> list[Row]:
    """One row for each class, day and cell of about 130 m: a heap of reports of one spot is a
    repeat, not a spike. What has no place counts."""
    seen: set[tuple[str, int, date]] = set()
    kept = []
    for row in rows:
        if row.cell is not None:
            key = (row.code, cells.parent(row.cell, ONCE_ZOOM), row.day)
            if key in seen:
                continue
            seen.add(key)
        kept.append(row)
    return kept


def by_day(rows: Sequence[Row], first: date, last: date) -> dict[str, Any]:
    """Their number on each day from first to last, for a warning's course."""
    counted = Counter(row.day for row in rows)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {"daily": [counted[day] for day in days], "first": first.isoformat()}


@dataclass(frozen=True, slots=True)
class Table:
    """Daily counts of whole days up to yesterday, one row for each (class, place)."""

    keys: list[tuple[str, int]]
    groups: list[int]
    days: list[date]
    counts: "NDArray[np.int64]"

    def before(self, today: date, days: int, *, empty_last: bool = False) -> "Table":
        """So many days before `today` (those there are), and rows with anything in them.
        `empty_last`: nothing of the last one is known yet."""
        end = max(0, (today - self.days[0]).days)
        some = self.counts[:, max(0, end - days) : end]
        if empty_last:
            some = np.concatenate([some[:, :-1], np.zeros_like(some[:, -1:])], axis=1)
        rows = np.flatnonzero(some.any(axis=1)).tolist()
        groups = {old: n for n, old in enumerate(sorted({self.groups[row] for row in rows}))}
        return Table(
            [self.keys[row] for row in rows],
            [groups[self.groups[row]] for row in rows],
            self.days[max(0, end - days) : end],
            some[rows],
        )


def table_of(rows: Sequence[tuple[str, int, date]], today: date, days: int) -> Table:
    wanted = [today - timedelta(days=n) for n in range(days, 0, -1)]
    counted = Counter(row for row in rows if wanted[0] <= row[2] < today)
    keys = sorted({(code, place) for code, place, _ in counted})
    at = {key: n for n, key in enumerate(keys)}
    counts = np.zeros((len(keys), days), dtype=np.int64)
    for (code, place, day), n in counted.items():
        counts[at[code, place], (day - wanted[0]).days] += n
    groups = {code: n for n, code in enumerate(sorted({code for code, _ in keys}))}
    return Table(keys, [groups[code] for code, _ in keys], wanted, counts)
