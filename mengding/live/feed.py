"""Reading the ledger's feed asynchronously, with what visibility needs of each case."""

from typing import Any

import psycopg
from django.conf import settings
from psycopg.rows import dict_row

from mengding.ledger.feed import SETTLED, Position

# The case's bearings as they are now, widened by the organisations it has just left, so that
# who loses a case is told that it went.
_SELECT = f"""
SELECT e.id, e.xact, e.subject_kind, e.subject_id, e.seq, e.at, e.action,
  e.after->>'stage' AS stage,
  CASE WHEN jsonb_typeof(e.after->'version') = 'number' THEN (e.after->>'version')::bigint END
    AS version,
  c.district_id, c.town_id, c.village_id, c.grid_id, c.confidential, c.received_by,
  c.order_org_ids,
  (SELECT array_agg(o::bigint) FROM jsonb_array_elements_text(e.before->'order_org_ids') o)
    AS left_org_ids
FROM ledger_event e
LEFT JOIN cases_case c ON e.subject_kind = 'case' AND c.id = e.subject_id
WHERE (e.xact, e.id) > (%s, %s) AND (e.xact, e.id) <= (%s, %s) AND e.{SETTLED}
ORDER BY e.xact, e.id LIMIT %s
"""  # noqa: S608 - constants of this module only
_LAST = (2**62, 2**62)


async def connect() -> psycopg.AsyncConnection[dict[str, Any]]:
    """A connection of the live side's own; the synchronous side keeps to its own."""
    database = settings.DATABASES["default"]
    options = {**database["OPTIONS"], "application_name": "mengding-live"}
    return await psycopg.AsyncConnection.connect(
        dbname=database["NAME"],
        user=database["USER"] or None,
        password=database["PASSWORD"] or None,
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        autocommit=True,
        row_factory=dict_row,
        **options,
    )


async def tail(connection: psycopg.AsyncConnection[dict[str, Any]]) -> Position:
    """The position behind everything settled now."""
    cursor = await connection.execute(
        f"SELECT xact, id FROM ledger_event WHERE {SETTLED} ORDER BY xact DESC, id DESC LIMIT 1"  # noqa: S608
    )
    row = await cursor.fetchone()
    return Position(row["xact"], row["id"]) if row else Position()


async def read(
    connection: psycopg.AsyncConnection[dict[str, Any]],
    after: Position,
    *,
    until: Position | None = None,
    limit: int = 1000,
) -> list[dict[str, Any]]:
    """Settled events behind `after` and up to `until`, oldest first."""
    upto = (until.xact, until.event_id) if until else _LAST
    cursor = await connection.execute(
        _SELECT, (after.xact, after.event_id, *upto, limit), prepare=True
    )
    return await cursor.fetchall()
