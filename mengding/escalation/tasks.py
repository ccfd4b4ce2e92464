"""Following clocks, running steps, checking alarms, auditing."""

from typing import Any

from mengding.escalation import actions
from mengding.jobs.schedule import every


@every("* * * * * */5", "escalation.follow")
def follow() -> dict[str, Any]:
    """Bring the watches up to date with the ledger."""
    return {"read": actions.follow()}


@every("* * * * * */5", "escalation.run")
def run() -> dict[str, Any]:
    """Run the steps that are due."""
    return actions.run_due()


@every("* * * * *", "escalation.alarms")
def alarms() -> dict[str, Any]:
    """Raise, repeat and end alarms."""
    return actions.check_alarms()


@every("*/10 * * * *", "escalation.audit")
def audit() -> dict[str, Any]:
    """Prove that every step ran, or say which did not and why."""
    found = actions.audit()
    return {
        "clocks": found.clocks,
        "due": found.due,
        "ran": found.ran,
        "missing": found.missing,
        "by_reason": found.by_reason,
        "gaps": found.gaps[:20],
    }


@every("37 3 * * *", "escalation.forget")
def forget() -> dict[str, Any]:
    """Delete old watches and alarms."""
    return {"deleted": actions.forget_old()}
