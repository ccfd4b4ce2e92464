"""What the system holds about somebody who works with it, said by each app of what it keeps.

The apps register once, at start; `of` asks them all. Nothing here knows a database. Only the
person concerned is answered (`GET /me/holdings`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mengding.core.text import T


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at it: when, who, and the reason they gave."""

    at: datetime
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One sort of data. `count` rows, the first from `oldest`; `goes_at`: when the next is deleted.

    `purpose`: why it is kept; `retention`: how long; `readers`: who can see it. `facts` are the
    data themselves as far as they are short, by name: JSON of texts, numbers and ISO times.
    """

    code: str
    title: T
    purpose: T
    retention: T
    readers: T
    count: int
    oldest: datetime | None = None
    goes_at: datetime | None = None
    looks: tuple[Look, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


Statement = Callable[[int], Holding]
_statements: dict[str, tuple[int, Statement]] = {}


def register(code: str, statement: Statement, *, order: int = 100) -> None:
    """`statement` is asked with an account id; `order` is its place on the page."""
    _statements[code] = (order, statement)


def of(account_id: int) -> list[Holding]:
    """Everything that is held about an account, in order."""
    ordered = sorted(_statements.items(), key=lambda item: (item[1][0], item[0]))
    return [statement(account_id) for _, (_, statement) in ordered]


def codes() -> list[str]:
    """Which apps have said something."""
    return sorted(_statements)
