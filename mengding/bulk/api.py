"""/cases/bulk: one verb on many cases."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from mengding.bulk import actions, queries
from mengding.core.actor import Actor
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.request import actor_of

router = Router(tags=["cases"])
_BIGGEST = 2**63 - 1


class BulkPreview(Schema):
    """A verb, what it is given (as for one case, without `version`), and the cases' ids."""

    verb: str = Field(max_length=20, examples=["note"])
    fields: dict[str, Any] = Field(default_factory=dict, examples=[{"text": "已电话回访。"}])
    ids: list[int] = Field(max_length=queries.MOST, examples=[[17, 18]])


class Seen(Schema):
    """A case and the version the preview showed."""

    id: int = Field(ge=1, le=_BIGGEST, examples=[17])
    version: int = Field(ge=1, lt=2**31, examples=[3])


class BulkIn(Schema):
    """A verb to carry out on cases, `wait` seconds from now."""

    verb: str = Field(max_length=20, examples=["note"])
    fields: dict[str, Any] = Field(default_factory=dict, examples=[{"text": "已电话回访。"}])
    cases: list[Seen] = Field(max_length=queries.MOST, examples=[[{"id": 17, "version": 3}]])
    wait: int = Field(10, ge=0, le=60, description="Seconds in which it can be called back.")


class BulkCase(Schema):
    """What would become of one case. `org`: where it would be sent."""

    id: int
    number: str | None
    class_name: str | None
    stage: str | None
    version: int | None
    possible: bool
    code: str | None
    why: str | None
    org: str | None


class BulkPreviewed(Schema):
    """The cases in the order given; how many are possible."""

    items: list[BulkCase]
    possible: int


class BulkItem(Schema):
    """What became of one case: pending, done or refused."""

    id: int
    number: str | None
    result: str
    code: str | None
    why: str | None


class BulkRun(Schema):
    """A run: waiting, recalled, running or ended."""

    id: int
    verb: str
    label: str
    status: str
    total: int
    done: int
    refused: int
    due_at: datetime
    ended_at: datetime | None


class BulkRunWhole(BulkRun):
    """A run with its cases."""

    items: list[BulkItem]


class BulkRuns(Schema):
    """One's last runs, newest first."""

    items: list[BulkRun]


def _caller(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actor


@router.post(
    "/cases/bulk/preview", response=BulkPreviewed, operation_id="bulk_preview",
    summary="批量预览 What would become of each case",
)  # fmt: skip
@allows("case.note")
def preview(request: HttpRequest, data: BulkPreview) -> HttpResponse:
    """By the same guards as the action itself; nothing is written."""
    items = queries.preview(_caller(request), data.verb, data.fields, data.ids)
    return json_response({"items": items, "possible": sum(item["possible"] for item in items)})


@router.post(
    "/cases/bulk", response={202: BulkRun}, operation_id="bulk_schedule",
    summary="批量执行 One verb on many cases",
)  # fmt: skip
@allows("case.note")
def schedule(request: HttpRequest, data: BulkIn) -> HttpResponse:
    """Begins after `wait` seconds unless called back; each case through the ordinary action, so a
    case that changed meanwhile is refused with its reason and the others are done."""
    wanted = [(each.id, each.version) for each in data.cases]
    run = actions.schedule(_caller(request), data.verb, data.fields, wanted, wait=data.wait)
    return json_response(queries.summary(run), status=202)


@router.get(
    "/cases/bulk", response=BulkRuns, operation_id="bulk_list", summary="我的批量操作 My runs"
)
@allows("case.note")
def list_runs(request: HttpRequest) -> HttpResponse:
    """The caller's last ten runs."""
    return json_response({"items": queries.recent(_caller(request))})


@router.get(
    "/cases/bulk/{int:run_id}", response=BulkRunWhole, operation_id="bulk_get",
    summary="批量结果 A run and its cases",
)  # fmt: skip
@allows("case.note")
def get_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One of the caller's runs with the result of each case."""
    return json_response(queries.run_of(_caller(request), run_id))


@router.post(
    "/cases/bulk/{int:run_id}/recall", response=BulkRun, operation_id="bulk_recall",
    summary="撤回 Call a run back",
)  # fmt: skip
@allows("case.note")
def recall(request: HttpRequest, run_id: int) -> HttpResponse:
    """Before it begins: nothing will have happened. Afterwards: 409."""
    return json_response(queries.summary(actions.recall(_caller(request), run_id)))
