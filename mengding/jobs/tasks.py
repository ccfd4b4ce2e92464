"""Housekeeping of the job records themselves."""

from typing import Any

from mengding.jobs.schedule import catch_up, every, forget_old


@every("17 3 * * *", "jobs.forget")
def forget() -> dict[str, Any]:
    """Drop the worker's rows of old jobs."""
    return {"deleted": forget_old()}


@every("*/10 * * * *", "jobs.overdue")
def overdue() -> dict[str, Any]:
    """Queue jobs that never ran or missed their time."""
    return {"queued": catch_up()}
