"""Lists, details, timelines, next actions."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mengding.cases import queries
from mengding.cases.api.narrow import CaseFilter
from mengding.clocks import queries as clocks
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T, language
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.http.request import actor_of
from mengding.http.versions import tag

router = Router()
Skip = Annotated[
    int, Field(ge=0, le=queries.MOST_SKIPPED, description="Rows behind the cursor to leave out.")
]


def caller(request: HttpRequest) -> Actor:
    """The signed-in actor; `allows` has made sure that there is one."""
    actor = actor_of(request)
    assert actor is not None
    return actor


@router.get("/cases", operation_id="cases_list", summary="案件列表 List cases", response=dict)
@allows("case.read")
def list_cases(
    request: HttpRequest,
    narrow: Query[CaseFilter],
    paging: Query[Paging],
    sort: str = "-reported_at",
    skip: Skip = 0,
) -> HttpResponse:
    """Visible cases, newest first by default. `sort`: reported_at, due_at, closed_at, number, with
    "-" for descending, or -updated_at. `head` is a cursor right before the first row."""
    items, following = queries.case_page(
        caller(request),
        narrow.filters(),
        order=sort,
        cursor=paging.cursor,
        limit=paging.limit,
        skip=skip,
    )
    head = queries.head_of(items, sort)
    return json_response({"items": items, "next": following, "head": head})


@router.get(
    "/cases/anchors", operation_id="cases_anchors", summary="定位 Places in a long list",
    response=dict,
)  # fmt: skip
@allows("case.read")
def list_anchors(
    request: HttpRequest,
    narrow: Query[CaseFilter],
    sort: str = "-reported_at",
    head: str | None = None,
) -> HttpResponse:
    """How many rows there are from the cursor `head` on, and a cursor behind every `step`th: with
    one of them and `skip` any part of the list is one request away. `exact` is false when counting
    took too long: `total` is then an estimate, and there are no cursors."""
    found = queries.anchors(caller(request), narrow.filters(), order=sort, head=head)
    return json_response(found)


@router.get("/cases/counts", operation_id="cases_count", summary="计数 Counts", response=dict)
@allows("case.read")
def count_cases(request: HttpRequest, narrow: Query[CaseFilter]) -> HttpResponse:
    """Open cases by stage and by light."""
    return json_response(queries.case_counts(caller(request), narrow.filters()))


@router.get(
    "/cases/workbench", operation_id="cases_workbench", response=dict,
    summary="工作台 What came back, and applications",
)  # fmt: skip
@allows("case.read")
def read_workbench(request: HttpRequest) -> HttpResponse:
    """Cases sent back with the reason given; my applications; applications waiting for me."""
    return json_response(queries.workbench(caller(request)))


class View(Schema):
    """What a map shows."""

    zoom: float = Field(..., ge=0, le=22, description="Of a map whose tiles are 512 points wide.")


@router.get(
    "/cases/map", operation_id="cases_map", response=dict,
    summary="地图上的案件 Cases on a map, clustered",
)  # fmt: skip
@allows("case.read")
def map_cases(request: HttpRequest, narrow: Query[CaseFilter], view: Query[View]) -> HttpResponse:
    """Clusters with counts by light, and single cases where they stand alone; `bbox` is needed."""
    filters = narrow.filters()
    if filters.bbox is None:
        raise Invalid(
            "bbox_missing", T("请给出地图范围。", "Say what the map shows."), field="bbox"
        )
    return json_response(queries.case_map(caller(request), filters, filters.bbox, view.zoom))


class Near(Schema):
    """The matter that may have been reported already, as far as it is known by now."""

    lon: float | None = Field(None, ge=-180, le=180, description="WGS-84 degrees, with `lat`.")
    lat: float | None = Field(None, ge=-90, le=90)
    region_code: str = Field("", max_length=20, description="Instead of coordinates.")
    class_code: str = Field("", max_length=12)
    text: str = Field("", max_length=4000, description="The words so far.")
    address: str = Field("", max_length=300)


@router.get(
    "/cases/duplicates", operation_id="cases_duplicates", summary="疑似重复 Likely duplicates",
    response=dict,
)  # fmt: skip
@allows("case.read")
def find_duplicates(request: HttpRequest, near: Query[Near]) -> HttpResponse:
    """Open cases of the last 30 days near by or alike in words, most alike first.

    `distance_m` is null without coordinates; `similarity` (0–1) is the share of pairs of
    characters they have in common; `shared` names some of them.
    """
    found = queries.duplicate_candidates(caller(request), **near.model_dump())
    return json_response({"items": found})


@router.get(
    "/approvals", operation_id="approvals_list", summary="待审批 Applications", response=dict
)
@allows("case.read")
def list_approvals(request: HttpRequest, paging: Query[Paging], mine: bool = False) -> HttpResponse:
    """Applications waiting for a decision, longest waiting first; `mine`: the caller's own with
    their state, newest first. `barred` says why the caller may not decide one."""
    items, following = queries.approval_queue(
        caller(request), mine=mine, cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following})


@router.get(
    "/approvals/{int:approval_id}", operation_id="approvals_get", response=dict,
    summary="申请 Application",
)  # fmt: skip
@allows("case.read")
def get_approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """One application: the deadline if it is granted, the clock in words, earlier ones."""
    return json_response(queries.approval_detail(caller(request), approval_id))


@router.get("/cases/{int:case_id}", operation_id="cases_get", summary="案件 Case", response=dict)
@allows("case.read")
def get_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case with its reports (contact data masked), orders, clocks and applications."""
    shown = queries.case_detail(caller(request), case_id)
    return tag(json_response(shown), shown["version"])


@router.get(
    "/cases/{int:case_id}/actions", operation_id="cases_actions", response=dict,
    summary="可执行操作 What can be done now, and why not the rest",
)  # fmt: skip
@allows("case.read")
def get_actions(request: HttpRequest, case_id: int) -> HttpResponse:
    """Every action of the lifecycle: possible, or why not."""
    return json_response({"items": queries.next_actions(caller(request), case_id)})


@router.get(
    "/cases/{int:case_id}/timeline", operation_id="cases_timeline", response=dict,
    summary="过程 Timeline from the ledger",
)  # fmt: skip
@allows("case.read")
def get_timeline(request: HttpRequest, case_id: int, after: int = 0) -> HttpResponse:
    """Events of the case behind sequence number `after`, oldest first."""
    return json_response({"items": queries.timeline(caller(request), case_id, after_seq=after)})


@router.get(
    "/cases/{int:case_id}/clocks/{int:clock_id}", operation_id="cases_clock_explain",
    summary="时限说明 How a deadline came about", response=dict,
)  # fmt: skip
@allows("case.read")
def explain_clock(request: HttpRequest, case_id: int, clock_id: int) -> Any:
    """The clock's deadline in words: what counted, what did not, and why."""
    queries.get_case(caller(request), case_id)
    for clock in clocks.clocks_of([case_id]):
        if clock.pk == clock_id:
            return {"id": clock_id, "steps": clocks.explained(clock, language.get())}
    raise NotFound("clock_not_found", T("没有这个时钟。", "There is no such clock."))
