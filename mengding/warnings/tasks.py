"""Looking for what is out of the ordinary."""

from typing import Any

from mengding.jobs.schedule import every
from mengding.warnings import actions


@every("7 * * * *", "warnings.look")
def look() -> dict[str, Any]:
    """Raise and renew warnings."""
    return actions.look()


@every("57 3 * * *", "warnings.forget")
def forget() -> dict[str, Any]:
    """Delete old counts and trials."""
    return {"deleted": actions.forget_old(), "trials": actions.forget_trials()}


@every("* * * * *", "warnings.try")
def try_settings() -> dict[str, Any]:
    """Try settings; hurried when some are asked for, so this is for what was cut off."""
    return actions.carry_out()
