"""Sums of measures by one dimension and by steps of time, from cells where there are any.

A span is cut into whole months, read from sums by month, and the days beside them, read from sums
by day. What no cut answers is summed from the facts, which have indexes by division, organisation
and class.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from mengding.indicators.cuts import Cut, cut_for
from mengding.indicators.measures import Measure
from mengding.indicators.models import FrozenCell, FrozenFact, Period
from mengding.indicators.queries.once import once
from mengding.indicators.queries.scope import COLUMN, NO_CLASS, Scope, where
from mengding.indicators.rollup import CELLS, FACTS

BEGINNING = date(1970, 1, 1)
STEPS = ("", "day", "week", "month", "quarter", "year")
STOCK = "s"  # grain of what is kept, beside a closed month, of all the time before its end
Sums = dict[tuple[str, date | None], list[int]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to sum: over [since, until), grouped `by` a dimension ("" for none; "region": the
    divisions directly below) and by `step` of time ("" for none)."""

    measures: tuple[Measure, ...]
    since: date
    until: date
    by: str = ""
    step: str = ""
    stock: bool = False  # of a closed period: all that came before its end


def summed(scope: Scope, wish: Wish, period: Period | None = None) -> Sums:
    """Sums by (key, beginning of the step); keys are ids or codes as text. Not to be changed:
    tables of one answer share them.

    `period`: as they were when it was closed (its span must be the wish's).
    """
    key = ("sums", scope, wish, period.pk if period else None)
    return once(key, lambda: _summed(scope, wish, period))


def _summed(scope: Scope, wish: Wish, period: Period | None) -> Sums:
    if not wish.measures or wish.since >= wish.until:
        return {}
    stock = wish.stock and period is not None
    dim = {"class": "class_code"}.get(wish.by, wish.by)
    below = dim == "region" or scope.loose
    dims = scope.dims | ({dim} if dim not in ("", "region") else set())
    cut = cut_for(scope.level + below, frozenset(dims))
    if scope.class_code == NO_CLASS and cut is not None and "class_code" in cut.dims:
        cut = None  # few, and found by their index
    if period is not None and cut is not None and not _kept(period, cut):
        cut = None  # closed before there was such a cut
    if stock and cut is None:
        return {}  # kept for what stands in a cut only
    months, days = _parts(wish)
    parts: list[tuple[str, list[Any]]] = []
    for spans, grain in ((months, STOCK if stock else "m"), (days, "d")):
        for since, until in spans:
            # Of a closed period sums are kept by month only.
            daily = cut is not None and cut.daily and period is None
            if cut is not None and (grain != "d" or daily):
                parts.append(_cells(scope, wish, cut, grain, since, until, period))
            else:
                parts.append(_facts(scope, wish, dim, since, until, period))
    found: Sums = defaultdict(lambda: [0] * len(wish.measures))
    with connection.cursor() as cursor:
        for sql, values in parts:
            cursor.execute(sql, values)
            for key, step, *numbers in cursor.fetchall():
                vector = found[key, step]
                for place, number in enumerate(numbers):
                    vector[place] += int(number or 0)
    return {key: vector for key, vector in found.items() if any(vector)}


def _kept(period: Period, cut: Cut) -> bool:
    kept = FrozenCell.objects.filter(period=period, cut=cut.number)
    return once(("kept", period.pk, cut.number), kept.exists)


def _parts(wish: Wish) -> tuple[list[tuple[date, date]], list[tuple[date, date]]]:
    """Whole months and the days beside them."""
    first = wish.since if wish.since.day == 1 else _next_month(wish.since)
    last = wish.until.replace(day=1)
    if wish.step in ("day", "week") or first >= last:
        return [], [(wish.since, wish.until)]
    days = [(wish.since, first), (last, wish.until)]
    return [(first, last)], [span for span in days if span[0] < span[1]]


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _step(step: str) -> str:
    return f"date_trunc('{step}', day)::date" if step else "NULL::date"


def _cells(
    scope: Scope, wish: Wish, cut: Cut, grain: str, since: date, until: date,
    period: Period | None,
) -> tuple[str, list[Any]]:  # fmt: skip
    columns = dict(zip(cut.dims, ("a", "b"), strict=False))
    dim = {"class": "class_code"}.get(wish.by, wish.by)
    key = {"": "''", "region": "place::text"}.get(dim) or columns[dim]
    parts = ["cut = %s", "grain = %s", "day >= %s", "day < %s"]
    values: list[Any] = [cut.number, grain, since, until]
    if dim == "region" or scope.loose:
        parts.append("within = %s")
        values.append(scope.place or 0)
        if scope.loose:
            parts.append("place = 0")
    elif scope.place is not None:
        parts.append("place = %s")
        values.append(scope.place)
    if not scope.confidential:
        parts.append("NOT confidential")
    if scope.orgs is not None:
        parts.append(f"{columns['org']} = ANY(%s)")
        values.append([str(org) for org in scope.orgs])
    if scope.class_code:
        parts.append(f"starts_with({columns['class_code']}, %s)")
        values.append(scope.class_code)
    for name in ("channel", "tier", "post"):
        if given := getattr(scope, name):
            parts.append(f"{columns[name]} = %s")
            values.append(str(given))
    table = CELLS
    if period is not None:
        table = FrozenCell._meta.db_table
        parts.append("period_id = %s")
        values.append(period.pk)
    counted = ", ".join(f"sum({measure.code})" for measure in wish.measures)
    return (
        f"SELECT {key}, {_step(wish.step)}, {counted} FROM {table}"  # noqa: S608 (our own names)
        f" WHERE {' AND '.join(parts)} GROUP BY 1, 2",
        values,
    )


def _facts(
    scope: Scope, wish: Wish, dim: str, since: date, until: date, period: Period | None
) -> tuple[str, list[Any]]:
    condition, values = where(scope)
    below = COLUMN[min(scope.level + 1, 3)]
    key = {"": "''", "region": f"{below}::text"}.get(dim) or f"{dim}::text"
    kinds = sorted({measure.kind.value for measure in wish.measures})
    counted = ", ".join(f"sum(bits >> {measure.bit} & 1)" for measure in wish.measures)
    table = FACTS
    values = [*values, since, until, kinds]
    if period is not None:
        table = FrozenFact._meta.db_table
        condition += f" AND period_id = {period.pk:d}"
    return (
        f"SELECT {key}, {_step(wish.step)}, {counted} FROM {table}"  # noqa: S608 (our own names)
        f" WHERE {condition} AND day >= %s AND day < %s AND kind = ANY(%s) GROUP BY 1, 2",
        values,
    )


def needed(groups: Sequence[tuple[Measure, ...]]) -> tuple[Measure, ...]:
    """Each measure once, in the order of bits."""
    return tuple(sorted({each for group in groups for each in group}, key=lambda m: m.bit))
