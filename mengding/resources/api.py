"""HTTP shapes of emergency resources."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Status

from mengding.core import clock
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller
from mengding.policy.permissions import require
from mengding.resources import actions, checking, files, queries
from mengding.resources.checking import Found
from mengding.resources.models import Check
from mengding.resources.shapes import (
    ResourceCheckIn,
    ResourceCheckOut,
    ResourceContactFilter,
    ResourceContactList,
    ResourceDetail,
    ResourceDueList,
    ResourceEverything,
    ResourceFileIn,
    ResourceFileOut,
    ResourceFilter,
    ResourceIn,
    ResourceNear,
    ResourceNearList,
    ResourcePage,
    ResourceRoundDetail,
    ResourceRoundIn,
    ResourceRoundList,
)

router = Router(tags=["resources"])


@router.get(
    "/resources", response=ResourcePage, operation_id="resources_list", summary="应急资源 Inventory"
)
@allows("resources.read")
def list_resources(
    request: HttpRequest, narrow: Query[ResourceFilter], paging: Query[Paging]
) -> dict[str, Any]:
    """The inventory of my area."""
    rows = queries.listed(caller(request), narrow.filters())
    items, after = paginate(rows, "id", int, cursor=paging.cursor, limit=paging.limit)
    return {"items": queries.shown(items), "next": after}


@router.get(
    "/resources/map",
    response=ResourceEverything,
    operation_id="resources_map",
    summary="资源地图 Map",
)
@allows("resources.read")
def map_resources(request: HttpRequest, narrow: Query[ResourceFilter]) -> dict[str, Any]:
    """ResourceEverything that fits, at most 5,000."""
    rows = list(
        queries.listed(caller(request), narrow.filters()).order_by("pk")[: queries.MOST_ON_MAP + 1]
    )
    return {
        "items": queries.shown(rows[: queries.MOST_ON_MAP]),
        "more": len(rows) > queries.MOST_ON_MAP,
    }


@router.get(
    "/resources/near", response=ResourceNearList, operation_id="resources_near",
    summary="就近资源 What is near",
)  # fmt: skip
@allows("resources.read")
def near_resources(request: HttpRequest, wanted: Query[ResourceNear]) -> dict[str, Any]:
    """What stands nearest to a place, with the distance as the crow flies."""
    found = queries.nearest(caller(request), wanted.filters(), wanted.lon, wanted.lat, wanted.limit)
    return {"items": found}


@router.get(
    "/resources/contacts", response=ResourceContactList, operation_id="resources_contacts",
    summary="可选联系岗位 Posts to turn to",
)  # fmt: skip
@allows("resources.keep")
def list_contacts(request: HttpRequest, wanted: Query[ResourceContactFilter]) -> dict[str, Any]:
    """Posts that an entry can name as its contact; no person is named."""
    found = queries.contacts(caller(request), organisation=wanted.organisation, words=wanted.q)
    return {"items": found}


@router.get(
    "/resources/export", response=str, operation_id="resources_export", summary="导出 As CSV"
)
@allows("resources.keep")
def export_resources(request: HttpRequest, narrow: Query[ResourceFilter]) -> HttpResponseBase:
    """The inventory as CSV (UTF-8), ready to be imported again; recorded in the ledger."""
    actor, filters = caller(request), narrow.filters()
    actions.exported(actor, filters, queries.narrowed(actor, filters).count())
    name = f"resources-{clock.now().astimezone(queries.LOCAL):%Y%m%d-%H%M}.csv"
    return StreamingHttpResponse(
        _lines(queries.exported(actor, filters)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


class _Echo:
    def write(self, line: str) -> str:
        """Hand the line back instead of keeping it."""
        return line


def _lines(rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(row)


@router.post(
    "/resources/import",
    response=ResourceFileOut,
    operation_id="resources_import",
    summary="导入 From CSV",
)
@allows("resources.keep")
def import_resources(request: HttpRequest, data: ResourceFileIn) -> dict[str, Any]:
    """Check a file, and write it unless it is a trial or has faults."""
    done = files.import_csv(caller(request), data.csv, trial=data.trial)
    return {
        "created": done.created,
        "updated": done.updated,
        "written": not data.trial and not done.faults,
        "faults": [
            {"line": each.line, "field": each.field, "text": each.text.said()}
            for each in done.faults
        ],
    }


@router.get(
    "/resources/due",
    response=ResourceDueList,
    operation_id="resources_due",
    summary="待检查 To be checked",
)
@allows("resources.check")
def list_due(request: HttpRequest) -> dict[str, Any]:
    """What I could look at, the next due first."""
    return {"items": queries.due(caller(request))}


@router.get(
    "/resources/rounds", response=ResourceRoundList, operation_id="resource_rounds_list",
    summary="检查批次 Rounds",
)  # fmt: skip
@allows("resources.read")
def list_rounds(request: HttpRequest, open: bool = False) -> dict[str, Any]:
    """Rounds of my area."""
    return {"items": queries.rounds(caller(request), open_only=open)}


@router.post(
    "/resources/rounds", response={201: ResourceRoundDetail}, operation_id="resource_rounds_open",
    summary="发起检查 Start a round",
)  # fmt: skip
@allows("resources.keep")
def open_round(request: HttpRequest, data: ResourceRoundIn) -> Status[dict[str, Any]]:
    """A round over some resources of my area."""
    actor = caller(request)
    row = checking.open_round(actor, data.title, data.due_on, data.resources)
    return Status(201, _round(request, row.pk))


def _round(request: HttpRequest, round_id: int) -> dict[str, Any]:
    actor = caller(request)
    queries.one_round(actor, round_id)
    head = next(row for row in queries.rounds(actor, open_only=False) if row["id"] == round_id)
    return head | {"items": queries.due(actor, round_id=round_id)}


@router.get(
    "/resources/rounds/{int:round_id}", response=ResourceRoundDetail,
    operation_id="resource_round_get", summary="检查进度 One round",
)  # fmt: skip
@allows("resources.keep")
def get_round(request: HttpRequest, round_id: int) -> dict[str, Any]:
    """One round with its items."""
    return _round(request, round_id)


@router.post(
    "/resources/rounds/{int:round_id}/close", response=ResourceRoundDetail,
    operation_id="resource_round_close", summary="结束检查 End a round",
)  # fmt: skip
@allows("resources.keep")
def close_round(request: HttpRequest, round_id: int) -> dict[str, Any]:
    """End a round; what is left stays unchecked."""
    checking.close_round(caller(request), round_id)
    return _round(request, round_id)


@router.post(
    "/resources", response={201: ResourceDetail}, operation_id="resources_create",
    summary="登记资源 Add",
)  # fmt: skip
@allows("resources.keep")
def create_resource(request: HttpRequest, data: ResourceIn) -> Status[dict[str, Any]]:
    """A new entry."""
    actor = caller(request)
    row = actions.create(actor, data.data())
    return Status(201, queries.detail(actor, row.pk))


@router.get(
    "/resources/{int:resource_id}", response=ResourceDetail, operation_id="resources_get",
    summary="资源 One entry",
)  # fmt: skip
@allows("resources.read")
def get_resource(request: HttpRequest, resource_id: int) -> dict[str, Any]:
    """One entry with its last checks."""
    return queries.detail(caller(request), resource_id)


@router.put(
    "/resources/{int:resource_id}", response=ResourceDetail, operation_id="resources_update",
    summary="修改资源 Change",
)  # fmt: skip
@allows("resources.keep")
@versioned
def update_resource(request: HttpRequest, resource_id: int, data: ResourceIn) -> dict[str, Any]:
    """Replace an entry."""
    actor = caller(request)
    version = wanted_version(request, data.version)
    actions.update(actor, resource_id, data.data(), version=version)
    return queries.detail(actor, resource_id)


@router.post(
    "/resources/{int:resource_id}/checks", response={201: ResourceCheckOut},
    operation_id="resources_check", summary="检查 Check",
)  # fmt: skip
@allows("resources.check")
def check_resource(request: HttpRequest, resource_id: int, data: ResourceCheckIn) -> Status[Check]:
    """Record what was found, now or up to seven days later."""
    actor = caller(request)
    if data.make_case:
        require(actor, "resources.raise")  # before anything is written
    found = Found(data.quantity, data.condition, data.expires_on, data.at)
    made = checking.check(actor, resource_id, found, note=data.note)
    if data.make_case and made.short:
        made = checking.raise_case(actor, made.pk)
    return Status(201, made)


@router.post(
    "/resources/checks/{int:check_id}/case", response=ResourceCheckOut,
    operation_id="resources_case", summary="短缺转案件 A case of a shortage",
)  # fmt: skip
@allows("resources.raise")
def raise_case(request: HttpRequest, check_id: int) -> Check:
    """Make a case of what a check found lacking, once."""
    return checking.raise_case(caller(request), check_id)
