"""Duty that was forgotten ends by itself."""

from typing import Any

from mengding.duty import actions
from mengding.jobs.schedule import every


@every("* * * * *", "duty.end")
def end() -> dict[str, Any]:
    """End what has run to its limit: time on duty, swaps nobody answered."""
    return {"ended": actions.end_due(), "lapsed": actions.lapse_swaps()}


@every("47 3 * * *", "duty.forget")
def forget() -> dict[str, Any]:
    """Delete what is kept no longer."""
    return dict(actions.forget_old())
