"""What the tables of one answer share is read once, so that all of it speaks of one moment."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from mengding.core.moment import one_moment
from mengding.indicators import actions

V = TypeVar("V")
_kept: ContextVar[dict[Hashable, Any] | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Inside, `once` keeps what it has read, and the database stands still; one inside another is
    the same."""
    if _kept.get() is not None:
        yield
        return
    before = _kept.set({})
    try:
        with one_moment():
            yield
    finally:
        _kept.reset(before)


def once(key: Hashable, make: Callable[[], V]) -> V:
    """What `make` says, asked for a single time inside `together`."""
    kept = _kept.get()
    if kept is None:
        return make()
    if key not in kept:
        kept[key] = make()
    found: V = kept[key]
    return found


def as_of() -> datetime:
    """The moment up to which limits are taken to be over."""
    return once("as_of", actions.as_of)
