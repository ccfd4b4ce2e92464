"""HTTP shapes of indicators."""

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.core import clock
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.indicators import actions, queries
from mengding.indicators.definitions import GROUPS, INDICATORS
from mengding.indicators.facts import local_day
from mengding.indicators.queries import dashboards, table
from mengding.indicators.queries.scope import Filters
from mengding.indicators.spans import Span, compared, span, written
from mengding.people.api.caller import caller

router = Router(tags=["indicators"])
Kind = Literal["day", "week", "month", "quarter", "year", "span"]
By = Literal["", "org", "region", "class", "channel", "tier", "post"]
Page = Literal["overview", "department", "region", "class", "channel"]
Step = Literal["", "day", "week", "month", "quarter", "year"]
_MOST = 2**63 - 1
_FIRST, _LAST = date(1970, 1, 1), date(2200, 1, 1)


class PeriodAsked(Schema):
    """Which days."""

    kind: Kind = Field("month", description="The period in which `day` lies; span: since–until.")
    # Within these, what a period is compared with is a date too.
    day: date | None = Field(
        None, ge=_FIRST, le=_LAST, description="Today by default.", examples=["2026-11-24"]
    )
    since: date | None = Field(
        None, ge=_FIRST, le=_LAST, description="With kind=span: the first day."
    )
    until: date | None = Field(
        None, ge=_FIRST, le=_LAST, description="With kind=span: the day behind the last."
    )

    def days(self) -> Span:
        """The days meant; an empty or backward span is refused further down."""
        today = local_day(clock.now())
        if self.kind == "span":
            return Span(self.since or self.day or today, self.until or today)
        return span(self.kind, self.day or today)

    def compared(self) -> dict[str, Span]:
        """What these days are compared with: the period before, the same a year earlier."""
        before, earlier = compared(self.kind, self.days(), local_day(clock.now()))
        return {"before": before, "earlier": earlier}


class NumbersAsked(PeriodAsked):
    """Which days, and what of them."""

    region: str = Field(
        "", max_length=20, description='Division code; with "-" behind it: in none below.'
    )
    org: int | None = Field(None, ge=0, le=_MOST, description="Exactly this one; 0: none yet.")
    class_code: str = Field(
        "", max_length=12, description='A class, the beginning of classes, or "-" for none.'
    )
    channel: str = Field("", max_length=10)
    tier: str = Field("", max_length=10, description="district, town or village.")
    post: int | None = Field(None, ge=0, le=_MOST, description="Who received, sent, ended, called.")

    def filters(self) -> Filters:
        """The filters as queries want them."""
        names = ("region", "org", "class_code", "channel", "tier", "post")
        return Filters(**{name: getattr(self, name) for name in names})


class Table(NumbersAsked):
    """A table of numbers."""

    codes: str = Field("", max_length=600, description="With commas between; all by default.")
    by: By = ""
    step: Step = ""
    compare: bool = Field(False, description="Also the period before and the year before.")
    frozen: bool = Field(True, description="A closed period as it was then.")

    def asked(self) -> table.Asked:
        """The table as queries want it."""
        return table.Asked(
            [code for code in self.codes.split(",") if code],
            self.by,
            self.days(),
            self.step,
            self.frozen,
            self.compared() if self.compare else {},
        )


class Behind(NumbersAsked):
    """The cases behind a number."""

    part: Literal["counts", "over", "rest"] = Field(
        "counts", description="Of a rate: above the line, below it, or below and not above."
    )
    frozen: bool = False


class FreezeIn(Schema):
    """Which month, quarter or year to close: 2026-10, 2026-Q4, 2026."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"period": "2026-10"}})

    period: str = Field(pattern=r"^[12]\d{3}(-(0[1-9]|1[0-2]|Q[1-4]))?$")


class PeriodOut(Schema):
    """A closed period. `digest`: SHA-256 over the facts that were kept."""

    id: int
    since: date
    until: date
    digest: str


@router.get(
    "/indicators", operation_id="indicators_list", response=dict,
    summary="指标定义 Indicators and their formulas",
)  # fmt: skip
@allows("indicators.defined")
def list_indicators(request: HttpRequest) -> HttpResponse:
    """Every indicator with its name, its formula in words and which way is better."""
    return json_response(
        {
            "groups": [{"code": code, "name": name} for code, name in GROUPS.items()],
            "items": [
                {
                    "code": each.code,
                    "name": each.name,
                    "formula": each.formula,
                    "group": each.group,
                    "rate": each.rate,
                    "stock": each.stock,
                    "good": each.good,
                }
                for each in INDICATORS
            ],
        }
    )


@router.get(
    "/indicators/values", operation_id="indicators_values", response=dict,
    summary="指标数值 Numbers",
)  # fmt: skip
@allows("indicators.read")
def read_values(request: HttpRequest, wanted: Query[Table]) -> HttpResponse:
    """Numbers within what my post sees: by department, division, class … and over time.

    Each value is `{n, of, share}`; totals are sums of cases, not means of rows. A department sees
    what was dispatched to it; centres their area without confidential matters; mediators with them.
    """
    answer = table.table(caller(request), wanted.asked(), wanted.filters())
    return json_response(answer)


@router.get(
    "/indicators/file", operation_id="indicators_file", response=str,
    summary="下载 Numbers as CSV or XLSX",
)  # fmt: skip
@allows("indicators.read")
def download(
    request: HttpRequest, wanted: Query[Table], format: Literal["csv", "xlsx"] = "csv"
) -> HttpResponse:
    """The same table as a file, with the formulas below it."""
    answer = table.table(caller(request), wanted.asked(), wanted.filters())
    return as_download(
        "indicators", wanted.days(), table.as_file([(T("数值", "Numbers").said(), answer)], format)
    )


def as_download(name: str, days: Span, made: tuple[bytes, str]) -> HttpResponse:
    """A file that was made, under a name with its days."""
    body, kind = made
    ending = "csv" if kind.startswith("text/csv") else "xlsx"
    name = f"{name}-{days.since:%Y%m%d}-{days.until:%Y%m%d}.{ending}"
    return HttpResponse(
        body,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@router.get(
    "/indicators/dashboards/{page}", operation_id="indicators_dashboard", response=dict,
    summary="看板 A dashboard",
)  # fmt: skip
@allows("indicators.read")
def read_dashboard(request: HttpRequest, page: Page, wanted: Query[NumbersAsked]) -> HttpResponse:
    """Everything on one page, within what my post sees: big numbers, in and out over time, what
    stands side by side (departments, divisions, classes, channels), breakdowns, six months.

    Numbers stand beside the period before and the same a year earlier; closed periods are as they
    were then. One department, division, class or channel is chosen by the filter of its name.
    """
    days = wanted.days()
    answer = dashboards.dashboard(caller(request), page, wanted.kind, days, wanted.filters())
    return json_response(answer)


@router.get(
    "/indicators/dashboards/{page}/file", operation_id="indicators_dashboard_file", response=str,
    summary="下载看板 A dashboard as CSV or XLSX",
)  # fmt: skip
@allows("indicators.read")
def download_dashboard(
    request: HttpRequest,
    page: Page,
    wanted: Query[NumbersAsked],
    format: Literal["csv", "xlsx"] = "csv",
) -> HttpResponse:
    """The same tables as a file: a sheet each (in CSV one below the other), the formulas last."""
    days = wanted.days()
    answer = dashboards.dashboard(
        caller(request), page, wanted.kind, days, wanted.filters(), whole=True
    )
    sheets = list(dashboards.sheets(answer))
    return as_download(f"dashboard-{page}", days, table.as_file(sheets, format))


@router.get(
    "/indicators/{code}/cases", operation_id="indicators_cases", response=dict,
    summary="反查 The cases behind a number",
)  # fmt: skip
@allows("indicators.read")
def read_cases(
    request: HttpRequest, code: str, wanted: Query[Behind], paging: Query[Paging]
) -> HttpResponse:
    """Exactly what the number counts. `total` is the number, `hidden` of these I may not open."""
    days = wanted.days()
    found = queries.cases_of(
        caller(request),
        code,
        days.since,
        days.until,
        wanted.filters(),
        part=wanted.part,
        frozen=wanted.frozen,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    return json_response(
        {"total": found.total, "hidden": found.hidden, "items": found.items, "next": found.next}
    )


@router.get(
    "/indicators/state", operation_id="indicators_state", response=dict,
    summary="汇总进度 How far the numbers have come",
)  # fmt: skip
@allows("indicators.read")
def read_state(request: HttpRequest) -> HttpResponse:
    """Up to when the numbers are right, and how many seconds ago that was."""
    return json_response(queries.state())


@router.get(
    "/indicators/periods", operation_id="indicators_periods", response=dict,
    summary="封账期间 Closed periods",
)  # fmt: skip
@allows("indicators.read")
def list_periods(request: HttpRequest) -> HttpResponse:
    """The closed months, quarters and years of my district, and how much has changed since."""
    return json_response({"items": queries.periods(caller(request))})


@router.get(
    "/indicators/periods/{int:period_id}", operation_id="indicators_period", response=dict,
    summary="更正 What changed after closing",
)  # fmt: skip
@allows("indicators.read")
def read_period(request: HttpRequest, period_id: int) -> HttpResponse:
    """Each number then and now where they differ, and the cases that changed it."""
    return json_response(table.period(caller(request), period_id))


@router.post(
    "/indicators/periods", operation_id="indicators_freeze", response={201: PeriodOut},
    summary="封账 Close a period",
)  # fmt: skip
@allows("indicators.freeze")
def freeze(request: HttpRequest, data: FreezeIn) -> Status[Any]:
    """Keep the numbers of a period that is over as they are now, for good.

    Months of a quarter or year that are open yet are closed with it.
    """
    kind, days = written(data.period)
    return Status(201, actions.freeze(caller(request), days.since, kind=kind))
