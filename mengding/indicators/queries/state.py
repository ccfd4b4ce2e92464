"""How far the numbers have come."""

from typing import Any

from django.db import connection

from mengding.core import clock
from mengding.indicators.actions import READER
from mengding.indicators.models import Mark
from mengding.ledger.feed import SETTLED


def state() -> dict[str, Any]:
    """`as_of`: numbers are right up to then; `lag` s ago; `waiting`: events not taken in yet,
    counted up to 1,000."""
    known = Mark.objects.values_list("as_of", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM ledger_event WHERE (xact, id) >"  # noqa: S608
            " (coalesce((SELECT xact FROM ledger_cursor WHERE name = %s), 0),"
            "  coalesce((SELECT event_id FROM ledger_cursor WHERE name = %s), 0))"
            f" AND {SETTLED} LIMIT 1000) waiting",
            [READER, READER],
        )
        (waiting,) = cursor.fetchone() or (0,)
    lag = max(0.0, (clock.now() - known).total_seconds()) if known else None
    return {"as_of": known, "lag": lag, "waiting": waiting}
