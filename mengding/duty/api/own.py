"""/duty/me, /duty/on, /duty/off: one's own duty."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from mengding.core import clock
from mengding.duty import actions, hooks, queries
from mengding.duty.actions.intervals import Outcome
from mengding.duty.models import Interval
from mengding.http.auth import allows
from mengding.people.api.caller import caller

router = Router(tags=["duty"])


class DutyAt(Schema):
    """When it was done; for phones without signal. Not given: now. At most 7 days back."""

    at: AwareDatetime | None = Field(None, examples=["2026-11-30T08:28:00+08:00"])


class IntervalOut(Schema):
    """Time on duty. `ended_at` null: on duty, at the longest until `ends_by`."""

    id: int
    post_id: int
    team_id: int | None
    team_name: str | None
    shift_id: int | None
    shift_name: str | None
    started_at: datetime
    ends_by: datetime
    ended_at: datetime | None
    ended_by: str = Field(description="worker, shift, longest, post, next; empty while on duty")


class DutyOut(Schema):
    """How it stands. `already`: saying so changed nothing."""

    on: bool
    already: bool = False
    now: datetime
    interval: IntervalOut | None = Field(description="The current one, or the one that was meant.")


class MyDuty(DutyOut):
    """How it stands, and the own time on duty, newest first."""

    recent: list[IntervalOut]
    position_days: int | None = Field(description="Positions are deleted after so many days.")


def _interval(row: Interval | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "id": row.pk,
        "post_id": row.post_id,
        "team_id": row.team_id,
        "team_name": row.team.name if row.team else None,
        "shift_id": row.shift_id,
        "shift_name": row.shift.name if row.shift else None,
        "started_at": row.started_at,
        "ends_by": row.ends_by,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by,
    }


def _out(found: Outcome) -> dict[str, Any]:
    return {
        "on": found.on,
        "already": found.already,
        "now": clock.now(),
        "interval": _interval(found.interval),
    }


@router.get("/duty/me", response=MyDuty, operation_id="duty_me", summary="我的值勤 My own duty")
@allows("duty.own")
def my_duty(request: HttpRequest) -> dict[str, Any]:
    """Whether I am on duty, and my own time on duty. Nobody else's."""
    actor = caller(request)
    current = queries.open_interval(actor.account_id or 0)
    return {
        "on": current is not None,
        "now": clock.now(),
        "interval": _interval(current),
        "recent": queries.mine(actor),
        "position_days": hooks.position_days(),
    }


@router.post("/duty/on", response=DutyOut, operation_id="duty_on", summary="上岗 Go on duty")
@allows("duty.own")
def go_on(request: HttpRequest, data: DutyAt) -> dict[str, Any]:
    """On duty from now (or `at`). It is the sign-in; nothing else is asked.

    Positions are taken from now on and only until I go off duty. Who is on duty already gets the
    same answer with `already`.
    """
    return _out(actions.go_on(caller(request), data.at))


@router.post("/duty/off", response=DutyOut, operation_id="duty_off", summary="下岗 Go off duty")
@allows("duty.own")
def go_off(request: HttpRequest, data: DutyAt) -> dict[str, Any]:
    """Off duty from now (or `at`). From that moment no position is kept."""
    return _out(actions.go_off(caller(request), data.at))
