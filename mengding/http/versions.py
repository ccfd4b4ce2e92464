"""Optimistic concurrency: the version a caller believes to change."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from mengding.core.errors import Invalid
from mengding.core.text import T

_View = TypeVar("_View", bound=Callable[..., Any])
_TAG = re.compile(r'"(\d{1,9})"')


def versioned(view: _View) -> _View:
    """Document If-Match on the operation. Write it below the router's decorator."""
    view.mengding_versioned = True  # type: ignore[attr-defined]
    return view


def wanted_version(request: HttpRequest, version: int | None = None) -> int | None:
    """The version from `If-Match: "7"`, or else from the body; None when the caller names none.

    The action compares it and raises `Conflict` with `yours` and `current`. Raises `Invalid`
    naming `If-Match` when the header is malformed or contradicts the body.
    """
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        return version
    match = _TAG.fullmatch(header)
    if match is None or version not in (None, int(match[1])):
        raise Invalid(
            "if_match_invalid",
            T(
                'If-Match 应为加引号的版本号（如 "7"），并与正文中的 version 一致。',
                'If-Match must be a quoted version such as "7", equal to `version` in the body.',
            ),
            field="If-Match",
        )
    return int(match[1])


def tag(response: HttpResponse, version: int) -> HttpResponse:
    """Set the ETag that a later If-Match sends back."""
    response["ETag"] = f'"{version}"'
    return response
