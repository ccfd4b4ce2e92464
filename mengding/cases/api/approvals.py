"""Applications and decisions. POST /cases/{id}/{verb}."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import FieldMove, Move, Moved, Reason, run
from mengding.cases.models import Case
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


class RequestReturnIn(FieldMove):
    """Body of `request_return`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/request_return",
    response=Moved,
    operation_id="cases_request_return",
    summary="申请退回 Ask to return",
)
@allows("case.request_return")
@versioned
def request_return(request: HttpRequest, case_id: int, data: RequestReturnIn) -> Case:
    """See `cases.actions.request_return`."""
    return run(request, "request_return", case_id, data)


class RequestExtensionIn(FieldMove):
    """Body of `request_extension`."""

    amount: int = Field(examples=[1])
    reason: Reason


@router.post(
    "/cases/{int:case_id}/request_extension",
    response=Moved,
    operation_id="cases_request_extension",
    summary="申请延期 Ask for an extension",
)
@allows("case.request_extension")
@versioned
def request_extension(request: HttpRequest, case_id: int, data: RequestExtensionIn) -> Case:
    """See `cases.actions.request_extension`."""
    return run(request, "request_extension", case_id, data)


class RequestSuspensionIn(Move):
    """Body of `request_suspension`."""

    until: datetime = Field(examples=["2027-01-31T18:00:00+08:00"])
    reason: Reason


@router.post(
    "/cases/{int:case_id}/request_suspension",
    response=Moved,
    operation_id="cases_request_suspension",
    summary="申请挂账 Ask for suspension",
)
@allows("case.request_suspension")
@versioned
def request_suspension(request: HttpRequest, case_id: int, data: RequestSuspensionIn) -> Case:
    """See `cases.actions.request_suspension`."""
    return run(request, "request_suspension", case_id, data)


class RequestAppealIn(Move):
    """Body of `request_appeal`."""

    reason: Reason
    evidence_ids: list[int] = Field(default_factory=list, max_length=50)


@router.post(
    "/cases/{int:case_id}/request_appeal",
    response=Moved,
    operation_id="cases_request_appeal",
    summary="超时申诉 Appeal against a time-out",
)
@allows("case.request_appeal")
@versioned
def request_appeal(request: HttpRequest, case_id: int, data: RequestAppealIn) -> Case:
    """See `cases.actions.request_appeal`."""
    return run(request, "request_appeal", case_id, data)


class RequestVoidIn(Move):
    """Body of `request_void`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/request_void",
    response=Moved,
    operation_id="cases_request_void",
    summary="申请作废 Ask to void",
)
@allows("case.request_void")
@versioned
def request_void(request: HttpRequest, case_id: int, data: RequestVoidIn) -> Case:
    """See `cases.actions.request_void`."""
    return run(request, "request_void", case_id, data)


class GrantIn(Move):
    """Body of `grant`."""

    note: str = ""


@router.post(
    "/cases/{int:case_id}/grant",
    response=Moved,
    operation_id="cases_grant",
    summary="同意 Grant the application",
)
@allows("case.approve")
@versioned
def grant(request: HttpRequest, case_id: int, data: GrantIn) -> Case:
    """See `cases.actions.grant`."""
    return run(request, "grant", case_id, data)


class RefuseIn(Move):
    """Body of `refuse`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/refuse",
    response=Moved,
    operation_id="cases_refuse",
    summary="不同意 Refuse the application",
)
@allows("case.refuse")
@versioned
def refuse(request: HttpRequest, case_id: int, data: RefuseIn) -> Case:
    """See `cases.actions.refuse`."""
    return run(request, "refuse", case_id, data)


class ResumeIn(Move):
    """Body of `resume`."""

    reason: str = ""


@router.post(
    "/cases/{int:case_id}/resume",
    response=Moved,
    operation_id="cases_resume",
    summary="恢复办理 Resume",
)
@allows("case.resume")
@versioned
def resume(request: HttpRequest, case_id: int, data: ResumeIn) -> Case:
    """See `cases.actions.resume`."""
    return run(request, "resume", case_id, data)
