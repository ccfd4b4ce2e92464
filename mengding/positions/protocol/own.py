"""Our own app: `{"crs": "wgs84", "fixes": [{"id", "at", "lon", "lat", "accuracy", "mock"}]}`.

`at` is ISO 8601 or a number as the other protocols have it, and here it is required: a batch may
have waited for a network. `crs` says how the device counts (`gcj02` is converted).
"""

from typing import Any

from mengding.positions.protocol.fix import Fix, Malformed, instant, maybe, number
from mengding.regions.geometry import Crs

MOST = 500  # fixes in a batch
_CRS: tuple[Crs, ...] = ("wgs84", "gcj02", "bd09")


class TooMany(Malformed):
    """More fixes than a batch may hold."""


def crs_of(value: Any) -> Crs:
    """The declared system of coordinates. Raises `Malformed`."""
    for known in _CRS:
        if value == known:
            return known
    raise Malformed("crs")


def from_json(body: Any) -> tuple[Crs, list[Fix]]:
    """How the device counts, and its fixes. Raises `Malformed` naming the field."""
    if not isinstance(body, dict):
        raise Malformed("")
    given = body.get("fixes")
    if not isinstance(given, list):
        raise Malformed("fixes")
    if len(given) > MOST:
        raise TooMany("fixes")
    crs = crs_of(body.get("crs", "wgs84"))
    return crs, [_fix(each, f"fixes[{n}]") for n, each in enumerate(given)]


def _fix(given: Any, where: str) -> Fix:
    if not isinstance(given, dict):
        raise Malformed(where)
    ref = given.get("id", "")
    if not isinstance(ref, str) or len(ref) > 64:
        raise Malformed(f"{where}.id")
    return Fix(
        at=instant(given.get("at"), f"{where}.at"),
        lon=number(given.get("lon"), f"{where}.lon"),
        lat=number(given.get("lat"), f"{where}.lat"),
        accuracy=maybe(given.get("accuracy"), f"{where}.accuracy"),
        mock=given.get("mock") is True,
        ref=ref,
    )
