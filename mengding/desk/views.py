"""`/desk/…`: files of `web/dist`, and its index.html for every page address; `/screen`."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mengding.desk.tiles import tiles

# Nothing from elsewhere but the tiles of the installation's own choice, no inline script or
# style, never inside a frame.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
    "img-src 'self' data: blob:{tiles}; font-src 'self'; connect-src 'self'{tiles}; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
YEAR = 365 * 24 * 3600  # s


def policy() -> str:
    """The page's Content-Security-Policy."""
    return _POLICY.format(tiles="".join(f" {host}" for host in tiles().hosts))


@require_safe
def page(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A page of the console: which one, the browser decides. 503 in words when not built."""
    return entry(request, "index.html")


@require_safe
def screen(request: HttpRequest) -> HttpResponse:
    """The wall screen, an entry of its own without the console around it."""
    return entry(request, "screen.html")


def entry(request: HttpRequest, name: str) -> HttpResponse:
    """The page `name` of `web/dist` with its policy; 503 in words when not built."""
    if not (settings.DESK_DIST / name).is_file():
        return render(request, "desk_missing.html", status=503)
    get_token(request)  # sets the cookie that signing in sends back
    response = HttpResponse((settings.DESK_DIST / name).read_bytes())
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = policy()
    return response


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file whose name carries its digest: kept by browsers for a year."""
    found = _read(settings.DESK_DIST / "assets", name)
    if found is None:
        return HttpResponse(status=404, content_type="text/plain")
    plain, packed, kind = found
    squeeze = packed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if squeeze else plain, content_type=kind)
    if squeeze:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def _read(folder: Path, name: str) -> tuple[bytes, bytes | None, str] | None:
    """The file, the file compressed where that helps, and its type; None where there is none."""
    path = folder / name
    if path.parent != folder or not path.is_file():  # the address has no further folder
        return None
    return _packed(path)


@lru_cache(maxsize=200)
def _packed(path: Path) -> tuple[bytes, bytes | None, str]:
    plain = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(plain, 9, mtime=0)
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return plain, packed if len(packed) < len(plain) else None, kind
