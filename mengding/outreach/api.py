"""HTTP shapes of notices to staff and of outreach material."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from mengding.http.auth import allows
from mengding.http.versions import versioned, wanted_version
from mengding.outreach import actions, queries
from mengding.outreach.actions import MaterialData
from mengding.outreach.models import Topic
from mengding.people.api.caller import caller

router = Router(tags=["outreach"])


class BulletinOut(Schema):
    """A notice to staff."""

    id: int
    title: str
    text: str
    asks: bool = Field(description="Whether readers are asked to say that they understood.")
    roles: list[str] = Field(description="Empty: every role.")
    region_id: int
    region: str
    by: str
    published_at: datetime
    ends_on: date
    withdrawn_at: datetime | None


class BulletinRead(BulletinOut):
    """As its readers see it."""

    acknowledged: bool = Field(description="Whether this post said so.")


class BulletinSent(BulletinOut):
    """As its centre sees it. Who has opened it is not recorded."""

    acknowledged_count: int
    addressed_count: int | None = Field(description="Posts asked; null where nothing is asked.")
    over: bool


class BulletinReadList(Schema):
    """What is in force, newest first."""

    items: list[BulletinRead]


class BulletinSentList(Schema):
    """What was sent, newest first."""

    items: list[BulletinSent]


class BulletinIn(Schema):
    """A notice to send."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "title": "今晚有强降雨",
                "text": "请各网格员避开低洼路段，优先查看独居老人住处排水。",
                "region": "511803102",
                "roles": ["collector"],
                "asks": True,
            }
        },
    )

    title: str = Field(max_length=200)
    text: str = Field(max_length=10000)
    region: str = Field("", max_length=20, description="A division’s code; empty: the own area.")
    roles: list[str] = Field(default_factory=list, max_length=20)
    asks: bool = False
    ends_on: date | None = Field(None, description="Last day; without: in 30 days.")


class BulletinAnswerIn(Schema):
    """When it was said; may be sent up to seven days later."""

    model_config = ConfigDict(json_schema_extra={"example": {"at": "2026-11-30T09:00:00+08:00"}})

    at: datetime | None = None


class BulletinAnswered(Schema):
    """`new`: whether it was said just now."""

    new: bool


class BulletinWaiting(Schema):
    """A post that has not answered."""

    post: int
    organisation: str
    role: str
    name: str


class BulletinWaitingList(Schema):
    """Posts that have not answered, by organisation."""

    items: list[BulletinWaiting]


class MaterialFile(Schema):
    """A file of a material."""

    id: int
    name: str
    size: int
    file_url: str


class MaterialOut(Schema):
    """Outreach material."""

    id: int
    topic: Topic
    title: str
    text: str
    region_id: int
    region: str
    active: bool
    version: int
    updated_at: datetime
    files: list[MaterialFile]


class MaterialList(Schema):
    """Material, newest first."""

    items: list[MaterialOut]


class MaterialIn(Schema):
    """Material to keep. Files are attached as evidence of kind `material`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "topic": "safety",
                "title": "冬季用电",
                "text": "人走断电，不用“三无”取暖器。",
            }
        },
    )

    topic: str = Field(max_length=8)
    title: str = Field(max_length=200)
    text: str = Field(max_length=10000)
    region: str = Field("", max_length=20)
    version: int | None = Field(None, ge=1)

    def data(self) -> MaterialData:
        """As actions want it."""
        return MaterialData(self.topic, self.title, self.text, self.region)


@router.get(
    "/bulletins", response=BulletinReadList, operation_id="bulletins_read",
    summary="工作通知 Notices to me",
)  # fmt: skip
@allows("outreach.read")
def list_bulletins(request: HttpRequest) -> dict[str, Any]:
    """What my post is told, as long as it is in force. Reading it is not recorded."""
    return {"items": queries.read(caller(request))}


@router.get(
    "/bulletins/sent", response=BulletinSentList, operation_id="bulletins_sent",
    summary="已发通知 What was sent",
)  # fmt: skip
@allows("outreach.send")
def list_sent(request: HttpRequest) -> dict[str, Any]:
    """What was sent within my area."""
    return {"items": queries.sent(caller(request))}


@router.post(
    "/bulletins", response={201: BulletinOut}, operation_id="bulletins_publish",
    summary="发布通知 Send",
)  # fmt: skip
@allows("outreach.send")
def publish(request: HttpRequest, data: BulletinIn) -> Status[dict[str, Any]]:
    """Tell the staff of an area."""
    actor = caller(request)
    row = actions.publish(
        actor,
        data.title,
        data.text,
        region=data.region,
        roles=data.roles,
        asks=data.asks,
        ends_on=data.ends_on,
    )
    return Status(201, queries.shown(row))


@router.post(
    "/bulletins/{int:bulletin_id}/withdraw", response=BulletinOut,
    operation_id="bulletins_withdraw", summary="撤回通知 Take back",
)  # fmt: skip
@allows("outreach.send")
def withdraw(request: HttpRequest, bulletin_id: int) -> dict[str, Any]:
    """Nobody is shown it any more."""
    return queries.shown(actions.withdraw(caller(request), bulletin_id))


@router.post(
    "/bulletins/{int:bulletin_id}/acknowledge", response=BulletinAnswered,
    operation_id="bulletins_acknowledge", summary="确认知悉 Understood",
)  # fmt: skip
@allows("outreach.read")
def acknowledge(request: HttpRequest, bulletin_id: int, data: BulletinAnswerIn) -> dict[str, bool]:
    """Say that it is understood; again does nothing."""
    return {"new": actions.acknowledge(caller(request), bulletin_id, at=data.at)}


@router.get(
    "/bulletins/{int:bulletin_id}/waiting", response=BulletinWaitingList,
    operation_id="bulletins_waiting", summary="尚未确认 Not answered yet",
)  # fmt: skip
@allows("outreach.send")
def list_waiting(request: HttpRequest, bulletin_id: int) -> dict[str, Any]:
    """Posts that were asked and have not answered, so that they can be called."""
    return {"items": queries.waiting(caller(request), bulletin_id)}


@router.get(
    "/materials", response=MaterialList, operation_id="materials_list",
    summary="宣传材料 Material",
)  # fmt: skip
@allows("outreach.read")
def list_materials(request: HttpRequest, topic: str = "") -> dict[str, Any]:
    """Material for my area, in use."""
    return {"items": queries.materials(caller(request), topic=topic)}


@router.get(
    "/materials/all", response=MaterialList, operation_id="materials_all",
    summary="材料维护 All material",
)  # fmt: skip
@allows("outreach.send")
def list_all_materials(request: HttpRequest) -> dict[str, Any]:
    """Material of my area, also what is out of use."""
    return {"items": queries.materials(caller(request), every=True)}


@router.post(
    "/materials", response={201: MaterialOut}, operation_id="materials_create",
    summary="新增材料 Add",
)  # fmt: skip
@allows("outreach.send")
def create_material(request: HttpRequest, data: MaterialIn) -> Status[dict[str, Any]]:
    """New material."""
    row = actions.add_material(caller(request), data.data())
    return Status(201, queries.shown_materials([row])[0])


@router.put(
    "/materials/{int:material_id}", response=MaterialOut, operation_id="materials_update",
    summary="修改材料 Change",
)  # fmt: skip
@allows("outreach.send")
@versioned
def update_material(request: HttpRequest, material_id: int, data: MaterialIn) -> dict[str, Any]:
    """Replace material; its files stay."""
    version = wanted_version(request, data.version)
    row = actions.update_material(caller(request), material_id, data.data(), version=version)
    return queries.shown_materials([row])[0]


@router.post(
    "/materials/{int:material_id}/retire", response=MaterialOut, operation_id="materials_retire",
    summary="停用材料 Out of use",
)  # fmt: skip
@allows("outreach.send")
def retire_material(request: HttpRequest, material_id: int) -> dict[str, Any]:
    """Nobody is offered it any more."""
    row = actions.set_material_active(caller(request), material_id, active=False)
    return queries.shown_materials([row])[0]


@router.post(
    "/materials/{int:material_id}/restore", response=MaterialOut, operation_id="materials_restore",
    summary="恢复材料 Bring back",
)  # fmt: skip
@allows("outreach.send")
def restore_material(request: HttpRequest, material_id: int) -> dict[str, Any]:
    """Offer it again."""
    row = actions.set_material_active(caller(request), material_id, active=True)
    return queries.shown_materials([row])[0]
