"""Getting to any row of a long list at once: every thousandth row's place, in one reading.

OFFSET alone reads everything before the row; a cursor alone only leads to the next page. With a
cursor for every `STEP`th row, any window is one cursor and at most `STEP` rows skipped. The rows
keep their numbers while others come in on top, because each window hangs on a row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from mengding.cases.queries.filtering import Filters
from mengding.cases.queries.lists import MOST_SKIPPED, ORDERS, in_order
from mengding.core.actor import Actor
from mengding.http.paging import behind, encode_cursor

STEP = MOST_SKIPPED
# A count that takes longer is told as an estimate. Everything that fits is read, so the table in
# the order of an index, row by row, is never the quickest way: an index alone is, or a sort.
_SETTINGS = {"enable_indexscan": "off", "work_mem": "'64MB'"}
PATIENCE = 4000  # ms

# One pass: the numbering and the look ahead share a window over the order of the inner query.
_PLACES = """
SELECT n, v, id FROM (
  SELECT v, id, row_number() OVER () AS n, lead(id) OVER () AS following FROM ({rows}) AS r (v, id)
) AS numbered
WHERE n %% {step} = 0 OR following IS NULL
"""


@contextmanager
def reading_all(patience: int) -> Iterator[None]:
    """A transaction for statements that read everything that fits; `patience` in milliseconds,
    after which one fails with `OperationalError` from `QueryCanceled`."""
    settings = _SETTINGS | {"statement_timeout": str(patience)}
    with transaction.atomic(), connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
        yield
        for name in settings:  # there may be a transaction around this one
            cursor.execute(f"SET LOCAL {name} = DEFAULT")


def anchors(actor: Actor, filters: Filters, *, order: str, head: str | None) -> dict[str, Any]:
    """`total` rows from the cursor `head` on (`exact`, or else the planner's estimate and no
    cursors), and a cursor behind every `step`th row."""
    rows = in_order(actor, filters, order)
    if head:
        rows = rows.filter(behind(head, order, ORDERS[order]))
    name = order.lstrip("-")
    ordered = rows.order_by(order, "-pk" if order.startswith("-") else "pk")
    inner, values = ordered.values_list(name, "pk").query.sql_with_params()
    answer: dict[str, Any] = {"total": 0, "exact": True, "step": STEP, "cursors": []}
    try:
        with reading_all(PATIENCE), connection.cursor() as cursor:
            cursor.execute(_PLACES.format(rows=inner, step=STEP), values)
            for number, value, pk in cursor.fetchall():
                answer["total"] = number
                if number % STEP == 0:
                    answer["cursors"].append(encode_cursor(order, value, pk))
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return {**answer, "total": _estimate(inner, values), "exact": False}
    return answer


def _estimate(inner: str, values: Any) -> int:
    """How many rows the planner expects."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {inner}", values)
        row = cursor.fetchone()
    assert row is not None
    return int(row[0][0]["Plan"]["Plan Rows"])
