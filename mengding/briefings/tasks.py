"""Briefings on time: early every morning, in the hours people come to work."""

from typing import Any

from mengding.briefings import actions
from mengding.briefings.filling import ZONE
from mengding.core import clock
from mengding.jobs.schedule import every

_FIRST = 6  # hour of the first run, in China


@every("20 22,23 * * *", "briefings.make")  # 06:20 and 07:20 China Standard Time
def make_due() -> dict[str, Any]:
    """What the schedule asks for; the second run makes up for a server that slept."""
    return actions.make_due(last=clock.now().astimezone(ZONE).hour != _FIRST)
