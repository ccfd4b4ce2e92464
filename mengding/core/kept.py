"""Answers kept for a moment, so that many screens of one post cost as much as one."""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from django.conf import settings

from mengding.core.cache import on_forget_everything

Value = TypeVar("Value")
MOST = 64  # scopes kept
REST = 4  # an answer is kept at least so many times as long as it took to make


class Kept(Generic[Value]):
    """`make()` at most once every `seconds` for each key; who asks meanwhile waits for it.

    What takes long is kept longer, so that one key never takes more than a fifth of a core.
    """

    def __init__(self, seconds: float) -> None:
        # In tests a rolled-back change must not outlive its test.
        self._seconds = 0.0 if settings.TESTING else seconds
        self._kept: dict[Hashable, tuple[float, Value]] = {}  # until when, what
        self._locks: dict[Hashable, Lock] = {}
        self._guard = Lock()
        on_forget_everything(self._kept.clear)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of `key`, made anew when it is older than allowed."""
        with self._guard:
            if len(self._locks) > MOST:
                self._drop_old()
            lock = self._locks.setdefault(key, Lock())
        with lock:
            kept, started = self._kept.get(key), time.monotonic()
            if kept is None or started > kept[0]:
                value = make()
                took = 0.0 if settings.TESTING else time.monotonic() - started
                # The age counts from before the counting: what came meanwhile is in the next.
                kept = self._kept[key] = (started + max(self._seconds, took * (1 + REST)), value)
            return kept[1]

    def _drop_old(self) -> None:
        now = time.monotonic()
        for key in list(self._locks):
            if not self._locks[key].locked() and self._kept.get(key, (0.0,))[0] < now:
                self._locks.pop(key)
                self._kept.pop(key, None)
