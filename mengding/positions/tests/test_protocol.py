"""What devices say, read as their protocols have it. No database."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.positions.protocol import Fix, Malformed, Placed, Verdict, judge, osmand, own
from mengding.positions.protocol import owntracks as tracks
from mengding.positions.protocol.fix import instant
from mengding.regions.geometry import from_wgs84

AT = datetime(2026, 11, 24, 8, 0, 5, tzinfo=UTC)
NOW = AT + timedelta(seconds=10)
OLDEST = NOW - timedelta(hours=48)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("1795507205", AT),
        (1795507205, AT),
        ("1795507205000", AT),
        (1795507205000, AT),
        ("1795507205.5", AT + timedelta(milliseconds=500)),
        ("2147483646", datetime(2038, 1, 19, 3, 14, 6, tzinfo=UTC)),
        ("2147483647", datetime(1970, 1, 25, 20, 31, 23, 647000, tzinfo=UTC)),
        ("2026-11-24T08:00:05Z", AT),
        ("2026-11-24T16:00:05+08:00", AT),
        ("2026-11-24T16:00:05.000+0800", AT),
        ("2026-11-24T08:00:05", AT),
        ("2026-11-24 08:00:05", AT),
    ],
)
def test_every_form_of_time(said: Any, means: datetime) -> None:
    assert instant(said, "timestamp") == means


@pytest.mark.parametrize(
    "said",
    [*("yesterday", "2026-13-01T00:00:00Z", "1e9", "", "9" * 30, "NaN", "08:00"),
     *(None, True, [1], {}, math.nan, math.inf)],
)  # fmt: skip
def test_what_is_no_time(said: Any) -> None:
    with pytest.raises(Malformed):
        instant(said, "timestamp")


def test_osmand_query_and_form() -> None:
    full = {
        "id": "a", "timestamp": "1795507205", "lat": "30.1", "lon": "103.25", "speed": "4.1",
        "bearing": "90", "altitude": "620", "accuracy": "12.5", "batt": "77", "mock": "true",
    }  # fmt: skip
    assert osmand.device(full) == osmand.device({"deviceid": "a"}) == "a"
    assert osmand.device({}) == ""
    assert osmand.from_fields(full) == Fix(AT, 103.25, 30.1, 12.5, mock=True)
    assert osmand.from_fields({"id": "a", "location": "30.1,103.25"}) == Fix(None, 103.25, 30.1)
    heartbeat = osmand.from_fields({"id": "a", "batt": "50"})
    assert judge(heartbeat, NOW, "wgs84", OLDEST) is Verdict.EMPTY


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lat": "30"}, "lon"),
        ({"lon": "103"}, "lat"),
        ({"lat": "north", "lon": "103"}, "lat"),
        ({"location": "30.1"}, "location"),
        ({"lat": "30", "lon": "103", "timestamp": "soon"}, "timestamp"),
        ({"lat": "30", "lon": "103", "accuracy": "good"}, "accuracy"),
    ],
)
def test_osmand_names_what_it_cannot_read(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Malformed) as raised:
        osmand.from_fields(fields)
    assert raised.value.field == field


def test_osmand_json() -> None:
    location = {
        "timestamp": "2026-11-24T08:00:05.000Z",
        "coords": {
            "latitude": 30.1, "longitude": 103.25, "accuracy": 9.5, "speed": -1, "heading": -1,
            "altitude": 620.5,
        },
        "is_moving": True, "odometer": 12.0, "event": "motionchange", "mock": True,
        "battery": {"level": 0.5, "is_charging": False},
    }  # fmt: skip
    expected = Fix(AT, 103.25, 30.1, 9.5, mock=True)
    assert osmand.from_json({"device_id": "a", "location": location}) == ("a", [expected])
    assert osmand.from_json({"device_id": 7, "location": [location] * 2}) == ("7", [expected] * 2)
    for heartbeat in ({}, {"location": None}, {"location": {"battery": {"level": 0.5}}}):
        _, fixes = osmand.from_json({"device_id": "a", **heartbeat})
        assert [judge(f, NOW, "wgs84", OLDEST) for f in fixes] == [Verdict.EMPTY]
    wrong: Any
    for wrong in ([], "a", {}, {"device_id": True}, {"device_id": "a", "location": 3},
                  {"device_id": "a", "location": {"coords": []}},
                  {"device_id": "a", "location": {"coords": {"latitude": "x"}}}):  # fmt: skip
        with pytest.raises(Malformed):
            osmand.from_json(wrong)


def test_owntracks() -> None:
    message = {
        "_type": "location", "lat": 30.1, "lon": 103.25, "tst": 1795507205, "acc": 15, "batt": 60,
        "vel": 5, "tid": "yf", "SSID": "home",
    }  # fmt: skip
    assert tracks.from_json(message) == [Fix(AT, 103.25, 30.1, 15.0)]
    others = [{"_type": t} for t in ("lwt", "waypoint", "transition", "encrypted", "status")]
    assert tracks.from_json(others) == []
    assert tracks.from_json([message, *others]) == [Fix(AT, 103.25, 30.1, 15.0)]
    wrong: Any
    for wrong in ("x", [3], {"_type": "location", "lat": 1, "lon": 2}):
        with pytest.raises(Malformed):
            tracks.from_json(wrong)


def test_own_batches() -> None:
    given_one = {"id": "q1", "at": "2026-11-24T16:00:05+08:00", "lon": 103.25, "lat": 30.1}
    expected = Fix(AT, 103.25, 30.1, ref="q1")
    assert own.from_json({"fixes": [given_one]}) == ("wgs84", [expected])
    assert own.from_json({"crs": "gcj02", "fixes": []}) == ("gcj02", [])
    with pytest.raises(own.TooMany):
        own.from_json({"fixes": [given_one] * (own.MOST + 1)})
    wrong: Any
    for wrong, field in (
        ([], ""), ({}, "fixes"), ({"fixes": {}}, "fixes"), ({"fixes": [1]}, "fixes[0]"),
        ({"crs": "utm", "fixes": []}, "crs"),
        ({"fixes": [{**given_one, "at": None}]}, "fixes[0].at"),
        ({"fixes": [given_one, {**given_one, "lat": "x"}]}, "fixes[1].lat"),
        ({"fixes": [{**given_one, "id": "x" * 65}]}, "fixes[0].id"),
    ):  # fmt: skip
        with pytest.raises(Malformed) as raised:
            own.from_json(wrong)
        assert raised.value.field == field


def test_what_is_dropped_before_duty_is_asked() -> None:
    def verdict(**changes: Any) -> Any:
        base: dict[str, Any] = {"at": AT, "lon": 103.25, "lat": 30.1}
        return judge(Fix(**base | changes), NOW, "wgs84", OLDEST)

    assert verdict(at=NOW + timedelta(seconds=61)) is Verdict.AHEAD
    assert isinstance(verdict(at=NOW + timedelta(seconds=59)), Placed)
    assert verdict(at=OLDEST - timedelta(seconds=1)) is Verdict.TOO_OLD
    for nowhere in ({"lat": 90.1}, {"lon": -180.1}, {"lat": math.nan}, {"lon": math.inf},
                    {"lon": 0.0, "lat": 0.0}):  # fmt: skip
        assert verdict(**nowhere) is Verdict.NOWHERE
    assert verdict(at=None).at == NOW
    assert verdict(accuracy=-1).accuracy is None
    assert verdict(accuracy=math.nan).accuracy is None
    assert verdict(accuracy=1e9).accuracy == 100_000


@given(lon=st.floats(102.9, 103.5), lat=st.floats(29.9, 30.4))
def test_devices_that_count_otherwise_are_converted(lon: float, lat: float) -> None:
    off = from_wgs84(lon, lat, "gcj02")
    assert abs(off[0] - lon) > 1e-4, "GCJ-02 lies hundreds of metres off"
    placed = judge(Fix(AT, *off), NOW, "gcj02", OLDEST)
    assert isinstance(placed, Placed)
    assert abs(placed.lon - lon) < 1e-6
    assert abs(placed.lat - lat) < 1e-6


_anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["device_id", "location", "coords", "latitude", "longitude", "timestamp", "fixes",
             "at", "lon", "lat", "accuracy", "crs", "_type", "tst", "acc", "id"]
        ),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(body=_anything)
def test_whatever_arrives_is_read_or_named(body: Any) -> None:
    for read in (osmand.from_json, own.from_json, tracks.from_json):
        try:
            found = read(body)
        except Malformed:
            continue
        fixes = found if isinstance(found, list) else found[1]
        for fix in fixes:
            judged = judge(fix, NOW, "gcj02", OLDEST)
            assert isinstance(judged, (Placed, Verdict))


@given(
    fields=st.dictionaries(
        st.sampled_from(["id", "lat", "lon", "location", "timestamp", "accuracy", "mock"]),
        st.text(max_size=12) | st.floats().map(str) | st.just("30.1,103.2"),
    )
)
def test_whatever_a_query_says_is_read_or_named(fields: dict[str, str]) -> None:
    json.dumps(fields)
    try:
        fix = osmand.from_fields(fields)
    except Malformed:
        return
    assert isinstance(judge(fix, NOW, "wgs84", OLDEST), (Placed, Verdict))
