"""Tasks are made ahead, work is counted, what has to go goes."""

from typing import Any

from mengding.core.actor import SYSTEM
from mengding.core.errors import NotFound
from mengding.jobs.schedule import every
from mengding.tasks import following
from mengding.tasks.actions import care, doing, editions, generate


@every("7 * * * *", "tasks.generate")
def make() -> dict[str, Any]:
    """Make the tasks of the coming days; again in the same hour: none."""
    try:
        editions.install_default(SYSTEM)
    except NotFound:  # no case catalogue yet: the district is still being set up
        return {"made": 0, "excused": 0}
    return {"made": generate.generate_all(), "excused": generate.excuse()}


@every("* * * * * */5", "tasks.follow")
def follow() -> dict[str, Any]:
    """Read the ledger's feed until it is at its end."""
    read = 0
    while found := following.follow():
        read += found
    return {"read": read}


@every("31 3 * * *", "tasks.erase")
def erase() -> dict[str, Any]:
    """Erase addresses of old visits, and end consents whose day has come."""
    return {"addresses": doing.erase_addresses(), "consents": care.end_due()}
