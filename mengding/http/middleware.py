"""Once around every request: its id, the reader's language, and at most one run per key."""

import re
import secrets
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation

from mengding.core.errors import DomainError
from mengding.core.text import Language, T, language, pick_language
from mengding.http.idempotency import Idempotency
from mengding.http.problem import (
    API_PREFIX,
    CONTENT_TYPE,
    Malformed,
    by_status,
    has_words,
    page,
    problem,
)

__all__ = ["Idempotency", "RequestContext", "speak"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def speak(lang: Language) -> None:
    """Use `lang` for the rest of this request (the account's own language, once known)."""
    language.set(lang)
    translation.activate("en" if lang == "en" else "zh-hans")


class RequestContext:
    """Request id and language; the last resort for errors nobody else answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with X-Request-ID; errors under /api/ are always problem details."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        request.request_id = request_id  # type: ignore[attr-defined]
        lang = pick_language(request.headers.get("Accept-Language", ""))
        token = language.set(lang)
        try:
            with translation.override("en" if lang == "en" else "zh-hans"):
                response = self._answer(request)
        finally:
            language.reset(token)
        response["X-Request-ID"] = request_id
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # PostgreSQL text cannot hold NUL: refused here, or it would fail anywhere behind.
        if "\0" in request.path or b"\0" in unquote_to_bytes(request.META.get("QUERY_STRING", "")):
            text = T("地址中含有空字符。", "The address contains a NUL character.")
            return page(request, Malformed("nul_character", text))
        response = self.get_response(request)
        if (
            has_words(response.status_code)
            and request.path.startswith(API_PREFIX)
            and not response.get("Content-Type", "").startswith(CONTENT_TYPE)
        ):
            found = problem(request, by_status(response.status_code))
            if response.has_header("Allow"):
                found["Allow"] = response["Allow"]
            return found
        return response

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """A `DomainError` of a plain Django view; anything else is Django's to handle."""
        return page(request, exc) if isinstance(exc, DomainError) else None
