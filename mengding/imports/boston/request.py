"""One line of the archive, read and checked. Pure: no Django.

Times are Boston wall-clock time without a zone. The archive does not say when a request was
dispatched, only when it should have been done (`target_dt`); see `Request.dispatched_at`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mengding.cases.stages import Channel, Outcome
from mengding.core.text import T
from mengding.imports.rows import Reject, Row

COLUMNS = (
    "case_enquiry_id", "open_dt", "target_dt", "closed_dt", "ontime", "case_status",
    "closure_reason", "case_title", "subject", "reason", "type", "queue", "department",
    "submittedphoto", "closedphoto", "location", "fire_district", "pwd_district",
    "city_council_district", "police_district", "neighborhood", "neighborhood_services_district",
    "ward", "precinct", "location_street_name", "location_zipcode", "latitude", "longitude",
    "source",
)  # fmt: skip
ZONE = ZoneInfo("America/New_York")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LONGEST = 1_000_000  # the largest amount of a filing condition

# A request without a target is never late: a hundred years.
NO_TARGET = (36_500, "natural_day")

CHANNELS = {
    "Constituent Call": Channel.PHONE,
    "Employee Generated": Channel.GRID,
    "Self Service": Channel.WEB,
    "Citizens Connect App": Channel.OPEN311,
    "Maximo Integration": Channel.TRANSFER,
    "Twitter": Channel.WEB,
}
# How `closure_reason` begins (after "Case Closed "), and what that says of the outcome. Anything
# else, also nothing, is `fixed`: the city closed it and gave no reason to doubt it.
OUTCOMES = (
    ("Duplicate of Existing Case", Outcome.NOT_FIXED),
    ("Case Invalid", Outcome.NOT_FIXED),
    ("NOVIO", Outcome.NOT_FIXED),  # no violation found
    ("NOACC", Outcome.NOT_FIXED),  # no access
    ("TFA", Outcome.NOT_FIXED),  # tenant failed appointment
    ("ADCLSD", Outcome.NOT_FIXED),  # administratively closed
    ("CLOSED: Closed/No Permit", Outcome.NOT_FIXED),
    ("Case Referred to External Agency", Outcome.NOT_OURS),
    ("ROA", Outcome.NOT_OURS),  # referred to another agency or division
)
_WARD = re.compile(r"(?:Ward )?0?(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Request:
    """A line without fault. Moments are UTC; `ward` 1 to 22, or None."""

    ref: str
    opened: datetime
    target: datetime | None
    closed: datetime | None
    type: str
    reason: str
    department: str
    title: str
    location: str
    closure: str
    ward: int | None
    lon: float | None
    lat: float | None
    channel: Channel
    photo: str
    details: dict[str, str]

    @property
    def limit(self) -> tuple[int, str]:
        """(amount, unit): the time from opening to target in whole minutes, rounded down.

        At least one minute; whole hours beyond a million minutes (there are targets 48 years
        away); `NO_TARGET` without a target.
        """
        if self.target is None:
            return NO_TARGET
        span = self.target - self.opened
        if span // MINUTE <= LONGEST:
            return max(1, span // MINUTE), "urgent_minute"
        return min(LONGEST, span // HOUR), "urgent_hour"

    @property
    def dispatched_at(self) -> datetime:
        """The moment from which `limit` ends exactly at the target.

        That is less than a minute (an hour for the longest limits) after opening; never after
        the closing, and at opening where there is no target or it lies less than a minute away.
        """
        if self.target is None or self.target - self.opened < MINUTE:
            return self.opened
        amount, unit = self.limit
        start = self.target - amount * (MINUTE if unit == "urgent_minute" else HOUR)
        return start if self.closed is None else min(start, self.closed)

    @property
    def outcome(self) -> Outcome:
        """What the closing reason says."""
        said = self.closure.removeprefix("Case Closed").strip()
        for beginning, outcome in OUTCOMES:
            if said.startswith(beginning):
                return outcome
        return Outcome.FIXED


def words(text: str) -> str:
    """The text with single spaces: the archive pads and doubles them at random."""
    return " ".join(text.split())


def read(row: Row) -> Request:
    """The request of a line; `Reject` names the first column at fault."""
    if row.problem:
        raise row.problem
    ref = row.text("case_enquiry_id")
    if not ref or len(ref) > 80:
        raise Reject("case_enquiry_id", "missing", T("缺少编号", "the number is missing"))
    opened = _moment(row, "open_dt")
    if opened is None:
        raise Reject("open_dt", "missing", T("缺少时间", "the time is missing"))
    closed = _moment(row, "closed_dt")
    status = row.text("case_status")
    if status not in ("Open", "Closed"):
        text = T("未知状态：{v}", "unknown status: {v}").fill(v=status)
        raise Reject("case_status", "unknown", text)
    if (status == "Closed") != (closed is not None):
        text = T("状态与办结时间矛盾", "contradicts case_status")
        raise Reject("closed_dt", "contradiction", text)
    if closed is not None and closed < opened:
        raise Reject("closed_dt", "order", T("早于受理时间", "is before open_dt"))
    for name in ("type", "department"):
        if not words(row.text(name)):
            raise Reject(name, "missing", T("不能为空", "must not be empty"))
    for name in ("type", "reason", "department"):  # these become names in the catalogue
        if not words(row.text(name)).isprintable():
            raise Reject(name, "character", T("含有控制字符", "contains control characters"))
    lon, lat = _degrees(row, "longitude", 180), _degrees(row, "latitude", 90)
    if (lon is None) != (lat is None):
        name = "longitude" if lon is None else "latitude"
        raise Reject(name, "missing", T("经纬度必须成对", "a coordinate needs both parts"))
    ward = _WARD.fullmatch(row.text("ward"))
    number = int(ward[1]) if ward else 0
    return Request(
        ref=ref,
        opened=opened,
        target=_moment(row, "target_dt"),
        closed=closed,
        type=words(row.text("type")),
        reason=words(row.text("reason")) or "Other",
        department=words(row.text("department")),
        title=words(row.text("case_title")),
        location=words(row.text("location")),
        closure=words(row.text("closure_reason")),
        ward=number if 1 <= number <= 22 else None,
        lon=lon,
        lat=lat,
        channel=CHANNELS.get(row.text("source"), Channel.IMPORT),
        photo=row.text("submittedphoto"),
        details={name: value for name in _DETAILS if (value := row.text(name))},
    )


_DETAILS = ("subject", "queue", "neighborhood", "precinct", "location_zipcode", "closedphoto")


def _moment(row: Row, name: str) -> datetime | None:
    text = row.text(name)
    if not text:
        return None
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError as error:
        why = T("不是时间：{v}", "not a time (YYYY-MM-DD HH:MM:SS): {v}").fill(v=text[:40])
        raise Reject(name, "time", why) from error
    return moment.astimezone(UTC)


def _degrees(row: Row, name: str, most: int) -> float | None:
    text = row.text(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        why = T("不是坐标：{v}", "not a coordinate: {v}").fill(v=text[:40])
        raise Reject(name, "coordinate", why)
    return value
