"""Comparing what is kept with a slow recomputation from the tables of cases.

The roll-ups come from the ledger; this comes from the rows of cases, orders, clocks, approvals and
call-backs, and adds up by itself. Only the formulas (`facts.items`) are the same code; these are
held by cases counted by hand (`tests/test_formulas.py`) and by the archive of Boston.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date

from django.db import connection

from mengding.cases.models import Case
from mengding.core.moment import one_moment
from mengding.indicators import rollup
from mengding.indicators.actions import as_of
from mengding.indicators.cuts import Key
from mengding.indicators.facts import Item, items
from mengding.indicators.measures import MEASURES
from mengding.indicators.models import Period, Touched
from mengding.indicators.queries.drill import codes_of
from mengding.indicators.sources import from_tables

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Compared:
    """`different`: a sentence each, at most as many as were asked for; `mismatches`: all."""

    cases: int
    facts: int
    sums: int
    mismatches: int
    different: list[str]


def compare(progress: Callable[[int], None] = lambda n: None, most: int = 50) -> Compared:
    """Recompute everything from the tables and compare each fact and each sum."""
    with one_moment():  # for both sides, while cases and roll-ups go on outside
        return _compare(progress, most)


def _compare(progress: Callable[[int], None], most: int) -> Compared:
    different: list[str] = []
    mismatches = cases = facts = 0
    ours: dict[Key, list[int]] = defaultdict(lambda: [0] * len(MEASURES))
    for ids in _chunks():
        expected = {item for case in from_tables(ids) for item in items(case, as_of())}
        kept = set(rollup.stored(ids))
        for item in expected:
            rollup.add(ours, item, 1)
        wrong = expected ^ kept
        mismatches += len(wrong)
        different += [_told(item, item in kept) for item in sorted(wrong, key=_place)]
        cases, facts = cases + len(ids), facts + len(expected)
        progress(cases)
    for case, kept_day, day in _left_otherwise():
        mismatches += 1
        different.append(f"case {case} in: left on {kept_day}, its out says {day}")
    for period, case in _unseen_corrections():
        mismatches += 1
        different.append(f"case {case}: a correction of closed period {period} nobody is told of")
    kept_sums = dict(rollup.sums())
    for key in ours.keys() | kept_sums.keys():
        if ours.get(key, _ZERO) != kept_sums.get(key, _ZERO):
            mismatches += 1
            different.append(f"{key}: {kept_sums.get(key)}, tables {ours.get(key)}")
    return Compared(cases, facts, len(ours), mismatches, different[:most])


def _left_otherwise() -> list[tuple[int, date | None, date | None]]:
    facts = rollup.FACTS
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT i.case_id, i.left_on, o.day FROM {facts} i LEFT JOIN {facts} o"  # noqa: S608
            " ON o.case_id = i.case_id AND o.kind = 'out'"
            " WHERE i.kind = 'in' AND i.left_on IS DISTINCT FROM o.day ORDER BY 1"
        )
        return list(cursor.fetchall())


def _unseen_corrections() -> Iterator[tuple[int, int]]:
    for row in Period.objects.order_by("pk"):
        known = set(Touched.objects.filter(period=row).values_list("case_id", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(
                rollup.changed("DISTINCT case_id"),
                [row.pk, row.since, row.district_id, row.since, row.until],
            )
            yield from ((row.pk, case) for (case,) in cursor.fetchall() if case not in known)


_ZERO = [0] * len(MEASURES)


def _chunks() -> Iterator[list[int]]:
    last = 0
    rows = Case.objects.order_by("pk").values_list("pk", flat=True)
    while ids := list(rows.filter(pk__gt=last)[:_CHUNK]):
        yield ids
        last = ids[-1]


def _place(item: Item) -> tuple[int, str, int]:
    return item.case, item.kind, item.order


def _told(item: Item, kept: bool) -> str:
    where = "kept, not in the tables" if kept else "in the tables, not kept"
    rest = astuple(replace(item, bits=0))[3:]
    return f"case {item.case} {item.kind} {item.order} {codes_of(item.bits)} {rest}: {where}"
