"""Keeping what cases came to, and the counts over them: only here are they written.

One transaction takes a case out of every count it was in and adds it where it belongs now, so that
counts are always those of the rows of `CaseCost`, whatever happened and in whatever order.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from django.db import connection, transaction

from mengding.costs.cuts import CUTS
from mengding.costs.models import CaseCost, Cell
from mengding.costs.packing import BelowZero, changed
from mengding.indicators.cuts import Cut
from mengding.indicators.spans import Span, months_on
from mengding.ledger import feed

READER = "costs"
COSTS, CELLS = CaseCost._meta.db_table, Cell._meta.db_table
_facts = attrgetter(*(field.attname for field in CaseCost._meta.concrete_fields))


class Key(NamedTuple):
    """One row of counts; see `Cell`."""

    cut: int
    day: date
    within: int
    place: int
    a: str
    b: str
    ending: str


# Pattern, or None for what is not whole → how many cases more (less).
Deltas = dict[Key, Counter[int | None]]
_KEYS = ", ".join(Key._fields)
_TYPES = ("smallint", "date", "bigint", "bigint", "text", "text", "text")
_GIVEN = ", ".join(f"%s::{kind}[]" for kind in _TYPES)
_SAME = " AND ".join(f"c.{name} = k.{name}" for name in Key._fields)


def refresh(rows: Iterable[CaseCost], case_ids: Sequence[int]) -> int:
    """Bring the rows of these cases, and all counts, to what `rows` says. Returns cases changed.

    The caller holds the reader, so nobody else writes meanwhile.
    """
    new = {row.case_id: row for row in rows}
    old = {row.case_id: row for row in CaseCost.objects.filter(pk__in=case_ids)}
    same = {pk for pk in new.keys() & old.keys() if _facts(new[pk]) == _facts(old[pk])}
    gone = [row for pk, row in old.items() if pk not in same]
    come = [row for pk, row in new.items() if pk not in same]
    if not gone and not come:
        return 0
    deltas: Deltas = defaultdict(Counter)
    for some, sign in ((gone, -1), (come, 1)):
        for row in some:
            add(deltas, row, sign)
    CaseCost.objects.filter(pk__in=[row.case_id for row in gone]).delete()
    CaseCost.objects.bulk_create(come)
    _apply({key: by for key, by in deltas.items() if any(by.values())})
    return len({row.case_id for row in (*gone, *come)})


def add(deltas: Deltas, row: CaseCost, sign: int) -> None:
    """Add the case to every count it belongs to (`sign` -1: take it out)."""
    pattern = row.pattern_id if row.whole else None
    for key in keys(row):
        deltas[key][pattern] += sign


def keys(row: CaseCost) -> Iterator[Key]:
    """Every row of counts the case belongs to; none for a confidential one."""
    if row.confidential:
        return
    month = row.day.replace(day=1)
    places = (
        (0, row.district, True),
        (row.district, row.town, True),
        (row.town, row.village, bool(row.town)),
    )
    for cut in CUTS:
        within, place, there = places[cut.level]
        if there:
            a, b = cut.packed([str(getattr(row, dim)) for dim in cut.dims])
            yield Key(cut.number, month, within, place, a, b, row.ending)


def _apply(deltas: Deltas) -> None:
    kept = _kept(deltas)
    made: list[tuple[Key, int, bytes]] = []
    for key, by in deltas.items():
        unrated, packed = kept.get(key, (0, b""))
        whole = {pattern: n for pattern, n in by.items() if pattern is not None and n}
        unrated += by[None]
        if unrated < 0:
            raise BelowZero(key)
        made.append((key, unrated, changed(packed, whole) if whole else packed))
    _write([row for row in made if row[1] or row[2]])
    _forget([key for key, unrated, packed in made if not unrated and not packed])


def _kept(wanted: Iterable[Key]) -> dict[Key, tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(f'c.{name}' for name in Key._fields)}, c.unrated, c.patterns"  # noqa: S608 (our own names)
            f" FROM {CELLS} c JOIN unnest({_GIVEN}) k ({_KEYS}) ON {_SAME}",
            _columns(wanted),
        )
        return {Key(*key): (unrated, bytes(packed)) for *key, unrated, packed in cursor.fetchall()}


def _write(rows: list[tuple[Key, int, bytes]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CELLS} ({_KEYS}, unrated, patterns)"  # noqa: S608
            f" SELECT * FROM unnest({_GIVEN}, %s::integer[], %s::bytea[])"
            " ON CONFLICT (cut, place, day, a, b, ending, within) DO UPDATE"
            " SET unrated = excluded.unrated, patterns = excluded.patterns",
            [
                *_columns(key for key, _, _ in rows),
                [unrated for _, unrated, _ in rows],
                [packed for _, _, packed in rows],
            ],
        )


def _forget(gone: list[Key]) -> None:
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {CELLS} c USING unnest({_GIVEN}) k ({_KEYS}) WHERE {_SAME}",  # noqa: S608
                _columns(gone),
            )


def _columns(some: Iterable[Key]) -> list[list[object]]:
    return [list(column) for column in zip(*some, strict=True)] or [[] for _ in Key._fields]


# Making counts anew


def rebuild(progress: Callable[[str], None] = lambda step: None) -> int:
    """Make all counts anew from the rows of cases, a month at a time; returns how many rows.

    They can be read meanwhile, and the follower goes on between two months.
    """
    made = 0
    for month in months():
        with transaction.atomic():
            feed.hold(READER, wait=True)
            made += sum_up(month)
        progress(f"{month:%Y-%m}")
    return made


def months() -> list[date]:
    """Every month with cases or counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT date_trunc('month', day)::date FROM {COSTS}"  # noqa: S608
            f" UNION SELECT DISTINCT day FROM {CELLS} ORDER BY 1"
        )
        return [month for (month,) in cursor.fetchall()]


def sum_up(month: date) -> int:
    """Make the counts of one month anew; returns how many rows."""
    days, made = Span(month, months_on(month, 1)), 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {CELLS} WHERE day = %s", [month])  # noqa: S608
        # Once for all cuts: rows of one month lie anywhere in a table of many years.
        cursor.execute("DROP TABLE IF EXISTS ended")
        cursor.execute(
            f"CREATE TEMP TABLE ended ON COMMIT DROP AS SELECT * FROM {COSTS}"  # noqa: S608
            " WHERE day >= %s AND day < %s AND NOT confidential",
            [days.since, days.until],
        )
        for cut in CUTS:
            cursor.execute(_counting(cut), [month])
            made += cursor.rowcount
        cursor.execute("DROP TABLE ended")
    return made


_PLACES = (
    ("0", "district", "true"),
    ("district", "town", "true"),
    ("town", "village", "town <> 0"),
)


def _counting(cut: Cut) -> str:
    within, place, there = _PLACES[cut.level]
    a, b = cut.packing()
    return (
        f"INSERT INTO {CELLS} ({_KEYS}, unrated, patterns)"  # noqa: S608
        f" SELECT {cut.number}, %s, within, place, a, b, ending,"
        " coalesce(sum(n) FILTER (WHERE NOT whole), 0),"
        " coalesce(string_agg(int4send(pattern::integer) || int4send(n::integer), ''::bytea"
        " ORDER BY pattern) FILTER (WHERE whole), ''::bytea)"
        f" FROM (SELECT {within} AS within, {place} AS place, {a} AS a, {b} AS b, ending, whole,"
        " CASE WHEN whole THEN pattern_id END AS pattern, count(*) AS n FROM ended"
        f" WHERE {there} GROUP BY 1, 2, 3, 4, 5, 6, 7) alike"
        " GROUP BY within, place, a, b, ending"
    )
