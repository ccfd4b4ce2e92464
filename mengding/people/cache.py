"""A small in-process memory for what every request asks: who acts, and which organisation.

Rules: an entry lives at most `SECONDS`; a save or delete of a region, organisation, account, post
or token in this process empties at once, and again at commit, what was built from such rows.
Other processes therefore see a change (a revoked token, an ended post) after at most `SECONDS`.
Nothing is remembered about what was not found. Bulk writes send no signal: call `forget()` after
them.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Model

from mengding.core.cache import on_forget_everything

SECONDS = 10.0
MOST = 4096


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_all: "list[Memory[Any, Any]]" = []


class Memory(Generic[K, V]):
    """Values by key for `SECONDS`, at most `MOST` of them; `built_from` names models."""

    def __init__(self, *built_from: str) -> None:
        self.built_from = frozenset(built_from)
        self._kept: dict[K, tuple[float, V]] = {}
        self._age = 0
        _all.append(self)
        on_forget_everything(self.clear)

    def get(self, key: K, load: Callable[[], V]) -> V:
        """The remembered value, or what `load()` gives; None is never remembered."""
        kept = self._kept.get(key)
        moment = monotonic()
        if kept is not None and kept[0] > moment:
            return kept[1]
        age = self._age
        value = load()
        # A value loaded while somebody called forget() may be the old one: use it once only.
        if value is not None and age == self._age:
            if len(self._kept) >= MOST:
                self._kept = {}
            self._kept[key] = (moment + SECONDS, value)
        return value

    def clear(self) -> None:
        """Forget everything."""
        self._age += 1
        self._kept = {}


def forget(sender: type[Model] | None = None, **_signal: Any) -> None:
    """Empty what was built from rows of `sender` (None: everything), now and again at commit.

    Now, so that the writer reads what it wrote; at commit, because another thread may have
    remembered the old state in between.
    """
    stale = [m for m in _all if sender is None or sender.__name__ in m.built_from]

    def clear() -> None:
        for memory in stale:
            memory.clear()

    clear()
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(clear)
