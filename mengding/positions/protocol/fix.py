"""One fix, and what is refused before any table is asked."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from mengding.regions.geometry import Crs, to_wgs84

AHEAD = timedelta(seconds=60)  # a device's clock may be this much fast
MOST_METRES = 100_000.0  # an accuracy beyond says nothing; it is kept as this
_MS = 2**31 - 1  # from here on a number is milliseconds (Traccar's rule)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


class Malformed(ValueError):
    """Nothing of it can be read; `field` names what."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Verdict(StrEnum):
    """What became of a fix. All but `KEPT` were dropped on purpose, and the client is told 200."""

    KEPT = "kept"
    DUPLICATE = "duplicate"  # of this account and this instant there is one already
    OFF_DUTY = "off_duty"
    TOO_OLD = "too_old"
    AHEAD = "ahead"  # of the server's clock
    NOWHERE = "nowhere"  # no place on earth
    EMPTY = "empty"  # a heartbeat


@dataclass(frozen=True, slots=True)
class Fix:
    """As the device said it. `lon`/`lat` in degrees, None together in a heartbeat; `at` None: now.

    `accuracy` in metres. `ref` is the client's own id of the fix, given back in the answer.
    """

    at: datetime | None
    lon: float | None
    lat: float | None
    accuracy: float | None = None
    mock: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A fix that may be stored if its account was on duty: WGS-84, a time not ahead of us."""

    at: datetime
    lon: float
    lat: float
    accuracy: float | None
    mock: bool


def judge(fix: Fix, now: datetime, crs: Crs, oldest: datetime) -> Placed | Verdict:
    """The fix in WGS-84, or why it is dropped. Kept to the millisecond and 7 decimals (1 cm)."""
    if fix.lon is None or fix.lat is None:
        return Verdict.EMPTY
    lon, lat = fix.lon, fix.lat
    if not (-180 <= lon <= 180 and -90 <= lat <= 90) or (lon == 0 and lat == 0):
        return Verdict.NOWHERE  # 0,0 is what a receiver says that knows nothing; NaN fails too
    at = now if fix.at is None else fix.at
    if at > now + AHEAD:
        return Verdict.AHEAD
    if at < oldest:
        return Verdict.TOO_OLD
    if crs != "wgs84":
        lon, lat = to_wgs84(lon, lat, crs)
    accuracy = fix.accuracy
    if accuracy is not None:
        usable = math.isfinite(accuracy) and accuracy >= 0
        accuracy = round(min(accuracy, MOST_METRES), 1) if usable else None
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return Placed(at, round(lon, 7), round(lat, 7), accuracy, fix.mock)


def instant(value: Any, field: str) -> datetime:
    """Seconds, milliseconds (from 2³¹−1 on), ISO 8601 or `yyyy-MM-dd HH:mm:ss` (both UTC unless
    they say otherwise). Raises `Malformed`."""
    if isinstance(value, bool):
        raise Malformed(field)
    if isinstance(value, str):
        value = value.strip()
        if _NUMBER.fullmatch(value):
            value = float(value)
    try:
        if isinstance(value, (int, float)):
            seconds = value / 1000 if value >= _MS else value
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str) and ("T" in value or _PLAIN.fullmatch(value)):
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(field) from error
    raise Malformed(field)


def number(value: Any, field: str) -> float:
    """A number, also written as text. Raises `Malformed`; NaN and infinity pass, `judge` drops
    what they are part of."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Malformed(field)
    try:
        return float(value)
    except (ValueError, OverflowError) as error:
        raise Malformed(field) from error


def maybe(value: Any, field: str) -> float | None:
    """A number or nothing: absent, empty and null are one."""
    return None if value is None or value == "" else number(value, field)


def truth(value: Any) -> bool:
    """Whether a flag is set, however it is written."""
    return value is True or (isinstance(value, str) and value.lower() in {"true", "1", "yes"})
