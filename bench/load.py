"""A small HTTP load generator: kept-alive sockets on threads, every answer checked.

It shares the machine's cores with the server, so what it costs is taken off the result.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

Request = tuple[str, str, bytes, str]  # method, path, body, token
Make = Callable[[int, int], Request | None]  # (connection, number) → None when exhausted


class Load:
    """Requests to one server."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.bodies: list[bytes] = []  # of the last run's POSTs
        self.created: list[int] = []  # case ids of the last create run

    def wait_ready(self, seconds: float) -> None:
        """Until the landing page answers."""
        end = time.monotonic() + seconds
        while True:
            try:
                sock = self._connect()
                status, _ = exchange(sock, "GET", "/", b"", "", self.host)
                if status == 200:
                    return
            except OSError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.2)

    def _connect(self) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def get(self, path: str, token: str) -> Any:
        """One GET, decoded."""
        with self._connect() as sock:
            status, body = exchange(sock, "GET", path, b"", token, self.host)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def run(self, make: Make, *, connections: int, seconds: float) -> dict[str, Any]:
        """Keep `connections` busy for `seconds`; rps and latency over all answers.

        Every answer must be 2xx; the first other one ends the run with its body.
        """
        times: list[float] = []
        bodies: list[bytes] = []
        wrong: list[str] = []
        end = time.monotonic() + seconds

        def work(connection: int) -> None:
            sock, number = self._connect(), 0
            while time.monotonic() < end and not wrong:
                request = make(connection, number)
                if request is None:
                    return
                started = time.perf_counter()
                status, body = exchange(sock, *request, self.host)
                times.append(time.perf_counter() - started)
                if not 200 <= status < 300:
                    wrong.append(f"{request[0]} {request[1]}: {status} {body[:300]!r}")
                    return
                if request[0] == "POST":
                    bodies.append(body)
                number += 1

        started = time.monotonic()
        threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        if wrong:
            raise SystemExit(wrong[0])
        times.sort()
        self.bodies = bodies
        return {
            "rps": round(len(times) / took, 1),
            "p50_ms": round(times[len(times) // 2] * 1000, 2),
            "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 2),
            "n": len(times),
        }


def exchange(
    sock: socket.socket, method: str, path: str, body: bytes, token: str, host: str
) -> tuple[int, bytes]:
    """One request and its answer (status, body) on a kept-alive connection."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    sock.sendall(head.encode() + b"\r\n" + body)
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock)
    header, _, rest = data.partition(b"\r\n\r\n")
    status = int(header[9:12])
    length = next(
        (
            int(line[15:])
            for line in header.lower().split(b"\r\n")
            if line[:15] == b"content-length:"
        ),
        0,
    )
    while len(rest) < length:
        rest += _more(sock)
    return status, rest


def _more(sock: socket.socket) -> bytes:
    chunk = sock.recv(262_144)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    return chunk
