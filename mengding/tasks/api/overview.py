"""What was done where: coverage first."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.tasks.api.shapes import BIGGEST, TaskOut, TaskSpan, region_id
from mengding.tasks.queries import overview, tasks
from mengding.tasks.states import TaskState

router = Router()


class TaskCounts(Schema):
    """Tasks by how they stand. `planned`: begun and not called off; `late` is part of done."""

    planned: int
    ready: int
    missed: int
    failed: int
    completed: int
    late: int


class TaskVillageOut(TaskCounts):
    """One village. `visits`: pieces of work done there; `places_waiting`: not looked at in time."""

    region: int
    code: str
    name: str
    town: str | None
    visits: int
    last_at: datetime | None
    places: int
    places_waiting: int
    findings: int
    rechecks_overdue: int


class TaskCoverageOut(Schema):
    """Villages nobody visited first, then by code; no ranking."""

    since: date
    until: date
    unvisited: int
    items: list[TaskVillageOut]


class TaskWorkOut(Schema):
    """So many pieces of work of a kind, planned or not."""

    kind: str
    count: int


class TaskWorkerOut(TaskCounts):
    """One grid worker of the own area."""

    post: int
    name: str
    region: str
    work: list[TaskWorkOut]


class TaskWorkerList(Schema):
    """Grid workers by name."""

    items: list[TaskWorkerOut]


class TaskFilter(TaskSpan):
    """Narrowing; all that is given holds."""

    kind: str = Field("", max_length=40)
    state: TaskState | None = None
    region: str | None = Field(None, max_length=20, examples=["511803102201"])
    place: int | None = Field(None, ge=1, le=BIGGEST)


class TaskPage(Schema):
    """A page of tasks by deadline."""

    items: list[TaskOut]
    next: str | None


@router.get(
    "/tasks/coverage", response=TaskCoverageOut, operation_id="tasks_coverage",
    summary="覆盖情况 Coverage",
)  # fmt: skip
@allows("tasks.oversee")
def coverage(request: HttpRequest, span: Query[TaskSpan]) -> dict[str, Any]:
    """Which villages were visited, and which by nobody."""
    return overview.villages(caller(request), *span.days())


@router.get(
    "/tasks/workers",
    response=TaskWorkerList,
    operation_id="tasks_workers",
    summary="网格员 Workers",
)
@allows("tasks.oversee")
def workers(request: HttpRequest, span: Query[TaskSpan]) -> dict[str, Any]:
    """What the grid workers of the own area had to do and did."""
    return {"items": overview.workers(caller(request), *span.days())}


@router.get("/tasks", response=TaskPage, operation_id="tasks_list", summary="任务列表 Tasks")
@allows("tasks.oversee")
def list_tasks(
    request: HttpRequest, paging: Query[Paging], narrow: Query[TaskFilter]
) -> dict[str, Any]:
    """The tasks of some days in the own area."""
    actor = caller(request)
    since, until = narrow.days()
    items, following = tasks.listed(
        actor,
        since=since,
        until=until,
        kind=narrow.kind,
        state=narrow.state,
        region=region_id(actor, narrow.region),
        place=narrow.place,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}
