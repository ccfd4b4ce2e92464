"""When something was done, as a device says that may have had no signal. Pure."""

from datetime import datetime, timedelta

from mengding.core.errors import Invalid
from mengding.core.text import T

OLDEST = timedelta(days=7)
SKEW = timedelta(minutes=5)  # a device's clock that runs ahead


def done_at(at: datetime | None, now: datetime) -> datetime:
    """The moment of the work: `at` within the last 7 days, never after `now`.

    None: now. Raises `Invalid` naming `at`.
    """
    if at is None:
        return now
    if at.tzinfo is None:
        raise Invalid(
            "time_naive", T("时间需要带时区。", "The time needs a time zone."), field="at"
        )
    if at > now + SKEW:
        raise Invalid(
            "at_in_future", T("时间在将来，请检查设备时钟。", "In the future; check the clock."),
            field="at",
        )  # fmt: skip
    if at < now - OLDEST:
        raise Invalid(
            "at_too_old",
            T("超过 7 天，不能再补报。", "More than 7 days ago; too late."),
            field="at",
        )
    return min(at, now)
