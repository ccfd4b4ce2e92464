"""Which task a piece of work counts for. Pure: no Django, no queries.

Work is never reported twice: an event of the ledger that did it completes the task. One event
counts for one task; a task is completed by one event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mengding.tasks.states import Window


@dataclass(frozen=True, slots=True)
class Rule:
    """An event that counts as work of a kind. Empty sets: any.

    `classes`: beginnings of class codes; `without`: beginnings that do not count.
    """

    action: str
    classes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def fits(self, work: "Work") -> bool:
        """Whether the event counts."""
        return (
            self.action == work.action
            and (not self.classes or work.class_code.startswith(self.classes))
            and not (self.without and work.class_code.startswith(self.without))
            and (not self.channels or work.channel in self.channels)
            and (not self.roles or work.role in self.roles)
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of an event. `at`: when it was done."""

    action: str
    at: datetime
    class_code: str = ""
    channel: str = ""
    role: str = ""


def kind_of(work: Work, rules: Iterable[tuple[str, Iterable[Rule]]]) -> str | None:
    """The first kind, in the order of the catalogue, that one of its rules gives the work to."""
    for kind, own in rules:
        if any(rule.fits(work) for rule in own):
            return kind
    return None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open task somebody could complete. `exact`: bound to that person, not shared."""

    id: int
    window: Window
    exact: bool
    place: int | None = None


def chosen(at: datetime, waiting: Iterable[Waiting], place: int | None = None) -> int | None:
    """Which open task work done at `at` completes: the one due first, one's own before a shared.

    A task at a place is completed by work at that place only. None: it is work nobody planned,
    which counts all the same.
    """
    found = [
        each
        for each in waiting
        if each.window.holds(at) and (each.place is None or each.place == place)
    ]
    best = min(
        found,
        key=lambda each: (each.place is None, each.window.due, not each.exact, each.id),
        default=None,
    )
    return best.id if best is not None else None


def assigned(
    deeds: Mapping[int, tuple[datetime, int | None]], waiting: Iterable[Waiting]
) -> dict[int, int]:
    """Deed id → task id over several deeds `(at, place)` of one kind and person.

    Deeds go in the order they happened. Each task and each deed is used once.
    """
    left = {each.id: each for each in waiting}
    found: dict[int, int] = {}
    for deed, (at, place) in sorted(deeds.items(), key=lambda item: (item[1][0], item[0])):
        task = chosen(at, left.values(), place)
        if task is not None:
            found[deed] = task
            del left[task]
    return found
