"""Run a WSGI application inside an ASGI server, on threads that stay.

Leaner than a general adapter because it knows its application: Django answers with its whole
body at once (sent as one message) except for streamed files, and the request body is read
before a thread is taken, so a slow sender holds no thread; half a body goes no further, but for
resumable uploads. Threads live as long as the process, so Django's persistent database
connection of each thread is reused, never leaked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

IN_MEMORY = 1024 * 1024  # bytes of a request body kept in memory before it goes to a file


class WsgiBridge:
    """An ASGI application that answers HTTP requests with ``wsgi`` on ``threads`` threads.

    ``max_body`` is in bytes; a larger request gets 413 as problem details (RFC 9457), at once
    when its length is announced, else when the limit is passed.
    """

    def __init__(self, wsgi: WsgiApp, *, threads: int, max_body: int) -> None:
        self.wsgi = wsgi
        self.max_body = max_body
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed below)
        try:
            if scope["method"] not in ("GET", "HEAD") and not await self._read(
                scope, receive, body
            ):
                await _too_large(send, self.max_body)
                return
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self.pool, self._answer, scope, body, loop, send)
        finally:
            body.close()
        if answer is not None:
            status, headers, content = answer
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": content})

    async def _read(self, scope: Scope, receive: Receive, body: IO[bytes]) -> bool:
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > self.max_body:
                return False
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                if size and _resumable(scope):
                    body.seek(0)
                    return True  # what came is kept; nobody is there to read the answer
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.max_body:
                return False
            body.write(chunk)
            if not message.get("more_body"):
                body.seek(0)
                return True

    def _answer(
        self, scope: Scope, body: IO[bytes], loop: asyncio.AbstractEventLoop, send: Send
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
        """Runs on a pool thread. ``None`` when the answer was streamed from here."""
        status = 500
        headers: list[tuple[bytes, bytes]] = []

        def start(line: str, pairs: list[tuple[str, str]], exc_info: object = None) -> None:
            nonlocal status
            status = int(line[:3])
            headers[:] = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in pairs]

        response = self.wsgi(environ(scope, body), start)
        try:
            if not getattr(response, "streaming", False):
                return status, headers, b"".join(response)

            def say(message: Message) -> None:
                # Waiting for each message to leave is the back-pressure of a slow reader.
                asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

            say({"type": "http.response.start", "status": status, "headers": headers})
            for chunk in response:
                say({"type": "http.response.body", "body": chunk, "more_body": True})
            say({"type": "http.response.body", "body": b""})
            return None
        finally:
            close = getattr(response, "close", None)
            if close is not None:
                close()


def _resumable(scope: Scope) -> bool:
    """Whether half a body is of use: an upload that says where its bytes go."""
    return any(name == b"upload-offset" for name, _ in scope["headers"])


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def _send(send: Send, message: Message) -> None:
    await send(message)


async def _too_large(send: Send, limit: int) -> None:
    text = json.dumps(
        {
            "type": "about:blank",
            "title": "Content Too Large",
            "status": 413,
            "code": "too_large",
            "detail": f"请求超过 {limit >> 20} MiB / the request is larger than {limit >> 20} MiB",
        },
        ensure_ascii=False,
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The PEP 3333 environment of an ASGI HTTP scope."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    env: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue  # would pass for the same header written with a dash
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        value = raw_value.decode("latin-1")
        if name in env:
            value = env[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        env[name] = value
    if "CONTENT_LENGTH" not in env and scope["method"] not in ("GET", "HEAD"):
        # A chunked request: the body is complete here, so its length is known.
        body.seek(0, 2)
        env["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
    return env
