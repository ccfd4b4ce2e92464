"""Sums of measures by one dimension and by steps of time, from cells where there are any.

A span is cut into whole months, read from sums by month, and days more or less beside them, read
from sums by day. What no cut answers is summed from the facts, which have indexes by division,
organisation and class.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from mengding.indicators.cuts import Cut, cut_for
from mengding.indicators.measures import Measure
from mengding.indicators.models import FrozenCell, FrozenFact, Period
from mengding.indicators.queries.once import once
from mengding.indicators.queries.scope import COLUMN, NO_CLASS, Scope, stood_open, where
from mengding.indicators.rollup import CELLS, FACTS
from mengding.indicators.spans import Pieces, Span, cut_up

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
    return once(_key(scope, wish, period), lambda: _read(scope, [(wish, period)])[0])


def read_ahead(scope: Scope, wishes: Iterable[tuple[Wish, Period | None]]) -> None:
    """Read what `summed` will be asked inside `together`, in one statement instead of many."""
    wanted = list(dict.fromkeys(wishes))
    for (wish, period), found in zip(wanted, _read(scope, wanted), strict=True):
        once(_key(scope, wish, period), lambda found=found: found)  # type: ignore[misc]


def _key(scope: Scope, wish: Wish, period: Period | None) -> Hashable:
    return ("sums", scope, wish, period.pk if period else None)


def _read(scope: Scope, wishes: Sequence[tuple[Wish, Period | None]]) -> list[Sums]:
    found: list[Sums] = [{} for _ in wishes]
    parts: list[str] = []
    values: list[Any] = []
    for number, (wish, period) in enumerate(wishes):
        for sql, given in _selects(scope, wish, period):
            parts.append(f"SELECT {number}, {sql}")
            values += given
    if not parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for number, key, step, numbers in cursor.fetchall():
            before = found[number].get((key, step))
            if before is not None:  # another part of the same span
                numbers = [a + b for a, b in zip(before, numbers, strict=True)]
            found[number][key, step] = numbers
    return [{key: vector for key, vector in each.items() if any(vector)} for each in found]


def _selects(scope: Scope, wish: Wish, period: Period | None) -> Iterator[tuple[str, list[Any]]]:
    """What to select, behind SELECT: key, step and an array of sums."""
    if not wish.measures or wish.since >= wish.until:
        return
    stock = wish.stock and period is not None
    dim = {"class": "class_code"}.get(wish.by, wish.by)
    below = dim == "region" or scope.loose
    dims = scope.dims | ({dim} if dim not in ("", "region") else set())
    cut = cut_for(scope.level + below, frozenset(dims))
    if scope.class_code == NO_CLASS and cut is not None and "class_code" in cut.dims:
        cut = None  # few, and found by their index
    if period is not None and cut is not None and not _kept(period, cut):
        cut = None  # closed before there was such a cut
    whole = Span(wish.since, wish.until)
    if stock and cut is None:
        # Sums of all the time before are kept in cuts only; what stood open is kept itself.
        whole = Span(BEGINNING, wish.until)
    if cut is None or wish.step in ("day", "week"):
        pieces = Pieces(None, [whole], [])
    else:
        pieces = cut_up(whole)
    if cut is not None and pieces.months is not None:
        yield _cells(scope, wish, cut, STOCK if stock else "m", pieces.months, period)
    for some, sign in ((pieces.more, ""), (pieces.less, "-")):
        for days in some:
            # Of a closed period sums are kept by month only.
            if cut is not None and cut.daily and period is None:
                yield _cells(scope, wish, cut, "d", days, period, sign)
            else:
                yield _facts(scope, wish, dim, days, period, sign, stock=stock)


def _kept(period: Period, cut: Cut) -> bool:
    kept = FrozenCell.objects.filter(period=period, cut=cut.number)
    return once(("kept", period.pk, cut.number), kept.exists)


def _step(step: str) -> str:
    return f"date_trunc('{step}', day)::date" if step else "NULL::date"


def _cells(
    scope: Scope, wish: Wish, cut: Cut, grain: str, days: Span, period: Period | None,
    sign: str = "",
) -> tuple[str, list[Any]]:  # fmt: skip
    columns = cut.columns()
    dim = {"class": "class_code"}.get(wish.by, wish.by)
    key = {"": "''", "region": "place::text"}.get(dim) or columns[dim]
    parts = ["cut = %s", "grain = %s", "day >= %s", "day < %s"]
    values: list[Any] = [cut.number, grain, days.since, days.until]
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
        if (given := getattr(scope, name)) not in ("", None):  # post 0 is a post: nobody's
            # Behind an expression: the key is read by place and day and checked for this. Said
            # plainly, skipping through it is taken for dearer than all places of another index.
            column = "(b || '')" if columns[name] == "b" else columns[name]
            parts.append(f"{column} = %s")
            values.append(str(given))
    table = CELLS
    if period is not None:
        table = FrozenCell._meta.db_table
        parts.append("period_id = %s")
        values.append(period.pk)
    counted = ", ".join(f"{sign}sum({measure.code})" for measure in wish.measures)
    return (
        f"{key}, {_step(wish.step)}, ARRAY[{counted}]::bigint[] FROM {table}"
        f" WHERE {' AND '.join(parts)} GROUP BY 2, 3",
        values,
    )


def _facts(
    scope: Scope, wish: Wish, dim: str, days: Span, period: Period | None, sign: str, *,
    stock: bool,
) -> tuple[str, list[Any]]:  # fmt: skip
    condition, values = where(scope)
    below = COLUMN[min(scope.level + 1, 3)]
    key = {"": "''", "region": f"{below}::text"}.get(dim) or f"{dim}::text"
    kinds = sorted({measure.kind.value for measure in wish.measures})
    counted = ", ".join(f"{sign}sum(bits >> {measure.bit} & 1)" for measure in wish.measures)
    table = FACTS
    values = [*values, days.since, days.until, kinds]
    if period is not None:
        table = FrozenFact._meta.db_table
        condition += f" AND period_id = {period.pk:d}"
        if stock:
            condition += f" AND {stood_open(period)}"
    return (
        f"{key}, {_step(wish.step)}, ARRAY[{counted}]::bigint[] FROM {table}"
        f" WHERE {condition} AND day >= %s AND day < %s AND kind = ANY(%s) GROUP BY 2, 3",
        values,
    )


def needed(groups: Sequence[tuple[Measure, ...]]) -> tuple[Measure, ...]:
    """Each measure once, in the order of bits."""
    return tuple(sorted({each for group in groups for each in group}, key=lambda m: m.bit))
