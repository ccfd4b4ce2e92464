"""Old positions go, every night, and the record of the job says how many."""

from typing import Any

from mengding.jobs.schedule import every
from mengding.positions import actions
from mengding.positions.queries import JOB


@every("20 */6 * * *", JOB)
def expire() -> dict[str, Any]:
    """Drop days past keeping, newest positions of who is off duty; make the next days."""
    return actions.expire()
