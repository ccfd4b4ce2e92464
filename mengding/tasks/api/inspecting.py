"""Inspections and findings."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.evidence.api.uploads import PhotoIn
from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.tasks.actions import findings as finding_actions
from mengding.tasks.actions import inspecting as actions
from mengding.tasks.actions.inspecting import Given, InspectionData
from mengding.tasks.api.shapes import AT, BIGGEST, region_id
from mengding.tasks.queries import places as queries

router = Router()


class ItemAnswerIn(Schema):
    """One item. A "no" needs a note or a photo; `case` makes a case of it at once."""

    item: str = Field(max_length=40, examples=["hose"])
    answer: Literal["yes", "no", "na"] = Field(examples=["no"])
    note: str = Field("", max_length=2000)
    photos: list[str] = Field(
        [], max_length=6, description="SHA-256 of pictures attached to the inspection."
    )
    case: bool = False


class InspectionIn(Schema):
    """Every item of the place's checklist; of a re-inspection only the failed one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "place": 3,
                "at": "2026-11-30T09:20:00+08:00",
                "answers": [
                    {"item": "hose", "answer": "no", "note": "水带缺失", "case": True},
                    {"item": "cap", "answer": "yes"},
                ],
            }
        },
    )

    place: int = Field(ge=1, le=BIGGEST)
    answers: list[ItemAnswerIn] = Field(max_length=100)
    edition: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The catalogue's version the list was read from."
    )
    at: AwareDatetime | None = AT
    task: int | None = Field(None, ge=1, le=BIGGEST)
    reason: str = Field("", max_length=1000, description="Needed when the task's time has passed.")
    photos: list[PhotoIn] = Field([], max_length=20, description="Complete uploads to attach.")

    def data(self) -> InspectionData:
        """As actions want it."""
        return InspectionData(
            place=self.place,
            answers=tuple(
                Given(each.item, each.answer, each.note, tuple(each.photos), each.case)
                for each in self.answers
            ),
            edition=self.edition,
            at=self.at,
            task=self.task,
            reason=self.reason,
            photos=tuple(each.photo() for each in self.photos),
        )


class InspectedOut(Schema):
    """`task`: the one it completed; `cases`: item → case; `findings`: item → finding."""

    id: int
    passed: bool
    task: int | None
    cases: dict[str, int]
    findings: dict[str, int]


class InspectionRow(Schema):
    """An inspection in a list."""

    id: int
    place: int
    place_name: str
    checklist: str
    edition: int
    at: datetime
    received_at: datetime
    by: str
    passed: bool


class AnswerOut(Schema):
    """An answer. `photos`: ids of evidence; `state`, `case`: of its finding now."""

    item: str
    text: str
    answer: str
    note: str
    photos: list[int]
    finding: int | None
    state: str | None
    case: int | None
    case_number: str | None


class InspectionOut(InspectionRow):
    """An inspection with its answers."""

    answers: list[AnswerOut]


class InspectionPage(Schema):
    """A page of inspections, newest first."""

    items: list[InspectionRow]
    next: str | None


class InspectionFilter(Schema):
    """Narrowing."""

    place: int | None = Field(None, ge=1, le=BIGGEST)
    failed: bool = False
    region: str | None = Field(None, max_length=20)


class FindingOut(Schema):
    """A failed item. `state`: open, in_case, recheck (its case ended), resolved; `turn`: cases."""

    id: int
    place: int
    place_name: str
    item: str
    text: str
    class_code: str
    state: str
    turn: int
    found_at: datetime
    recheck_due_at: datetime | None
    overdue: bool
    resolved_at: datetime | None
    case: int | None
    case_number: str | None


class FindingPage(Schema):
    """A page of findings, oldest first."""

    items: list[FindingOut]
    next: str | None


class FindingFilter(Schema):
    """Narrowing; without a state the unresolved."""

    state: Literal["", "open", "in_case", "recheck", "resolved"] = ""
    overdue: bool = Field(False, description="Whose re-inspection is overdue.")
    region: str | None = Field(None, max_length=20)
    place: int | None = Field(None, ge=1, le=BIGGEST)


class FindingCaseIn(Schema):
    """What to add to the words of the item; may be empty: one tap."""

    text: str = Field("", max_length=500, examples=["水带被盗，接口也坏了。"])


class FindingCaseOut(Schema):
    """The case; the same one when tapped again."""

    finding: int
    case: int


@router.post(
    "/inspections", response={201: InspectedOut}, operation_id="inspections_record",
    summary="检查 Inspect",
)  # fmt: skip
@allows("inspections.do")
def record_inspection(request: HttpRequest, data: InspectionIn) -> Status[dict[str, Any]]:
    """Record an inspection: it completes the place's task; failed items become findings, and
    with `case` cases.
    """
    done = actions.inspect(caller(request), data.data())
    found = done.inspection.answers.filter(answer="no").values_list("item", "finding")
    return Status(
        201,
        {
            "id": done.inspection.pk,
            "passed": done.inspection.passed,
            "task": done.task.pk if done.task else None,
            "cases": done.cases,
            "findings": dict(found),
        },
    )


@router.get(
    "/inspections", response=InspectionPage, operation_id="inspections_list",
    summary="检查记录 Inspections",
)  # fmt: skip
@allows("inspections.read")
def list_inspections(
    request: HttpRequest, paging: Query[Paging], narrow: Query[InspectionFilter]
) -> dict[str, Any]:
    """Inspections of the own area."""
    actor = caller(request)
    items, following = queries.inspections(
        actor,
        place=narrow.place,
        failed=narrow.failed,
        region=region_id(actor, narrow.region),
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}


@router.get(
    "/inspections/{int:inspection_id}", response=InspectionOut, operation_id="inspections_one",
    summary="检查 An inspection",
)  # fmt: skip
@allows("inspections.read")
def read_inspection(request: HttpRequest, inspection_id: int) -> dict[str, Any]:
    """One inspection with its answers."""
    return queries.inspection(caller(request), inspection_id)


@router.get(
    "/findings", response=FindingPage, operation_id="findings_list", summary="检查问题 Findings"
)
@allows("inspections.read")
def list_findings(
    request: HttpRequest, paging: Query[Paging], narrow: Query[FindingFilter]
) -> dict[str, Any]:
    """Findings of the own area."""
    actor = caller(request)
    items, following = queries.findings(
        actor,
        state=narrow.state,
        overdue_only=narrow.overdue,
        region=region_id(actor, narrow.region),
        place=narrow.place,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return {"items": items, "next": following}


@router.post(
    "/findings/{int:finding_id}/case", response={201: FindingCaseOut},
    operation_id="findings_case", summary="一键立案 Make a case",
)  # fmt: skip
@allows("inspections.do")
def make_case(request: HttpRequest, finding_id: int, data: FindingCaseIn) -> Status[dict[str, Any]]:
    """One tap: the finding becomes a case with class, place and words."""
    made = finding_actions.make_case(caller(request), finding_id, text=data.text)
    return Status(201, {"finding": made.finding_id, "case": made.case_id})
