"""The live stream in the authorisation matrix.

It is no operation of the API but a small application with connections of its own, so it is asked
apart from `test_matrix.py`, whose one long transaction would hold it up.
"""

import asyncio
from typing import Any

from mengding.demo.secrets import token as demo_token
from tests.matrix import EVERY, HOME


async def _first(token: str | None) -> int:
    from mengding.live.app import app

    sent: list[dict[str, Any]] = []
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {
        "type": "http", "method": "HEAD", "path": "/api/v1/stream", "query_string": b"",
        "headers": headers,
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await asyncio.wait_for(app(scope, receive, send), 10)
    return int(sent[0]["status"])


def test_the_stream_is_for_everybody_signed_in(world: str, django_db_blocker: Any) -> None:
    """Holds because `stream.read` is everybody's; what each sees of it is tested in `live`."""

    async def all_of_them() -> dict[str, int]:
        from mengding.live import app as live

        found = {letter: await _first(demo_token(name)) for letter, name in HOME.items()}
        found["none"] = await _first(None)
        found["unknown"] = await _first("mg_nobody")
        await live.hub().stop()
        live._hub = None
        return found

    with django_db_blocker.unblock():
        found = asyncio.run(all_of_them())
    assert found == {**dict.fromkeys(EVERY, 200), "none": 401, "unknown": 401}
