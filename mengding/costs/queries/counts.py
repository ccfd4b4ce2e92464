"""How many ended cases of each pattern: whole months from counts kept ready, the rest from cases.

A span is whole months, and days more or less: of a month of which most is asked for, the days that
are not are taken off. All is read in one statement, so that a case that moves meanwhile is neither
missed nor counted twice.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from django.db import connection

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.cuts import cut_for
from mengding.costs.rollup import CELLS, COSTS
from mengding.indicators.cuts import Cut
from mengding.indicators.queries.scope import COLUMN, NO_CLASS, Scope, where
from mengding.indicators.spans import Pieces, Span, cut_up

BYS = ("class", "org", "region", "channel")
ENDINGS = ("closed", "declined", "void", "merged")
_DIMS = {"class": "class_code"}


@dataclass(frozen=True, slots=True)
class Counts:
    """Packed by (key, first of the month); `unrated`: more that had work before the first rates.

    A pattern may come again, also with cases to take off; the sum is never below zero.
    """

    rows: dict[tuple[str, date | None], bytes]
    unrated: int


def condition(scope: Scope, days: Span, ending: str) -> tuple[str, list[Any]]:
    """The cases meant, as SQL and its parameters."""
    checked(days, ending)
    sql, values = where(scope)
    sql += " AND day >= %s AND day < %s"
    values = [*values, days.since, days.until]
    if ending:
        sql += " AND ending = %s"
        values.append(ending)
    return sql, values


def checked(days: Span, ending: str) -> None:
    """`Invalid` for a question that makes no sense."""
    if ending and ending not in ENDINGS:
        raise Invalid("ending_unknown", T("没有这种结束方式。", "No such ending."), field="ending")
    if days.since >= days.until:
        raise Invalid(
            "period_order", T("结束须晚于开始。", "The end follows the beginning."), field="until"
        )


def counted(
    scope: Scope, days: Span, ending: str, by: str = "", *, monthly: bool = False
) -> Counts:
    """Cases by row, month and pattern. `by` "": all in one row; `monthly`: each month alone."""
    checked(days, ending)
    dim = _DIMS.get(by, by)
    dims = scope.dims | ({dim} if dim not in ("", "region") else set())
    below = dim == "region" or scope.loose
    cut = None if scope.confidential else cut_for(scope.level + below, frozenset(dims))
    month = "date_trunc('month', day)::date" if monthly else "NULL::date"
    pieces = cut_up(days) if cut is not None else Pieces(None, [days], [])
    parts: list[str] = []
    values: list[Any] = []
    for spans, sign in ((pieces.more, ""), (pieces.less, "-")):
        for each in spans:
            sql, given = condition(scope, each, ending)
            parts.append(_cases(scope, dim, month, sql, sign))
            values += given
    if pieces.months is not None and cut is not None:
        sql, given = _cells(scope, pieces.months, ending, dim, cut, month)
        parts.append(sql)
        values += given
    sql = (
        "SELECT key, month, sum(unrated)::bigint, string_agg(patterns, ''::bytea)"  # noqa: S608 (our own names)
        f" FROM ({' UNION ALL '.join(parts)}) part GROUP BY 1, 2"
    )
    connection.ensure_connection()
    # Megabytes of packed counts: Django's own cursor would have them sent as text.
    with psycopg.Cursor(connection.connection) as cursor:
        read = cursor.execute(sql, values, binary=True).fetchall()
    return Counts(
        {(key, at): packed for key, at, _, packed in read if packed},
        sum(unrated for _, _, unrated, _ in read),
    )


def _cases(scope: Scope, dim: str, month: str, sql: str, sign: str) -> str:
    below = COLUMN[min(scope.level + 1, 3)]
    key = f"{below if dim == 'region' else dim}::text" if dim else "''"
    return (
        f"SELECT {key} AS key, {month} AS month,"  # noqa: S608 (our own names)
        f" {sign}count(*) FILTER (WHERE NOT whole) AS unrated,"
        f" string_agg(int4send(pattern_id::integer) || int4send({sign}1), ''::bytea)"
        f" FILTER (WHERE whole) AS patterns FROM {COSTS} WHERE {sql} GROUP BY 1, 2"
    )


def _cells(
    scope: Scope, days: Span, ending: str, dim: str, cut: Cut, month: str
) -> tuple[str, list[Any]]:
    columns = cut.columns()
    key = {"": "''", "region": "place::text"}.get(dim) or columns[dim]
    parts = ["cut = %s", "day >= %s", "day < %s"]
    values: list[Any] = [cut.number, days.since, days.until]
    if dim == "region" or scope.loose:
        parts.append("within = %s")
        values.append(scope.place or 0)
        if scope.loose:
            parts.append("place = 0")
    elif scope.place is not None:
        parts.append("place = %s")
        values.append(scope.place)
    if ending:
        parts.append("ending = %s")
        values.append(ending)
    if scope.orgs is not None:
        parts.append(f"{columns['org']} = ANY(%s)")
        values.append([str(org) for org in scope.orgs])
    if scope.class_code == NO_CLASS:
        parts.append(f"{columns['class_code']} = ''")
    elif scope.class_code:
        parts.append(f"starts_with({columns['class_code']}, %s)")
        values.append(scope.class_code)
    if scope.channel:
        parts.append(f"{columns['channel']} = %s")
        values.append(scope.channel)
    return (
        f"SELECT {key} AS key, {month} AS month, unrated, patterns FROM {CELLS}"  # noqa: S608
        f" WHERE {' AND '.join(parts)}",
        values,
    )
