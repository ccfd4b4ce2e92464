"""Every write of warnings: raising them, owning them, counts of visitors, settings, trials."""

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
from mengding.warnings.actions.trials import ask, call_off, carry_out, forget_trials

__all__ = [
    "CaseData",
    "TaskData",
    "add_spot",
    "ask",
    "call_off",
    "carry_out",
    "count",
    "decide",
    "forget_old",
    "forget_trials",
    "look",
    "open_case",
    "order_task",
    "publish",
    "take",
]
