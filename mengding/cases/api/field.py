"""Verbs of the field and the answer to them. POST /cases/{id}/{verb}."""

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import Move, Moved, PhotoMove, run
from mengding.cases.models import Case
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


@router.post(
    "/cases/{int:case_id}/arrive",
    response=Moved,
    operation_id="cases_arrive",
    summary="到场 Arrive",
)
@allows("case.arrive")
@versioned
def arrive(request: HttpRequest, case_id: int, data: PhotoMove) -> Case:
    """Once an order; a time and no position. See `cases.actions.arrive`."""
    return run(request, "arrive", case_id, data)


class AskHelpIn(PhotoMove):
    """Body of `ask_help`."""

    text: str = Field(examples=["井盖型号不符，需水务部门协助更换。"])


@router.post(
    "/cases/{int:case_id}/ask_help",
    response=Moved,
    operation_id="cases_ask_help",
    summary="求助 Ask the centre for help",
)
@allows("case.ask_help")
@versioned
def ask_help(request: HttpRequest, case_id: int, data: AskHelpIn) -> Case:
    """The dispatchers of the centre are told. See `cases.actions.ask_help`."""
    return run(request, "ask_help", case_id, data)


class AnswerHelpIn(Move):
    """Body of `answer_help`: assisting organisations, or a note that says why none."""

    assist_org_ids: list[int] = Field(default_factory=list, examples=[[12]])
    note: str = Field("", examples=["已请水务局协办，下午到场。"])


@router.post(
    "/cases/{int:case_id}/answer_help",
    response=Moved,
    operation_id="cases_answer_help",
    summary="答复求助 Answer a call for help",
)
@allows("case.answer_help")
@versioned
def answer_help(request: HttpRequest, case_id: int, data: AnswerHelpIn) -> Case:
    """Adds assisting orders beside those there are. See `cases.actions.answer_help`."""
    return run(request, "answer_help", case_id, data)
