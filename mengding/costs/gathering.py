"""Reckoning one case from its events, with the calendar in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mengding.cases.stages import Stage
from mengding.clocks.queries import active_rules, calendar
from mengding.costs.rates import Version
from mengding.costs.reckon import Reckoning, reckon
from mengding.costs.work import Minutes, work
from mengding.indicators.facts import CaseFacts, local_day
from mengding.worktime import Unit, used


def reckoned(
    case: CaseFacts, events: Sequence[dict[str, Any]], versions: Sequence[Version], spent: Minutes
) -> Reckoning:
    """The reckoning of one case; savings only once it is closed."""
    closed = local_day(case.ended_at) if case.ended_at and case.stage == Stage.CLOSED else None
    return reckon(work(events, spent), versions, closed)


def on_site() -> Minutes:
    """How many minutes work on site took: as they passed within a day, else working time."""
    calendar_id, _ = active_rules()
    book = calendar(calendar_id)

    def minutes(since: datetime, until: datetime) -> int:
        if local_day(since) == local_day(until):
            passed = until - since
        else:
            passed = used(since, until, Unit.WORK_MINUTE, book)
        return int(passed.total_seconds() // 60)

    return minutes
