"""Reading parameters: an empty one counts as absent, a bad one is named. Pure but for the errors.

Times are W3C (ISO 8601) with an offset that may not be missing.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from mengding.core.errors import Invalid
from mengding.core.text import T

_NUMBER = re.compile(r"[+-]?\d{1,10}(\.\d{0,20})?")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[ +-]\d\d:\d\d)", re.ASCII
)
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,40})\](\[\])?")
_is_url = URLValidator(schemes=["http", "https"])


def bad(name: str, text: T, code: str = "parameter_invalid") -> Invalid:
    """The refusal of one parameter."""
    return Invalid(code, text, field=name)


def missing(name: str, text: T | None = None) -> Invalid:
    """The refusal of a request without a required parameter."""
    return bad(name, text or T("缺少此参数。", "This parameter is required."), "parameter_missing")


class Arguments:
    """Parameters of one request, by name; of a repeated one the last counts."""

    def __init__(self, given: Iterable[tuple[str, list[str]]]) -> None:
        self._given: Mapping[str, list[str]] = dict(given)

    def text(self, name: str, *, most: int | None = None) -> str:
        """The value without space around it; empty when absent."""
        values = self._given.get(name)
        value = values[-1].strip() if values else ""
        if "\0" in value:
            raise bad(name, T("含有空字符。", "Contains a NUL character."))
        if most is not None and len(value) > most:
            raise bad(name, T("不能超过 {n} 个字符。", "At most {n} characters.").fill(n=most))
        return value

    def required(self, name: str, *, most: int | None = None) -> str:
        """As `text`, but it has to be there."""
        value = self.text(name, most=most)
        if not value:
            raise missing(name)
        return value

    def several(self, name: str) -> tuple[str, ...]:
        """A list separated by commas, each value once."""
        parts = (part.strip() for part in self.text(name).split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def number(self, name: str, low: float, high: float) -> float | None:
        """A decimal number in the range."""
        value = self.text(name)
        if not value:
            return None
        return number(name, value, low, high)

    def whole(self, name: str, default: int, high: int) -> int:
        """A whole number from 1 to `high`."""
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not 1 <= int(value) <= high:
            raise bad(
                name, T("应为 1 至 {n} 的整数。", "A whole number from 1 to {n}.").fill(n=high)
            )
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """An instant, in UTC."""
        value = self.text(name)
        return moment(name, value) if value else None

    def url(self, name: str, *, most: int) -> str:
        """A web address. Its form only: nothing here ever opens it."""
        value = self.text(name, most=most)
        if not value:
            return ""
        try:
            _is_url(value)
        except ValidationError as error:
            raise bad(
                name, T("应为 http(s) 网址。", "An http or https address, please.")
            ) from error
        return value

    def box(self, name: str) -> tuple[float, float, float, float] | None:
        """west,south,east,north in degrees, WGS-84."""
        value = self.text(name)
        if not value:
            return None
        parts = value.split(",")
        if len(parts) == 4:
            west, east = (number(name, parts[i].strip(), -180, 180) for i in (0, 2))
            south, north = (number(name, parts[i].strip(), -90, 90) for i in (1, 3))
            if west <= east and south <= north:
                return west, south, east, north
        raise bad(name, T("应为 西,南,东,北。", "west,south,east,north, please."))

    def attributes(self) -> dict[str, list[str]]:
        """`attribute[code]=v` and `attribute[code][]=v`: code → values that are not empty."""
        found: dict[str, list[str]] = {}
        for name, values in self._given.items():
            if not name.startswith("attribute["):
                continue
            matched = _ATTRIBUTE.fullmatch(name)
            if matched is None:
                raise bad(name[:60], T("应为 attribute[代码]。", "Write attribute[code], please."))
            kept = [value.strip() for value in values if value.strip()]
            if any("\0" in value for value in kept):
                raise bad(name, T("含有空字符。", "Contains a NUL character."))
            if kept:
                found.setdefault(matched[1], []).extend(kept if matched[2] else kept[-1:])
        return found


def number(name: str, value: str, low: float, high: float) -> float:
    """A decimal number in the range, without exponent, infinity or underscore."""
    found = float(value) if _NUMBER.fullmatch(value) else float("nan")
    if not isfinite(found) or not low <= found <= high:
        text = T("应为 {low} 至 {high} 的数字。", "A number from {low} to {high}, please.")
        raise bad(name, text.fill(low=low, high=high))
    return found


def moment(name: str, value: str) -> datetime:
    """An instant from W3C text, in UTC.

    A space before the offset is what a `+` becomes that nobody escaped; it can mean nothing else.
    """
    matched = _MOMENT.fullmatch(value)
    if matched is not None:
        stamp, offset = matched[1], matched[2].replace(" ", "+").replace("Z", "+00:00")
        # Python 3.11 reads at most six digits behind the point, and in threes.
        whole, _, fraction = stamp.partition(".")
        try:
            at = datetime.fromisoformat(
                f"{whole}.{fraction[:6]:0<6}{offset}" if fraction else whole + offset
            )
            return at.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise _no_moment(name) from error
    raise _no_moment(name)


def _no_moment(name: str) -> Invalid:
    return bad(
        name,
        T(
            "时间须为 W3C 格式并带时区，如 2026-11-24T08:00:00+08:00。",
            "A W3C date and time with its offset, please, such as 2026-11-24T08:00:00+08:00.",
        ),
    )
