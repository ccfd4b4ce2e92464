"""Cases that belong together; replies and notes. POST /cases/{id}/{verb}."""

from django.http import HttpRequest
from ninja import Field, Router

from mengding.cases.api.move import Move, Moved, run
from mengding.cases.models import Case
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


class MergeIn(Move):
    """Body of `merge`."""

    into_id: int = Field(examples=[16])
    reason: str = ""


@router.post(
    "/cases/{int:case_id}/merge",
    response=Moved,
    operation_id="cases_merge",
    summary="并案 Merge into another case",
)
@allows("case.merge")
@versioned
def merge(request: HttpRequest, case_id: int, data: MergeIn) -> Case:
    """See `cases.actions.merge`."""
    return run(request, "merge", case_id, data)


class LinkIn(Move):
    """Body of `link`."""

    other_id: int = Field(examples=[16])


@router.post(
    "/cases/{int:case_id}/link", response=Moved, operation_id="cases_link", summary="关联 Link"
)
@allows("case.link")
@versioned
def link(request: HttpRequest, case_id: int, data: LinkIn) -> Case:
    """See `cases.actions.link`."""
    return run(request, "link", case_id, data)


class SplitIn(Move):
    """Body of `split`."""

    report_ids: list[int] = Field(examples=[[31]])
    description: str = Field(examples=["同一诉求中的另一件事：路灯不亮。"])
    class_code: str | None = None


@router.post(
    "/cases/{int:case_id}/split", response=Moved, operation_id="cases_split", summary="拆分 Split"
)
@allows("case.split")
@versioned
def split(request: HttpRequest, case_id: int, data: SplitIn) -> Case:
    """See `cases.actions.split`."""
    return run(request, "split", case_id, data)


class ReplyIn(Move):
    """Body of `reply`."""

    text: str = Field(examples=["您反映的问题已处理完毕，感谢支持。"])


@router.post(
    "/cases/{int:case_id}/reply",
    response=Moved,
    operation_id="cases_reply",
    summary="答复 Public reply",
)
@allows("case.reply")
@versioned
def reply(request: HttpRequest, case_id: int, data: ReplyIn) -> Case:
    """See `cases.actions.reply`."""
    return run(request, "reply", case_id, data)


class NoteIn(Move):
    """Body of `note`."""

    text: str = Field(examples=["您反映的问题已处理完毕，感谢支持。"])


@router.post(
    "/cases/{int:case_id}/note",
    response=Moved,
    operation_id="cases_note",
    summary="备注 Internal note",
)
@allows("case.note")
@versioned
def note(request: HttpRequest, case_id: int, data: NoteIn) -> Case:
    """See `cases.actions.note`."""
    return run(request, "note", case_id, data)
