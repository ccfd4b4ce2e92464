"""Taking reports in; contact data."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.cases import actions, queries
from mengding.cases.actions import Message
from mengding.cases.api.move import Move, Moved, run
from mengding.cases.api.reading import caller
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case, Report
from mengding.cases.stages import Channel, Emergency
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.evidence.api.uploads import PhotoIn
from mengding.http.auth import allows
from mengding.http.versions import versioned

router = Router()


class ContactIn(Schema):
    """How to answer the person; every part is optional."""

    name: str = ""
    phone: str = ""
    email: str = ""


class ReportIn(Schema):
    """One person's message. `case_id` joins an open case instead of making one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "description": "路口的自来水井盖不见了，晚上很危险。",
                "channel": "phone",
                "class_code": "C0101",
                "lon": 103.11,
                "lat": 30.09,
                "address": "百丈镇解放路12号旁",
                "contact": {"name": "王女士", "phone": "13812345678"},
            }
        },
    )

    description: str = ""
    channel: Channel = Channel.PHONE
    class_code: str = Field("", max_length=12)
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    region_code: str | None = Field(None, max_length=20)
    contact: ContactIn = Field(default_factory=ContactIn)
    source: str = Field("", max_length=40)
    source_ref: str = Field("", max_length=80)
    case_id: int | None = None
    at: AwareDatetime | None = Field(
        None, description="When it was found, by the device, if it is sent later; 7 days at most."
    )
    photos: list[PhotoIn] = Field(default_factory=list, max_length=20)

    def message(self) -> Message:
        """The message as actions want it."""
        return Message(
            text=self.description,
            channel=self.channel,
            class_code=self.class_code,
            lon=self.lon,
            lat=self.lat,
            address=self.address,
            region_code=self.region_code,
            contact=ContactData(**self.contact.model_dump()),
            source=self.source,
            source_ref=self.source_ref,
            at=self.at,
        )


class ReportOut(Schema):
    """The report and the case it belongs to."""

    id: int
    case_id: int
    stage: str
    version: int
    class_code: str
    proposed_org_id: int | None
    due_at: Any


def _out(report: Report) -> dict[str, Any]:
    case = report.case
    return {
        "id": report.pk,
        "case_id": case.pk,
        "stage": case.stage,
        "version": case.version,
        "class_code": case.class_code,
        "proposed_org_id": case.proposed_org_id,
        "due_at": case.due_at,
    }


@router.post(
    "/reports", response={201: ReportOut}, operation_id="reports_create", summary="受理 Take in"
)
@allows("case.receive")
def create_report(request: HttpRequest, data: ReportIn) -> Status[dict[str, Any]]:
    """A new case with its first report, or one more report on an open case.

    With `photos` (complete uploads) it is taken in with all of them or not at all.
    """
    photos = [photo.photo() for photo in data.photos]
    report = actions.take_in(caller(request), data.message(), case_id=data.case_id, photos=photos)
    return Status(201, _out(report))


class SelfHandledIn(ReportIn):
    """Found and dealt with on the spot. `report`: what was done; a photo of purpose `after`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "description": "路口散落建筑垃圾，影响通行。",
                "channel": "grid",
                "class_code": "E0110",
                "lon": 103.11,
                "lat": 30.09,
                "report": "已清扫装袋，运至垃圾收集点。",
                "photos": [
                    {
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015"
                        "a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "purpose": "after",
                    }
                ],
            }
        },
    )

    report: str
    condition_code: str | None = Field(None, max_length=20)


@router.post(
    "/reports/self_handled", response={201: ReportOut}, operation_id="reports_self_handled",
    summary="自办：随手办结 Report what was dealt with on the spot",
)  # fmt: skip
@allows("case.self_handle")
def self_handled(request: HttpRequest, data: SelfHandledIn) -> Status[dict[str, Any]]:
    """Received, filed, sent to the own village centre and fed back at once; the check follows."""
    report = actions.self_handled(
        caller(request),
        data.message(),
        report=data.report,
        photos=[photo.photo() for photo in data.photos],
        condition_code=data.condition_code,
    )
    return Status(201, _out(report))


class HandOverReportIn(ReportIn):
    """A call that is an emergency. The words alone are enough."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"description": "有人落水，在河滨公园码头。", "service": "119"}
        },
    )

    service: Emergency = Field(description="110 police, 119 fire and rescue, 120 ambulance")


@router.post(
    "/reports/hand_over", response={201: ReportOut}, operation_id="reports_hand_over",
    summary="紧急来电移交 Hand an emergency call over",
)  # fmt: skip
@allows("case.hand_over")
def hand_over_report(request: HttpRequest, data: HandOverReportIn) -> Status[dict[str, Any]]:
    """Take an emergency call in and record at once to whom it was handed over."""
    if data.case_id is not None:
        raise Invalid(
            "case_id_given",
            T(
                "移交已有案件请用 /cases/{id}/hand_over。",
                "For a case that exists use /cases/{id}/hand_over.",
            ),
            field="case_id",
        )
    if data.photos:
        raise Invalid(
            "photos_given",
            T("移交时不附照片。", "A hand-over takes no photos."),
            field="photos",
        )
    report = actions.receive_and_hand_over(caller(request), data.message(), data.service)
    return Status(201, _out(report))


class HandOverIn(Move):
    """Body of `hand_over`."""

    service: Emergency = Field(examples=["110"])
    note: str = ""


@router.post(
    "/cases/{int:case_id}/hand_over", response=Moved, operation_id="cases_hand_over",
    summary="移交紧急服务 Hand over to emergency services",
)  # fmt: skip
@allows("case.hand_over")
@versioned
def hand_over(request: HttpRequest, case_id: int, data: HandOverIn) -> Case:
    """See `cases.actions.hand_over`."""
    return run(request, "hand_over", case_id, data)


@router.get(
    "/reports/{int:report_id}", response=ReportOut, operation_id="reports_get",
    summary="诉求所在案件 The case a report belongs to",
)  # fmt: skip
@allows("case.read")
def get_report(request: HttpRequest, report_id: int) -> dict[str, Any]:
    """From a report's id (an Open311 service_request_id) to its case, also after a merge."""
    return _out(queries.get_report(caller(request), report_id))


class PurposeIn(Schema):
    """Why contact data is looked at."""

    purpose: str = Field(..., examples=["回访核实办理结果"])


@router.post(
    "/reports/{int:report_id}/contact", response=dict, operation_id="reports_reveal_contact",
    summary="查看联系方式（留痕） Show contact data, on record",
)  # fmt: skip
@allows("contact.reveal")
def reveal_contact(request: HttpRequest, report_id: int, data: PurposeIn) -> dict[str, str]:
    """The contact data in clear; every look is an event in the ledger."""
    return actions.reveal_contact(caller(request), report_id, purpose=data.purpose)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(examples=["本人要求删除"])


@router.post(
    "/reports/{int:report_id}/erase", response={204: None}, operation_id="reports_erase",
    summary="删除个人信息 Erase a person's words and contact data",
)  # fmt: skip
@allows("contact.erase")
def erase_report(request: HttpRequest, report_id: int, data: ReasonIn) -> Status[None]:
    """Erase for good; the ledger keeps only digests and still verifies."""
    actions.erase_report(caller(request), report_id, reason=data.reason)
    return Status(204, None)
