"""核查 and what follows. POST /cases/{id}/{verb}."""

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import Move, Moved, Reason, run
from mengding.cases.models import Case
from mengding.cases.stages import Outcome
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


class StartCheckIn(Move):
    """Body of `start_check`."""

    note: str = ""


@router.post(
    "/cases/{int:case_id}/start_check",
    response=Moved,
    operation_id="cases_start_check",
    summary="开始核查 Start the check",
)
@allows("case.start_check")
@versioned
def start_check(request: HttpRequest, case_id: int, data: StartCheckIn) -> Case:
    """See `cases.actions.start_check`."""
    return run(request, "start_check", case_id, data)


class CloseIn(Move):
    """Body of `close`."""

    outcome: Outcome = Field(examples=["fixed"])
    finding: str = Field(examples=["现场核实，情况属实。"])
    condition_met: bool = False


@router.post(
    "/cases/{int:case_id}/close", response=Moved, operation_id="cases_close", summary="结案 Close"
)
@allows("case.close")
@versioned
def close(request: HttpRequest, case_id: int, data: CloseIn) -> Case:
    """See `cases.actions.close`."""
    return run(request, "close", case_id, data)


class ReworkIn(Move):
    """Body of `rework`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/rework",
    response=Moved,
    operation_id="cases_rework",
    summary="返工 Rework",
)
@allows("case.rework")
@versioned
def rework(request: HttpRequest, case_id: int, data: ReworkIn) -> Case:
    """See `cases.actions.rework`."""
    return run(request, "rework", case_id, data)


class ReopenIn(Move):
    """Body of `reopen`."""

    reason: Reason


@router.post(
    "/cases/{int:case_id}/reopen",
    response=Moved,
    operation_id="cases_reopen",
    summary="重新打开 Reopen",
)
@allows("case.reopen")
@versioned
def reopen(request: HttpRequest, case_id: int, data: ReopenIn) -> Case:
    """See `cases.actions.reopen`."""
    return run(request, "reopen", case_id, data)
