"""RFC 9457 problem details, in the reader's language, for everything that can go wrong."""

import logging
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import psycopg
from django.core import signals
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import (
    ValidationError as DjangoValidationError,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

from mengding.core.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooMany,
    WrongType,
)
from mengding.core.text import T, language
from mengding.http import validation
from mengding.http.fast import encode
from mengding.http.request import request_id_of

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
_OURS = frozenset({"type", "title", "status", "detail", "code", "field", "request_id"})
_log = logging.getLogger("mengding.http")


class Malformed(DomainError):
    """The request cannot even be read."""


class WrongMethod(DomainError):
    """The address exists, but not for this method."""

    status = 405
    title: ClassVar[T] = T("不支持的方法", "Method not allowed")


class Unexpected(DomainError):
    """A fault of ours; the log has it under the request id."""

    status = 500
    title: ClassVar[T] = T("服务器内部错误", "Internal error")


_MALFORMED = T("无法读取请求。", "The request cannot be read.")
_BY_STATUS: dict[int, tuple[type[DomainError], str, T]] = {
    400: (Malformed, "bad_request", _MALFORMED),
    401: (NotSignedIn, "not_signed_in", T("请先登录。", "Sign in first.")),
    403: (NotAllowed, "not_allowed", T("不允许此操作。", "This is not allowed.")),
    404: (NotFound, "not_found", T("没有这个地址或对象。", "There is no such address or object.")),
    405: (WrongMethod, "method_not_allowed", T("此地址不支持该方法。", "Not with this method.")),
    413: (TooLarge, "too_large", T("请求正文过大。", "The request body is too large.")),
    415: (WrongType, "wrong_type", T("不支持的内容类型。", "This content type is not supported.")),
    429: (TooMany, "too_many_requests", T("请求过于频繁。", "Too many requests.")),
}


def has_words(status: int) -> bool:
    """Whether `by_status` keeps this status; others (416) are left to who answers them."""
    return status in _BY_STATUS or status == 500


def by_status(status: int) -> DomainError:
    """The general error of an HTTP status; 400 or 500 for statuses we have no words for."""
    known = _BY_STATUS.get(status) or (_BY_STATUS[400] if 400 <= status < 500 else None)
    if known is None:
        return Unexpected(
            "internal_error",
            T(
                "服务器出错，已记录。请将 request_id 告知管理员。",
                "Something went wrong on the server and was logged. Give your administrator the "
                "request_id.",
            ),
        )
    kind, code, text = known
    return kind(code, text)


def translate(exc: BaseException) -> DomainError | None:
    """The error a person can act on behind any exception; None when the fault is ours."""
    match exc:
        case DomainError():
            return exc
        case NinjaValidationError():
            return _invalid(validation.entries(exc.errors))
        case DjangoValidationError():
            return _invalid(validation.django_entries(exc))
        case HttpError():
            # ninja wraps whatever the body parser raises.
            cause = exc.__cause__
            return cause if isinstance(cause, DomainError) else by_status(exc.status_code)
        case Http404():
            return by_status(404)
        case PermissionDenied():
            return by_status(403)
        case RequestDataTooBig():
            return by_status(413)
        case SuspiciousOperation() | MultiPartParserError() | UnreadablePostError():
            return by_status(400)
        case OperationalError() if isinstance(
            exc.__cause__,
            psycopg.errors.DeadlockDetected
            | psycopg.errors.SerializationFailure
            | psycopg.errors.LockNotAvailable,
        ):
            _log.warning("lost a race: %s", exc)
            return Conflict(
                "try_again",
                T("与他人的操作冲突，请重试。", "Collided with someone else's action; try again."),
            )
    return None


def _invalid(errors: list[dict[str, Any]]) -> Invalid:
    first = errors[0] if errors else {"field": "", "detail": ""}
    where = f"{first['field']}: " if first["field"] else ""
    more = len(errors) - 1
    text = T(
        f"{where}{first['detail']}" + (f"（另有 {more} 处）" if more > 0 else ""),
        f"{where}{first['detail']}" + (f" ({more} more)" if more > 0 else ""),
    )
    return Invalid("validation_failed", text, field=first["field"] or None, errors=errors)


Form = Callable[[HttpRequest, DomainError], HttpResponse]
_forms: dict[str, Form] = {}


def use_form(prefix: str, form: Form) -> None:
    """Addresses below `prefix` follow another standard, which says how errors look."""
    _forms[prefix] = form


def problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The `application/problem+json` answer for `error`, or that of the address's own form."""
    for prefix, form in _forms.items():
        if request.path.startswith(prefix):
            return form(request, error)
    body: dict[str, Any] = {
        "type": f"urn:mengding:problem:{error.code}",
        "title": error.title.said(),
        "status": error.status,
        "detail": error.text.said(),
        "code": error.code,
    }
    if error.field is not None:
        body["field"] = error.field
    body |= {key: value for key, value in error.extra.items() if key not in _OURS}
    body["request_id"] = request_id_of(request)
    response = HttpResponse(encode(body), status=error.status, content_type=CONTENT_TYPE)
    response["Content-Language"] = "en" if language.get() == "en" else "zh-CN"
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept-Language"])
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="mengding"'
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    return response


def answer(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """The answer to any exception; call it while handling `exc`. Logs what is our fault."""
    error = translate(exc)
    if error is None:
        _log.error(
            "%s %s failed, request %s",
            request.method,
            request.path,
            request_id_of(request),
            exc_info=exc,
        )
        # What Django does for its own views; the test client re-raises on it.
        signals.got_request_exception.send(sender=None, request=request)
        error = by_status(500)
    return problem(request, error)


def page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A problem for the API and for programs, a small page for a browser elsewhere."""
    wants_page = "text/html" in request.headers.get("Accept", "")
    if request.path.startswith((API_PREFIX, *_forms)) or not wants_page:
        return problem(request, error)
    return render(
        request,
        "problem.html",
        {
            "title": error.title.said(),
            "detail": error.text.said(),
            "request_id": request_id_of(request),
            "lang": "en" if language.get() == "en" else "zh-CN",
        },
        status=error.status,
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500. Also reached by a `DomainError` raised inside a middleware."""
    exc = sys.exc_info()[1]
    error = translate(exc) if exc is not None else None
    return page(request, error or by_status(500))
