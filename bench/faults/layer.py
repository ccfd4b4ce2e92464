"""What lies between device and server: each request may meet a fault, and each fault is counted."""

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from contextlib import suppress

from bench.faults.outbox import Answer, AppKilled, NoAnswer

HOST = "127.0.0.1"
# Kind → how often among faults. Those of the server are not drawn here (`server.Reaper`).
WEIGHTS = {
    "drop_request": 18,  # it never arrives
    "drop_answer": 22,  # done, but nobody hears of it
    "delay": 14,  # slow, but in time
    "late": 12,  # given up by the device, arrives all the same, after its repetition
    "duplicate": 16,  # arrives twice at once
    "reorder": 8,  # arrives after a later one
    "truncate": 14,  # the line breaks midway
    "app_killed_before": 3,
    "app_killed_after": 5,
}


class Tally:
    """Faults injected so far, by kind, up to a number; shared by all threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kinds: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many."""
        with self.lock:
            return sum(self.kinds.values())

    def take(self, kind: str) -> bool:
        """Count one, unless there are enough."""
        with self.lock:
            if sum(self.kinds.values()) >= self.most:
                return False
            self.kinds[kind] += 1
            return True


class Network:
    """The way from one device to the server, with a bearer's token on every request."""

    def __init__(self, port: int, token: str, tally: Tally, seed: int, share: float) -> None:
        """`share`: how many of a hundred requests meet a fault, as a part of one."""
        self.port, self.token, self.tally = port, token, tally
        self.random = random.Random(seed)
        self.share = share
        self.passed = threading.Condition()
        self.under_way: list[threading.Thread] = []

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Pass a request on, with whatever happens to it on the way."""
        headers = {**headers, "Authorization": f"Bearer {self.token}"}
        request = (method, f"/api/v1{path}", headers, body)
        kind = self._drawn()
        if kind == "drop_request":
            raise NoAnswer(kind)
        if kind == "app_killed_before":
            raise AppKilled(kind)
        if kind == "delay":
            time.sleep(self.random.uniform(0.005, 0.05))
        if kind == "late":
            self._behind(request, self.random.uniform(0.05, 0.6))
            raise NoAnswer(kind)
        if kind == "reorder":
            self._after_the_next(request)
            raise NoAnswer(kind)
        if kind == "truncate":
            self._cut_off(request)
            raise NoAnswer(kind)
        if kind == "duplicate":
            self._behind(request, 0)
        answer = self._exchange(request)
        with self.passed:
            self.passed.notify_all()
        if kind == "drop_answer":
            raise NoAnswer(kind)
        if kind == "app_killed_after":
            raise AppKilled(kind)
        return answer

    def settle(self) -> None:
        """Wait for everything that is still under way."""
        with self.passed:
            self.passed.notify_all()
        for thread in self.under_way:
            thread.join(60)
        self.under_way.clear()

    def _drawn(self) -> str:
        if self.random.random() >= self.share:
            return ""
        kind = self.random.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        return kind if self.tally.take(kind) else ""

    def _exchange(self, request: tuple[str, str, dict[str, str], bytes]) -> Answer:
        method, path, headers, body = request
        line = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read()
            return Answer(answer.status, json.loads(content) if content else {})
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(repr(error)) from error
        finally:
            line.close()

    def _start(self, thread: threading.Thread) -> None:
        self.under_way = [each for each in self.under_way if each.is_alive()]
        self.under_way.append(thread)
        thread.start()

    def _behind(self, request: tuple[str, str, dict[str, str], bytes], seconds: float) -> None:
        def later() -> None:
            time.sleep(seconds)
            with suppress(NoAnswer):  # nobody waits for this answer
                self._exchange(request)

        self._start(threading.Thread(target=later))

    def _after_the_next(self, request: tuple[str, str, dict[str, str], bytes]) -> None:
        def later() -> None:
            with self.passed:
                self.passed.wait(2)
            with suppress(NoAnswer):
                self._exchange(request)

        self._start(threading.Thread(target=later))

    def _cut_off(self, request: tuple[str, str, dict[str, str], bytes]) -> None:
        """Announce the whole body, send a part of it, hang up."""
        method, path, headers, body = request
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        part = body[: self.random.randint(0, max(0, len(body) - 1))]
        with suppress(OSError), socket.create_connection((HOST, self.port), 10) as line:
            line.sendall("\r\n".join(lines).encode() + part)
