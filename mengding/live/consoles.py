"""`/api/v1/positions/stream`: where those on duty are, one merged frame a second.

    event: frame
    data: {"at":"…","full":false,"moved":[{"id":7,"at":"…","lon":103.1,"lat":30.1,
           "accuracy":8.0,"mock":false}],"gone":[9]}

The first frame is full: whoever is not in it has no position or is not on duty. `id` is the
account; names come from `GET /positions/on-duty`. Who goes off duty is gone from every console at
once, not at the next second. Scoped as that list is: dispatchers and supervisors, by their area.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import msgspec
import psycopg
from django.db import OperationalError, close_old_connections

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import DomainError
from mengding.live import feed
from mengding.live.asgi import (
    Receive,
    Scope,
    Send,
    begin,
    end,
    reader_of,
    require,
    room_for_one_more,
    until_gone,
    write,
)
from mengding.positions import queries
from mengding.positions.queries import Seen

log = logging.getLogger(__name__)
TICK = 1.0  # s
BEAT = 15.0  # s
RECHECK = 15.0  # s
MOST = 500  # consoles of one process
ACTION = "positions.read"


def is_stream(path: str) -> bool:
    """Whether a path is the stream's."""
    return path.rstrip("/") == "/api/v1/positions/stream"


class Console:
    """One reader: who it shows, and what it has to be told."""

    def __init__(self, actor: Actor, resolve: Callable[[], Actor | None]) -> None:
        self.actor = actor
        self.resolve = resolve
        self.shown: set[int] = set()
        self.moved: dict[int, Seen] = {}
        self.gone: set[int] = set()
        self.bell = asyncio.Event()
        self.full = True
        self.news = False
        self.beat = False
        self.over = False

    def offer(self, seen: dict[int, Seen], changed: set[int]) -> None:
        """What there is now, and which of it is new to everybody."""
        mine = {pk for pk, each in seen.items() if queries.shows(self.actor, each.places)}
        for pk in mine if self.full else (changed & mine) | (mine - self.shown):
            self.moved[pk] = seen[pk]
            self.gone.discard(pk)
        for pk in self.shown - mine:
            self._forget(pk)
        self.shown = mine
        if self.full or self.moved or self.gone:
            self.news = True
            self.bell.set()

    def drop(self, account: int) -> None:
        """Somebody went off duty."""
        if account in self.shown:
            self.shown.discard(account)
            self._forget(account)
            self.news = True
            self.bell.set()

    def _forget(self, account: int) -> None:
        self.moved.pop(account, None)
        self.gone.add(account)

    def frame(self) -> bytes:
        """What waits, as an event; nothing waits afterwards."""
        moved, self.moved = self.moved, {}
        gone, self.gone = self.gone, set()
        full, self.full = self.full, False
        self.news = False
        rows = [
            {
                "id": pk,
                "at": each.at,
                "lon": each.lon,
                "lat": each.lat,
                "accuracy": each.accuracy,
                "mock": each.mock,
            }
            for pk, each in moved.items()
        ]
        data = {"at": clock.now(), "full": full, "moved": rows, "gone": sorted(gone)}
        return b"event: frame\ndata: " + msgspec.json.encode(data) + b"\n\n"


class Room:
    """All consoles of this process; reads the database once a second while there are any."""

    def __init__(self) -> None:
        self.consoles: set[Console] = set()
        self.wanted = asyncio.Event()
        self._seen: dict[int, Seen] = {}
        self._left: dict[int, float] = {}  # account → when we heard that it went off duty
        self._reading = ThreadPoolExecutor(1, "consoles")
        self._tasks = [
            asyncio.create_task(task) for task in (self._follow(), self._listen(), self._check())
        ]

    async def stop(self) -> None:
        """End every stream, the tasks and the thread."""
        for console in self.consoles:
            console.over = True
            console.bell.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._reading.shutdown)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self.wanted.wait()
            began = monotonic()
            try:
                rows = await loop.run_in_executor(self._reading, _moving)
            except Exception:
                # The database is away: consoles keep what they have and its age grows.
                log.exception("consoles: positions could not be read")
            else:
                self._pass_on(rows, began)
            if not self.consoles:
                self.wanted.clear()
                self._seen = {}
                continue
            await asyncio.sleep(max(0.05, TICK - (monotonic() - began)))

    def _pass_on(self, rows: list[Seen], began: float) -> None:
        # Who went off duty after this was read may still be in it.
        seen = {
            each.account_id: each for each in rows if self._left.get(each.account_id, 0.0) < began
        }
        changed = {pk for pk, each in seen.items() if self._seen.get(pk) != each}
        self._seen = seen
        self._left = {pk: at for pk, at in self._left.items() if at >= began - 60}
        for console in self.consoles:
            console.offer(seen, changed)

    async def _listen(self) -> None:
        while True:
            try:
                async with await feed.connect() as connection:
                    await connection.execute("LISTEN duty")
                    async for told in connection.notifies():
                        self._hear(told.payload)
            except psycopg.Error as error:
                # The next second's reading leaves them out all the same.
                log.warning("consoles: database lost (%s)", error)
                await asyncio.sleep(1)

    def _hear(self, payload: str) -> None:
        try:
            told = msgspec.json.decode(payload, type=dict[str, Any])
            account, on = int(told["account_id"]), bool(told["on"])
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
            log.warning("consoles: unreadable notice of duty")
            return
        if not on:
            self._left[account] = monotonic()
            self._seen.pop(account, None)
            for console in self.consoles:
                console.drop(account)

    async def _check(self) -> None:
        beaten = monotonic()
        while True:
            await asyncio.sleep(min(BEAT, RECHECK))
            beat = monotonic() - beaten >= BEAT
            beaten = monotonic() if beat else beaten
            for console in list(self.consoles):
                try:
                    actor = await asyncio.to_thread(console.resolve)
                    console.actor = require(actor, ACTION)
                except OperationalError:
                    log.exception("consoles: could not re-check a reader")
                except DomainError:
                    console.over = True
                console.beat = beat
                console.bell.set()


def _moving() -> list[Seen]:
    close_old_connections()
    return queries.moving()


_room: Room | None = None


def room() -> Room:
    """The room of this process, opened at the first use."""
    global _room
    if _room is None:
        _room = Room()
    return _room


async def stop() -> None:
    """End with the application."""
    global _room
    if _room is not None:
        await _room.stop()
        _room = None


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """One console's stream."""
    actor, resolve = await reader_of(scope, ACTION)
    here = room()
    room_for_one_more(len(here.consoles), MOST)
    if not await begin(scope, send):
        return
    console = Console(actor, resolve)
    here.consoles.add(console)
    here.wanted.set()
    gone = asyncio.create_task(until_gone(receive, console))
    try:
        while True:
            await console.bell.wait()
            console.bell.clear()
            if console.over:
                break
            chunks = []
            if console.news:
                chunks.append(console.frame())
            if console.beat:
                console.beat = False
                chunks.append(b": beat\n\n")
            if chunks:
                await write(send, b"".join(chunks))
    finally:
        here.consoles.discard(console)
        gone.cancel()
    await end(send)
