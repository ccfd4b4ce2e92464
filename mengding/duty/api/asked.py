"""/duty/swaps, /duty/leave, /duty/closures."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.duty import actions, queries
from mengding.duty.api.shapes import Id
from mengding.http.auth import allows
from mengding.people.api.caller import caller

router = Router(tags=["duty"])
_AT = "When it was done, for phones without signal; at most 7 days back."


class SwapOut(Schema):
    """A swap. `own`: I asked; `answer`: I am asked; `decide`: I may approve."""

    id: int
    team_id: int
    team_name: str
    state: str = Field(description="asked, agreed, done, declined, refused, withdrawn or overtaken")
    exchange: bool
    asker_name: str
    other_name: str
    slot_id: int | None
    slot_day: date | None
    slot_starts_at: datetime | None
    slot_ends_at: datetime | None
    slot_shift: str | None
    taken_id: int | None
    taken_day: date | None
    taken_starts_at: datetime | None
    taken_ends_at: datetime | None
    taken_shift: str | None
    asked_at: datetime
    version: int
    own: bool
    answer: bool
    decide: bool


class SwapList(Schema):
    """What waits first, then the newest."""

    items: list[SwapOut]


class SwapIn(Schema):
    """Ask `other` to take over my line `slot`, for their line `taken` or for nothing."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"slot": 70, "other": 32, "taken": 74}}
    )

    slot: Id
    other: Id = Field(description="A post of the team.")
    taken: Id | None = None
    at: AwareDatetime | None = Field(None, description=_AT)


class SwapAnswerIn(Schema):
    """Yes or no."""

    agree: bool = Field(examples=[True])
    at: AwareDatetime | None = Field(None, description=_AT)


class SwapDecideIn(Schema):
    """Yes or no."""

    approve: bool = Field(examples=[True])


class AskedOut(Schema):
    """How it stands now. A swap may have been `overtaken`: a line had changed hands."""

    id: int
    state: str
    version: int


class LeaveOut(Schema):
    """Leave or training; why is not kept. `own`: mine; `decide`: I may decide on it."""

    id: int
    name: str
    role: str
    region_name: str
    kind: Literal["leave", "training"]
    first: date
    last: date
    state: str = Field(description="asked, granted, refused or withdrawn")
    asked_at: datetime
    own: bool
    decide: bool


class LeaveList(Schema):
    """What waits first, then the newest."""

    items: list[LeaveOut]


class LeaveIn(Schema):
    """Days away, first and last included. No reason is asked."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"kind": "leave", "first": "2026-12-07", "last": "2026-12-08"}
        },
    )

    kind: Literal["leave", "training"]
    first: date
    last: date
    post: Id | None = Field(None, description="Somebody else's, entered by who decides on it.")
    at: AwareDatetime | None = Field(None, description=_AT)


class LeaveDecideIn(Schema):
    """Yes or no."""

    grant: bool = Field(examples=[True])


class ClosureOut(Schema):
    """Days on which an area is not patrolled."""

    id: int
    region_id: int
    region_name: str
    reason: Literal["rain", "snow", "flood", "road", "other"]
    first: date
    last: date


class ClosureList(Schema):
    """Newest first."""

    items: list[ClosureOut]


class ClosureIn(Schema):
    """Days on which an area cannot be patrolled; they count against nobody."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "region": 12,
                "reason": "rain",
                "first": "2026-12-02",
                "last": "2026-12-02",
            }
        },
    )

    region: Id
    reason: Literal["rain", "snow", "flood", "road", "other"]
    first: date
    last: date


@router.get("/duty/swaps", response=SwapList, operation_id="duty_swaps", summary="换班 Swaps")
@allows("duty.own")
def list_swaps(request: HttpRequest) -> dict[str, Any]:
    """My swaps, and those of the teams I manage."""
    return {"items": queries.swaps(caller(request))}


@router.post(
    "/duty/swaps",
    response={201: AskedOut},
    operation_id="duty_swap_ask",
    summary="申请换班 Ask for a swap",
)
@allows("duty.own")
def ask_swap(request: HttpRequest, data: SwapIn) -> Status[Any]:
    """Ask a team mate. A shift that has begun is not swapped."""
    return Status(201, _state(actions.ask_swap(caller(request), **data.model_dump())))


@router.post(
    "/duty/swaps/{int:swap_id}/answer",
    response=AskedOut,
    operation_id="duty_swap_answer",
    summary="答复换班 Answer",
)
@allows("duty.own")
def answer_swap(request: HttpRequest, swap_id: int, data: SwapAnswerIn) -> dict[str, Any]:
    """Say yes or no to a swap asked of me. With a yes it happens, or waits for approval."""
    done = actions.answer_swap(caller(request), swap_id, agree=data.agree, at=data.at)
    return _state(done)


@router.post(
    "/duty/swaps/{int:swap_id}/decide",
    response=AskedOut,
    operation_id="duty_swap_decide",
    summary="审批换班 Approve",
)
@allows("duty.own")
def decide_swap(request: HttpRequest, swap_id: int, data: SwapDecideIn) -> dict[str, Any]:
    """Approve or refuse what both agreed: the team's leader, the area's supervisors."""
    return _state(actions.decide_swap(caller(request), swap_id, approve=data.approve))


@router.post(
    "/duty/swaps/{int:swap_id}/withdraw",
    response=AskedOut,
    operation_id="duty_swap_withdraw",
    summary="撤回换班 Withdraw",
)
@allows("duty.own")
def withdraw_swap(request: HttpRequest, swap_id: int) -> dict[str, Any]:
    """Take back a swap I asked for, while it waits."""
    return _state(actions.withdraw_swap(caller(request), swap_id))


@router.get("/duty/leave", response=LeaveList, operation_id="duty_leave", summary="请假 Leave")
@allows("duty.own")
def list_leave(request: HttpRequest) -> dict[str, Any]:
    """My leave, and that of the people I decide on."""
    return {"items": queries.leaves(caller(request))}


@router.post(
    "/duty/leave",
    response={201: AskedOut},
    operation_id="duty_leave_ask",
    summary="申请请假 Ask for leave",
)
@allows("duty.own")
def ask_leave(request: HttpRequest, data: LeaveIn) -> Status[Any]:
    """Ask for leave or training; only the days are kept."""
    return Status(201, _state(actions.ask_leave(caller(request), **data.model_dump())))


@router.post(
    "/duty/leave/{int:leave_id}/decide",
    response=AskedOut,
    operation_id="duty_leave_decide",
    summary="批假 Decide on leave",
)
@allows("duty.own")
def decide_leave(request: HttpRequest, leave_id: int, data: LeaveDecideIn) -> dict[str, Any]:
    """Grant it or refuse it."""
    return _state(actions.decide_leave(caller(request), leave_id, grant=data.grant))


@router.post(
    "/duty/leave/{int:leave_id}/withdraw",
    response=AskedOut,
    operation_id="duty_leave_withdraw",
    summary="销假 Withdraw leave",
)
@allows("duty.own")
def withdraw_leave(request: HttpRequest, leave_id: int) -> dict[str, Any]:
    """Take it back while it is not over."""
    return _state(actions.withdraw_leave(caller(request), leave_id))


@router.get(
    "/duty/closures",
    response=ClosureList,
    operation_id="duty_closures",
    summary="停巡日 Days without patrol",
)
@allows("duty.own")
def list_closures(request: HttpRequest) -> dict[str, Any]:
    """Days on which areas near mine are not patrolled."""
    return {"items": queries.closures(caller(request))}


@router.post(
    "/duty/closures",
    response={201: AskedOut},
    operation_id="duty_closure_enter",
    summary="登记停巡 Close an area",
)
@allows("duty.arrange")
def close_area(request: HttpRequest, data: ClosureIn) -> Status[Any]:
    """Rain, snow, a closed road: these days count against nobody there."""
    return Status(201, _closure(actions.close_area(caller(request), **data.model_dump())))


@router.post(
    "/duty/closures/{int:closure_id}/cancel",
    response=AskedOut,
    operation_id="duty_closure_cancel",
    summary="撤销停巡 Cancel",
)
@allows("duty.arrange")
def cancel_closure(request: HttpRequest, closure_id: int) -> dict[str, Any]:
    """It was entered by mistake."""
    return _closure(actions.cancel_closure(caller(request), closure_id))


def _state(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "state": str(row.state), "version": row.version}


def _closure(row: Any) -> dict[str, Any]:
    state = "active" if row.active else "cancelled"
    return {"id": row.pk, "state": state, "version": row.version}
