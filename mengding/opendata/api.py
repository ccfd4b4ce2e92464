"""/opendata/terms: on which terms figures and cases are open to everybody."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from mengding.http.auth import allows
from mengding.http.request import actor_of
from mengding.opendata import actions, queries
from mengding.opendata.models import Terms

router = Router(tags=["opendata"])


class TermsIn(Schema):
    """New terms; `version` is that of the terms they were made from."""

    published: bool = Field(..., examples=[True])
    threshold: int = Field(..., description="Smaller counts are left out.", examples=[5])
    finest: int = Field(
        ..., description="Zoom of the smallest squares: 16 ≈ 530 m, 14 ≈ 2 km.", examples=[16]
    )
    delay_days: int = Field(..., description="Days until a month is final.", examples=[5])
    version: int = Field(..., examples=[0])


class TermsOut(Schema):
    """The terms in force; version 0 are the defaults, with nothing published."""

    version: int
    published: bool
    threshold: int
    finest: int
    delay_days: int
    created_at: datetime | None


@router.get("/opendata/terms", response=TermsOut, operation_id="opendata_terms")
@allows("opendata.manage")
def read_terms(request: HttpRequest) -> Terms:
    """数据开放规则 The terms in force."""
    return queries.terms()


@router.put("/opendata/terms", response=TermsOut, operation_id="opendata_set_terms")
@allows("opendata.manage")
def set_terms(request: HttpRequest, data: TermsIn) -> Terms:
    """设置数据开放规则 Put new terms in force; they hold at once."""
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actions.set_terms(actor, **data.dict())
