"""Care visits."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from mengding.http.auth import allows
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.tasks.actions import care as actions
from mengding.tasks.actions.care import CareVisitData, ConsentData
from mengding.tasks.api.shapes import AT, BIGGEST
from mengding.tasks.contacts import CareContactData
from mengding.tasks.queries import care as queries

router = Router()


class CareContactShape(Schema):
    """Who and where, as they said it. Kept encrypted."""

    name: str = Field(max_length=200, examples=["演示居民"])
    address: str = Field(max_length=400, examples=["骑龙村三组12号"])
    phone: str = Field("", max_length=60)


class ConsentIn(Schema):
    """What somebody asked for. No health data and no kinds of persons."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "scopes": ["chat"],
                "way": "in_person",
                "contact": {"name": "演示居民", "address": "骑龙村三组12号"},
                "every_days": 14,
                "months": 6,
            }
        },
    )

    scopes: list[str] = Field(max_length=20)
    way: str = Field(max_length=40)
    contact: CareContactShape
    every_days: int = 14
    months: int = Field(6, description="Until it ends by itself, at most 12.")
    at: AwareDatetime | None = AT
    region: str | None = Field(None, max_length=20, description="Code; the own one unless given.")

    def data(self) -> ConsentData:
        """As actions want it."""
        return ConsentData(
            scopes=tuple(self.scopes),
            way=self.way,
            contact=CareContactData(**self.contact.model_dump()),
            every_days=self.every_days,
            months=self.months,
            at=self.at,
            region=self.region,
        )


class ConsentOut(Schema):
    """A consent; how to find the person is masked, and gone once it has ended."""

    id: int
    village: str | None
    masked: dict[str, str]
    scopes: list[str]
    way: str
    given_at: datetime
    recorded_by: str
    every_days: int
    delete_on: date
    last_visit: datetime | None
    ended_at: datetime | None
    ended_as: str


class ConsentPage(Schema):
    """A page of consents, newest first."""

    items: list[ConsentOut]
    next: str | None


class ConsentFilter(Schema):
    """Those that hold, or those that ended."""

    ended: bool = False


class CareRevealIn(Schema):
    """What for; it is kept."""

    purpose: str = Field(max_length=400, examples=["上门走访"])


class CareContactOut(Schema):
    """In clear."""

    name: str = ""
    phone: str = ""
    address: str = ""


class CareVisitIn(Schema):
    """What came of a visit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"consent": 1, "result": "met"}},
    )

    consent: int = Field(ge=1, le=BIGGEST)
    result: str = Field(max_length=40)
    at: AwareDatetime | None = AT
    task: int | None = Field(None, ge=1, le=BIGGEST)
    reason: str = Field("", max_length=1000, description="Needed when the task's time has passed.")
    text: str = Field("", max_length=500, description="The service asked for.")
    share: bool = Field(False, description="The person lets the office have their contact.")


class CareVisitOut(Schema):
    """`task`: the one it completed; `case`: made of the service asked for."""

    id: int
    task: int | None
    case: int | None


@router.get(
    "/care/consents", response=ConsentPage, operation_id="care_consents",
    summary="关爱走访 Consents",
)  # fmt: skip
@allows("care.read")
def list_consents(
    request: HttpRequest, paging: Query[Paging], narrow: Query[ConsentFilter]
) -> dict[str, Any]:
    """Consents of the own area, contact masked."""
    items, following = queries.consents(
        caller(request), ended=narrow.ended, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": following}


@router.post(
    "/care/consents", response={201: ConsentOut}, operation_id="care_agree",
    summary="登记同意 Take a consent down",
)  # fmt: skip
@allows("care.agree")
def agree(request: HttpRequest, data: ConsentIn) -> Status[dict[str, Any]]:
    """Somebody asked to be visited."""
    actor = caller(request)
    return Status(201, queries.consent(actor, actions.agree(actor, data.data()).pk))


@router.post(
    "/care/consents/{int:consent_id}/withdraw", response=ConsentOut, operation_id="care_withdraw",
    summary="撤回同意 Withdraw",
)  # fmt: skip
@allows("care.withdraw")
def withdraw(request: HttpRequest, consent_id: int) -> dict[str, Any]:
    """One tap: the contact is erased now and visits are called off."""
    actor = caller(request)
    actions.withdraw(actor, consent_id)
    return queries.consent(actor, consent_id)


@router.post(
    "/care/consents/{int:consent_id}/contact", response=CareContactOut,
    operation_id="care_contact", summary="查看联系方式 See the contact",
)  # fmt: skip
@allows("care.reveal")
def reveal(request: HttpRequest, consent_id: int, data: CareRevealIn) -> dict[str, str]:
    """The contact in clear; each look is an event with its purpose."""
    return actions.reveal(caller(request), consent_id, purpose=data.purpose)


@router.post(
    "/care/visits", response={201: CareVisitOut}, operation_id="care_visit",
    summary="关爱走访 A care visit",
)  # fmt: skip
@allows("care.visit")
def record_visit(request: HttpRequest, data: CareVisitIn) -> Status[dict[str, Any]]:
    """What came of a visit; "asks for a service" becomes a case."""
    row, task = actions.visit(caller(request), CareVisitData(**data.model_dump()))
    return Status(201, {"id": row.pk, "task": task.pk if task else None, "case": row.case_id})
