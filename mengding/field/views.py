"""`/field/…`: the field app's page for every address, its service worker, manifest and icons.

Code and styles come from /desk/assets/ like the console's.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mengding.desk.views import entry

# What stands beside the page; nothing else of the folder is served.
_KINDS = {
    "sw.js": "text/javascript; charset=utf-8",
    "manifest.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "maskable-512.png": "image/png",
    "apple-180.png": "image/png",
}
NAMES = tuple(_KINDS)


@require_safe
def page(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A page of the field app: which one, the browser decides."""
    return entry(request, "field.html")


@require_safe
def beside(request: HttpRequest, name: str) -> HttpResponse:
    """The worker, the manifest or an icon; asked for again each time, as browsers do for these."""
    path = settings.DESK_DIST / "field" / name
    if name not in _KINDS or not path.is_file():
        return HttpResponse(status=404, content_type="text/plain")
    response = HttpResponse(path.read_bytes(), content_type=_KINDS[name])
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    if name == "sw.js":  # may import nothing: all of it is in the file
        response["Content-Security-Policy"] += "; script-src 'self'"
    return response
