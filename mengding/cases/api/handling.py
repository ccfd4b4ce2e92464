"""Dispatch and the departments' part. POST /cases/{id}/{verb}."""

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import FieldMove, Move, Moved, PhotoMove, Reason, run
from mengding.cases.models import Case
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


class DispatchIn(Move):
    """Body of `dispatch`."""

    lead_org_id: int | None = None
    assist_org_ids: list[int] = Field(default_factory=list)
    note: str = ""


@router.post(
    "/cases/{int:case_id}/dispatch",
    response=Moved,
    operation_id="cases_dispatch",
    summary="派遣 Dispatch",
)
@allows("case.dispatch")
@versioned
def dispatch(request: HttpRequest, case_id: int, data: DispatchIn) -> Case:
    """See `cases.actions.dispatch`."""
    return run(request, "dispatch", case_id, data)


class ReassignIn(Move):
    """Body of `reassign`."""

    lead_org_id: int = Field(examples=[12])
    assist_org_ids: list[int] = Field(default_factory=list)
    reason: Reason


@router.post(
    "/cases/{int:case_id}/reassign",
    response=Moved,
    operation_id="cases_reassign",
    summary="重派 Reassign",
)
@allows("case.reassign")
@versioned
def reassign(request: HttpRequest, case_id: int, data: ReassignIn) -> Case:
    """See `cases.actions.reassign`."""
    return run(request, "reassign", case_id, data)


@router.post(
    "/cases/{int:case_id}/accept",
    response=Moved,
    operation_id="cases_accept",
    summary="接单 Accept",
)
@allows("case.accept")
@versioned
def accept(request: HttpRequest, case_id: int, data: FieldMove) -> Case:
    """See `cases.actions.accept`."""
    return run(request, "accept", case_id, data)


@router.post(
    "/cases/{int:case_id}/assist_accept",
    response=Moved,
    operation_id="cases_assist_accept",
    summary="协办接单 Accept an assisting order",
)
@allows("case.accept")
@versioned
def assist_accept(request: HttpRequest, case_id: int, data: FieldMove) -> Case:
    """See `cases.actions.assist_accept`."""
    return run(request, "assist_accept", case_id, data)


class AssistDoneIn(PhotoMove):
    """Body of `assist_done`."""

    report: str = Field(examples=["已更换井盖，现场恢复通行。"])


@router.post(
    "/cases/{int:case_id}/assist_done",
    response=Moved,
    operation_id="cases_assist_done",
    summary="协办办结 Sign an assisting order off",
)
@allows("case.feed_back")
@versioned
def assist_done(request: HttpRequest, case_id: int, data: AssistDoneIn) -> Case:
    """See `cases.actions.assist_done`."""
    return run(request, "assist_done", case_id, data)


class FeedBackIn(PhotoMove):
    """Body of `feed_back`."""

    report: str = Field(examples=["已更换井盖，现场恢复通行。"])
    evidence_ids: list[int] = Field(default_factory=list)


@router.post(
    "/cases/{int:case_id}/feed_back",
    response=Moved,
    operation_id="cases_feed_back",
    summary="反馈 Feed back",
)
@allows("case.feed_back")
@versioned
def feed_back(request: HttpRequest, case_id: int, data: FeedBackIn) -> Case:
    """See `cases.actions.feed_back`."""
    return run(request, "feed_back", case_id, data)
