"""Time on duty for tests, and devices and apps that send as real ones do."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.duty.models import Interval
from mengding.live import app as live
from mengding.positions import actions

LON, LAT = 103.25, 30.1


def on_duty(
    actor: Actor, start: datetime, end: datetime | None = None, *, hours: float = 12
) -> Interval:
    """An interval of an actor in its post, as the database wants it."""
    assert actor.account_id is not None
    assert actor.post_id is not None
    return Interval.objects.create(
        account_id=actor.account_id,
        post_id=actor.post_id,
        region_id=actor.region_id,
        started_at=start,
        ends_by=max(start + timedelta(hours=hours), end or start),
        limited_by="longest",
        ended_at=end,
        ended_by="worker" if end else "",
        on_recorded_at=start,
        off_recorded_at=end,
    )


def pk(actor: Actor) -> int:
    """The account of an actor."""
    assert actor.account_id is not None
    return actor.account_id


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request to the live application."""
    sent: list[dict[str, Any]] = []
    given = {"host": "testserver", **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in given.items()],
        "server": ("testserver", 80), "scheme": "http",
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await asyncio.wait_for(live.app(scope, receive, send), 60)
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Answer(sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:]), found)


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run against the live application, which is closed afterwards."""

    async def whole() -> Any:
        from mengding.live import consoles, ingest

        try:
            return await work()
        finally:
            await consoles.stop()
            await ingest.stop()

    return asyncio.run(whole())


def device(username: str = "grid", client: str = "traccar", crs: str = "wgs84") -> str:
    """The secret of a new device of a demo account; older ones are revoked."""
    actor = who(username)
    from mengding.positions.models import Device

    Device.objects.filter(account=actor.account_id, revoked_at=None).update(revoked_at=clock.now())
    return actions.connect_device(actor, client=client, name="测试手机", crs=crs)[1]


Where = tuple[float, float]
Sender = Callable[[str, str, datetime, Where], Coroutine[Any, Any, Answer]]


async def _own(secret: str, token: str, at: datetime, place: Where) -> Answer:
    fix = {"id": "x", "at": at.isoformat(), "lon": place[0], "lat": place[1], "accuracy": 5}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    body = json.dumps({"fixes": [fix]}).encode()
    return await ask("POST", "/api/v1/positions", body=body, headers=headers)


def _query(secret: str, at: datetime, place: Where, **more: str) -> str:
    return urlencode(
        {"id": secret, "timestamp": str(at.timestamp()), "lat": place[1], "lon": place[0], **more}
    )


async def _osmand_query(secret: str, token: str, at: datetime, place: Where) -> Answer:
    query = _query(secret, at, place, speed="3", batt="80")
    return await ask("GET", "/api/v1/positions/osmand", query=query)


async def _osmand_form(secret: str, token: str, at: datetime, place: Where) -> Answer:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = _query(secret, at, place).encode()
    return await ask("POST", "/api/v1/positions/osmand", body=body, headers=headers)


async def _osmand_json(secret: str, token: str, at: datetime, place: Where) -> Answer:
    coords = {"latitude": place[1], "longitude": place[0], "accuracy": 9, "speed": -1}
    said = {"timestamp": at.isoformat(), "coords": coords, "is_moving": True, "mock": False}
    body = json.dumps({"device_id": secret, "location": said}).encode()
    headers = {"content-type": "application/json"}
    return await ask("POST", "/api/v1/positions/osmand", body=body, headers=headers)


async def _owntracks(secret: str, token: str, at: datetime, place: Where) -> Answer:
    message = {
        "_type": "location",
        "lat": place[1],
        "lon": place[0],
        "tst": at.timestamp(),
        "acc": 4,
    }
    return await ask(
        "POST",
        "/api/v1/positions/owntracks",
        query=f"id={secret}",
        body=json.dumps(message).encode(),
    )


SENDERS: dict[str, Sender] = {
    "own": _own,
    "query": _osmand_query,
    "form": _osmand_form,
    "json": _osmand_json,
    "owntracks": _owntracks,
}
