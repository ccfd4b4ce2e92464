"""/supervision: demands and their answers, the two lists of what is overdue, appeals.

A demand is made by POST /cases/{id}/supervise.
"""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.supervision import actions, overdue, queries
from mengding.supervision.models import Demand
from mengding.worktime import Unit

router = Router(tags=["supervision"])
_BIGGEST = 2**63 - 1


class DemandTurn(Schema):
    """One thing said: demand, again, answer, accept, withdraw or end."""

    kind: str
    at: datetime
    by: str | None
    words: str
    due_at: datetime | None
    late: bool


class DemandOut(Schema):
    """One demand. `case` as in GET /cases."""

    id: int
    case: dict[str, Any]
    organisation_id: int
    organisation: Any
    ground: str
    status: str
    outcome: str
    round: int
    amount: int
    unit: str
    due_at: datetime
    late: bool
    opened_at: datetime
    opened_by: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    turns: list[DemandTurn]
    may: list[str] = Field(description="What I may do now: answer, accept, again, withdraw.")


class DemandPage(Schema):
    """One page of demands."""

    items: list[DemandOut]
    next: str | None


class DemandCounts(Schema):
    """How many wait for an answer, of these are overdue, wait to be judged, wait for me."""

    waiting: int
    late: int
    answered: int
    mine: int


class WhichDemands(Schema):
    """What the list of demands is narrowed by."""

    status: Literal["", "waiting", "answered", "closed"] = ""
    org: int | None = Field(None, ge=1, le=_BIGGEST)
    case: int | None = Field(None, ge=1, le=_BIGGEST)
    mine: bool = Field(False, description="Only what waits for me.")
    late: bool = Field(False, description="Only where the answer is overdue.")


class DemandAnswerIn(Schema):
    """What the organisation has done. `at`: when it was written, where it had to wait."""

    text: str = Field(examples=["已协调清运公司，今日 18 时前完成清理。"])
    at: datetime | None = Field(None, examples=["2026-11-30T10:00:00+08:00"])


class DemandNoteIn(Schema):
    """An optional word."""

    note: str = Field("", max_length=2000, examples=["同意，请按时完成。"])


class AgainIn(Schema):
    """A further demand; without a limit the usual one."""

    demand: str = Field(examples=["答复未说明完成时间，请补充。"])
    amount: int | None = Field(None, ge=1, le=1000)
    unit: Unit | None = Field(None, examples=["work_hour"])


class DemandReasonIn(Schema):
    """Why it is withdrawn."""

    reason: str = Field(examples=["案件已转由交通运输局办理。"])


class DemandDone(Schema):
    """The demand after the step."""

    id: int
    status: str
    outcome: str
    round: int
    due_at: datetime


@router.get("/supervision/demands", response=DemandPage, operation_id="demands_list")
@allows("supervision.read")
def list_demands(request: HttpRequest, which: Query[WhichDemands], paging: Query[Paging]) -> Any:
    """Demands: open ones by deadline, closed ones newest first."""
    items, following = queries.demands(
        caller(request), **which.dict(), cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following})


@router.get("/supervision/demands/counts", response=DemandCounts, operation_id="demands_counts")
@allows("supervision.read")
def count_demands(request: HttpRequest) -> Any:
    """How many there are of which kind."""
    return queries.counts(caller(request))


@router.get("/supervision/demands/{int:demand_id}", response=DemandOut, operation_id="demands_get")
@allows("supervision.read")
def get_demand(request: HttpRequest, demand_id: int) -> Any:
    """One demand with what was said."""
    return json_response(queries.one(caller(request), demand_id))


@router.post(
    "/supervision/demands/{int:demand_id}/answer",
    response=DemandDone,
    operation_id="demands_answer",
)
@allows("supervision.answer")
def answer(request: HttpRequest, demand_id: int, data: DemandAnswerIn) -> Demand:
    """Answer it, for the organisation it is to."""
    return actions.answer(caller(request), demand_id, text=data.text, at=data.at)


@router.post(
    "/supervision/demands/{int:demand_id}/accept",
    response=DemandDone,
    operation_id="demands_accept",
)
@allows("supervision.decide")
def accept(request: HttpRequest, demand_id: int, data: DemandNoteIn) -> Demand:
    """The answer is good enough."""
    return actions.accept(caller(request), demand_id, note=data.note)


@router.post(
    "/supervision/demands/{int:demand_id}/again", response=DemandDone, operation_id="demands_again"
)
@allows("supervision.decide")
def again(request: HttpRequest, demand_id: int, data: AgainIn) -> Demand:
    """Demand again, with a new time to answer."""
    unit = data.unit.value if data.unit else None
    return actions.again(
        caller(request), demand_id, demand=data.demand, amount=data.amount, unit=unit
    )


@router.post(
    "/supervision/demands/{int:demand_id}/withdraw",
    response=DemandDone,
    operation_id="demands_withdraw",
)
@allows("supervision.decide")
def withdraw(request: HttpRequest, demand_id: int, data: DemandReasonIn) -> Demand:
    """Close it without an accepted answer."""
    return actions.withdraw(caller(request), demand_id, reason=data.reason)


class OverdueRow(Schema):
    """One case and why it stands here. `demand`: its open demand, where there is one."""

    reason: str = Field(
        description="unfiled, unchecked; undispatched, unaccepted, late or rejected"
    )
    whose: int
    demand: int | None
    case: dict[str, Any]


class OverduePage(Schema):
    """One page, longest overdue first."""

    items: list[OverdueRow]
    next: str | None


class OverdueGroup(Schema):
    """One town or organisation. `id` 0: not known."""

    id: int
    name: Any
    n: int
    reasons: dict[str, int]


class OverdueCounts(Schema):
    """How many; reasons, towns and organisations each add up to `total`."""

    total: int
    reasons: dict[str, int]
    towns: list[OverdueGroup]
    orgs: list[OverdueGroup]


class WhichOverdue(Schema):
    """WhichDemands list, and what it is narrowed by."""

    which: Literal["unreceived", "unhandled"] = "unhandled"
    reason: str = Field("", max_length=20)
    town: int | None = Field(None, ge=0, le=_BIGGEST, description="0: cases of no known town")
    org: int | None = Field(None, ge=1, le=_BIGGEST)


@router.get("/supervision/overdue", response=OverduePage, operation_id="supervision_overdue")
@allows("supervision.read")
def list_overdue(request: HttpRequest, which: Query[WhichOverdue], paging: Query[Paging]) -> Any:
    """应受理未受理 (`unreceived`) or 应办理未办理 (`unhandled`)."""
    items, following = overdue.cases(
        caller(request), **which.dict(), cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following})


@router.get(
    "/supervision/overdue/counts", response=OverdueCounts, operation_id="supervision_counts"
)
@allows("supervision.read")
def count_overdue(
    request: HttpRequest, which: Literal["unreceived", "unhandled"] = "unhandled"
) -> Any:
    """The same in numbers, by reason, town and organisation."""
    return json_response(overdue.counts(caller(request), which))


class AppealPage(Schema):
    """One page of appeals; rows as in GET /approvals."""

    items: list[dict[str, Any]]
    next: str | None


@router.get("/supervision/appeals", response=AppealPage, operation_id="supervision_appeals")
@allows("supervision.read")
def list_appeals(
    request: HttpRequest,
    paging: Query[Paging],
    status: Literal["", "pending", "granted", "refused", "moot"] = "",
) -> Any:
    """Appeals against time-outs, newest first, with their reviews."""
    items, following = queries.appeals(
        caller(request), status=status, cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following})
