"""How many ended cases of each pattern: whole months from counts kept ready, the rest from cases.

A span is whole months, and the days beside them. Both are read in one statement, so that a case
that moves meanwhile is neither missed nor counted twice.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.cuts import cut_for
from mengding.costs.packing import Pairs, pairs
from mengding.costs.rollup import CELLS, COSTS, PACKED
from mengding.indicators.cuts import Cut
from mengding.indicators.queries.scope import COLUMN, NO_CLASS, Scope, where
from mengding.indicators.spans import Span, months_on

BYS = ("class", "org", "region", "channel")
ENDINGS = ("closed", "declined", "void", "merged")
_DIMS = {"class": "class_code"}


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by (key, first of the month), and how many more had work before the first rates."""

    rows: dict[tuple[str, date | None], Pairs]
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
    months, beside = whole_months(days) if cut is not None else (None, [days])
    parts: list[str] = []
    values: list[Any] = []
    for span in beside:
        sql, given = condition(scope, span, ending)
        parts.append(_cases(scope, dim, month, sql))
        values += given
    if months is not None and cut is not None:
        sql, given = _cells(scope, months, ending, dim, cut, month)
        parts.append(sql)
        values += given
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, month, sum(unrated), string_agg(patterns, '')"  # noqa: S608 (our own names)
            f" FROM ({' UNION ALL '.join(parts)}) part GROUP BY 1, 2",
            values,
        )
        read = cursor.fetchall()
    return Counts(
        {(key, at): pairs(bytes(packed)) for key, at, _, packed in read if packed},
        sum(int(unrated) for _, _, unrated, _ in read),
    )


def whole_months(days: Span) -> tuple[Span | None, list[Span]]:
    """The whole months in a span, and the days beside them."""
    first = days.since if days.since.day == 1 else months_on(days.since.replace(day=1), 1)
    last = days.until.replace(day=1)
    if first >= last:
        return None, [days]
    edges = [Span(days.since, first), Span(last, days.until)]
    return Span(first, last), [span for span in edges if span.since < span.until]


def _cases(scope: Scope, dim: str, month: str, sql: str) -> str:
    below = COLUMN[min(scope.level + 1, 3)]
    key = f"{below if dim == 'region' else dim}::text" if dim else "''"
    return (
        f"SELECT key, month, {PACKED} FROM"  # noqa: S608 (our own names)
        f" (SELECT {key} AS key, {month} AS month, whole,"
        " CASE WHEN whole THEN pattern_id END AS pattern, count(*) AS n"
        f" FROM {COSTS} WHERE {sql} GROUP BY 1, 2, 3, 4) alike GROUP BY key, month"
    )


def _cells(
    scope: Scope, days: Span, ending: str, dim: str, cut: Cut, month: str
) -> tuple[str, list[Any]]:
    columns = dict(zip(cut.dims, ("a", "b"), strict=False))
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
