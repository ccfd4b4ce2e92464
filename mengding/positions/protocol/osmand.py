"""OsmAnd and the Traccar client: query string, urlencoded form, or JSON.

https://www.traccar.org/osmand/ - `id|deviceid`, `timestamp`, `lat`, `lon` or `location=lat,lon`,
`accuracy` m, `mock`; `speed` (knots), `bearing|heading`, `altitude`, `batt` and the rest are read
past. JSON: {"device_id", "location": {"timestamp", "coords": {"latitude", …}, "mock"}}; several
locations as a list.
"""

from collections.abc import Mapping
from typing import Any

from mengding.positions.protocol.fix import Fix, Malformed, instant, maybe, number, truth


def device(fields: Mapping[str, str]) -> str:
    """The device's id in a query or form; empty when it names none."""
    return fields.get("id") or fields.get("deviceid") or ""


def from_fields(fields: Mapping[str, str]) -> Fix:
    """One fix of a query or form. Raises `Malformed`."""
    lat, lon = fields.get("lat"), fields.get("lon")
    if fields.get("location"):
        lat, comma, lon = fields["location"].partition(",")
        if not comma:
            raise Malformed("location")
    at = fields.get("timestamp")
    placed = bool(lat) and bool(lon)
    if bool(lat) != bool(lon):
        raise Malformed("lon" if lat else "lat")
    return Fix(
        at=instant(at, "timestamp") if at else None,
        lon=number(lon, "lon") if placed else None,
        lat=number(lat, "lat") if placed else None,
        accuracy=maybe(fields.get("accuracy"), "accuracy"),
        mock=truth(fields.get("mock")),
    )


def from_json(body: Any) -> tuple[str, list[Fix]]:
    """(device id, fixes) of a JSON body; no location is a heartbeat. Raises `Malformed`."""
    if not isinstance(body, dict):
        raise Malformed("")
    named = body.get("device_id")
    if not isinstance(named, (str, int)) or isinstance(named, bool):
        raise Malformed("device_id")
    given = body.get("location")
    return str(named), [_located(each) for each in (given if isinstance(given, list) else [given])]


def _located(given: Any) -> Fix:
    if given is None:
        return Fix(None, None, None)
    if not isinstance(given, dict):
        raise Malformed("location")
    said = given.get("timestamp")
    at = instant(said, "location.timestamp") if said not in (None, "") else None
    coords = given.get("coords")
    if coords is None:
        return Fix(at, None, None)
    if not isinstance(coords, dict):
        raise Malformed("location.coords")
    return Fix(
        at=at,
        lon=maybe(coords.get("longitude"), "location.coords.longitude"),
        lat=maybe(coords.get("latitude"), "location.coords.latitude"),
        accuracy=maybe(coords.get("accuracy"), "location.coords.accuracy"),
        mock=truth(given.get("mock")),
    )
