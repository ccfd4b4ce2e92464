"""OwnTracks in HTTP mode: `{"_type": "location", "lat", "lon", "tst" (s), "acc" (m), …}`.

https://owntracks.org/booklet/tech/json/ - every other `_type` (waypoints, transitions, the last
will, encrypted ones) is acknowledged and dropped. `vel`, `alt`, `batt`, `SSID` … are read past.
"""

from typing import Any

from mengding.positions.protocol.fix import Fix, Malformed, instant, maybe, number


def from_json(body: Any) -> list[Fix]:
    """The fixes of one message or a list of them. Raises `Malformed`."""
    messages = body if isinstance(body, list) else [body]
    found = []
    for message in messages:
        if not isinstance(message, dict):
            raise Malformed("")
        if message.get("_type") == "location":
            found.append(
                Fix(
                    at=instant(message.get("tst"), "tst"),
                    lon=number(message.get("lon"), "lon"),
                    lat=number(message.get("lat"), "lat"),
                    accuracy=maybe(message.get("acc"), "acc"),
                )
            )
    return found
