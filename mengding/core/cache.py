"""A value kept in this process for a few seconds, for what every request needs."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.conf import settings
from django.db import transaction

Value = TypeVar("Value")
_forgetters: list[Callable[[], object]] = []


def on_forget_everything(forget: Callable[[], object]) -> None:
    """Register what empties a cache of this process."""
    _forgetters.append(forget)


def forget_everything() -> None:
    """Empty every cache of this process: after a restore, or when tests change the database."""
    for forget in _forgetters:
        forget()


class Versioned(Generic[Value]):
    """`load()` at most every `seconds`; `forget()` when this process changed it.

    A change made by another process is seen after `seconds` at the latest.
    """

    def __init__(self, load: Callable[[], Value], seconds: float) -> None:
        self._load = load
        # In tests a rolled-back change must not outlive its test.
        self._seconds = 0.0 if settings.TESTING else seconds
        self._kept: tuple[float, Value] | None = None
        on_forget_everything(self.forget)

    def get(self) -> Value:
        """The value, loaded anew when it is older than allowed."""
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > self._seconds:
            kept = self._kept = (time.monotonic(), self._load())
        return kept[1]

    def forget(self) -> None:
        """Load anew at the next `get`."""
        self._kept = None


def changed(forget: Callable[[], object]) -> None:
    """Empty a cache now, so that the writer reads what it wrote, and again at commit, because
    another thread may have read the old state in between."""
    forget()
    transaction.on_commit(forget)
