"""/briefings: daily, weekly and monthly briefings, their templates and schedule."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.briefings import actions, queries
from mengding.briefings.models import Briefing, Kind, Schedule, Template
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.people.api.caller import caller

router = Router(tags=["briefings"])
_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_DRAFT = "草稿，未签发"
_WITHDRAWN = "已撤回"


class TemplateOut(Schema):
    """A template as it is now."""

    code: str
    version: int
    kind: Kind
    name: str
    spec: dict[str, Any]
    created_at: datetime


class TemplateList(Schema):
    """Templates by their codes."""

    items: list[TemplateOut]


class TemplateIn(Schema):
    """The next version; `version` is the one it was made from, 0 for a new template."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "week",
                "name": "每周简报",
                "version": 1,
                "spec": {
                    "title": "{district}周报",
                    "sections": [
                        {"block": "figures", "codes": ["received", "closed"]},
                        {"block": "findings"},
                    ],
                },
            }
        }
    )

    kind: Kind
    name: str
    spec: dict[str, Any]
    version: int = 0


class TemplateVersion(Schema):
    """One version of a template, and in words what changed in it."""

    version: int
    kind: Kind
    name: str
    spec: dict[str, Any]
    created_at: datetime
    changed: list[str]


class TemplateVersions(Schema):
    """Newest first."""

    items: list[TemplateVersion]


class TemplateTrial(Schema):
    """Contents to look at before they are kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "week",
                "spec": {"title": "{district}周报", "sections": [{"block": "findings"}]},
            }
        }
    )

    kind: Kind
    spec: dict[str, Any]


class TemplatePreview(Schema):
    """The document it would give."""

    document: dict[str, Any]


class ScheduleOut(Schema):
    """Whether briefings of a template are made by themselves for a division."""

    template: str
    region: int
    region_name: str
    active: bool


class ScheduleList(Schema):
    """All in the reader's area."""

    items: list[ScheduleOut]


class ScheduleIn(Schema):
    """Start or stop."""

    template: str = Field(..., examples=["week"])
    region: int = Field(..., description="Id of a division.", examples=[1])
    active: bool = Field(True, examples=[True])


class BriefingIn(Schema):
    """Which; `day`: the period that was over that morning, today by default."""

    template: str = Field(..., examples=["day"])
    region: int = Field(..., examples=[1])
    day: date | None = Field(None, examples=["2026-11-30"])
    remake: int | None = Field(None, description="Id of a draft to count anew.")


class RemarkIn(Schema):
    """The editor's words; empty takes them away."""

    text: str = Field(..., examples=["本周降雨较多，排水类问题集中。"])


class SignOffIn(Schema):
    """What the signer read."""

    seen: str = Field(
        ...,
        description="The `digest` of the briefing as it was shown.",
        examples=["9f86d081884c7d65"],
    )


class WithdrawIn(Schema):
    """Why it is withdrawn."""

    reason: str = Field(..., examples=["数据更正后重发。"])


class BriefingOut(Schema):
    """One line of the list."""

    id: int
    template: str
    template_name: str
    region: int
    region_name: str
    kind: Kind
    since: date
    until: date = Field(description="The first day after it.")
    status: Literal["draft", "signed", "withdrawn"]
    title: str
    made_at: datetime
    made_by: str = Field(description="Empty: by the schedule.")
    signed_at: datetime | None
    signed_by: str
    own: bool = Field(description="Made by the reader, who therefore does not sign it.")


class BriefingPage(Schema):
    """Newest first."""

    items: list[BriefingOut]
    next: str | None


class BriefingDetail(BriefingOut):
    """With its document: blocks of headings, words, numbers, tables and charts."""

    document: dict[str, Any]
    remark: str
    digest: str = Field(description="Of document and remark; sent back when it is signed.")


def _template(row: Template) -> dict[str, Any]:
    names = ("code", "version", "kind", "name", "spec", "created_at")
    return {name: getattr(row, name) for name in names}


def _schedule(row: Schedule) -> dict[str, Any]:
    return {
        "template": row.template_code,
        "region": row.region_id,
        "region_name": row.region.name,
        "active": row.active,
    }


def _out(row: Briefing, names: dict[int, str], reader: int | None) -> dict[str, Any]:
    plain = ("id", "kind", "since", "until", "status", "made_at", "signed_at")
    return {name: getattr(row, name) for name in plain} | {
        "template": row.template.code,
        "template_name": row.template.name,
        "region": row.region_id,
        "region_name": row.region.name,
        "title": f"{row.region.name}{row.template.name}",
        "made_by": names.get(row.made_by or 0, ""),
        "signed_by": names.get(row.signed_by or 0, ""),
        "own": row.made_by is not None and row.made_by == reader,
    }


def _detail(request: HttpRequest, briefing_id: int) -> dict[str, Any]:
    actor = caller(request)
    row = queries.briefing(actor, briefing_id)
    return _out(row, queries.people_of([row]), actor.account_id) | {
        "title": row.document["title"],
        "document": row.document,
        "remark": row.remark.text if row.remark else "",
        "digest": queries.shown_digest(row),
    }


@router.get("/briefings/templates", response=TemplateList, operation_id="briefings_templates")
@allows("briefings.read")
def list_templates(request: HttpRequest) -> dict[str, Any]:
    """简报模板 Templates of briefings, the newest version of each."""
    return {"items": [_template(row) for row in queries.templates()]}


@router.put(
    "/briefings/templates/{template_code}",
    response=TemplateOut,
    operation_id="briefings_save_template",
)
@allows("briefings.templates")
def save_template(request: HttpRequest, template_code: str, data: TemplateIn) -> dict[str, Any]:
    """保存简报模板 Save the next version; briefings made before keep theirs."""
    values = data.dict() | {"kind": data.kind.value}
    return _template(actions.save_template(caller(request), code=template_code, **values))


@router.get(
    "/briefings/templates/{template_code}/versions", response=TemplateVersions,
    operation_id="briefings_template_versions",
)  # fmt: skip
@allows("briefings.read")
def list_versions(request: HttpRequest, template_code: str) -> dict[str, Any]:
    """模板的版本 Versions of a template and what changed in each."""
    rows = queries.versions(template_code)
    return {"items": [row | {"changed": [each.said() for each in row["changed"]]} for row in rows]}


@router.post(
    "/briefings/preview", response=TemplatePreview,
    operation_id="briefings_preview_template",
)  # fmt: skip
@allows("briefings.templates")
def preview(request: HttpRequest, data: TemplateTrial) -> dict[str, Any]:
    """预览模板 What it would give for my own division now; nothing is kept."""
    found = queries.preview(caller(request), kind=data.kind.value, spec=data.spec)
    return {"document": found}


@router.get("/briefings/schedule", response=ScheduleList, operation_id="briefings_schedule")
@allows("briefings.read")
def read_schedule(request: HttpRequest) -> dict[str, Any]:
    """定时简报 What is made by itself, early in the morning after its period."""
    return {"items": [_schedule(row) for row in queries.schedules(caller(request))]}


@router.put("/briefings/schedule", response=ScheduleOut, operation_id="briefings_set_schedule")
@allows("briefings.templates")
def set_schedule(request: HttpRequest, data: ScheduleIn) -> dict[str, Any]:
    """设置定时简报 Start or stop it."""
    return _schedule(actions.set_schedule(caller(request), **data.dict()))


@router.get("/briefings", response=BriefingPage, operation_id="briefings_list")
@allows("briefings.read")
def list_briefings(
    request: HttpRequest, paging: Query[Paging], kind: Kind | None = None
) -> dict[str, Any]:
    """简报 Briefings of the reader's area, newest first."""
    actor = caller(request)
    rows = queries.visible(actor)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    found, following = paginate(
        rows, "-made_at", datetime, cursor=paging.cursor, limit=paging.limit
    )
    names = queries.people_of(found)
    return {"items": [_out(row, names, actor.account_id) for row in found], "next": following}


@router.post("/briefings", response={201: BriefingDetail}, operation_id="briefings_make")
@allows("briefings.make")
def make_briefing(request: HttpRequest, data: BriefingIn) -> Status[Any]:
    """生成简报 Make the briefing of a period, or count a draft anew."""
    row = actions.make(caller(request), **data.dict())
    return Status(201, _detail(request, row.pk))


@router.get("/briefings/{int:briefing_id}", response=BriefingDetail, operation_id="briefings_read")
@allows("briefings.read")
def read_briefing(request: HttpRequest, briefing_id: int) -> dict[str, Any]:
    """一份简报 One briefing."""
    return _detail(request, briefing_id)


@router.post(
    "/briefings/{int:briefing_id}/remark", response=BriefingDetail, operation_id="briefings_remark"
)
@allows("briefings.make")
def remark(request: HttpRequest, briefing_id: int, data: RemarkIn) -> dict[str, Any]:
    """编者按 Words of the editor before the numbers."""
    actions.remark(caller(request), briefing_id, text=data.text)
    return _detail(request, briefing_id)


@router.post(
    "/briefings/{int:briefing_id}/sign", response=BriefingDetail, operation_id="briefings_sign"
)
@allows("briefings.sign")
def sign(request: HttpRequest, briefing_id: int, data: SignOffIn) -> dict[str, Any]:
    """签发 Sign what was read: it never changes again. Not by who made it."""
    actions.sign(caller(request), briefing_id, seen=data.seen)
    return _detail(request, briefing_id)


@router.post(
    "/briefings/{int:briefing_id}/withdraw",
    response=BriefingDetail,
    operation_id="briefings_withdraw",
)
@allows("briefings.sign")
def withdraw(request: HttpRequest, briefing_id: int, data: WithdrawIn) -> dict[str, Any]:
    """撤回 Withdraw it with a reason; another of its period may be made then."""
    actions.withdraw(caller(request), briefing_id, reason=data.reason)
    return _detail(request, briefing_id)


@router.get("/briefings/{int:briefing_id}/file", operation_id="briefings_file")
@allows("briefings.read")
def download(
    request: HttpRequest, briefing_id: int, format: Literal["pdf", "docx"] = "pdf"
) -> HttpResponse:
    """下载 As PDF or DOCX: the kept file of a signed one, else drawn now and marked as a draft."""
    row = queries.briefing(caller(request), briefing_id)
    data = queries.file_of(row, format) if row.status == "signed" else None
    if data is None:
        mark = _WITHDRAWN if row.status == "withdrawn" else _DRAFT
        from mengding.briefings.rendering import render  # heavy: see there

        data = render(queries.whole(row), format, draft=mark, signed="")
    response = HttpResponse(data, content_type=_TYPES[format])
    name = f"briefing-{row.template.code}-{row.region.code}-{row.since}.{format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
