"""Telling posts what happened, within seconds."""

from typing import Any

from mengding.jobs.schedule import every
from mengding.notices import actions, telling


@every("* * * * * */5", "notices.follow")
def follow() -> dict[str, Any]:
    """Read the ledger's feed until it is at its end."""
    read = 0
    while found := telling.follow():
        read += found
    return {"read": read}


@every("47 3 * * *", "notices.forget")
def forget() -> dict[str, Any]:
    """Delete old notices."""
    return {"deleted": actions.forget_old()}
