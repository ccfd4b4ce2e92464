"""Positions coming in, many at a time: `/api/v1/positions`, `…/osmand`, `…/owntracks`.

    POST /api/v1/positions   Bearer token, or session cookie with X-CSRFToken
    {"crs": "wgs84", "fixes": [{"id": "a1", "at": "2026-11-24T08:00:05Z", "lon": 103.1,
                                "lat": 30.1, "accuracy": 8, "mock": false}]}
    → {"kept": 1, "fixes": [{"id": "a1", "verdict": "kept"}]}

Sending again does no harm: an account has one fix an instant. A fix refused on purpose is told
200, or clients would send it for ever: `verdict` says why in our own protocol. 400 (query) and 404
(JSON) say that a device is not known. What arrives within `PAUSE` is stored in one transaction.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from django.db import DataError, IntegrityError, OperationalError, close_old_connections

from mengding.core import clock
from mengding.core.errors import Conflict, DomainError, Invalid, NotFound, TooLarge
from mengding.core.text import T
from mengding.http.auth import ACTING
from mengding.live.asgi import (
    AWAY,
    Busy,
    Receive,
    Scope,
    Send,
    actor_of,
    answer,
    cookies_of,
    headers_of,
    require,
    require_origin,
)
from mengding.positions import actions, config, queries
from mengding.positions.protocol import Fix, Malformed, Placed, Verdict, judge, osmand, own
from mengding.positions.protocol import owntracks as tracks
from mengding.positions.store import Given, store
from mengding.regions.geometry import Crs

log = logging.getLogger(__name__)
PAUSE = 0.05  # s: how long the first of a batch waits for others
BATCH = 1000  # fixes in one transaction
MOST_WAITING = 20_000  # fixes; more are asked to come again
MOST_BODY = 256 * 1024
MOST_FIELDS = 60
REMEMBER = 60.0  # s: who a token, session or device is. What they may store is asked every time

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
_V = TypeVar("_V")


class BadRequest(DomainError):
    """What the sender's program says cannot be read."""


def _bad(malformed: Malformed) -> BadRequest:
    text = T(f"读不懂：{malformed.field or '内容'}。", f"Unreadable: {malformed.field or 'body'}.")
    return BadRequest("unreadable", text, field=malformed.field or None)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """One request."""
    path, method = scope["path"].rstrip("/"), scope["method"]
    if path == "/api/v1/positions" and method == "POST":
        await _own(scope, receive, send)
    elif path == "/api/v1/positions/osmand" and method in ("GET", "POST"):
        await _osmand(scope, receive, send)
    elif path == "/api/v1/positions/owntracks" and method == "POST":
        await _owntracks(scope, receive, send)
    else:
        raise NotFound("not_found", T("没有这个地址。", "There is no such address."))


async def _own(scope: Scope, receive: Receive, send: Send) -> None:
    headers = headers_of(scope)
    token = headers.get("authorization", "")
    key = ("actor", token or "\n".join(f"{k}={v}" for k, v in cookies_of(headers).items()))
    actor = require(await _remembered(key, lambda: actor_of(headers)), "positions.own")
    if not token:
        require_origin(scope, headers)
    assert actor.account_id is not None
    # A phone's queue may meet the session of somebody else.
    if headers.get("x-acting", f"{actor.account_id}/").partition("/")[0] != str(actor.account_id):
        raise Conflict(
            "acting_differs",
            T("这是另一账号的位置。", "These are the positions of another account."),
            field=ACTING,
        )
    body = await _body(headers, receive)
    try:
        crs, fixes = own.from_json(_decode(body))
    except own.TooMany as error:
        raise TooLarge(
            "batch_large", T(f"一次最多 {own.MOST} 个。", f"At most {own.MOST} at once."),
            field="fixes",
        ) from error  # fmt: skip
    except Malformed as malformed:
        bad = _bad(malformed)
        raise Invalid(bad.code, bad.text, field=bad.field) from malformed
    verdicts = await _take(actor.account_id, None, crs, fixes)
    told = [
        {"id": fix.ref, "verdict": verdict.value}
        for fix, verdict in zip(fixes, verdicts, strict=True)
    ]
    kept = sum(verdict is Verdict.KEPT for verdict in verdicts)
    await answer(send, 200, msgspec.json.encode({"kept": kept, "fixes": told}), _JSON)


async def _osmand(scope: Scope, receive: Receive, send: Send) -> None:
    headers = headers_of(scope)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(headers, receive) if scope["method"] == "POST" else b""
    try:
        fields = _fields(scope["query_string"])
        if body and (kind.endswith("json") or body.lstrip()[:1] == b"{"):
            named, fixes = osmand.from_json(_decode(body))
            unknown: type[DomainError] = NotFound
        else:
            fields |= _fields(body)
            named, fixes = osmand.device(fields), []
            unknown = BadRequest
        device = await _device(named)
        if device is None:
            raise unknown("device_unknown", T("未知设备。", "Unknown device."), field="id")
        if unknown is BadRequest:
            fixes = [osmand.from_fields(fields)]
        if len(fixes) > own.MOST:
            raise Malformed("location")
    except Malformed as malformed:
        raise _bad(malformed) from malformed
    await _take(device.account_id, device.device_id, own.crs_of(device.crs), fixes)
    await answer(send, 200, b"", _TEXT)


async def _owntracks(scope: Scope, receive: Receive, send: Send) -> None:
    headers = headers_of(scope)
    body = await _body(headers, receive)
    try:
        device = await _device(_password(headers) or osmand.device(_fields(scope["query_string"])))
        if device is None:
            raise NotFound("device_unknown", T("未知设备。", "Unknown device."), field="id")
        fixes = tracks.from_json(_decode(body))
        if len(fixes) > own.MOST:
            raise Malformed("")
    except Malformed as malformed:
        raise _bad(malformed) from malformed
    await _take(device.account_id, device.device_id, own.crs_of(device.crs), fixes)
    await answer(send, 200, b"[]", _JSON)


def _password(headers: dict[str, str]) -> str:
    """The device's id as OwnTracks sends it: the password of HTTP's Basic scheme."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _fields(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("") from error
    return dict(pairs)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed("") from error


async def _body(headers: dict[str, str], receive: Receive) -> bytes:
    """The whole body; `TooLarge` as soon as it is."""
    said = headers.get("content-length", "")
    size = int(said) if said.isdecimal() and len(said) < 20 else 0
    found = bytearray()
    more = True
    while more and size <= MOST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("cut_off", T("内容不完整。", "The body broke off."))
        found += message.get("body", b"")
        size = max(size, len(found))
        more = bool(message.get("more_body"))
    if size <= MOST_BODY:
        return bytes(found)
    text = T(f"最多 {MOST_BODY // 1024} KiB。", f"{MOST_BODY // 1024} KiB at most.")
    raise TooLarge("body_large", text)


# Who it is, remembered for a minute: devices speak every few seconds.
_known: dict[Any, tuple[float, Any]] = {}


async def _remembered(key: Any, load: Callable[[], _V | None]) -> _V | None:
    kept = _known.get(key)
    if kept is not None and kept[0] > monotonic():
        found: _V = kept[1]
        return found
    try:
        value = await asyncio.get_running_loop().run_in_executor(_line().asking, load)
    except OperationalError as error:
        raise Busy("database_away", AWAY) from error
    if value is not None:
        if len(_known) > 20_000:
            _known.clear()
        _known[key] = (monotonic() + REMEMBER, value)
    return value


async def _device(text: str) -> queries.Known | None:
    plain = actions.plain_id(text[:200])
    if not plain:
        return None

    def load() -> queries.Known | None:
        close_old_connections()
        return queries.known_device(actions.digest(plain))

    return await _remembered(("device", plain), load)


async def _take(
    account_id: int, device_id: int | None, crs: Crs, fixes: Sequence[Fix]
) -> list[Verdict]:
    """Judge and store; a verdict for each fix, in order."""
    now = clock.now()
    judged = [judge(fix, now, crs, now - config.LATE) for fix in fixes]
    given = [Given(account_id, device_id, each) for each in judged if isinstance(each, Placed)]
    stored = iter(await _line().put(given) if given else [])
    return [each if isinstance(each, Verdict) else next(stored) for each in judged]


class Line:
    """What waits to be stored, and the one thread that stores it."""

    def __init__(self) -> None:
        self.storing = ThreadPoolExecutor(1, "positions")
        self.asking = ThreadPoolExecutor(2, "positions-who")
        self._waiting: list[tuple[list[Given], asyncio.Future[list[Verdict]]]] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    async def put(self, given: list[Given]) -> list[Verdict]:
        """The verdicts, when the transaction has committed. `Busy` when too many wait."""
        if self._size + len(given) > MOST_WAITING:
            raise Busy("positions_full", T("请稍后重试。", "Try again in a moment."))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Verdict]] = loop.create_future()
        self._waiting.append((given, future))
        self._size += len(given)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        try:
            return await future
        except OperationalError as error:
            raise Busy("database_away", AWAY) from error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if self._size < BATCH:
                await asyncio.sleep(PAUSE)
            size = 0
            taken: list[tuple[list[Given], asyncio.Future[list[Verdict]]]] = []
            while self._waiting and (not taken or size + len(self._waiting[0][0]) <= BATCH):
                taken.append(self._waiting.pop(0))
                size += len(taken[-1][0])
            self._size -= size
            lots = [given for given, _ in taken]
            try:
                results = await loop.run_in_executor(self.storing, _stored, lots)
            except Exception as error:
                log.exception("positions: a batch could not be stored")
                results = [error] * len(taken)
            for (_, future), result in zip(taken, results, strict=True):
                if future.done():
                    continue  # its sender has hung up
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    def stop(self) -> None:
        """End the threads; what waits is stored first."""
        self.storing.shutdown()
        self.asking.shutdown()


def _stored(lots: list[list[Given]]) -> list[list[Verdict] | Exception]:
    """Verdicts a lot. On the storing thread."""
    close_old_connections()
    try:
        verdicts = iter(store([each for lot in lots for each in lot]))
        return [[next(verdicts) for _ in lot] for lot in lots]
    except (IntegrityError, DataError):
        # One lot met a wall of the database, which should not happen: the others shall not suffer.
        log.exception("positions: a batch was refused by the database")
        results: list[list[Verdict] | Exception] = []
        for lot in lots:
            try:
                results.append(store(lot))
            except (IntegrityError, DataError) as error:
                results.append(error)
        return results


_the_line: Line | None = None


def _line() -> Line:
    global _the_line
    if _the_line is None:
        _the_line = Line()
    return _the_line


async def stop() -> None:
    """End with the application."""
    global _the_line
    line, _the_line = _the_line, None
    _known.clear()
    if line is not None:
        await asyncio.to_thread(line.stop)
