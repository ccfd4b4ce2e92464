"""One reader of the ledger per process, and everybody who listens to it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
from django.db import close_old_connections

from mengding.core.actor import Actor
from mengding.escalation import actions as escalation
from mengding.ledger.feed import Position
from mengding.live import feed
from mengding.policy.permissions import Bearings, holds, sees

log = logging.getLogger(__name__)
POLL = 1.0  # s: how late an event may be when a notification got lost
HEARTBEAT = 15.0  # s
RECHECK = 15.0  # s: how soon a revoked token or session loses its stream
MOST_WAITING = 5000  # different cases a slow reader may fall behind by

Resolve = Callable[[], Actor | None]


class Subscriber:
    """One reader: what waits for it, newest event per case, and a bell."""

    def __init__(self, actor: Actor, resolve: Resolve) -> None:
        self.actor = actor
        self.resolve = resolve
        self.waiting: dict[tuple[str, int], dict[str, Any]] = {}
        self.joined: set[int] = set()  # open cases somebody else came to or left
        self.bell = asyncio.Event()
        self.beat = False
        self.lost = False
        self.over = False

    def offer(self, event: dict[str, Any]) -> None:
        """Queue an event; several on one subject collapse to the newest with their count."""
        key = (event["subject_kind"], event["subject_id"])
        before = self.waiting.pop(key, None)
        if before is None and len(self.waiting) >= MOST_WAITING:
            # Memory stays bounded; the reader is told to load afresh.
            self.waiting.clear()
            self.lost = True
        else:
            self.waiting[key] = collapsed(before, event)
        self.bell.set()


def collapsed(before: dict[str, Any] | None, event: dict[str, Any]) -> dict[str, Any]:
    """Several events of one subject as one: the newest, at the position of the last read.

    The feed may give the higher `seq` first. Not every event names stage and version: what an
    older one said of them still holds.
    """
    if before is None:
        return {**event, "count": 1}
    older, newer = sorted((before, event), key=lambda e: int(e["seq"]))
    kept = {name: older[name] for name in ("stage", "version") if newer[name] is None}
    place = {"xact": event["xact"], "id": event["id"]}
    return {**newer, **kept, **place, "count": before["count"] + 1}


def admits(actor: Actor, event: dict[str, Any]) -> bool:
    """Whether the actor may learn of the event: cases by visibility, the rest for auditors."""
    if event["subject_kind"] != "case":
        return holds(actor, "ledger.read")
    if event["district_id"] is None or not holds(actor, "case.read"):
        return False
    orgs = frozenset(event["order_org_ids"] or ()) | frozenset(event["left_org_ids"] or ())
    return sees(
        actor,
        Bearings(
            district_id=event["district_id"],
            town_id=event["town_id"],
            village_id=event["village_id"],
            grid_id=event["grid_id"],
            confidential=event["confidential"],
            assigned_org_ids=orgs,
            received_by_account_id=event["received_by"],
        ),
    )


class Hub:
    """Follows the feed and rings the bells. Heartbeats come from here, one timer for all."""

    def __init__(self) -> None:
        self.position = Position()
        self.ready = asyncio.Event()
        self.subscribers: set[Subscriber] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow; called from the event loop."""
        self._tasks = [
            asyncio.create_task(self._follow()),
            asyncio.create_task(self._beat()),
            asyncio.create_task(self._recheck()),
        ]

    async def stop(self) -> None:
        """End every stream and the tasks."""
        for subscriber in self.subscribers:
            subscriber.over = True
            subscriber.bell.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self) -> None:
        delay = 0.2
        while True:
            try:
                async with await feed.connect() as connection:
                    await connection.execute("LISTEN ledger")
                    await connection.execute("LISTEN presence")
                    if not self.ready.is_set():
                        self.position = await feed.tail(connection)
                        self.ready.set()
                    delay = 0.2
                    while True:
                        # First read, then wait: what came while connecting is not missed.
                        while await self._pass_on(connection):
                            pass
                        async for told in connection.notifies(timeout=POLL, stop_after=1):
                            if told.channel == "presence":
                                self._tell(msgspec.json.decode(told.payload))
            except psycopg.Error as error:
                log.warning("live feed: database lost (%s); trying again in %.1f s", error, delay)
                await asyncio.sleep(delay)
                delay = min(5.0, delay * 2)

    async def _pass_on(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> bool:
        """Hand the next events to whoever may see them; whether there may be more."""
        events = await feed.read(connection, self.position)
        for event in events:
            for subscriber in self.subscribers:
                if admits(subscriber.actor, event):
                    subscriber.offer(event)
        if events:
            self.position = Position(events[-1]["xact"], events[-1]["id"])
        return len(events) == 1000

    def _tell(self, told: dict[str, Any]) -> None:
        """Ring for those who have the same case open (and still see it); nobody else learns."""
        event = {
            **told,
            "subject_kind": "case",
            "order_org_ids": told["assigned_org_ids"],
            "left_org_ids": None,
            "received_by": told["received_by_account_id"],
        }
        accounts = set(told["accounts"])
        for subscriber in self.subscribers:
            if subscriber.actor.account_id in accounts and admits(subscriber.actor, event):
                subscriber.joined.add(told["id"])
                subscriber.bell.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for subscriber in self.subscribers:
                subscriber.beat = True
                subscriber.bell.set()

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK)
            for subscriber in list(self.subscribers):
                try:
                    actor = await asyncio.to_thread(subscriber.resolve)
                except Exception:
                    # The database is away: the streams stay, the next round decides.
                    log.exception("live feed: could not re-check a reader")
                    break
                if actor is None or not holds(actor, "stream.read"):
                    subscriber.over = True
                    subscriber.bell.set()
                else:
                    subscriber.actor = actor
            await self._say_who_watches()

    async def _say_who_watches(self) -> None:
        """Note which organisations have a console open, for the alarm that none is."""
        orgs = {each.actor.org_id for each in self.subscribers if each.actor.org_id is not None}
        if not orgs:
            return
        try:
            await asyncio.to_thread(_consoles_seen, orgs)
        except Exception:
            log.exception("live feed: could not note the open consoles")


def _consoles_seen(orgs: set[int]) -> None:
    close_old_connections()
    escalation.consoles_seen(orgs)
