"""How far the numbers have come."""

from typing import Any

from django.db import connection

from mengding.core import clock
from mengding.indicators.actions import READER
from mengding.indicators.models import Mark
from mengding.ledger.feed import SETTLED, stands


def state() -> dict[str, Any]:
    """`as_of`: numbers are right up to then; `lag` s ago; `waiting`: events not taken in yet,
    counted up to 1,000."""
    known = Mark.objects.values_list("as_of", flat=True).first()
    here = stands(READER)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM ledger_event WHERE (xact, id) > (%s, %s)"  # noqa: S608
            f" AND {SETTLED} LIMIT 1000) waiting",
            [here.xact, here.event_id],
        )
        (waiting,) = cursor.fetchone() or (0,)
    lag = max(0.0, (clock.now() - known).total_seconds()) if known else None
    return {"as_of": known, "lag": lag, "waiting": waiting}
