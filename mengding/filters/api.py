"""/filters: saved filters of the case list, counts beside them, and how one's list looks."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ValidationError

from mengding.cases.api.narrow import CaseFilter
from mengding.cases.queries import ORDERS
from mengding.cases.queries.columns import COLUMNS
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.filters import actions, queries
from mengding.http.auth import allows
from mengding.http.request import actor_of

router = Router(tags=["filters"])


class Column(Schema):
    """A column of the list; `width` in CSS pixels, absent for the usual one."""

    key: str = Field(max_length=20, examples=["number"])
    width: int | None = Field(None, ge=40, le=1200)


class FilterIn(Schema):
    """A filter to save."""

    name: str = Field(max_length=30, examples=["超时督办"])
    query: dict[str, Any] = Field(
        description="Parameters of GET /cases, without cursor, limit and sort.",
        examples=[{"stage": ["handling"], "colour": "red"}],
    )
    sort: str = Field("-reported_at", max_length=20)
    columns: list[Column] = Field(default_factory=list, max_length=40)
    shared: bool = Field(False, description="Colleagues of the same organisation may use it.")


class FilterPatch(Schema):
    """What to change; what is absent stays."""

    name: str | None = Field(None, max_length=30, examples=["超时件"])
    query: dict[str, Any] | None = None
    sort: str | None = Field(None, max_length=20)
    columns: list[Column] | None = Field(None, max_length=40)
    shared: bool | None = None
    version: int | None = Field(None, ge=1, description="The version you saw.")


class FilterOut(Schema):
    """A saved filter. `owner_name`: whose it is, when not one's own."""

    id: int
    name: str
    query: dict[str, Any]
    sort: str
    columns: list[Column]
    shared: bool
    mine: bool
    owner_name: str | None
    version: int


class LookOut(Schema):
    """How the list looks without a saved filter, and the id of the one it opens with."""

    columns: list[Column]
    compact: bool
    first: int | None


class LookIn(Schema):
    """What to change of the look; what is absent stays."""

    columns: list[Column] | None = Field(None, max_length=40)
    compact: bool | None = Field(None, examples=[True])
    first: int | None = Field(None, ge=1, lt=2**63)


class FilterList(Schema):
    """One's own filters in one's own order, then those shared by colleagues."""

    items: list[FilterOut]
    look: LookOut


class FilterCount(Schema):
    """`n` is null when it could not be counted quickly; `more`: there are at least `n`."""

    id: int
    n: int | None
    more: bool


class FilterCounts(Schema):
    """Counts of all visible filters."""

    items: list[FilterCount]


class Order(Schema):
    """One's own filters as they should stand."""

    ids: list[int] = Field(max_length=100, examples=[[2, 1]])


def _caller(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actor


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The query as it is stored: known parameters with good values, nothing else."""
    unknown = set(given) - set(CaseFilter.model_fields) | {"id"} & set(given)
    if unknown:
        raise Invalid(
            "query_unknown",
            T("不支持的条件：{names}。", "Not a parameter of the list: {names}.").fill(
                names=", ".join(sorted(unknown))[:80]
            ),
            field="query",
        )
    try:
        parsed = CaseFilter.model_validate(given)
    except ValidationError as error:
        raise Invalid(
            "query_bad",
            T("条件“{name}”的值无效。", "The value of “{name}” is not valid.").fill(
                name=str(error.errors()[0]["loc"][0])
            ),
            field="query",
        ) from error
    parsed.filters()
    return parsed.model_dump(mode="json", exclude_defaults=True)


def _order(sort: str) -> str:
    if sort not in ORDERS:
        raise Invalid("sort_unknown", T("不支持的排序。", "Not an order."), field="sort")
    return sort


def _columns(given: list[Column]) -> list[dict[str, Any]]:
    if any(each.key not in COLUMNS for each in given):
        raise Invalid("column_unknown", T("没有这一列。", "No such column."), field="columns")
    return [each.model_dump(exclude_none=True) for each in given]


@router.get(
    "/filters", response=FilterList, operation_id="filters_list", summary="筛选 Saved filters"
)
@allows("case.read")
def list_filters(request: HttpRequest) -> dict[str, Any]:
    """The filters one may use, and how one's list looks."""
    actor = _caller(request)
    return {"items": queries.listed(actor), "look": queries.look(actor)}


@router.get(
    "/filters/counts", response=FilterCounts, operation_id="filters_count",
    summary="筛选计数 Counts of saved filters",
)  # fmt: skip
@allows("case.read")
def count_filters(request: HttpRequest) -> dict[str, Any]:
    """How many cases each filter has for the caller, up to 1,000."""
    actor = _caller(request)
    found = []
    for each in queries.visible(actor):
        n = queries.count(actor, CaseFilter.model_validate(each.query).filters())
        more = n is not None and n >= queries.CAP
        found.append({"id": each.pk, "n": queries.CAP - 1 if more else n, "more": more})
    return {"items": found}


@router.post(
    "/filters", response={201: FilterOut}, operation_id="filters_save", summary="保存筛选 Save one"
)
@allows("case.read")
def save_filter(request: HttpRequest, data: FilterIn) -> Status[Any]:
    """Save a filter of one's own."""
    actor = _caller(request)
    made = actions.save(
        actor,
        name=data.name,
        query=_checked(data.query),
        sort=_order(data.sort),
        columns=_columns(data.columns),
        shared=data.shared,
    )
    return Status(201, queries.shown(actor, made))


@router.patch(
    "/filters/{int:pk}", response=FilterOut, operation_id="filters_change",
    summary="修改筛选 Change one",
)  # fmt: skip
@allows("case.read")
def change_filter(request: HttpRequest, pk: int, data: FilterPatch) -> dict[str, Any]:
    """Change a filter of one's own."""
    actor = _caller(request)
    given = {
        name: getattr(data, name)
        for name in data.model_fields_set - {"version"}
        if getattr(data, name) is not None
    }
    if "query" in given:
        given["query"] = _checked(given["query"])
    if "sort" in given:
        _order(given["sort"])
    if "columns" in given:
        given["columns"] = _columns(given["columns"])
    return queries.shown(actor, actions.change(actor, pk, given, version=data.version))


@router.delete(
    "/filters/{int:pk}", response={204: None}, operation_id="filters_delete",
    summary="删除筛选 Delete one",
)  # fmt: skip
@allows("case.read")
def delete_filter(request: HttpRequest, pk: int) -> Status[Any]:
    """Delete a filter of one's own."""
    actions.delete(_caller(request), pk)
    return Status(204, None)


@router.put(
    "/filters/order", response={204: None}, operation_id="filters_arrange",
    summary="筛选排序 Arrange",
)  # fmt: skip
@allows("case.read")
def arrange_filters(request: HttpRequest, data: Order) -> Status[Any]:
    """Put one's own filters in an order."""
    actions.arrange(_caller(request), data.ids)
    return Status(204, None)


@router.patch(
    "/filters/look", response=LookOut, operation_id="filters_look",
    summary="列表外观 The list's look",
)  # fmt: skip
@allows("case.read")
def set_look(request: HttpRequest, data: LookIn) -> dict[str, Any]:
    """Change how one's list looks: columns, density, the filter it opens with (null: all)."""
    actor = _caller(request)
    given: dict[str, Any] = {name: getattr(data, name) for name in data.model_fields_set}
    if given.get("columns") is not None:
        given["columns"] = _columns(given["columns"])
    kept = {name: value for name, value in given.items() if name == "first" or value is not None}
    actions.set_look(actor, kept)
    return queries.look(actor)
