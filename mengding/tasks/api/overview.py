"""The tasks of an area."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.tasks.api.shapes import BIGGEST, TaskOut, TaskSpan, region_id
from mengding.tasks.queries import tasks
from mengding.tasks.states import TaskState

router = Router()


class TaskFilter(TaskSpan):
    """Narrowing; all that is given holds."""

    kind: str = Field("", max_length=40)
    state: TaskState | None = None
    late: bool = Field(False, description="Only what was done after its deadline.")
    region: str | None = Field(None, max_length=20, examples=["511803102201"])
    place: int | None = Field(None, ge=1, le=BIGGEST)


class TaskPage(Schema):
    """A page of tasks by deadline."""

    items: list[TaskOut]
    next: str | None


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
        late=narrow.late,
        region=region_id(actor, narrow.region),
        place=narrow.place,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}
