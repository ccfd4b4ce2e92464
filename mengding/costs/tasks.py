"""Costs keep up with the ledger."""

from typing import Any

from mengding.costs import actions
from mengding.jobs.schedule import every


@every("* * * * * */5", "costs.follow")
def follow() -> dict[str, Any]:
    """Reckon cases that changed, then those whose rates did."""
    return {"read": actions.catch_up(), "recounted": actions.recount()}
