"""A bad line between a phone and the server: a proxy that drops, delays, repeats and forgets."""

import http.client
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class BadLine:
    """Listens on a port of its own; `rate`: how many of the API's requests something happens to."""

    def __init__(self, port: int, seed: int, rate: float = 0.4) -> None:
        self.port, self.rate = port, rate
        self.down = False  # nothing gets through, not even the app's own files
        self.random = random.Random(seed)
        self.happened: Counter[str] = Counter()
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def carry(self) -> None:
                line.carry(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = carry

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def carry(self, request: BaseHTTPRequestHandler) -> None:
        """One request over the line, with what happens to it."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.down:
            return self._cut(request)
        fault = self._fault(request.path)
        self.happened[fault] += 1
        if fault == "dropped":
            return self._cut(request)
        if fault == "late":
            time.sleep(self.random.uniform(0.2, 1.0))
        try:
            answer = self._ask(request, body)
            if fault == "repeated":
                self._ask(request, body)
        except (OSError, http.client.HTTPException):  # the server is being started again
            return self._cut(request)
        if fault == "forgotten":  # done over there, and nobody here hears of it
            return self._cut(request)
        status, headers, data = answer
        with suppress(OSError):  # the phone has hung up
            self._hand_over(request, status, headers, data)
        return None

    def _hand_over(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        headers: list[tuple[str, str]],
        data: bytes,
    ) -> None:
        request.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _fault(self, path: str) -> str:
        if not path.startswith("/api/") or self.random.random() > self.rate:
            return "none"
        return self.random.choice(("dropped", "forgotten", "repeated", "late"))

    def _ask(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        there.request(request.command, request.path, body or None, headers)
        answer = there.getresponse()
        found = (answer.status, answer.getheaders(), answer.read())
        there.close()
        return found

    def _cut(self, request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.connection.close()
