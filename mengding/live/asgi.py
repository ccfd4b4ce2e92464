"""What the live application's parts share: who asks, how a refusal looks, how a stream begins."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.db import OperationalError, close_old_connections
from django.http import HttpRequest

from mengding.core.actor import Actor
from mengding.core.errors import DomainError, NotAllowed, NotFound, NotSignedIn
from mengding.core.text import T, pick_language
from mengding.http.auth import check_origin
from mengding.people import queries as people
from mengding.policy.permissions import holds

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

AWAY = T("数据库暂不可用，请稍后重试。", "The database is away; try again in a moment.")
STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class Busy(DomainError):
    """Not just now."""

    status = 503
    title = T("暂时不可用", "Not available just now")


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by small name."""
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}


def actor_of(headers: dict[str, str]) -> Actor | None:
    """Who asks, from a bearer token or the session cookie. Runs on a thread."""
    close_old_connections()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return people.actor_for_token(value.strip())
    cookie = cookies_of(headers).get(settings.SESSION_COOKIE_NAME)
    if cookie is None:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    return people.actor_for_session(store)


def cookies_of(headers: dict[str, str]) -> dict[str, str]:
    """Cookies by name; none when they cannot be read."""
    try:
        return {name: each.value for name, each in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def require(actor: Actor | None, action: str) -> Actor:
    """The actor, or `NotSignedIn` or `NotAllowed`."""
    if actor is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    if not holds(actor, action):
        raise NotAllowed("not_allowed", T("没有权限。", "Not allowed."), action=action)
    return actor


class _Asked(HttpRequest):
    """As much of a request as Django's own check of the origin looks at."""

    def __init__(self, scope: Scope, headers: dict[str, str]) -> None:
        super().__init__()
        self.method = scope["method"]
        self.path = self.path_info = scope["path"]
        self.COOKIES = cookies_of(headers)
        self.META = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in headers.items()}
        host, port = scope.get("server") or ("localhost", 80)
        self.META |= {"SERVER_NAME": str(host), "SERVER_PORT": str(port)}
        self._of = scope.get("scheme", "http")

    def _get_scheme(self) -> str:
        return str(self._of)


def require_origin(scope: Scope, headers: dict[str, str]) -> None:
    """Refuse (`NotAllowed`) what rides on a session without its CSRF token."""
    check_origin(_Asked(scope, headers))


class Reader(Protocol):
    """Whoever reads a stream: `over` ends it, `bell` wakes it."""

    over: bool
    bell: asyncio.Event


async def reader_of(scope: Scope, action: str) -> tuple[Actor, Callable[[], Actor | None]]:
    """Who asks for a stream, and how to ask again who that is; raises what refuses it."""
    if scope["method"] not in ("GET", "HEAD"):
        raise NotFound("not_found", T("没有这个地址。", "There is no such address."))
    headers = headers_of(scope)

    def resolve() -> Actor | None:
        return actor_of(headers)

    try:
        return require(await asyncio.to_thread(resolve), action), resolve
    except OperationalError as error:
        raise Busy("feed_away", AWAY) from error


def room_for_one_more(readers: int, most: int) -> None:
    """Raises `Busy` when all streams are taken."""
    if readers >= most:
        raise Busy("streams_full", T("实时连接已满，请稍后重试。", "All streams are taken."))


async def begin(scope: Scope, send: Send) -> bool:
    """The head of a stream, and whether its body is asked for, too."""
    await send({"type": "http.response.start", "status": 200, "headers": STREAM})
    if scope["method"] == "HEAD":
        await end(send)
        return False
    return True


async def end(send: Send) -> None:
    """The end of a stream."""
    await send({"type": "http.response.body", "body": b""})


async def until_gone(receive: Receive, reader: Reader) -> None:
    """Wait until the reader has gone, and end its stream."""
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.over = True
    reader.bell.set()


async def write(send: Send, chunk: bytes) -> None:
    """A piece of a stream."""
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def refuse(scope: Scope, send: Send, error: DomainError) -> None:
    """An RFC 9457 answer in the reader's language."""
    accept = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    language = pick_language(accept)
    told = {
        "type": f"urn:mengding:problem:{error.code}",
        "title": error.title.said(language),
        "status": error.status,
        "detail": error.text.said(language),
        "code": error.code,
    }
    if error.field:
        told["field"] = error.field
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if isinstance(error, Busy):
        headers.append((b"retry-after", b"5"))
    await answer(send, error.status, msgspec.json.encode(told), headers)


async def answer(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """A whole answer."""
    length = (b"content-length", str(len(body)).encode())
    start = [*(headers or []), length]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
