"""Call-backs, rechecks and random draws."""

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict

from mengding.cases import actions, queries
from mengding.cases.api.move import Move, Moved, run
from mengding.cases.api.reading import caller
from mengding.cases.models import Case
from mengding.cases.stages import RecheckKind, Satisfaction
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.http.versions import versioned

router = Router()


class CallBackIn(Move):
    """Body of `call_back`; dissatisfied or not resolved needs a note."""

    satisfaction: Satisfaction = Field(examples=["satisfied"])
    resolved: bool = Field(examples=[True])
    note: str = Field("", examples=["居民表示已解决，感谢。"])


@router.post(
    "/cases/{int:case_id}/call_back",
    response=Moved,
    operation_id="cases_call_back",
    summary="回访 Record a call-back",
)
@allows("case.call_back")
@versioned
def call_back(request: HttpRequest, case_id: int, data: CallBackIn) -> Case:
    """See `cases.actions.call_back`."""
    return run(request, "call_back", case_id, data)


class UpholdIn(Move):
    """Body of `uphold`."""

    finding: str = Field(examples=["复核现场，处置到位。"])
    evidence_ids: list[int] = Field(default_factory=list, max_length=50)


@router.post(
    "/cases/{int:case_id}/uphold",
    response=Moved,
    operation_id="cases_uphold",
    summary="复核维持 Uphold after a recheck",
)
@allows("case.uphold")
@versioned
def uphold(request: HttpRequest, case_id: int, data: UpholdIn) -> Case:
    """See `cases.actions.uphold`."""
    return run(request, "uphold", case_id, data)


class RecheckFilter(Paging):
    """Which rechecks; `mine`: those the caller could take up."""

    open: bool = True
    kind: RecheckKind | None = None
    draw: int | None = Field(None, ge=1, lt=2**63)
    mine: bool = False


@router.get("/rechecks", operation_id="rechecks_list", summary="复核 Rechecks", response=dict)
@allows("rechecks.read")
def list_rechecks(request: HttpRequest, narrow: Query[RecheckFilter]) -> HttpResponse:
    """Rechecks of visible cases, oldest first, with the case and why one is not the caller's."""
    items, following = queries.rechecks(
        caller(request),
        open_only=narrow.open,
        kind=narrow.kind.value if narrow.kind else "",
        draw_id=narrow.draw,
        mine=narrow.mine,
        cursor=narrow.cursor,
        limit=narrow.limit,
    )
    return json_response({"items": items, "next": following})


class DrawIn(Schema):
    """What to draw: `size` of the cases closed in [since, until)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "since": "2026-10-01T00:00:00+08:00",
                "until": "2026-11-01T00:00:00+08:00",
                "size": 20,
                "stratified_by": "town",
            }
        },
    )

    since: AwareDatetime
    until: AwareDatetime
    size: int = Field(..., ge=1, le=200)
    stratified_by: Literal["town", "lead_org", "none"] = "town"
    region: str = Field("", max_length=20, description="Division code; empty: the whole area.")


@router.post(
    "/draws", response={201: dict}, operation_id="draws_create", summary="抽查 Draw at random"
)
@allows("rechecks.draw")
def create_draw(request: HttpRequest, data: DrawIn) -> HttpResponse:
    """Draw and hand out; the seed is on record before the cases are read."""
    actor = caller(request)
    made = actions.draw_cases(
        actor,
        since=data.since,
        until=data.until,
        size=data.size,
        stratified_by=data.stratified_by,
        region_code=data.region,
    )
    answer = json_response(queries.draw_detail(actor, made.pk))
    answer.status_code = 201
    return answer


@router.get("/draws", operation_id="draws_list", summary="抽查 Draws", response=dict)
@allows("rechecks.read")
def list_draws(request: HttpRequest, paging: Query[Paging]) -> HttpResponse:
    """Newest first."""
    items, following = queries.draws(caller(request), cursor=paging.cursor, limit=paging.limit)
    return json_response({"items": items, "next": following})


@router.get("/draws/{int:draw_id}", operation_id="draws_get", summary="抽查 Draw", response=dict)
@allows("rechecks.read")
def get_draw(request: HttpRequest, draw_id: int) -> HttpResponse:
    """With the ids it drew from: seed, ids and method give the same cases again."""
    return json_response(queries.draw_detail(caller(request), draw_id))
