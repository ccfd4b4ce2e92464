"""/warnings: what is out of the ordinary at places and with things, its owner, what follows."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.warnings import actions, queries
from mengding.warnings.models import Alert

router = Router(tags=["warnings"])
_BIGGEST = 2**63 - 1


class PlaceWarningRow(Schema):
    """One warning. `expected`: the baseline; `chance`: of that many or more by chance;
    `false_alarms` of `decided`: how often its like was dismissed within a year."""

    id: int
    kind: str = Field(description="repeat, spike, cluster, series, overdue or crowd")
    class_code: str
    class_name: Any
    place: str
    cell: str | None
    since: datetime
    until: datetime
    observed: int
    expected: float
    threshold: float
    chance: float | None
    stage: int
    detail: dict[str, Any]
    status: str = Field(description="open, taken, done or dismissed")
    organisation: Any
    owner: str | None = Field(description="Who has it; while open, to whom it is proposed.")
    post: int | None
    taken_at: datetime | None
    due_at: datetime | None
    late: bool
    case: int | None
    task: int | None
    rules: int = Field(description="The version of the settings it was found under.")
    raised_at: datetime
    seen_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    false_alarms: int
    decided: int
    kind_false_alarms: int
    kind_decided: int


class WarningStep(Schema):
    """One thing done with it. `to`: whose it became."""

    action: str
    at: datetime
    by: str | None
    to: str | None


class WarningPost(Schema):
    """A post that could take it, or be sent."""

    id: int
    name: str
    organisation: Any
    role: str


class WarningPlace(Schema):
    """A registered place of the area. `near`: in one of its squares."""

    id: int
    name: str
    near: bool


class WarningRegion(Schema):
    """A village of the area."""

    id: int
    name: str


class CrowdCourse(Schema):
    """Counts around the warning; `usual`: the mean of that hour in eight weeks, of working days or
    weekends; `limits`: people at which the three stages begin."""

    at: list[datetime]
    people: list[int]
    usual: list[float | None]
    limits: list[int]


class PlaceWarning(PlaceWarningRow):
    """One warning with its method in words and its cases. `opened`: the case opened from it;
    `ordered`: the task; `squares`: west, south, east, north in degrees; `owners`, `workers`,
    `places`, `regions`: what can be chosen, for who may decide."""

    method: Any
    words: str
    cases: list[dict[str, Any]]
    opened: dict[str, Any] | None
    ordered: dict[str, Any] | None
    squares: list[list[float]]
    course: CrowdCourse | None
    history: list[WarningStep]
    owners: list[WarningPost]
    workers: list[WarningPost]
    places: list[WarningPlace]
    regions: list[WarningRegion]


class PlaceWarningPage(Schema):
    """One page, newest first; `open`: how many are open, by kind."""

    items: list[PlaceWarningRow]
    next: str | None
    open: dict[str, int]


class WhichWarnings(Schema):
    """What the list is narrowed by."""

    status: Literal["", "open", "taken", "done", "dismissed"] = "open"
    kind: Literal["", "repeat", "spike", "cluster", "series", "overdue", "crowd"] = ""
    mine: bool = False


class TakeWarningIn(Schema):
    """Whose it becomes and until when; both may be left out: one's own, the settings' time."""

    post: int | None = Field(None, ge=1, le=_BIGGEST, examples=[None])
    due_at: AwareDatetime | None = Field(None, examples=["2099-12-01T18:00:00+08:00"])


class WarningCaseIn(Schema):
    """The case to open. `class_code`: where the warning has none, or another fits better."""

    words: str = Field(max_length=4000, examples=["近一月同一处路灯报修 4 次，请检查该段线路。"])
    class_code: str = Field("", max_length=20, examples=["C0137"])


class WarningTaskIn(Schema):
    """The inspection to order. `place`: a registered place; else a look around in `region`;
    `post`: a grid worker, else whoever of the village, which has to be known then."""

    words: str = Field(max_length=500, examples=["请查看该段路灯配电箱。"])
    place: int | None = Field(None, ge=1, le=_BIGGEST, examples=[None])
    region: int | None = Field(None, ge=1, le=_BIGGEST, examples=[None])
    post: int | None = Field(None, ge=1, le=_BIGGEST, examples=[None])
    due_at: AwareDatetime | None = Field(None, examples=["2099-12-01T18:00:00+08:00"])


class WarningFollowed(Schema):
    """The warning after a step: the same answer when the step was taken before."""

    id: int
    status: str
    post: int | None = Field(alias="post_id")
    due_at: datetime | None
    case: int | None = Field(alias="case_id")
    task: int | None = Field(alias="task_id")


class DecideWarningIn(Schema):
    """What came of it. `real` false: a false alarm, which feeds the rate."""

    real: bool = Field(examples=[True])
    words: str = Field(examples=["现场查看，管网老化，已列入更换计划。"])


class WarningDecided(Schema):
    """The warning after that."""

    id: int
    status: str


@router.get("/warnings", response=PlaceWarningPage, operation_id="warnings_list")
@allows("warnings.read")
def list_warnings(request: HttpRequest, which: Query[WhichWarnings], paging: Query[Paging]) -> Any:
    """Warnings of my area."""
    actor = caller(request)
    items, following = queries.warnings(
        actor, **which.dict(), cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following, "open": queries.counts(actor)})


@router.get("/warnings/{int:warning_id}", response=PlaceWarning, operation_id="warnings_get")
@allows("warnings.read")
def get_warning(request: HttpRequest, warning_id: int) -> Any:
    """One warning with its method and cases."""
    return json_response(queries.one(caller(request), warning_id))


@router.post(
    "/warnings/{int:warning_id}/decide", response=WarningDecided, operation_id="warnings_decide"
)
@allows("warnings.decide")
def decide(request: HttpRequest, warning_id: int, data: DecideWarningIn) -> Alert:
    """Say what came of it: real and dealt with, or a false alarm; both with words."""
    return actions.decide(caller(request), warning_id, real=data.real, words=data.words)


@router.post(
    "/warnings/{int:warning_id}/take", response=WarningFollowed, operation_id="warnings_take"
)
@allows("warnings.decide")
def take(request: HttpRequest, warning_id: int, data: TakeWarningIn) -> Alert:
    """Take it, or give it to a named owner, with a due time."""
    return actions.take(caller(request), warning_id, due_at=data.due_at, post=data.post)


@router.post(
    "/warnings/{int:warning_id}/case", response=WarningFollowed, operation_id="warnings_case"
)
@allows("warnings.decide")
def open_case(request: HttpRequest, warning_id: int, data: WarningCaseIn) -> Alert:
    """Open a case from it, once; again: the same."""
    given = actions.CaseData(words=data.words, class_code=data.class_code)
    return actions.open_case(caller(request), warning_id, given)


@router.post(
    "/warnings/{int:warning_id}/task", response=WarningFollowed, operation_id="warnings_task"
)
@allows("warnings.decide")
def order_task(request: HttpRequest, warning_id: int, data: WarningTaskIn) -> Alert:
    """Order an inspection from it, once; again: the same, unless it was called off."""
    return actions.order_task(caller(request), warning_id, actions.TaskData(**data.dict()))
