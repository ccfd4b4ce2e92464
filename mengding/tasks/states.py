"""What a task's state is at a moment. Pure: no Django, no queries.

A row holds only what somebody did (open, completed, cancelled); the rest follows from its window
and the time, so nothing has to be recalculated when a window passes.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mengding.core.text import T


class Status(StrEnum):
    """What is stored of a task."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    """What a task looks like at a moment."""

    DRAFT = "draft"  # its window has not opened
    READY = "ready"
    MISSED = "missed"  # its window has passed; it can still be completed, with a reason
    FAILED = "failed"  # not even that any more
    COMPLETED = "completed"
    CANCELLED = "cancelled"


STATE_NAMES: dict[TaskState, T] = {
    TaskState.DRAFT: T("未到时间", "Not yet"),
    TaskState.READY: T("待办", "To do"),
    TaskState.MISSED: T("可补办", "Can still be done"),
    TaskState.FAILED: T("未办", "Not done"),
    TaskState.COMPLETED: T("已完成", "Done"),
    TaskState.CANCELLED: T("已取消", "Cancelled"),
}
# Which states lead to which as time passes or somebody acts. A test walks it.
FOLLOWING: dict[TaskState, frozenset[TaskState]] = {
    TaskState.DRAFT: frozenset({TaskState.READY, TaskState.CANCELLED}),
    TaskState.READY: frozenset({TaskState.MISSED, TaskState.COMPLETED, TaskState.CANCELLED}),
    TaskState.MISSED: frozenset({TaskState.FAILED, TaskState.COMPLETED, TaskState.CANCELLED}),
    TaskState.FAILED: frozenset(),
    TaskState.COMPLETED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
DOABLE = frozenset({TaskState.READY, TaskState.MISSED})


@dataclass(frozen=True, slots=True)
class Window:
    """When a task can be done: in time from `opens` to `due`, with a reason up to `until`."""

    opens: datetime
    due: datetime
    until: datetime

    def __post_init__(self) -> None:
        """Raise `ValueError` for a window that is none."""
        if not self.opens < self.due <= self.until:
            raise ValueError("window: opens < due <= until")

    def holds(self, at: datetime) -> bool:
        """Whether something done at `at` was done in time. Both ends belong to it."""
        return self.opens <= at <= self.due

    def late(self, at: datetime) -> bool:
        """Whether `at` is after the window and can still be completed with a reason."""
        return self.due < at <= self.until


def state_of(status: Status, window: Window, now: datetime) -> TaskState:
    """The state of a task at `now`."""
    if status is Status.COMPLETED:
        return TaskState.COMPLETED
    if status is Status.CANCELLED:
        return TaskState.CANCELLED
    if now < window.opens:
        return TaskState.DRAFT
    if now <= window.due:
        return TaskState.READY
    return TaskState.MISSED if now <= window.until else TaskState.FAILED


# Fixed for all installations: the same task has the same key wherever it is computed.
_SPACE = uuid.UUID("6a1f7f4e-6a1c-5d0b-9d7a-51180351d001")


def planned_key(
    plan: int, day: date, slot: int, *, post: int | None, region: int, place: int | None
) -> uuid.UUID:
    """The id of the task a plan makes for a day: computing it again gives the same task."""
    who = f"post:{post}" if post is not None else f"region:{region}"
    return uuid.uuid5(_SPACE, f"plan:{plan}|{day.isoformat()}|{slot}|{who}|place:{place or 0}")


def recheck_key(finding: int, turn: int) -> uuid.UUID:
    """The id of the re-inspection of a finding after its `turn`-th case."""
    return uuid.uuid5(_SPACE, f"finding:{finding}|{turn}")
