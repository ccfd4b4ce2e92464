"""The one place the current time comes from, so that imports and tests can simulate it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_simulated: ContextVar[datetime | None] = ContextVar("simulated_now", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC; the simulated one inside `at()`."""
    return _simulated.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (aware). Used by imports and tests only."""
    if moment.tzinfo is None:
        raise ValueError("moment: needs a time zone")
    token = _simulated.set(moment)
    try:
        yield
    finally:
        _simulated.reset(token)
