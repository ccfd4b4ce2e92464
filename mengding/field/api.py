"""HTTP shapes of the field app: few requests, because a weak signal pays for each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from mengding.core.actor import Actor
from mengding.field import queries
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.request import actor_of
from mengding.http.versions import tag

router = Router(tags=["field"])


class WorkList(Schema):
    """One list of cases, the nearest deadline first."""

    count: int = Field(examples=[3])
    items: list[dict[str, Any]] = Field(description="At most 60, each as in `GET /cases`.")


class Work(Schema):
    """What a worker has before them; each case stands in one list."""

    accept: WorkList
    todo: WorkList
    returned: WorkList
    done: WorkList = Field(description="Of the last 30 days, newest first.")


class Whole(Schema):
    """A case with all that hangs on it."""

    case: dict[str, Any] = Field(description="As `GET /cases/{id}`, contact data masked.")
    actions: list[dict[str, Any]] = Field(description="As `GET /cases/{id}/actions`.")
    timeline: list[dict[str, Any]] = Field(description="As `GET /cases/{id}/timeline`.")
    evidence: list[dict[str, Any]] = Field(description="As `GET /evidence`.")
    demands: list[dict[str, Any]] = Field(
        description="As `GET /supervision/demands`, newest first; a handler's own only."
    )


def _caller(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actor


@router.get(
    "/field/work", operation_id="field_work", response=Work, summary="我的案件 My cases by state"
)
@allows("case.read")
def read_work(request: HttpRequest) -> HttpResponse:
    """To accept, to do, returned, done: for a handler its orders, for a grid worker own reports,
    pre-checks and orders of the own station, for a verifier what is to be checked."""
    return json_response(queries.work(_caller(request)))


@router.get(
    "/field/cases/{int:case_id}", operation_id="field_case", response=Whole,
    summary="案件全貌 A case, its actions, story and photos",
)  # fmt: skip
@allows("case.read")
def read_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Everything the case's page shows, in one answer."""
    found = queries.whole(_caller(request), case_id)
    return tag(json_response(found), found["case"]["version"])
