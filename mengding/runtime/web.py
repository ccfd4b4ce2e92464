"""The web processes.

``box`` (what ``make run`` starts) serves everything on one port from one kind of process: the
live application gets its own paths, Django the rest, on a few threads. ``wsgi`` and ``live``
are the two halves for production, behind a proxy that sends the live paths to the second.
Why: docs/decisions/2026-11-24-one-port.md.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from typing import Any, cast

import uvicorn

from mengding.runtime.bridge import ClientGone, Receive, Scope, Send, WsgiApp, WsgiBridge
from mengding.runtime.exposure import refuse_demo_on_network
from mengding.runtime.problem import Problem
from mengding.runtime.processes import die_with_parent, listen

LIVE_PATHS = ("/live/",)
LIVE_EXACT = (
    "/api/v1/stream",
    # What devices send, and the consoles' stream; the rest of /api/v1/positions is Django's.
    "/api/v1/positions",
    "/api/v1/positions/osmand",
    "/api/v1/positions/owntracks",
    "/api/v1/positions/stream",
)


def is_live(path: str) -> bool:
    return path.startswith(LIVE_PATHS) or path.rstrip("/") in LIVE_EXACT


class Box:
    """ASGI: live paths to the live application, all else to Django through the bridge."""

    def __init__(self, wsgi: WsgiApp, live: Any, *, threads: int, max_body: int) -> None:
        self.django = WsgiBridge(wsgi, threads=threads, max_body=max_body)
        self.live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (self.live is None or not is_live(scope["path"])):
            try:
                await self.django(scope, receive, send)
            except ClientGone:
                pass  # nobody is left to answer
        elif self.live is not None:
            await self.live(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def live_app() -> Any:
    """The live application that the settings name ("module:name"), or ``None``."""
    from django.conf import settings

    named = getattr(settings, "LIVE_APP", None)
    if named is None:
        return None
    module, _, name = named.partition(":")
    return getattr(importlib.import_module(module), name)


class FairServer(uvicorn.Server):
    """A uvicorn server that shares a listening socket evenly with its sister processes.

    Left alone, the first process to wake accepts every waiting connection; with a few kept-alive
    connections, as behind a proxy or in a benchmark, one process then does all the work and the
    other none (measured: half the throughput). Here each process takes one connection at a time
    and waits the longer before the next the more it holds.
    """

    PAUSE = 0.0004  # seconds for each connection held
    LONGEST = 0.004

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.listener = listener
        self._opening: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        if not self.should_exit:
            self.listener.setblocking(False)
            self.loop = asyncio.get_running_loop()
            self._listen()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop.remove_reader(self.listener)
        await super().shutdown(sockets=[])

    def _listen(self) -> None:
        if not self.should_exit:
            self.loop.add_reader(self.listener, self._waiting)

    def _waiting(self) -> None:
        held = len(self.server_state.connections) + len(self._opening)
        self.loop.remove_reader(self.listener)
        if held:
            self.loop.call_later(min(held * self.PAUSE, self.LONGEST), self._accept)
        else:
            self._accept()

    def _accept(self) -> None:
        if self.should_exit:
            return
        try:
            accepted, _ = self.listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            pass  # a sister process was first, or the client left
        except OSError as error:
            # Out of file handles: the connection stays in the queue until there is one.
            logging.getLogger("mengding.web").error("accept: %s", error)
            self.loop.call_later(0.5, self._listen)
            return
        else:
            accepted.setblocking(False)
            task = self.loop.create_task(self._connect(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        self._listen()

    async def _connect(self, accepted: socket.socket) -> None:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.loop.connect_accepted_socket(self._protocol, accepted)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def serve(app: Any, listener: socket.socket) -> None:
    """Serve an ASGI application on a listening socket until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="auto",
        access_log=False,
        log_level="warning",
        proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
    )
    FairServer(config, listener).run()


def serve_wsgi(host: str, port: int, workers: int, threads: int) -> None:
    """Serve Django alone with Granian, for production."""
    from granian.constants import Interfaces
    from granian.server import Server

    listen(host, port).close()  # Granian would silently share a taken port
    Server(
        "mengding.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
        log_access=False,
    ).serve()


def main(argv: list[str] | None = None) -> int:
    """Entry of one web process: ``python -m mengding.runtime.web box|wsgi|live``."""
    parser = argparse.ArgumentParser(prog="mengding serve", description=__doc__)
    parser.add_argument("part", choices=("box", "wsgi", "live"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="a listening socket inherited from the supervisor")
    parser.add_argument("--threads", type=int, default=4, help="Django threads per process")
    parser.add_argument("--workers", type=int, default=2, help="processes (wsgi only)")
    parser.add_argument("--max-body-mib", type=int, default=64)
    options = parser.parse_args(argv)
    if options.fd is not None:
        die_with_parent(signal.SIGTERM)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
    import django

    django.setup(set_prefix=False)
    if options.fd is not None:
        server_socket = socket.socket(fileno=options.fd)
        options.host = server_socket.getsockname()[0]
    refuse_demo_on_network(options.host)
    from django.db import connection

    connection.close()  # this thread serves no request: leave no idle connection behind
    if options.part == "wsgi":
        serve_wsgi(options.host, options.port, options.workers, options.threads)
        return 0
    if options.fd is None:
        server_socket = listen(options.host, options.port)
    live = live_app()
    if options.part == "live":
        if live is None:
            raise Problem("没有实时应用 mengding.live is not part of this installation")
        serve(live, server_socket)
    else:
        from mengding.wsgi import application

        serve(
            Box(
                cast("WsgiApp", application),
                live,
                threads=options.threads,
                max_body=options.max_body_mib << 20,
            ),
            server_socket,
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        print(f"mengding: {problem}", file=sys.stderr)
        sys.exit(1)
