"""One's own tasks: the day, late completion, visits."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.http.auth import allows
from mengding.people.api.caller import caller
from mengding.tasks.actions import doing
from mengding.tasks.api.shapes import AT, BIGGEST, TaskOut
from mengding.tasks.queries import tasks as queries

router = Router()


class TaskDayIn(Schema):
    """Which local day; today unless given."""

    day: date | None = Field(None, examples=["2026-11-30"])


class TaskDayOut(Schema):
    """A day's tasks in the order of their windows. `late`: of earlier days, with today only."""

    day: date
    items: list[TaskOut]
    late: list[TaskOut]


class TaskCompleteIn(Schema):
    """Why so late."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"at": "2026-11-30T09:20:00+08:00", "reason": "昨日暴雨，道路封闭。"}
        },
    )

    at: AwareDatetime | None = AT
    reason: str = Field(max_length=1000)


class TaskCancelIn(Schema):
    """Why it is called off."""

    reason: str = Field(max_length=1000, examples=["景区当日闭园。"])


class VisitIn(Schema):
    """A visit or an outreach: where, what for, what came of it. Nothing about people."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "household_visit",
                "address": "骑龙村三组12号",
                "purpose": "notice",
                "result": "met",
                "at": "2026-11-30T09:20:00+08:00",
            }
        },
    )

    kind: str = Field(max_length=40)
    address: str = Field(max_length=400)
    purpose: str = Field(max_length=40)
    result: str = Field(max_length=40)
    at: AwareDatetime | None = AT
    task: int | None = Field(None, ge=1, le=BIGGEST, description="The task it is meant for.")
    reason: str = Field("", max_length=1000, description="Needed when the task's time has passed.")
    region: str | None = Field(None, max_length=20, description="Code; the own one unless given.")


class VisitOut(Schema):
    """The visit, and the task it completed: null when nobody had planned it. It counts anyway."""

    id: int
    kind: str
    task: int | None


@router.get(
    "/tasks/today", response=TaskDayOut, operation_id="tasks_day", summary="我的任务 My day"
)
@allows("tasks.do")
def my_day(request: HttpRequest, wanted: Query[TaskDayIn]) -> dict[str, Any]:
    """My tasks of a day, and today what I can still complete of earlier days."""
    return queries.of_day(caller(request), wanted.day)


@router.get(
    "/tasks/{int:task_id}", response=TaskOut, operation_id="tasks_one", summary="任务 A task"
)
@allows("tasks.do")
def read_task(request: HttpRequest, task_id: int) -> dict[str, Any]:
    """One of my tasks."""
    return queries.one(caller(request), task_id)


@router.post(
    "/tasks/{int:task_id}/complete", response=TaskOut, operation_id="tasks_complete",
    summary="补办 Complete late",
)  # fmt: skip
@allows("tasks.do")
def complete_task(request: HttpRequest, task_id: int, data: TaskCompleteIn) -> dict[str, Any]:
    """Complete a task after its time, with a reason. In time the work itself completes it."""
    actor = caller(request)
    doing.complete_late(actor, task_id, at=data.at, reason=data.reason)
    return queries.one(actor, task_id)


@router.post(
    "/tasks/{int:task_id}/cancel", response=TaskOut, operation_id="tasks_cancel",
    summary="取消任务 Call off",
)  # fmt: skip
@allows("tasks.oversee")
def cancel_task(request: HttpRequest, task_id: int, data: TaskCancelIn) -> dict[str, Any]:
    """Call a task off, with a reason."""
    actor = caller(request)
    doing.cancel(actor, task_id, reason=data.reason)
    return queries.one(actor, task_id)


@router.post(
    "/visits", response={201: VisitOut}, operation_id="visits_record", summary="走访宣传 A visit"
)
@allows("tasks.do")
def record_visit(request: HttpRequest, data: VisitIn) -> Status[dict[str, Any]]:
    """Record a visit or an outreach; the record completes a task of that kind."""
    row, task = doing.visit(caller(request), doing.VisitData(**data.model_dump()))
    return Status(201, {"id": row.pk, "kind": row.kind, "task": task.pk if task else None})
