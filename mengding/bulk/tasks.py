"""Runs begin when their seconds are over."""

from typing import Any

from mengding.bulk import actions
from mengding.jobs.schedule import every


@every("* * * * * */2", "bulk.run")
def run() -> dict[str, Any]:
    """Carry out what is due."""
    return actions.run_due()


@every("53 3 * * *", "bulk.forget")
def forget() -> dict[str, Any]:
    """Delete old runs."""
    return {"deleted": actions.forget_old()}
