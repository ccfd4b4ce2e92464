"""Demands end with their case."""

from typing import Any

from mengding.jobs.schedule import every
from mengding.supervision import actions


@every("* * * * * */15", "supervision.follow")
def follow() -> dict[str, Any]:
    """Read the ledger's feed until it is at its end."""
    read = 0
    while found := actions.follow():
        read += found
    return {"read": read}
