"""From "I go on" and "I go off" to spans of duty, whatever order they arrive in. Pure.

Phones without signal say it late. So what was said is kept as marks, and the spans are worked
out from all of them: the same marks give the same time on duty however they were delayed.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody goes on duty (`on`) or off it at an instant. `by`: what a span it ends is called."""

    at: datetime
    on: bool
    by: str = "worker"
    key: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """When a span ends by itself, and why ("shift", "longest")."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Span:
    """Time on duty, from its mark up to `end` (not included). `end` None: still on duty.

    `off`: the mark that ended it, None when it ended by itself.
    """

    start: Mark
    limit: Limit
    end: datetime | None
    by: str
    off: Mark | None = None


def spans(
    marks: Iterable[Mark],
    limit: Callable[[Mark], Limit],
    now: datetime,
    owned: Collection[datetime] = frozenset(),
) -> list[Span]:
    """The spans, oldest first; they do not overlap.

    Going on while on duty changes nothing, nor does going off while off. Who does both at one
    instant is off. `owned`: starts of spans that others refer to already; two of these are never
    made into one, the earlier one ends where the later begins (`by` "next").
    """
    found: list[Span] = []
    start: Mark | None = None
    bound = Limit(now, "")
    has_owned = False

    def close(end: datetime | None, by: str, off: Mark | None = None) -> None:
        nonlocal start
        assert start is not None
        found.append(Span(start, bound, end, by, off))
        start = None

    for mark in sorted(marks, key=lambda each: (each.at, not each.on, each.key)):
        if start is not None and bound.at <= mark.at:
            close(bound.at, bound.why)
        if start is not None and mark.on and mark.at in owned:
            if has_owned:
                close(mark.at, "next", mark)
            has_owned = True
        if start is None and mark.on:
            start, bound, has_owned = mark, limit(mark), mark.at in owned
        elif start is not None and not mark.on:
            close(mark.at, mark.by, mark)
    if start is not None:
        close(*((None, "") if now < bound.at else (bound.at, bound.why)))
    return found
