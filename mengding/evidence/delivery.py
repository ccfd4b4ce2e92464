"""Stored bytes as an HTTP answer that a browser shows and does nothing else with."""

import re
from collections.abc import Iterator
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header, parse_etags

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_CHUNK = 256 * 1024
_SHOWN = ("image/", "audio/", "video/")


def deliver(
    request: HttpRequest, file: IO[bytes], *, sha256: str, size: int, media_type: str, name: str
) -> HttpResponseBase:
    """200, 304 for a matching If-None-Match, 206 or 416 for one Range of a recording.

    Takes over `file`. Pictures and recordings are shown, everything else is downloaded.
    """
    tag = f'"{sha256}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        file.close()
        return _guarded(HttpResponse(status=304), tag)
    ranged = media_type.startswith(("audio/", "video/"))
    wanted = _RANGE.fullmatch(request.headers.get("Range", "")) if ranged else None
    fresh = request.headers.get("If-Range", tag) == tag
    response: HttpResponseBase
    if wanted and fresh and wanted.group() != "bytes=-":
        start, end = _span(wanted[1], wanted[2], size)
        if start >= end:
            file.close()
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{size}"
            return _guarded(refused, tag)
        response = StreamingHttpResponse(_between(file, start, end), status=206)
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        response["Content-Length"] = str(end - start)
    else:
        response = FileResponse(file)
        response["Content-Length"] = str(size)
    if ranged:
        response["Accept-Ranges"] = "bytes"
    response["Content-Type"] = media_type
    attached = not media_type.startswith(_SHOWN)
    response["Content-Disposition"] = str(content_disposition_header(attached, name))
    return _guarded(response, tag)


def _guarded(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["ETag"] = tag
    # Kept by the reader's own browser only, and asked again: it may be erased meanwhile.
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Cookie", "Authorization"])
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and end (exclusive) of "first-last", "first-" or "-length"."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


def _between(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
