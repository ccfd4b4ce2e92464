"""Cost rates as a document: what is allowed in it, and which version holds on a day. Pure.

    {"rates": {"call": {"fen": 350, "unit": "event", "minutes": 6},
               "handle": {"fen": 6000, "unit": "hour"}},
     "departments": {"dept-water": {"handle": {"fen": 7500, "unit": "hour"}}},
     "merge_percent": 50, "self_percent": 80, "most_hours": 8, "fewest": 5, "example": false}

Money is whole fen (100 fen = 1 CNY). `minutes`: how long one event takes by the district's own
estimate; needed where the unit is an hour and no duration is recorded. `example`: figures made up
to show how it works, which every page then says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.activities import BY_CODE

UNITS = ("event", "hour")
MOST_FEN = 100_000_00  # 100,000 CNY an event or an hour
MOST_MINUTES = 24 * 60
# name: (least, most, by default)
SETTINGS: dict[str, tuple[int, int, int]] = {
    "merge_percent": (0, 100, 50),
    "self_percent": (0, 100, 80),
    "most_hours": (1, 24, 8),
    "fewest": (3, 50, 5),
}
_CODE = re.compile(r"^[\w.-]{1,60}$")
_MOST_DEPARTMENTS = 200


@dataclass(frozen=True, slots=True)
class Rate:
    """What one event or one hour costs, in fen; `minutes` of an event, None: not estimated."""

    fen: int
    unit: str = "event"
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """Rates from `starts_on` on. `departments`: organisation id → what differs there."""

    number: int
    starts_on: date
    rates: Mapping[str, Rate]
    departments: Mapping[int, Mapping[str, Rate]]
    merge_percent: int
    self_percent: int
    most_hours: int
    fewest: int
    example: bool = False

    def rate(self, activity: str, org: int = 0) -> Rate | None:
        """The organisation's own rate, or the district's; None where none was set."""
        return self.departments.get(org, {}).get(activity) or self.rates.get(activity)


def version_on(versions: Sequence[Version], day: date) -> Version | None:
    """The version that holds on a day: of those that have begun the latest, and of two that
    begin together the newer one. None before the first."""
    begun = [each for each in versions if each.starts_on <= day]
    return max(begun, key=lambda each: (each.starts_on, each.number), default=None)


def version_of(
    number: int, starts_on: date, document: Mapping[str, Any], ids: Mapping[str, int]
) -> Version:
    """A checked document as a version; `ids`: organisation code → id."""
    return Version(
        number=number,
        starts_on=starts_on,
        rates={code: Rate(**rate) for code, rate in document["rates"].items()},
        departments={
            ids[code]: {name: Rate(**rate) for name, rate in rates.items()}
            for code, rates in document["departments"].items()
            if code in ids
        },
        example=document["example"],
        **{name: document[name] for name in SETTINGS},
    )


def checked(document: Any) -> dict[str, Any]:
    """The document in full, or `Invalid` naming the field ("rates.call.fen")."""
    if not isinstance(document, dict):
        raise _bad("rates", T("不是一份标准。", "This is no set of rates."))
    known = {"rates", "departments", "example", *SETTINGS}
    for name in document:
        if name not in known:
            raise _bad(str(name)[:40], T("没有这一项。", "There is no such entry."))
    found: dict[str, Any] = {"rates": _rates(document.get("rates"), "rates")}
    if not found["rates"]:
        raise _bad("rates", T("至少填一项标准。", "Enter one rate at least."))
    departments = document.get("departments") or {}
    if not isinstance(departments, dict) or len(departments) > _MOST_DEPARTMENTS:
        raise _bad("departments", T("部门标准的格式不对。", "Departments: not as expected."))
    for code in departments:
        if not isinstance(code, str) or not _CODE.match(code):
            raise _bad("departments", T("单位代码不对。", "A code is not valid."))
    found["departments"] = {
        code: rates
        for code, given in departments.items()
        if (rates := _rates(given, f"departments.{code}"))
    }
    for name, (least, most, default) in SETTINGS.items():
        value = document.get(name, default)
        if type(value) is not int or not least <= value <= most:
            raise _bad(
                name,
                T("应为 {least} 到 {most} 的整数。", "A whole number, {least} to {most}.").fill(
                    least=least, most=most
                ),
            )
        found[name] = value
    found["example"] = document.get("example", False) is True
    return found


def _bad(field: str, text: T) -> Invalid:
    return Invalid("rates_invalid", text, field=field)


def _rates(given: Any, where: str) -> dict[str, dict[str, Any]]:
    if not isinstance(given, dict):
        raise _bad(where, T("不是一份标准。", "This is no set of rates."))
    return {str(code): _rate(str(code), rate, where) for code, rate in given.items()}


def _rate(code: str, given: Any, where: str) -> dict[str, Any]:
    field = f"{where}.{code[:40]}"
    if code not in BY_CODE:
        raise _bad(field, T("没有这项活动。", "There is no such activity."))
    if not isinstance(given, dict) or not set(given) <= {"fen", "unit", "minutes"}:
        raise _bad(field, T("应写明单价、单位、分钟。", "Price, unit and minutes."))
    fen, unit, minutes = given.get("fen"), given.get("unit", "event"), given.get("minutes")
    if type(fen) is not int or not 0 <= fen <= MOST_FEN:
        raise _bad(f"{field}.fen", T("单价为 0 到 100000 元。", "0 to 100,000 CNY."))
    if unit not in UNITS:
        raise _bad(f"{field}.unit", T("单位是每次或每小时。", "Per event or per hour."))
    if minutes is not None and (type(minutes) is not int or not 1 <= minutes <= MOST_MINUTES):
        raise _bad(f"{field}.minutes", T("分钟为 1 到 1440。", "1 to 1440 minutes."))
    if unit == "hour" and minutes is None and not BY_CODE[code].timed:
        raise _bad(
            f"{field}.minutes",
            T("这项活动不记录时长：按小时计价须填每次几分钟。",
              "No duration is recorded for this: a price per hour needs the minutes of an event."),
        )  # fmt: skip
    return {"fen": fen, "unit": unit, "minutes": minutes}
