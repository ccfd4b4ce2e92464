"""HTTP shapes of positions. What devices send goes to the live application (`live.ingest`)."""

from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.core import clock
from mengding.core.actor import Role
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.people.api.caller import caller
from mengding.people.models import ROLE_NAMES
from mengding.positions import actions, config, queries
from mengding.positions.models import Device

router = Router(tags=["positions"])
BIGINT = 2**63 - 1


class LastFix(Schema):
    """The newest position of somebody on duty."""

    at: datetime
    lon: float
    lat: float
    accuracy: float | None = Field(description="Metres.")
    mock: bool = Field(description="The device says that the place is simulated.")


class PositionTeam(Schema):
    id: int
    name: str


class OnDuty(Schema):
    """Somebody on duty in my area."""

    account_id: int
    name: str
    role: str
    team: PositionTeam | None
    area: str = Field(description="The area covered, or that of the post.")
    town_id: int | None
    town: str | None
    started_at: datetime
    last: LastFix | None = Field(description="null: no position since going on duty.")


class OnDutyList(Schema):
    """Everybody on duty in my area, by name."""

    items: list[OnDuty]
    at: datetime = Field(description="The server's clock.")


class DutySpan(Schema):
    """A time."""

    since: datetime
    until: datetime


class WhoWas(Schema):
    """Somebody who was on duty."""

    account_id: int
    name: str
    team: PositionTeam | None
    area: str
    town_id: int | None
    town: str | None
    duty: list[DutySpan]


class WhoWasList(Schema):
    """Who was on duty then; no positions."""

    items: list[WhoWas]


class PositionLookIn(Schema):
    """Whose way, when, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "accounts": [1],
                "since": "2026-11-24T08:00:00+08:00",
                "until": "2026-11-24T12:00:00+08:00",
                "purpose": "核对11月24日上午车岭镇走水事件的到场经过",
            }
        },
    )

    accounts: list[int] = Field(max_length=200, description="At most 20.")
    since: datetime
    until: datetime = Field(description="At most 24 hours after `since`.")
    purpose: str = Field(max_length=1000, description="4 to 200 characters, read by the people.")


class PositionLookOut(Schema):
    """A look that may be read with until it expires."""

    id: int
    expires_at: datetime


FIX = "[seconds since `since`, lon, lat, accuracy in metres or null, simulated]"


class Way(WhoWas):
    """Where somebody was while on duty."""

    fixes: list[tuple[float, float, float, float | None, bool]] = Field(description=FIX)


class Ways(Schema):
    """What a look shows."""

    id: int
    since: datetime
    until: datetime
    expires_at: datetime
    step: int = Field(description="Seconds: of each such stretch the first fix is given.")
    people: list[Way]


class OwnWay(Schema):
    """One's own way on one day."""

    day: date
    since: datetime
    until: datetime
    step: int
    duty: list[DutySpan]
    fixes: list[tuple[float, float, float, float | None, bool]] = Field(description=FIX)


class PositionsKept(Schema):
    """How long positions are kept, and when the job that deletes them last ran."""

    days: int
    kept_from: datetime
    last_run_at: datetime | None
    last_deleted: int | None = Field(description="Positions deleted by that run.")
    late: bool = Field(description="It has not run for a day.")
    late_hours: int = Field(description="How late a position may arrive.")


class PositionLookedOut(Schema):
    """Somebody looked at my way."""

    id: int
    at: datetime
    since: datetime
    until: datetime
    reader: str
    role: str
    organisation: str
    purpose: str


class PositionLookedPage(Schema):
    """Who looked at my way, newest first."""

    items: list[PositionLookedOut]
    next: str | None


class PositionDeviceIn(Schema):
    """A client to connect."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"client": "traccar", "name": "巡逻手机", "crs": "wgs84"}},
    )

    client: Literal["traccar", "owntracks"]
    name: str = Field(max_length=200)
    crs: Literal["wgs84", "gcj02"] = "wgs84"


class PositionDeviceOut(Schema):
    """A connected client; without its secret."""

    id: int
    client: str
    name: str
    crs: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None


class NewPositionDevice(PositionDeviceOut):
    """With the id to type into the client. It is shown this once."""

    secret: str
    path: str = Field(description="Where the client sends to, on this server.")


class PositionDeviceList(Schema):
    """My devices, newest first."""

    items: list[PositionDeviceOut]


class PositionSpan(Schema):
    """A time."""

    since: datetime
    until: datetime


class PositionDay(Schema):
    """A day; today without."""

    day: date | None = None


@router.get(
    "/positions/on-duty", response=OnDutyList, operation_id="positions_on_duty",
    summary="在岗人员位置 Where those on duty are",
)  # fmt: skip
@allows("positions.read")
def list_on_duty(request: HttpRequest) -> dict[str, Any]:
    """Everybody on duty in my area with the newest position. Going off duty takes it away at once.

    Follow `GET /api/v1/positions/stream` (server-sent events, one frame a second) for changes.
    """
    return {"items": queries.on_duty(caller(request)), "at": clock.now()}


@router.get(
    "/positions/was-on-duty", response=WhoWasList, operation_id="positions_was_on_duty",
    summary="某时段在岗人员 Who was on duty then",
)  # fmt: skip
@allows("positions.look")
def list_was_on_duty(request: HttpRequest, span: Query[PositionSpan]) -> dict[str, Any]:
    """Whom one may choose for a look. Without positions."""
    since, until = _aware(span.since), _aware(span.until)
    until = min(until, since + actions.LONGEST)
    return {"items": queries.on_duty_within(caller(request), since, until)}


@router.post(
    "/positions/looks", response={201: PositionLookOut}, operation_id="positions_look",
    summary="写明事由查看路线 State a reason to see ways",
)  # fmt: skip
@allows("positions.look")
def make_look(request: HttpRequest, data: PositionLookIn) -> Status[dict[str, Any]]:
    """State why; it is recorded, and the people concerned can read it. Good for 30 minutes."""
    made = actions.look(
        caller(request),
        accounts=data.accounts,
        since=data.since,
        until=data.until,
        purpose=data.purpose,
    )
    return Status(201, {"id": made.pk, "expires_at": made.expires_at})


@router.get(
    "/positions/looks/{int:look_id}", response=Ways, operation_id="positions_ways",
    summary="查看路线 The ways of a look",
)  # fmt: skip
@allows("positions.look")
def read_ways(request: HttpRequest, look_id: int) -> dict[str, Any]:
    """Where the people of one's own look were while on duty, until it expires."""
    return queries.ways(caller(request), look_id)


@router.get(
    "/positions/own", response=OwnWay, operation_id="positions_own", summary="我的路线 My own way"
)
@allows("positions.own")
def read_own(request: HttpRequest, wanted: Query[PositionDay]) -> dict[str, Any]:
    """Where I was while on duty on one day."""
    today = timezone.localdate(clock.now())
    day = wanted.day or today
    # Outside of what is kept there is nothing; the calendar's ends need no arithmetic.
    day = min(max(day, today - timedelta(days=config.DAYS + 1)), today + timedelta(days=1))
    since = queries.start_of(day)
    way = queries.own_way(caller(request), since, since + timedelta(days=1))
    return {"day": day, **way}


@router.get(
    "/positions/own/looks", response=PositionLookedPage, operation_id="positions_looked",
    summary="谁看过我的路线 Who looked at my way",
)  # fmt: skip
@allows("positions.own")
def list_looked(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Every look at my way, with who, when and why."""
    rows = queries.looks_at_me(caller(request))
    items, after = paginate(rows, "-id", int, cursor=paging.cursor, limit=paging.limit)
    for row in items:
        row["role"] = _role(row["role"])
    return {"items": items, "next": after}


@router.get(
    "/positions/kept",
    response=PositionsKept,
    operation_id="positions_kept",
    summary="保存期限 PositionsKept how long",
)
@allows("positions.own")
def read_kept(request: HttpRequest) -> dict[str, Any]:
    """How long positions are kept, and the proof that older ones are gone."""
    hours = int(config.LATE.total_seconds() // 3600)
    return queries.kept() | {"late_hours": hours}


@router.get(
    "/positions/devices", response=PositionDeviceList, operation_id="positions_devices",
    summary="我的定位设备 My devices",
)  # fmt: skip
@allows("positions.own")
def list_devices(request: HttpRequest) -> dict[str, Any]:
    """My devices, revoked ones too."""
    return {"items": [_device(row) for row in queries.devices(caller(request))]}


@router.post(
    "/positions/devices", response={201: NewPositionDevice},
    operation_id="positions_connect_device",
    summary="连接定位设备 Connect a device",
)  # fmt: skip
@allows("positions.own")
def connect_device(request: HttpRequest, data: PositionDeviceIn) -> Status[dict[str, Any]]:
    """Issue an id for a client of my own. Whoever has it can send positions as me."""
    device, secret = actions.connect_device(
        caller(request), client=data.client, name=data.name, crs=data.crs
    )
    path = {"traccar": "osmand", "owntracks": "owntracks"}[data.client]
    out = _device(device) | {"secret": secret, "path": f"/api/v1/positions/{path}"}
    return Status(201, out)


@router.post(
    "/positions/devices/{int:device_id}/revoke", response=PositionDeviceOut,
    operation_id="positions_revoke_device", summary="撤销定位设备 Revoke a device",
)  # fmt: skip
@allows("positions.own")
def revoke_device(request: HttpRequest, device_id: int) -> dict[str, Any]:
    """Nothing it sends is stored from now on."""
    return _device(actions.revoke_device(caller(request), device_id))


def _device(row: Device) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PositionDeviceOut.model_fields}


def _role(code: str) -> str:
    text: T = ROLE_NAMES[Role(code)]
    return text.said()


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else timezone.make_aware(value)
