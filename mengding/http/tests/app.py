"""A small API and its actor middleware, to test the tools without any other app."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from ninja import Field, File, Query, Router, Schema, UploadedFile

from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.errors import Conflict, NotFound
from mengding.core.text import T
from mengding.http import ratelimit
from mengding.http.api import make_api
from mengding.http.auth import allows, public
from mengding.http.fast import json_response
from mengding.http.idempotency import keep_on_refusal
from mengding.http.paging import Paging
from mengding.http.versions import tag, versioned, wanted_version

router = Router(tags=["things"])


class Part(Schema):
    weight: int = Field(ge=1)


class Thing(Schema):
    name: str = Field(min_length=2, max_length=20)
    parts: list[Part] = []
    at: datetime | None = None


class Filters(Schema):
    status: str | None = Field(None, max_length=5)
    grade: list[int] = []


def write_row(name: str) -> int:
    """Something to count: a row of a table that the tests create."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO http_test_things (name) VALUES (%s) RETURNING id", [name])
        return int(cursor.fetchone()[0])


@router.get("/things")
@public
def list_things(
    request: HttpRequest, paging: Query[Paging], filters: Query[Filters]
) -> dict[str, Any]:
    return {"limit": paging.limit, "at": datetime(2026, 11, 24, 1, 30, tzinfo=UTC)}


@router.post("/things", response={201: dict[str, Any]})
@allows("regions.manage")
def create_thing(request: HttpRequest, data: Thing) -> Any:
    number = write_row(data.name)
    if data.name == "refuse":
        raise Conflict(
            "taken", T("已有。", "Taken."), field="name", current={"said": T("甲", "A")}, status=9
        )
    response = json_response({"id": number, "name": data.name}, status=201)
    response["Location"] = f"/api/v1/things/{number}"
    return tag(response, 1)


@router.put("/things/{int:number}")
@allows("regions.manage")
@versioned
def update_thing(request: HttpRequest, number: int) -> dict[str, Any]:
    return {"version": wanted_version(request)}


@router.post("/open")
@public
def open_post(request: HttpRequest) -> dict[str, Any]:
    ratelimit.limit(request, "open", 3)
    number = write_row("open")
    if request.GET.get("refuse"):
        raise NotFound("gone", T("没有。", "None."))
    return {"id": number}


@router.post("/remember")
@public
def remember(request: HttpRequest) -> dict[str, Any]:
    keep_on_refusal(request)
    write_row("failure")
    raise NotFound("gone", T("没有。", "None."))


@router.post("/sign-in")
@public
def open_session(request: HttpRequest) -> dict[str, Any]:
    request.session["who"] = write_row("session")
    return {}


@router.post("/stream")
@public
def stream(request: HttpRequest) -> Any:
    write_row("stream")
    return StreamingHttpResponse(iter([b"x"]))


@router.post("/upload")
@public
def upload(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    content = file.read()
    return {"id": write_row("upload"), "size": len(content), "last": content[-3:].decode()}


@router.post("/crash")
@public
def crash(request: HttpRequest) -> dict[str, Any]:
    write_row("crash")
    raise RuntimeError("secret detail")


@router.get("/range")
@public
def read_range(request: HttpRequest) -> Any:
    return HttpResponse(status=416)


@router.get("/me")
def read_me(request: HttpRequest) -> dict[str, Any]:
    return {"account": request.actor.account_id}  # type: ignore[attr-defined]


ACTORS = {
    "admin": Actor(ActorKind.STAFF, account_id=1, post_id=1, role=Role.SYSTEM_ADMIN),
    "other": Actor(ActorKind.STAFF, account_id=2, post_id=2, role=Role.SYSTEM_ADMIN),
    "desk": Actor(ActorKind.STAFF, account_id=3, post_id=3, role=Role.DESK),
}


class TestActor:
    """Takes the actor from a token or cookie of that name, as the people app does for real."""

    __test__ = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        name = token if scheme == "Bearer" else request.COOKIES.get("who", "")
        if name == "broken":
            raise Conflict("broken_actor", T("坏。", "Broken."))
        request.actor = ACTORS.get(name)  # type: ignore[attr-defined]
        return self.get_response(request)


def plain_view(request: HttpRequest) -> HttpResponse:
    raise NotFound("no_page", T("没有此页。", "No such page."))


def said_language(request: HttpRequest) -> HttpResponse:
    from django.utils.translation import get_language

    return HttpResponse(f"{T('中', 'en').said()} {get_language()}")


api = make_api("test")
api.add_router("", router)
urlpatterns = [
    path("api/v1/", api.urls),
    path("plain", plain_view),
    path("language", said_language),
]
handler500 = "mengding.http.problem.server_error"
