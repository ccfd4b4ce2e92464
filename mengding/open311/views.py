"""GeoReport v2 over HTTP: parameters in, one `Answer` out, in the format of the address."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from mengding.cases.contacts import ContactData
from mengding.cases.queries.open311 import PublicFilters
from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotFound
from mengding.core.text import T, language
from mengding.http import problem
from mengding.http.idempotency import claimed, once
from mengding.http.ratelimit import limit
from mengding.http.request import actor_of, request_id_of
from mengding.open311 import as_json, as_xml, queries
from mengding.open311.actions import NewRequest, NewUpdate, post_request, post_update
from mengding.open311.arguments import Arguments, bad, missing
from mengding.open311.attributes import checked, of_class
from mengding.open311.errors import key_refused
from mengding.open311.shapes import Answer, Issued, Posted, PostedUpdate
from mengding.people.queries import actor_for_token

READS_PER_MINUTE = 600  # an address
POSTS_PER_MINUTE = 300  # a key
MOST = 1000
MOST_PAGES = 100
MOST_DESCRIPTION = 4000
MOST_UPDATE = 1300  # with its head and media_url it becomes a note, which holds 2,000
MOST_ADDRESS = 300
MOST_URL = 500
_FORMATS = {"json": as_json, "xml": as_xml}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")
_STATUSES = {"open": True, "closed": False}

Handler = Callable[..., Answer]
View = Callable[..., HttpResponse]


def _resource(get: Handler, post: Handler | None = None) -> View:
    """A view of one address: limits, format, method, and every refusal in the standard's form."""

    @csrf_exempt  # a key is sent on purpose; a cookie counts for nothing here
    def view(request: HttpRequest, suffix: str, **place: str) -> HttpResponse:
        try:
            limit(request, "open311", READS_PER_MINUTE)
            if suffix not in _FORMATS:
                raise NotFound(
                    "format_unknown", T("只支持 .json 和 .xml。", "Only .json and .xml are known.")
                )
            if request.method in ("GET", "HEAD"):
                return _reading(request, get, suffix, place)
            if request.method == "POST" and post is not None:
                return _posting(request, post, suffix)
            raise problem.WrongMethod(
                "method_not_allowed",
                T("此地址不支持该方法。", "Not with this method."),
                allow="GET, HEAD, POST" if post else "GET, HEAD",
            )
        except Exception as exc:  # noqa: BLE001 - told and, where the fault is ours, logged
            return problem.answer(request, exc)

    return view


def _rendered(answer: Answer, suffix: str) -> HttpResponse:
    kind = _FORMATS[suffix]
    response = HttpResponse(
        kind.render(answer), status=answer.status, content_type=kind.CONTENT_TYPE
    )
    response["Content-Language"] = "en" if language.get() == "en" else "zh-CN"
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _reading(
    request: HttpRequest, handler: Handler, suffix: str, place: dict[str, str]
) -> HttpResponse:
    arguments = Arguments(request.GET.lists())
    queries.require_jurisdiction(arguments.text("jurisdiction_id"))
    response = _rendered(handler(request, arguments, **place), suffix)
    # Public and the same for everybody, so any page may read it.
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _posting(request: HttpRequest, handler: Handler, suffix: str) -> HttpResponse:
    if request.content_type not in _FORMS:
        raise bad(
            "Content-Type",
            T("请以表单提交。", "Send a form, urlencoded or multipart."),
        )
    claim = claimed(request)  # before the form is parsed: it reads the body
    arguments = Arguments(request.POST.lists())
    in_address = Arguments(request.GET.lists())
    actor = _keyholder(request, arguments.text("api_key") or in_address.text("api_key"))
    limit(request, f"open311.post.{actor.account_id}", POSTS_PER_MINUTE, client="")
    queries.require_jurisdiction(
        arguments.text("jurisdiction_id") or in_address.text("jurisdiction_id")
    )

    def respond(_request: HttpRequest) -> HttpResponse:
        try:
            return _rendered(handler(request, arguments, actor), suffix)
        except Exception as exc:  # noqa: BLE001 - an answer, so that the key is freed again
            return problem.answer(request, exc)

    if claim is None:
        return respond(request)
    answer = once(request, claim.by(actor), respond)
    assert isinstance(answer, HttpResponse)
    return answer


def _keyholder(request: HttpRequest, key: str) -> Actor:
    if not key:
        signed_in = actor_of(request)
        if signed_in is not None and signed_in.kind is ActorKind.MACHINE:
            return signed_in
        raise key_refused(T("缺少密钥。", "A key is required."))
    actor = actor_for_token(key, request_id_of(request))
    if actor is None:
        raise key_refused(T("密钥无效。", "This key is not valid."))
    return actor


def _discovery(request: HttpRequest, _arguments: Arguments) -> Answer:
    here = request.build_absolute_uri("/open311/v2")
    return Answer("discovery", queries.discovery(here))


def _services(_request: HttpRequest, _arguments: Arguments) -> Answer:
    return Answer("services", [*queries.services()], "service")


def _service(_request: HttpRequest, _arguments: Arguments, code: str) -> Answer:
    return Answer("service_definition", queries.definition(code))


def _paging(arguments: Arguments) -> tuple[int, int]:
    return arguments.whole("page", 1, MOST_PAGES), arguments.whole("page_size", MOST, MOST)


def _ids(arguments: Arguments) -> list[int] | None:
    """The asked ids; what cannot be an id of ours is not found, like one that is none."""
    given = arguments.several("service_request_id")
    if len(given) > MOST:
        raise bad(
            "service_request_id",
            T("最多 {n} 个编号。", "At most {n} ids.").fill(n=MOST),
        )
    found = [queries.request_id(text) for text in given]
    return [number for number in found if number is not None] if given else None


def _list(_request: HttpRequest, arguments: Arguments) -> Answer:
    page, size = _paging(arguments)
    ids = _ids(arguments)
    filters = _filters(arguments) if ids is None else PublicFilters(ids=tuple(ids))
    found = queries.requests(filters, page=page, size=size)
    return Answer("service_requests", [*found], "request")


def _filters(arguments: Arguments) -> PublicFilters:
    codes = arguments.several("service_code")
    queries.require_services(codes)
    reported = arguments.moment("start_date"), arguments.moment("end_date")
    updated = arguments.moment("updated_after"), arguments.moment("updated_before")
    if any(updated):
        updated = queries.span(("updated_after", "updated_before"), *updated)
    if any(reported) or not any(updated):
        reported = queries.span(("start_date", "end_date"), *reported)
    return PublicFilters(
        class_codes=codes,
        since=reported[0],
        until=reported[1],
        updated_since=updated[0],
        updated_until=updated[1],
        open=_open(arguments),
        bbox=arguments.box("bbox"),
    )


def _open(arguments: Arguments) -> bool | None:
    wanted: set[bool] = set()
    for status in arguments.several("status"):
        if status.lower() not in _STATUSES:
            raise bad("status", T("只有 open、closed。", "open or closed, please."))
        wanted.add(_STATUSES[status.lower()])
    return wanted.pop() if len(wanted) == 1 else None


def _request(_request: HttpRequest, _arguments: Arguments, number: str) -> Answer:
    return Answer("service_requests", [queries.request(number)], "request")


def _token(_request: HttpRequest, _arguments: Arguments, token: str) -> Answer:
    try:
        found = queries.request(token)
    except NotFound as error:
        text = T("没有这个令牌。", "There is no such token.")
        raise NotFound("token_unknown", text, field="token") from error
    return Answer("service_requests", [Issued(found.service_request_id, token)], "request")


def _post(request: HttpRequest, arguments: Arguments, actor: Actor) -> Answer:
    found = queries.service(arguments.required("service_code"))
    lat, lon = arguments.number("lat", -90, 90), arguments.number("long", -180, 180)
    if (lat is None) != (lon is None):
        raise missing("lat" if lat is None else "long")
    address = arguments.text("address_string", most=MOST_ADDRESS)
    address_id = arguments.text("address_id", most=40)
    if lat is None and not address and not address_id:
        raise missing(
            "lat",
            T(
                "请给出 lat 和 long，或 address_string，或 address_id。",
                "Give lat and long, or address_string, or address_id.",
            ),
        )
    new = NewRequest(
        service=found,
        description=arguments.text("description", most=MOST_DESCRIPTION),
        lat=lat,
        lon=lon,
        address=address,
        address_id=address_id,
        attributes=checked(of_class(found), arguments.attributes()),
        contact=ContactData(
            name=_name(arguments.text("first_name"), arguments.text("last_name")),
            phone=arguments.text("phone"),
            email=arguments.text("email"),
        ),
        media_url=arguments.url("media_url", most=MOST_URL),
    )
    media = [(file.name or "", file) for file in request.FILES.getlist("media")]
    report = post_request(actor, new, media)
    notice = T(
        "已收到，可凭编号 {id} 查询进展。", "Received. Ask for its progress under {id}."
    ).fill(id=report.pk)
    posted = Posted(str(report.pk), notice.said())
    return Answer("service_requests", [posted], "request", status=201)


def _name(first: str, last: str) -> str:
    """In the order the script asks for: 王小明, Mary Smith."""
    if first and last:
        return f"{first} {last}" if (first + last).isascii() else last + first
    return first or last


def _updates(_request: HttpRequest, arguments: Arguments) -> Answer:
    page, size = _paging(arguments)
    ids = _ids(arguments)
    since, until = arguments.moment("start_date"), arguments.moment("end_date")
    if ids is None:
        since, until = queries.span(("start_date", "end_date"), since, until)
    found = queries.updates(since, until, ids, page=page, size=size)
    return Answer("service_request_updates", [*found], "request_update")


def _post_update(_request: HttpRequest, arguments: Arguments, actor: Actor) -> Answer:
    number = queries.request_id(arguments.required("service_request_id"))
    if number is None:
        raise queries.request_not_found()
    update = post_update(
        actor,
        NewUpdate(
            report_id=number,
            update_id=arguments.required("update_id", most=100),
            description=arguments.required("description", most=MOST_UPDATE),
            status=arguments.text("status", most=40),
            updated_at=arguments.moment("updated_datetime"),
            media_url=arguments.url("media_url", most=MOST_URL),
        ),
    )
    body: list[Any] = [PostedUpdate(str(update.pk))]
    return Answer("service_request_updates", body, "request_update", status=201)


def _nowhere(request: HttpRequest) -> HttpResponse:
    return problem.problem(request, problem.by_status(404))


discovery = _resource(_discovery)
services = _resource(_services)
service = _resource(_service)
requests = _resource(_list, _post)
request = _resource(_request)
token = _resource(_token)
updates = _resource(_updates, _post_update)
nowhere = csrf_exempt(_nowhere)
