"""Timing a call: wall time, and the processor time of this process and of the database's.

Wall time is what people wait for and grows with whatever else the machine does; processor time
says what the call itself costs.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any


def yardstick(rest: float = 0.0) -> str:
    """How quick this machine is just now, to read other figures by: the same loop 30 times, in ms,
    with `rest` seconds before each."""
    walls = []
    for _ in range(30):
        time.sleep(rest)
        started, kept = time.perf_counter(), dict.fromkeys(range(1024), 0)
        for number in range(300_000):
            kept[number & 1023] += number
        walls.append((time.perf_counter() - started) * 1000)
    cuts = quantiles(walls, n=20, method="inclusive")
    return f"yardstick: least {min(walls):.0f}  p50 {cuts[9]:.0f}  p95 {cuts[18]:.0f} ms"


class Timer:
    """Times calls that use Django's connection, in milliseconds.

    `rest`: seconds before each. People who look at pages rest too; what is asked back to back at
    the same pace of the machine (`yardstick`) took a sixth longer.
    """

    def __init__(self, connection: Any, rest: float = 0.0) -> None:
        self._rest = rest
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
            time.sleep(self._rest)
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
