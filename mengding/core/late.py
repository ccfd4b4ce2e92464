"""Work that is told of later: a phone without signal sends what was done hours ago.

Both clocks are kept: `at`, when the person did it by the device's clock, and the server's own time
of receipt, which the first never replaces.
"""

from datetime import datetime, timedelta

from mengding.core import clock
from mengding.core.errors import Invalid
from mengding.core.text import T

OLDEST = timedelta(days=7)  # as long as an idempotency key lives
AHEAD = timedelta(minutes=5)  # a phone's clock runs a little fast: so much counts as now


def done_at(at: datetime | None, *, field: str = "at") -> datetime:
    """When the work was done: `at`, or now without one. Raises as `when_done`."""
    now = clock.now()
    return when_done(at, now, field=field) or now


def when_done(at: datetime | None, now: datetime, *, field: str = "at") -> datetime | None:
    """The moment a device gives, at most `now`; None stays None.

    Raises `Invalid` naming `field`: `time_without_zone`, `at_in_future`, `at_too_old`.
    """
    if at is None:
        return None
    if at.tzinfo is None:
        text = T("时间需要带时区。", "The time needs a time zone.")
        raise Invalid("time_without_zone", text, field=field)
    if at > now + AHEAD:
        text = T(
            "时间晚于现在，请检查手机时间。",
            "This lies in the future: check the phone’s clock.",
        )
        raise Invalid("at_in_future", text, field=field, now=now.isoformat())
    if at < now - OLDEST:
        text = T(
            "超过 7 天的工作不能再补报。", "Work of more than 7 days ago is not taken any more."
        )
        raise Invalid("at_too_old", text, field=field, now=now.isoformat())
    return min(at, now)
