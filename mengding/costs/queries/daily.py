"""The inspections and tasks behind the numbers of daily work: what, where and when, never who."""

from datetime import datetime
from typing import Any

from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.activities import BY_CODE
from mengding.costs.queries.beside import MOMENT, piece_price, pieces
from mengding.costs.queries.counts import checked
from mengding.costs.queries.rates import district_of, series
from mengding.costs.queries.values import costs_scope
from mengding.costs.rates import version_on
from mengding.http.paging import paginate
from mengding.indicators.facts import local_day
from mengding.indicators.queries.scope import Filters
from mengding.indicators.spans import Span
from mengding.policy.permissions import require
from mengding.tasks.queries import work


def daily(
    actor: Actor,
    days: Span,
    filters: Filters,
    activity: str,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A page of exactly what a number of daily work counts, newest first, each at its rate.

    `activity`: "inspection" or "task". Of each: `what`, `about`, `where`, `at`, its `state`,
    `fen` (None: no rate held that day) and `minutes` by the estimate.
    """
    require(actor, "costs.cases")
    if activity not in BY_CODE or not BY_CODE[activity].beside:
        raise Invalid(
            "activity_unknown", T("没有这项日常工作。", "No such daily work."), field="activity"
        )
    checked(days, "")
    scope = costs_scope(actor, filters)
    versions = series(district_of(actor))
    rows = pieces(activity, scope, filters, days)
    moment = MOMENT[activity]
    names = work.INSPECTION_NAMES if activity == "inspection" else work.TASK_NAMES
    page, following = paginate(
        rows.select_related(*names), f"-{moment}", datetime, cursor=cursor, limit=limit
    )
    shown = work.inspections(page) if activity == "inspection" else work.tasks(page)
    items = []
    for row, each in zip(page, shown, strict=True):
        at = getattr(row, moment)
        fen, minutes = piece_price(activity, version_on(versions, local_day(at)))
        items.append({**each, "at": at, "fen": fen, "minutes": minutes})
    return {"total": rows.count(), "items": items, "next": following}
