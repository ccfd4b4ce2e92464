"""Plans."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller
from mengding.tasks.actions import plans as actions
from mengding.tasks.actions.plans import PlanData
from mengding.tasks.api.shapes import BIGGEST, region_id
from mengding.tasks.models import Who
from mengding.tasks.queries import plans as queries
from mengding.tasks.recurrence import Hours, RecurEvery, Recurrence

router = Router()


class RecurrenceIn(Schema):
    """Every `n` days, weeks or months from the first day. `days`: -1 is the last of a month."""

    every: RecurEvery = RecurEvery.DAY
    n: int = 1
    weekdays: list[int] = Field(default=[], max_length=7, description="1 Monday … 7 Sunday")
    days: list[int] = Field(default=[], max_length=31)
    months: list[int] = Field(default=[], max_length=12, description="None: all.")
    working: bool = Field(default=False, description="Only on working days of the calendar.")


class PlanIn(Schema):
    """A plan. Times of day in minutes; due `due_days` later; `late_days` to make up for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "每周入户走访",
                "kind": "household_visit",
                "who": "workers",
                "region": "511803102201",
                "starts_on": "2026-12-01",
                "recurrence": {"every": "week", "n": 1, "weekdays": [1, 3, 5]},
                "opens": 540,
                "closes": 1080,
                "times": 2,
            }
        },
    )

    name: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    who: Who
    region: str = Field(max_length=20, description="Code of the area.")
    starts_on: date
    ends_on: date | None = None
    recurrence: RecurrenceIn = RecurrenceIn()
    opens: int = 0
    closes: int = 1440
    due_days: int = 0
    late_days: int = 3
    times: int = Field(1, description="Tasks each time.")
    posts: list[int] = Field([], max_length=200, description="With who=posts.")
    team: int | None = Field(None, ge=1, le=BIGGEST, description="With who=team.")
    place: str | None = Field(None, max_length=40, description="Code of the one place.")
    place_kind: str = Field("", max_length=40, description="A task for each such place.")
    version: int | None = Field(None, ge=1, description="The version changed; see If-Match.")

    def data(self) -> PlanData:
        """As actions want it."""
        given = self.recurrence
        return PlanData(
            name=self.name,
            kind=self.kind,
            who=self.who,
            region=self.region,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            recurrence=Recurrence(
                every=given.every,
                n=given.n,
                weekdays=tuple(sorted(set(given.weekdays))),
                days=tuple(sorted(set(given.days))),
                months=tuple(sorted(set(given.months))),
                working=given.working,
            ),
            hours=Hours(self.opens, self.closes, self.due_days, self.late_days),
            posts=tuple(self.posts),
            team=self.team,
            place=self.place,
            place_kind=self.place_kind,
            times=self.times,
        )


class RecurrenceOut(Schema):
    """As it was given."""

    every: str
    n: int
    weekdays: list[int]
    days: list[int]
    months: list[int]
    working: bool


class PlanOut(Schema):
    """A plan."""

    id: int
    name: str
    kind: str
    who: str
    posts: list[int]
    team: int | None
    region: str
    region_name: str
    place: str | None
    place_name: str | None
    place_kind: str
    recurrence: RecurrenceOut
    opens: int
    closes: int
    due_days: int
    late_days: int
    times: int
    starts_on: date
    ends_on: date | None
    active: bool
    version: int
    updated_at: datetime


class PlanPage(Schema):
    """A page of plans, newest first."""

    items: list[PlanOut]
    next: str | None


class PlanFilter(Schema):
    """Narrowing."""

    kind: str = Field("", max_length=40)
    active: bool | None = None


class DueDay(Schema):
    """A day the plan is due, with its window."""

    day: date
    opens_at: datetime
    due_at: datetime


class PreviewOut(Schema):
    """The next 30 days of a plan."""

    tasks_a_day: int
    days: list[DueDay]
    total: int


class PlanWorker(Schema):
    """A post a plan may name."""

    post: int
    name: str
    role: str
    region_name: str


class PlanWorkerList(Schema):
    """By name."""

    items: list[PlanWorker]


class PlanRegionIn(Schema):
    """In which division."""

    region: str | None = Field(None, max_length=20)


class PlanVersion(Schema):
    """The version the caller knows."""

    version: int | None = Field(None, ge=1, examples=[1])


@router.get("/task-plans", response=PlanPage, operation_id="plans_list", summary="计划 Plans")
@allows("tasks.plan")
def list_plans(
    request: HttpRequest, paging: Query[Paging], narrow: Query[PlanFilter]
) -> dict[str, Any]:
    """Plans of the own area."""
    items, following = queries.plans(
        caller(request),
        kind=narrow.kind,
        active=narrow.active,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}


@router.get(
    "/task-plans/workers", response=PlanWorkerList, operation_id="plans_workers",
    summary="可选岗位 Posts for a plan",
)  # fmt: skip
@allows("tasks.plan")
def list_workers(request: HttpRequest, where: Query[PlanRegionIn]) -> dict[str, Any]:
    """Posts a plan of the area may name."""
    actor = caller(request)
    return {"items": queries.workers(actor, region_id(actor, where.region))}


@router.post(
    "/task-plans/preview", response=PreviewOut, operation_id="plans_preview",
    summary="预览 Preview",
)  # fmt: skip
@allows("tasks.plan")
def preview_plan(request: HttpRequest, data: PlanIn) -> dict[str, Any]:
    """What a plan would make in the next 30 days; nothing is kept."""
    return queries.preview(actions.build(caller(request), data.data()))


@router.post(
    "/task-plans", response={201: PlanOut}, operation_id="plans_create", summary="新增计划 Add"
)
@allows("tasks.plan")
def create_plan(request: HttpRequest, data: PlanIn) -> Status[dict[str, Any]]:
    """A new plan."""
    actor = caller(request)
    return Status(201, queries.plan(actor, actions.create(actor, data.data()).pk))


@router.get(
    "/task-plans/{int:plan_id}", response=PlanOut, operation_id="plans_one", summary="计划 A plan"
)
@allows("tasks.plan")
def read_plan(request: HttpRequest, plan_id: int) -> dict[str, Any]:
    """One plan."""
    return queries.plan(caller(request), plan_id)


@router.put(
    "/task-plans/{int:plan_id}", response=PlanOut, operation_id="plans_update",
    summary="修改计划 Change",
)  # fmt: skip
@allows("tasks.plan")
@versioned
def update_plan(request: HttpRequest, plan_id: int, data: PlanIn) -> dict[str, Any]:
    """Change a plan: tasks that have not begun are made anew, the others stay."""
    actor = caller(request)
    version = wanted_version(request, data.version)
    actions.update(actor, plan_id, data.data(), version=version)
    return queries.plan(actor, plan_id)


@router.post(
    "/task-plans/{int:plan_id}/end", response=PlanOut, operation_id="plans_end",
    summary="停止计划 Stop",
)  # fmt: skip
@allows("tasks.plan")
@versioned
def end_plan(request: HttpRequest, plan_id: int, data: PlanVersion) -> dict[str, Any]:
    """Stop a plan."""
    actor = caller(request)
    actions.end(actor, plan_id, version=wanted_version(request, data.version))
    return queries.plan(actor, plan_id)
