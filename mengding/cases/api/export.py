"""The list as a file."""

from typing import Annotated, Literal

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema

from mengding.cases import actions
from mengding.cases.api.narrow import CaseFilter
from mengding.cases.api.reading import caller
from mengding.cases.queries import export
from mengding.cases.queries.columns import COLUMNS
from mengding.core import clock
from mengding.core.errors import Invalid
from mengding.core.text import T, language
from mengding.http.auth import allows
from mengding.http.fast import SHANGHAI

router = Router()
Columns = Annotated[
    str, Field(max_length=400, description="Keys of columns in order, with commas: number,stage")
]
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Extent(Schema):
    """What an export would hold, and what a file of each kind takes at most."""

    rows: int
    left_out: int = Field(description="Confidential cases, which are in no export.")
    most_csv: int
    most_xlsx: int


@router.get(
    "/cases/export/extent", operation_id="cases_export_extent", response=Extent,
    summary="导出范围 What an export would hold",
)  # fmt: skip
@allows("case.export")
def get_extent(
    request: HttpRequest, narrow: Query[CaseFilter], sort: str = "-reported_at"
) -> dict[str, int]:
    """How many rows an export of this list has."""
    found = export.extent(caller(request), narrow.filters(), sort)
    return found | {"most_csv": export.MOST["csv"], "most_xlsx": export.MOST["xlsx"]}


@router.get(
    "/cases/export", operation_id="cases_export", response=str,
    summary="导出 The list as CSV or XLSX",
)  # fmt: skip
@allows("case.export")
def export_cases(
    request: HttpRequest,
    narrow: Query[CaseFilter],
    columns: Columns,
    format: Literal["csv", "xlsx"] = "csv",
    sort: str = "-reported_at",
) -> HttpResponseBase:
    """The same rows, columns and order as the list; recorded in the ledger. No contact data, no
    confidential matters. `X-Rows` says how many rows follow."""
    actor, filters = caller(request), narrow.filters()
    keys = list(dict.fromkeys(key for key in columns.split(",") if key))
    if not keys or any(key not in COLUMNS for key in keys):
        raise Invalid(
            "column_unknown",
            T("没有这样的列。", "A column is one of {known}.").fill(known=", ".join(COLUMNS)),
            field="columns",
        )
    ids = export.chosen(actor, filters, sort, format)
    what = {"format": format, "sort": sort, "columns": keys, "rows": len(ids)}
    actions.export(actor, what | {"filters": export.described(filters)})
    rows = export.cells(actor, ids, keys)
    name = f"cases-{clock.now().astimezone(SHANGHAI):%Y%m%d-%H%M}.{format}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Rows": str(len(ids)),
    }
    if format == "xlsx":
        book = export.as_xlsx(rows, keys)
        return FileResponse(book, content_type=_TYPES[format], headers=headers)
    lines = export.as_csv(rows, keys, language.get())
    return StreamingHttpResponse(lines, content_type=_TYPES[format], headers=headers)
