"""Timing a call: wall time, and the processor time of this process and of the database's.

Wall time is what people wait for and grows with whatever else the machine does; processor time
says what the call itself costs.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any


class Timer:
    """Times calls that use Django's connection, in milliseconds."""

    def __init__(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._server = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def _used(self) -> float:
        """Processor time so far, in ms."""
        ours = time.process_time_ns()
        return (ours + int(self._server.read_text().split()[0])) / 1e6

    def times(self, call: Callable[[], object], rounds: int) -> tuple[list[float], float]:
        """(wall of each call, mean processor time), after two calls that are not counted."""
        call(), call()
        walls = []
        before = self._used()
        for _ in range(rounds):
            started = time.perf_counter()
            call()
            walls.append((time.perf_counter() - started) * 1000)
        return walls, (self._used() - before) / rounds

    def say(self, call: Callable[[], object], rounds: int, aim: float | None = None) -> str:
        """A line: least, p50 and p95 of the wall times, mean processor time; what missed `aim`."""
        walls, used = self.times(call, rounds)
        cuts = quantiles(walls, n=20, method="inclusive")
        missed = "  MISSED" if aim is not None and cuts[18] > aim else ""
        return (
            f"least {min(walls):7.1f}  p50 {cuts[9]:7.1f}  p95 {cuts[18]:7.1f}"
            f"  cpu {used:7.1f} ms{missed}"
        )
