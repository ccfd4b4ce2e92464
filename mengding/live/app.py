"""`/api/v1/stream`: the ledger as server-sent events, scoped, resumable, coalesced.

    id: 7313-9001
    event: case
    data: {"id":42,"action":"case.dispatch","stage":"dispatched","version":5,"at":"…","count":1}

`event: hello` opens a stream with its position; `event: reset` says that too much was missed and
the reader should load afresh; `event: ledger` tells auditors of changes that are not cases.
`event: presence` says that somebody came to or left a case the reader has open; it has no id.
Events carry ids, codes and times, never words or contact data. A reader resumes with
Last-Event-ID (or ?last_event_id=): nothing is missed, nothing comes twice.
"""

import asyncio
import os
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
if not django.apps.apps.ready:
    django.setup(set_prefix=False)

from mengding.core.actor import Actor
from mengding.core.errors import DomainError, NotFound
from mengding.core.text import T
from mengding.ledger.feed import Position
from mengding.live import consoles, feed, ingest
from mengding.live.asgi import (
    AWAY,
    Busy,
    Receive,
    Scope,
    Send,
    begin,
    end,
    headers_of,
    reader_of,
    refuse,
    room_for_one_more,
    until_gone,
    write,
)
from mengding.live.hub import Hub, Subscriber, admits, collapsed

WINDOW = 0.25  # s: changes of one case within it arrive as one
PATIENCE = 5.0  # s: how long a new reader waits for the database
MOST_BACKLOG = 10_000
MOST_STREAMS = int(os.environ.get("MENGDING_STREAMS", "5000"))
_hub: Hub | None = None


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        try:
            if scope["path"].startswith("/api/v1/positions"):
                part = consoles.serve if consoles.is_stream(scope["path"]) else ingest.serve
                await part(scope, receive, send)
            else:
                await _stream(scope, receive, send)
        except DomainError as error:
            await refuse(scope, send, error)


def hub() -> Hub:
    """The hub of this process, started at the first use."""
    global _hub
    if _hub is None:
        _hub = Hub()
        _hub.start()
    return _hub


async def _lifespan(receive: Receive, send: Send) -> None:
    global _hub
    while True:
        kind = (await receive())["type"]
        if kind == "lifespan.shutdown":
            if _hub is not None:
                await _hub.stop()
                _hub = None
            await consoles.stop()
            await ingest.stop()
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _stream(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"].rstrip("/") != "/api/v1/stream":
        raise NotFound("not_found", T("没有这个地址。", "There is no such address."))
    actor, resolve = await reader_of(scope, "stream.read")
    source = hub()
    room_for_one_more(len(source.subscribers), MOST_STREAMS)
    try:
        async with asyncio.timeout(PATIENCE):
            await source.ready.wait()
    except TimeoutError as error:
        raise Busy("feed_away", AWAY) from error
    query = parse_qs(scope["query_string"].decode("latin-1"))
    asked = headers_of(scope).get("last-event-id") or query.get("last_event_id", [""])[0]
    if not await begin(scope, send):
        return
    subscriber = Subscriber(actor, resolve)
    # Joining and noting the position is one step of the event loop: what comes later is live,
    # what came before is backlog.
    source.subscribers.add(subscriber)
    joined = source.position
    gone = asyncio.create_task(until_gone(receive, subscriber))
    try:
        await _backlog(send, actor, asked, joined)
        await _live(send, subscriber, source)
    finally:
        source.subscribers.discard(subscriber)
        gone.cancel()
    await end(send)


async def _backlog(send: Send, actor: Actor, asked: str, joined: Position) -> None:
    """Everything between the reader's last event and the moment it joined."""
    at = Position.parse(asked) if asked else joined
    if at is None or at > joined:
        await write(send, _frame("reset", joined, {"reason": "unknown_position"}))
        return
    found = 0
    newest: dict[tuple[str, int], dict[str, Any]] = {}
    async with await feed.connect() as connection:
        while at < joined:
            events = await feed.read(connection, at, until=joined)
            if not events:
                break
            at = Position(events[-1]["xact"], events[-1]["id"])
            found += len(events)
            if found > MOST_BACKLOG:
                await write(send, _frame("reset", joined, {"reason": "too_far_behind"}))
                return
            for event in events:
                if admits(actor, event):
                    key = (event["subject_kind"], event["subject_id"])
                    newest[key] = collapsed(newest.pop(key, None), event)
    chunks = [_event(event) for event in newest.values()]
    await write(send, b"".join(chunks) + _frame("hello", joined, {}))


async def _live(send: Send, subscriber: Subscriber, source: Hub) -> None:
    # The first event leaves at once; those that follow within the window leave together.
    told = 0.0
    while True:
        await subscriber.bell.wait()
        if subscriber.over:
            return
        if subscriber.waiting:
            await asyncio.sleep(max(0.0, told + WINDOW - monotonic()))
            told = monotonic()
        subscriber.bell.clear()
        chunks: list[bytes] = []
        if subscriber.lost:
            subscriber.lost = False
            subscriber.waiting.clear()
            chunks.append(_frame("reset", source.position, {"reason": "too_slow"}))
        waiting, subscriber.waiting = subscriber.waiting, {}
        chunks += [_event(event) for event in waiting.values()]
        joined, subscriber.joined = subscriber.joined, set()
        chunks += [
            b"event: presence\ndata: %s\n\n" % msgspec.json.encode({"id": pk}) for pk in joined
        ]
        if subscriber.beat:
            subscriber.beat = False
            chunks.append(b": beat\n\n")
        if chunks:
            await write(send, b"".join(chunks))


def _event(event: dict[str, Any]) -> bytes:
    case = event["subject_kind"] == "case"
    data = {
        "id": event["subject_id"],
        "action": event["action"],
        "stage": event["stage"],
        "version": event["version"],
        "seq": event["seq"],
        "at": event["at"],
        "count": event["count"],
    }
    if not case:
        data["kind"] = event["subject_kind"]
    return _frame("case" if case else "ledger", Position(event["xact"], event["id"]), data)


def _frame(event: str, position: Position, data: dict[str, Any]) -> bytes:
    return f"id: {position}\nevent: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
