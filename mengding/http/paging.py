"""Cursor paging: `{"items": [...], "next": "opaque"|null}`, stable while rows come and go.

The cursor carries the sort value and id of the last row. It is validated, not signed: it can
only name a place in a list that the reader may see anyway.
"""

import base64
import binascii
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from ninja import Field, Schema

from mengding.core.errors import Invalid
from mengding.core.text import T

DEFAULT, LARGEST = 50, 200
_BIGINT = 2**63
SortValue = str | int | float | datetime
_M = TypeVar("_M", bound=Model)
_V = TypeVar("_V", str, int, float, datetime)


class Paging(Schema):
    """Query parameters of every list: `paging: Query[Paging]`."""

    cursor: str | None = Field(
        None, max_length=600, description="`next` of the page before; absent for the first page."
    )
    limit: int = Field(DEFAULT, ge=1, le=LARGEST, description="Rows on one page.")


def encode_cursor(order: str, value: SortValue, row_id: int) -> str:
    """An opaque cursor behind the row (`value`, `row_id`) of a list in the named order."""
    raw = msgspec.json.encode([order, value, row_id])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str, order: str, kind: type[_V]) -> tuple[_V, int]:
    """(sort value, id) of a cursor made for the same order; raises `Invalid` naming `cursor`."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        made_for, given, row_id = msgspec.json.decode(raw, type=tuple[str, Any, int])
        value: _V = msgspec.convert(given, kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _bad() from error
    if made_for != order or abs(row_id) >= _BIGINT or not _storable(value):
        raise _bad()
    return value, row_id


def _storable(value: SortValue) -> bool:
    match value:
        case datetime():
            return value.tzinfo is not None
        case str():
            return "\0" not in value
        case int():
            return abs(value) < _BIGINT
    return True


def _bad() -> Invalid:
    return Invalid(
        "cursor_invalid",
        T(
            "游标无效，请从第一页重新开始。",
            "The cursor is not valid; start again at the first page.",
        ),
        field="cursor",
    )


def paginate(
    rows: QuerySet[_M, Any],
    order: str,
    kind: type[_V],
    *,
    cursor: str | None,
    limit: int,
    skip: int = 0,
) -> tuple[list[Any], str | None]:
    """One page of `rows` and the cursor of the next.

    `order` is one field of the model, with "-" for descending; ids break ties in the same
    direction, so index (field, id). `kind` is the Python type of the field. `skip` rows behind the
    cursor are read and left out: keep it small.
    """
    name = order.lstrip("-")
    if cursor:
        rows = rows.filter(behind(cursor, order, kind))
    ordered = rows.order_by(order, "-pk" if order.startswith("-") else "pk")
    found = list(ordered[skip : skip + limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode_cursor(order, _read(last, name), _read(last, "pk"))


def behind(cursor: str, order: str, kind: type[_V]) -> Q:
    """The condition for rows behind a cursor of the same order; raises `Invalid`."""
    value, row_id = decode_cursor(cursor, order, kind)
    # Compared as a row: one condition, which the index (field, id) starts from and the planner
    # estimates well. As an OR of two it took such a place for a rare one, and sorted.
    here = Func(F(order.lstrip("-")), F("pk"), template="(%(expressions)s)")
    there = Func(Value(value), Value(row_id), template="(%(expressions)s)")
    return Q(
        Func(
            here,
            there,
            template="%(expressions)s",
            arg_joiner=" < " if order.startswith("-") else " > ",
            output_field=BooleanField(),
        )
    )


def _read(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row["id" if name == "pk" else name]
    return getattr(row, name)
