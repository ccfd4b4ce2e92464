"""/costs: cost rates, cost per case, what was saved. Money is whole fen: 100 fen = 1 CNY."""

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict
from pydantic.config import JsonDict

from mengding.costs import actions, queries
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.indicators.api import PeriodAsked, as_download
from mengding.indicators.queries.scope import Filters
from mengding.people.api.caller import caller

router = Router(tags=["costs"])
_MOST = 2**63 - 1
_EXAMPLE: JsonDict = {
    "starts_on": "2027-01-01",
    "version": 1,
    "rates": {
        "call": {"fen": 350, "unit": "event", "minutes": 6},
        "dispatch": {"fen": 210, "unit": "event", "minutes": 4},
        "handle": {"fen": 6000, "unit": "hour"},
        "check": {"fen": 1500, "unit": "event", "minutes": 30},
    },
    "departments": {"dept-water": {"handle": {"fen": 7500, "unit": "hour"}}},
    "merge_percent": 50,
    "self_percent": 80,
    "most_hours": 8,
    "fewest": 5,
}


class CostQuery(PeriodAsked):
    """Which days, and which of the cases that ended in them."""

    region: str = Field(
        "", max_length=20, description='Division code; with "-" behind it: in none below.'
    )
    org: int | None = Field(None, ge=0, le=_MOST, description="Lead organisation; 0: none.")
    class_code: str = Field(
        "", max_length=12, description='A class, the beginning of classes, or "-" for none.'
    )
    channel: str = Field("", max_length=10)
    ending: Literal["", "closed", "declined", "void", "merged"] = Field(
        "closed", description="How they ended; empty: in any way."
    )

    def filters(self) -> Filters:
        """The filters as queries want them."""
        return Filters(
            region=self.region, org=self.org, class_code=self.class_code, channel=self.channel
        )


class CostTable(CostQuery):
    """A table of costs."""

    by: Literal["class", "org", "region", "channel"] = "class"
    compare: bool = Field(False, description="Also the period before and the year before.")


class CostCases(CostQuery):
    """The cases behind it."""

    order: Literal["day", "cost", "hours"] = Field(
        "day", description="Newest first, the costliest, or those of most hours."
    )
    only: Literal["", "merged", "spot", "unrated"] = Field(
        "", description="What merging or self-handling saved on; or what no rates held for."
    )
    activity: str = Field("", max_length=20, description="In which this was done.")


class CostDaily(PeriodAsked):
    """Which daily work."""

    activity: Literal["inspection", "task"]
    region: str = Field(
        "", max_length=20, description='Division code; with "-" behind it: in none below.'
    )


class RateIn(Schema):
    """What one event or one hour costs."""

    model_config = ConfigDict(extra="forbid")

    fen: int = Field(..., description="100 fen = 1 CNY.", examples=[350])
    unit: Literal["event", "hour"] = "event"
    minutes: int | None = Field(None, description="How long one event takes; an estimate.")


class CostRatesIn(Schema):
    """The next version of the district's rates; `version`: the newest the editor saw, 0: none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    starts_on: date = Field(..., description="The first version: any day; others: from tomorrow.")
    version: int = Field(0, ge=0)
    rates: dict[str, RateIn] = Field(..., description="By code of the activity.")
    departments: dict[str, dict[str, RateIn]] = Field(
        {}, description="Organisation code: what differs there."
    )
    merge_percent: int = Field(50, description="Factor of what merging saves.")
    self_percent: int = Field(80, description="Factor of what dealing with it on the spot saves.")
    most_hours: int = Field(8, description="Most hours on site counted for one order.")
    fewest: int = Field(5, description="Of fewer cases no mean is given.")
    example: bool = Field(False, description="Made up to show how it works.")

    def document(self) -> dict[str, Any]:
        """What is kept of it."""
        return self.model_dump(exclude={"starts_on", "version"})


class CostRatesOut(Schema):
    """That it was published."""

    number: int
    starts_on: date


@router.get(
    "/costs/rates", operation_id="costs_rates", response=dict, summary="成本标准 Cost rates"
)
@allows("costs.read")
def read_rates(request: HttpRequest) -> HttpResponse:
    """Versions of my district's rates, the activities with how each is counted, the methods."""
    return json_response(queries.rates_page(caller(request)))


@router.post(
    "/costs/rates", operation_id="costs_publish", response={201: CostRatesOut},
    summary="发布成本标准 Publish rates",
)  # fmt: skip
@allows("costs.rates")
def publish_rates(request: HttpRequest, data: CostRatesIn) -> Status[Any]:
    """A new version. No version is ever changed: days that are over keep their rates."""
    return Status(
        201, actions.publish(caller(request), data.starts_on, data.document(), data.version)
    )


@router.get("/costs", operation_id="costs_values", response=dict, summary="成本 Costs")
@allows("costs.read")
def read_costs(request: HttpRequest, wanted: Query[CostTable]) -> HttpResponse:
    """Cost per ended case in each row (mean, median), by activity, by month, and what was saved.

    Of fewer than `fewest` cases only how many they are. Never about a person.
    """
    return json_response(_answer(request, wanted))


def _answer(request: HttpRequest, wanted: CostTable) -> dict[str, Any]:
    return queries.values(
        caller(request), wanted.days(), wanted.filters(), by=wanted.by, ending=wanted.ending,
        others=wanted.compared() if wanted.compare else {},
    )  # fmt: skip


@router.get("/costs/file", operation_id="costs_file", response=str, summary="下载 Costs as CSV")
@allows("costs.read")
def download(request: HttpRequest, wanted: Query[CostTable]) -> HttpResponse:
    """The same table as a file, with the breakdown and how each activity is counted below it."""
    made = queries.as_csv(_answer(request, wanted)), "text/csv; charset=utf-8"
    return as_download("costs", wanted.days(), made)


@router.get(
    "/costs/cases", operation_id="costs_cases", response=dict, summary="反查 The cases behind it"
)
@allows("costs.cases")
def read_cases(
    request: HttpRequest, wanted: Query[CostCases], paging: Query[Paging]
) -> HttpResponse:
    """Exactly the cases a number counts, each with what it came to."""
    return json_response(
        queries.behind(
            caller(request), wanted.days(), wanted.filters(), ending=wanted.ending,
            only=wanted.only, activity=wanted.activity, order=wanted.order,
            cursor=paging.cursor, limit=paging.limit,
        )
    )  # fmt: skip


@router.get(
    "/costs/daily", operation_id="costs_daily", response=dict,
    summary="反查日常工作 The daily work behind a number",
)  # fmt: skip
@allows("costs.cases")
def read_daily(
    request: HttpRequest, wanted: Query[CostDaily], paging: Query[Paging]
) -> HttpResponse:
    """Exactly the inspections or tasks a number of daily work counts, each at its rate. What was
    done, where and when: nobody is named."""
    return json_response(
        queries.daily(
            caller(request), wanted.days(), Filters(region=wanted.region), wanted.activity,
            cursor=paging.cursor, limit=paging.limit,
        )
    )  # fmt: skip


@router.get(
    "/costs/cases/{int:case_id}", operation_id="costs_case", response=dict,
    summary="单案核算 The reckoning of one case",
)  # fmt: skip
@allows("costs.cases")
def read_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Line by line: what was done how often, at which rate of which version, and the sum."""
    return json_response(queries.reckoning_of(caller(request), case_id))
