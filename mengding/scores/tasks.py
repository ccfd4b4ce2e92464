"""Jobs: freezing months that have settled, and corrections for what came late."""

from datetime import timedelta
from typing import Any

from mengding.jobs.schedule import every
from mengding.scores import gathering, periods, queries
from mengding.scores.models import Month


@every("40 18 * * *", "evaluation.freeze")
def freeze() -> dict[str, Any]:
    """Nightly: freeze last month once everything of it has arrived."""
    return {"frozen": [f"{first:%Y-%m}" for first in periods.freeze_due()]}


@every("50 18 * * *", "evaluation.correct")
def correct() -> dict[str, Any]:
    """Nightly: leave granted afterwards and the like, for the two months frozen last."""
    oldest = gathering.month_of(queries.today() - timedelta(days=100))
    rows = Month.objects.filter(first__gte=oldest).order_by("-first")[:2]
    return {f"{row.first:%Y-%m}": periods.correct_late(row.first) for row in rows}
