"""Keeping facts and sums: only here are they written.

One transaction takes the facts a case no longer has out of every sum and puts its new ones in, so
that sums are always those of the facts, whatever happened to a case and in whatever order.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter

from django.db import connection

from mengding.indicators.cuts import CUTS, Cut, Key, keys
from mengding.indicators.facts import CaseFacts, Item, items
from mengding.indicators.measures import MEASURES
from mengding.indicators.models import Cell, Fact, FrozenFact, Period, Touched

FACTS, CELLS = Fact._meta.db_table, Cell._meta.db_table
CODES = [measure.code for measure in MEASURES]
_ITEM = [field.name for field in fields(Item)]
COLUMNS = ["case_id", "kind", "order_id", *_ITEM[3:]]
KEYS = [field.name for field in fields(Key)]
_row, _key = attrgetter(*_ITEM), attrgetter(*KEYS)
_LISTED = ", ".join(COLUMNS)
_UPSERT = (
    f"INSERT INTO {CELLS} ({', '.join(KEYS + CODES)})"  # noqa: S608 (our own names)
    f" SELECT {', '.join(KEYS + CODES)} FROM json_populate_recordset(NULL::{CELLS}, %s)"
    " ON CONFLICT (cut, grain, place, day, a, b, confidential, within) DO UPDATE SET "
    + ", ".join(f"{code} = {CELLS}.{code} + excluded.{code}" for code in CODES)
)
_TOUCH = (
    f"INSERT INTO {Touched._meta.db_table} (period_id, case_id)"  # noqa: S608
    f" SELECT DISTINCT p.id, t.c FROM {Period._meta.db_table} p"
    " JOIN unnest(%s::bigint[], %s::bigint[], %s::date[]) AS t (c, district, day)"
    " ON t.district = p.district_id AND t.day >= p.since AND t.day < p.until"
    " ON CONFLICT DO NOTHING"
)
_DIFFERS = " OR ".join(f"k.{name} IS DISTINCT FROM o.{name}" for name in COLUMNS[3:-1])
Deltas = dict[Key, list[int]]


def refresh(cases: Iterable[CaseFacts], case_ids: Sequence[int], as_of: datetime) -> int:
    """Bring the facts of these cases, and all sums, to what `cases` says. Returns facts changed.

    The caller holds the reader (`actions.follow`), so nobody else writes meanwhile.
    """
    new = {item for case in cases for item in items(case, as_of)}
    old = set(stored(case_ids))
    gone, come = old - new, new - old
    if not gone and not come:
        return 0
    deltas: Deltas = defaultdict(lambda: [0] * len(MEASURES))
    for some, sign in ((gone, -1), (come, 1)):
        for item in some:
            add(deltas, item, sign)
    with connection.cursor() as cursor:
        if gone:
            cursor.execute(
                f"DELETE FROM {FACTS} f USING"  # noqa: S608
                " unnest(%s::bigint[], %s::text[], %s::bigint[]) AS g (c, k, o)"
                " WHERE f.case_id = g.c AND f.kind = g.k AND f.order_id = g.o",
                [
                    [item.case for item in gone],
                    [item.kind for item in gone],
                    [item.order for item in gone],
                ],
            )
        left = {item.case: item.day for item in new if item.kind == "out"}
        insert(come, left)
        whose = {item.case for item in gone | come if item.kind == "out"}
        _leave(whose - {item.case for item in come if item.kind == "in"}, left)
        rows = [
            dict(zip(KEYS, _key(key), strict=True)) | dict(zip(CODES, vector, strict=True))
            for key, vector in deltas.items()
            if any(vector)
        ]
        if rows:
            cursor.execute(_UPSERT, [json.dumps(rows, default=str)])
        moved = [(item.case, item.district, item.day) for item in gone | come]
        cursor.execute(_TOUCH, [list(column) for column in zip(*moved, strict=True)])
    return len(gone) + len(come)


def stored(case_ids: Sequence[int]) -> Iterator[Item]:
    """The facts kept of these cases."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_LISTED} FROM {FACTS} WHERE case_id = ANY(%s)",  # noqa: S608
            [list(case_ids)],
        )
        for row in cursor.fetchall():
            yield Item(*row)


def add(deltas: Deltas, item: Item, sign: int) -> None:
    """Add the fact to every sum it belongs to (`sign` -1: take it out)."""
    counted = [measure.bit for measure in MEASURES if item.bits >> measure.bit & 1]
    for key in keys(item):
        vector = deltas[key]
        for bit in counted:
            vector[bit] += sign


def insert(come: Iterable[Item], left: Mapping[int, date]) -> None:
    """Write facts that are not there yet. `left`: the day each case that has ended did."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {FACTS} ({_LISTED}, left_on) FROM STDIN") as copy,
    ):
        for item in come:
            copy.write_row((*_row(item), left.get(item.case) if item.kind == "in" else None))


def _leave(cases: Iterable[int], left: Mapping[int, date]) -> None:
    """Write on which day these cases ended, or that they go on."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {FACTS} SET left_on = %s WHERE case_id = %s AND kind = 'in'",  # noqa: S608
            [(left.get(case), case) for case in sorted(cases)],
        )


@contextmanager
def anew() -> Iterator[None]:
    """Forget every fact and every sum; inside, facts are inserted without their indexes, which
    are built in one go at the end."""
    indexes = Fact._meta.indexes
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {FACTS}, {CELLS}")
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Fact, index)
    yield
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Fact, index)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {FACTS}")


def changed(what: str, narrow: str = "true") -> str:
    """SQL of a closed period's facts that are no longer as they were kept (`k`; now `o`).

    Its values: period, since, those of `narrow`, district, since, until, those of `narrow`.
    """
    return (
        f"SELECT {what} FROM (SELECT * FROM {FrozenFact._meta.db_table}"  # noqa: S608
        f" WHERE period_id = %s AND day >= %s AND {narrow}) k"
        f" FULL JOIN (SELECT * FROM {FACTS} WHERE district = %s AND day >= %s AND day < %s"
        f" AND {narrow}) o USING (case_id, kind, order_id) WHERE {_DIFFERS}"
    )


def touched_anew() -> None:
    """Find in every closed period which cases are no longer as they were kept."""
    with connection.cursor() as cursor:
        for row in Period.objects.order_by("pk"):
            cursor.execute(
                f"INSERT INTO {Touched._meta.db_table} (period_id, case_id)"
                f" {changed('DISTINCT %s::bigint, case_id')} ON CONFLICT DO NOTHING",
                [row.pk, row.pk, row.since, row.district_id, row.since, row.until],
            )


def sum_up(progress: Callable[[str], None] = lambda step: None) -> None:
    """Make the sums of every cut that has none from the facts: all of them after `anew`, new ones
    after an upgrade."""
    for cut in CUTS:
        if Cell.objects.filter(cut=cut.number).exists():
            continue
        progress(f"cut {cut.number}")
        with connection.cursor() as cursor:
            if cut.daily:
                cursor.execute(_from_facts(cut, "d"))
                cursor.execute(_months_of_days(cut))
            else:
                cursor.execute(_from_facts(cut, "m"))


_PLACES = (
    ("0", "district", "true"),
    ("district", "town", "true"),
    ("town", "village", "town <> 0"),
)


def _from_facts(cut: Cut, grain: str) -> str:
    """Facts of one row of sums mostly count for the same: they are counted first, and only then
    taken apart into measures, which is several times faster."""
    within, place, there = _PLACES[cut.level]
    day = "day" if grain == "d" else "date_trunc('month', day)::date"
    a, b = cut.packing()
    counted = ", ".join(f"sum((bits >> {m.bit} & 1) * n)" for m in MEASURES)
    return (
        f"INSERT INTO {CELLS} ({', '.join(KEYS + CODES)})"  # noqa: S608
        f" SELECT {cut.number}, '{grain}', day, district, within, place, a, b, confidential,"
        f" {counted} FROM (SELECT {day} AS day, district, {within} AS within, {place} AS place,"
        f" {a} AS a, {b} AS b, confidential, bits, count(*) AS n FROM {FACTS} WHERE {there}"
        " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) alike GROUP BY day, district, within, place, a, b,"
        " confidential"
    )


def _months_of_days(cut: Cut) -> str:
    counted = ", ".join(f"sum({code})" for code in CODES)
    return (
        f"INSERT INTO {CELLS} ({', '.join(KEYS + CODES)})"  # noqa: S608
        " SELECT cut, 'm', date_trunc('month', day)::date, district, within, place, a, b,"
        f" confidential, {counted} FROM {CELLS} WHERE cut = {cut.number} AND grain = 'd'"
        " GROUP BY 1, 3, 4, 5, 6, 7, 8, 9"
    )


def sums() -> Iterator[tuple[Key, list[int]]]:
    """Every row of sums that is not all zero, read from the server bit by bit."""
    for cut in CUTS:
        rows = Cell.objects.filter(cut=cut.number).values_list(*KEYS, *CODES)
        for row in rows.iterator(chunk_size=5000):
            vector = list(row[len(KEYS) :])
            if any(vector):
                yield Key(*row[: len(KEYS)]), vector


def month_of(day: date) -> date:
    """The first of the month."""
    return day.replace(day=1)
