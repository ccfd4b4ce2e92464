"""Devices and consoles at the live application: answers, limits, who may, and going off duty."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.demo.secrets import password, token
from mengding.duty.models import Interval
from mengding.live import app as live
from mengding.positions import actions
from mengding.positions.models import Fix, Latest
from mengding.positions.tests.made import LAT, LON, Answer, ask, device, on_duty, pk, run
from mengding.regions.geometry import from_wgs84

pytestmark = pytest.mark.usefixtures("world", "committed")
OSMAND, OWNTRACKS, OWN = (
    "/api/v1/positions/osmand", "/api/v1/positions/owntracks", "/api/v1/positions",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    Interval.objects.all().delete()
    yield
    Interval.objects.all().delete()


def fixes(user: str = "grid") -> list[Any]:
    rows = Fix.objects.filter(account_id=pk(who(user))).order_by("at")
    return list(rows.values_list("lon", "lat", "accuracy", "mock"))


def bearer(user: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token(user)}", "content-type": "application/json"}


def ago(seconds: float) -> str:
    return (clock.now() - timedelta(seconds=seconds)).isoformat()


async def post(
    path: str, body: Any, headers: dict[str, str] | None = None, query: str = ""
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await ask("POST", path, body=raw, headers=headers or {}, query=query)


def test_a_device_must_be_known() -> None:
    secret = device()
    query = "&lat=30.1&lon=103.2"
    on_duty(who("grid"), clock.now() - timedelta(hours=1))

    async def work() -> list[int]:
        shouted = secret.upper().replace("-", "")
        answers = [
            await ask("GET", OSMAND, query=f"id=nobody{query}"),
            await ask("GET", OSMAND, query=query[1:]),
            await post(OSMAND, {"device_id": "nobody", "location": None}),
            await post(OWNTRACKS, {"_type": "location"}, query="id=nobody"),
            await ask("GET", OSMAND, query=f"id={shouted}{query}"),  # as people type it
            await ask("POST", OSMAND, query=f"deviceid={secret}"),  # a heartbeat
            await ask("GET", OSMAND, query=f"id={secret}&lat=x&lon=1"),
            await ask("DELETE", OSMAND, query=f"id={secret}"),
        ]
        return [answer.status for answer in answers]

    assert run(work) == [400, 400, 404, 404, 200, 200, 400, 404]
    assert len(fixes()) == 1


def test_a_revoked_device_stores_nothing_at_once() -> None:
    """Even while this process still remembers who it was."""
    secret = device()
    on_duty(who("grid"), clock.now() - timedelta(hours=1))

    def revoke() -> None:
        for row in queries_devices():
            actions.revoke_device(who("grid"), row.pk)

    def queries_devices() -> Any:
        from mengding.positions.models import Device

        return list(Device.objects.filter(account=who("grid").account_id, revoked_at=None))

    async def work() -> list[int]:
        first = await ask("GET", OSMAND, query=f"id={secret}&lat=30.1&lon=103.2")
        await asyncio.to_thread(revoke)
        second = await ask("GET", OSMAND, query=f"id={secret}&lat=30.1&lon=103.2")
        return [first.status, second.status]

    assert run(work) == [200, 200]
    assert len(fixes()) == 1


def test_owntracks_with_a_password_and_an_empty_list_back() -> None:
    secret = device(client="owntracks", crs="gcj02")
    on_duty(who("grid"), clock.now() - timedelta(hours=1))
    off = from_wgs84(LON, LAT, "gcj02")
    message = {"_type": "location", "lon": off[0], "lat": off[1], "acc": 7,
               "tst": int(clock.now().timestamp()) - 20}  # fmt: skip
    basic = base64.b64encode(f"anyone:{secret}".encode()).decode()

    async def work() -> list[Answer]:
        headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}
        return [
            await post(OWNTRACKS, message, headers),
            await post(OWNTRACKS, {"_type": "lwt", "tst": 1}, headers),
            await post(OWNTRACKS, message, headers),
        ]

    answers = run(work)
    assert [(a.status, a.json()) for a in answers] == [(200, [])] * 3
    ((lon, lat, accuracy, mock),) = fixes()
    assert abs(lon - LON) < 1e-6
    assert abs(lat - LAT) < 1e-6
    assert (accuracy, mock) == (7, False)


def test_our_own_batches_say_what_became_of_each() -> None:
    on_duty(who("grid"), clock.now() - timedelta(hours=1))
    batch = {
        "fixes": [
            {"id": "a", "at": ago(30), "lon": LON, "lat": LAT, "accuracy": 6, "mock": True},
            {"id": "b", "at": ago(7200), "lon": LON, "lat": LAT},
            {"id": "c", "at": ago(-300), "lon": LON, "lat": LAT},
            {"id": "d", "at": ago(3600 * 80), "lon": LON, "lat": LAT},
            {"id": "e", "at": ago(10), "lon": 0, "lat": 0},
        ]
    }

    async def work() -> list[Answer]:
        return [await post(OWN, batch, bearer("grid")) for _ in range(2)]

    first, second = run(work)
    said = [each["verdict"] for each in first.json()["fixes"]]
    assert said == ["kept", "off_duty", "ahead", "too_old", "nowhere"]
    assert [each["id"] for each in first.json()["fixes"]] == list("abcde")
    assert first.json()["kept"] == 1
    assert second.json()["fixes"][0]["verdict"] == "duplicate"
    assert [row[3] for row in fixes()] == [True]


def test_limits_and_who_may() -> None:
    one = {"at": ago(5), "lon": LON, "lat": LAT}

    async def work() -> list[tuple[int, str]]:
        answers = [
            await post(OWN, {"fixes": [one]}),
            await post(OWN, {"fixes": [one]}, {"authorization": "Bearer mg_nobody"}),
            await post(OWN, {"fixes": [one]}, bearer("audit")),
            await post(OWN, {"fixes": [one]}, {**bearer("grid"), "x-acting": "1000000/"}),
            await post(OWN, {"fixes": [one] * 501}, bearer("grid")),
            await post(OWN, b"x" * (300 * 1024), bearer("grid")),
            await post(OWN, {}, {**bearer("grid"), "content-length": "99999999"}),
            await post(OWN, b"{", bearer("grid")),
            await post(OWN, {"fixes": [{**one, "lat": "x"}]}, bearer("grid")),
            await post(OWN, b"[" * 100_000, bearer("grid")),
            await post(OSMAND, b'{"device_id":' + b"[" * 100_000, {}),
            await ask("GET", OWN, headers=bearer("grid")),
        ]
        return [(a.status, a.json()["code"]) for a in answers]

    assert run(work) == [
        (401, "not_signed_in"),
        (401, "not_signed_in"),
        (403, "not_allowed"),
        (409, "acting_differs"),
        (413, "batch_large"),
        (413, "body_large"),
        (413, "body_large"),
        (422, "unreadable"),
        (422, "unreadable"),
        (422, "unreadable"),
        (400, "unreadable"),
        (404, "not_found"),
    ]


def test_a_session_needs_its_csrf_token() -> None:
    on_duty(who("grid"), clock.now() - timedelta(hours=1))
    browser = Client(enforce_csrf_checks=False)
    signed = browser.post(
        "/api/v1/session",
        {"username": "grid", "password": password("grid")},
        content_type="application/json",
    )
    assert signed.status_code in (200, 201), signed.content
    browser.get("/api/v1/session")
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    csrf = cookies.get("csrftoken", "")
    assert csrf
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    body = {"fixes": [{"at": ago(5), "lon": LON, "lat": LAT}]}

    async def work() -> list[int]:
        bare = {"cookie": cookie, "content-type": "application/json"}
        foreign = {**bare, "x-csrftoken": csrf, "origin": "https://evil.example"}
        good = {**bare, "x-csrftoken": csrf, "origin": "http://testserver"}
        return [(await post(OWN, body, headers)).status for headers in (bare, foreign, good)]

    assert run(work) == [403, 403, 200]
    assert len(fixes()) == 1


class Screen:
    """A console: frames as they come."""

    def __init__(self) -> None:
        self.status = 0
        self.frames: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        self.left = asyncio.Event()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        for line in message.get("body", b"").decode().splitlines():
            if line.startswith("data: ") and self.status == 200:
                self.frames.append(json.loads(line[6:]))
        self.came.set()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def until(self, done: Any) -> None:
        async with asyncio.timeout(60):
            while not done(self.frames):
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def watching(user: str) -> AsyncIterator[Screen]:
    screen = Screen()
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/positions/stream", "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in bearer(user).items()],
    }  # fmt: skip
    task = asyncio.create_task(live.app(scope, screen.receive, screen.send))
    try:
        yield screen
    finally:
        screen.left.set()
        await asyncio.wait_for(task, 30)


def shown(frames: list[dict[str, Any]]) -> dict[int, Any]:
    """What a console shows after these frames."""
    on_it: dict[int, Any] = {}
    for frame in frames:
        if frame["full"]:
            on_it = {}
        for each in frame["moved"]:
            on_it[each["id"]] = each
        for gone in frame["gone"]:
            on_it.pop(gone, None)
    return on_it


def off(duty: Interval) -> None:
    """Off duty as `duty` does it: the row, and the notice at commit."""
    duty.ended_at = duty.off_recorded_at = clock.now()
    duty.ended_by = "worker"
    duty.save()
    told = json.dumps({"account_id": duty.account_id, "on": False, "interval_id": duty.pk})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('duty', %s)", [told])


def test_consoles_see_their_area_and_lose_who_goes_off_duty(monkeypatch: Any) -> None:
    from mengding.live import consoles

    grid, water = who("grid"), who("water")
    duty = on_duty(grid, clock.now() - timedelta(hours=1))
    on_duty(water, clock.now() - timedelta(hours=1))
    place = {"lon": LON, "lat": LAT}

    async def move(user: str) -> None:
        fix = {"at": ago(0), **place}
        answer = await post(OWN, {"fixes": [fix]}, bearer(user))
        assert answer.json()["kept"] == 1

    async def work() -> None:
        async with watching("dispatch") as district, watching("town") as town:
            await district.until(lambda frames: any(f["full"] for f in frames))
            await move("grid")
            await move("water")
            both = {grid.account_id, water.account_id}
            await district.until(lambda frames: set(shown(frames)) == both)
            await town.until(lambda frames: set(shown(frames)) == {grid.account_id})
            # From here on nothing is read any more: what takes the worker away is the notice.
            monkeypatch.setattr(consoles, "TICK", 3600.0)
            await asyncio.sleep(1.2)
            await sync_to_async(off)(duty)
            await district.until(lambda frames: set(shown(frames)) == {water.account_id})
            await town.until(lambda frames: shown(frames) == {})
            assert not any(
                each["id"] == water.account_id for f in town.frames for each in f["moved"]
            )

    run(work)
    assert not Latest.objects.filter(account_id=pk(grid)).exists()


def test_the_stream_is_for_dispatchers_and_supervisors() -> None:
    from tests.matrix import HOME

    async def work() -> dict[str, int]:
        found = {}
        for letter, user in HOME.items():
            answer = await ask("HEAD", "/api/v1/positions/stream", headers=bearer(user))
            found[letter] = answer.status
        found["none"] = (await ask("HEAD", "/api/v1/positions/stream")).status
        return found

    expected = {**dict.fromkeys("GDHVMSKA", 403), "P": 200, "U": 200, "none": 401}
    assert run(work) == expected
