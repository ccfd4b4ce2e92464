"""Briefings on time: early every morning, in the hours people come to work."""

from typing import Any

from mengding.briefings import actions
from mengding.jobs.schedule import every


@every("20 22,23 * * *", "briefings.make")  # 06:20 and 07:20 China Standard Time
def make_due() -> dict[str, Any]:
    """What the schedule asks for; the second run makes up for a server that slept."""
    return actions.make_due()
