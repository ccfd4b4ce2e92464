"""Every write of warnings: raising them, owning them, counts of visitors, settings."""

from mengding.warnings.actions.crowds import add_spot, count, forget_old
from mengding.warnings.actions.owning import (
    CaseData,
    TaskData,
    decide,
    open_case,
    order_task,
    take,
)
from mengding.warnings.actions.raising import look
from mengding.warnings.actions.settings import publish

__all__ = [
    "CaseData",
    "TaskData",
    "add_spot",
    "count",
    "decide",
    "forget_old",
    "look",
    "open_case",
    "order_task",
    "publish",
    "take",
]
