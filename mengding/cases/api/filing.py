"""Before dispatch: correct, pre-check, file, decline, change tier. POST /cases/{id}/{verb}."""

from typing import Literal

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import Move, Moved, PhotoMove, Reason, run
from mengding.cases.models import Case
from mengding.http.auth import allows
from mengding.http.versions import versioned
from mengding.worktime import Unit

router = Router()


class AmendIn(Move):
    """Body of `amend`."""

    class_code: str | None = None
    description: str | None = None
    address: str | None = None
    lon: float | None = None
    lat: float | None = None
    region_code: str | None = None
    reason: str = ""


@router.post(
    "/cases/{int:case_id}/amend", response=Moved, operation_id="cases_amend", summary="更正 Correct"
)
@allows("case.amend")
@versioned
def amend(request: HttpRequest, case_id: int, data: AmendIn) -> Case:
    """See `cases.actions.amend`."""
    return run(request, "amend", case_id, data)


class RequestCheckIn(Move):
    """Body of `request_check`."""

    note: str = ""


@router.post(
    "/cases/{int:case_id}/request_check",
    response=Moved,
    operation_id="cases_request_check",
    summary="发起核实 Ask for a pre-check",
)
@allows("case.request_check")
@versioned
def request_check(request: HttpRequest, case_id: int, data: RequestCheckIn) -> Case:
    """See `cases.actions.request_check`."""
    return run(request, "request_check", case_id, data)


class ReportCheckIn(PhotoMove):
    """Body of `report_check`."""

    confirmed: bool = Field(examples=[True])
    finding: str = Field(examples=["现场核实，情况属实。"])


@router.post(
    "/cases/{int:case_id}/report_check",
    response=Moved,
    operation_id="cases_report_check",
    summary="回复核实 Report the pre-check",
)
@allows("case.report_check")
@versioned
def report_check(request: HttpRequest, case_id: int, data: ReportCheckIn) -> Case:
    """See `cases.actions.report_check`."""
    return run(request, "report_check", case_id, data)


class FileIn(Move):
    """Body of `file`."""

    condition_code: str = Field(examples=["C0101-1"])
    class_code: str | None = None


@router.post(
    "/cases/{int:case_id}/file", response=Moved, operation_id="cases_file", summary="立案 File"
)
@allows("case.file")
@versioned
def file(request: HttpRequest, case_id: int, data: FileIn) -> Case:
    """See `cases.actions.file`."""
    return run(request, "file", case_id, data)


class DeclineIn(Move):
    """Body of `decline`."""

    reason: Reason
    where_to_go: str = Field(examples=["可向小区物业服务中心反映。"])


@router.post(
    "/cases/{int:case_id}/decline",
    response=Moved,
    operation_id="cases_decline",
    summary="不予受理 Decline",
)
@allows("case.decline")
@versioned
def decline(request: HttpRequest, case_id: int, data: DeclineIn) -> Case:
    """See `cases.actions.decline`."""
    return run(request, "decline", case_id, data)


class EscalateIn(Move):
    """Body of `escalate`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/escalate",
    response=Moved,
    operation_id="cases_escalate",
    summary="上报 Escalate",
)
@allows("case.escalate")
@versioned
def escalate(request: HttpRequest, case_id: int, data: EscalateIn) -> Case:
    """See `cases.actions.escalate`."""
    return run(request, "escalate", case_id, data)


class DelegateIn(Move):
    """Body of `delegate`."""

    reason: str = ""
    to_org_id: int | None = None


@router.post(
    "/cases/{int:case_id}/delegate",
    response=Moved,
    operation_id="cases_delegate",
    summary="下派 Delegate",
)
@allows("case.delegate")
@versioned
def delegate(request: HttpRequest, case_id: int, data: DelegateIn) -> Case:
    """See `cases.actions.delegate`."""
    return run(request, "delegate", case_id, data)


class SuperviseIn(Move):
    """Body of `supervise`."""

    demand: str = Field(examples=["请于今日下班前处置并反馈。"])
    organisation_id: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Who answers; absent: the lead, else the owner."
    )
    amount: int | None = Field(None, ge=1, le=1000, description="Time to answer; absent: usual.")
    unit: Unit | None = Field(None, examples=["work_hour"])
    ground: Literal["unreceived", "unhandled", "quality", "other"] = "other"


@router.post(
    "/cases/{int:case_id}/supervise",
    response=Moved,
    operation_id="cases_supervise",
    summary="督办 Supervise",
)
@allows("case.supervise")
@versioned
def supervise(request: HttpRequest, case_id: int, data: SuperviseIn) -> Case:
    """See `cases.actions.supervise`."""
    return run(request, "supervise", case_id, data)
