"""Every address of the product."""

from importlib import import_module
from importlib.util import find_spec

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, re_path

from mengding.desk import views as desk
from mengding.field import views as field
from mengding.http.api import make_api

api = make_api()

# Where each app's router hangs below /api/v1; "" means that it names its full paths.
_APPS = {
    "regions": "",
    "people": "",
    "catalogue": "",
    "clocks": "",
    "routing": "/routing",
    "evidence": "",
    "cases": "",
    "ledger": "",
    "notices": "",
    "desk": "",
    "figures": "",
    "phrases": "",
    "presence": "",
    "filters": "",
    "bulk": "",
    "opendata": "",
    "briefings": "",
    "duty": "",
    "positions": "",
    "tasks": "",
    "scores": "",
    "resources": "",
    "outreach": "",
    "field": "",
    "escalation": "",
    "supervision": "",
    "warnings": "",
    "indicators": "",
    "costs": "",
}
for _app, _prefix in _APPS.items():
    _spec = find_spec(f"mengding.{_app}.api")
    if _spec is not None and _spec.origin is not None:  # a package without __init__ has none
        api.add_router(_prefix, import_module(f"mengding.{_app}.api").router)

_HAS_OPEN311 = find_spec("mengding.open311.urls") is not None


def landing(request: HttpRequest) -> HttpResponse:
    """What this server is and where to go from here."""
    return render(request, "landing.html", {"open311": _HAS_OPEN311})


urlpatterns: list[URLPattern | URLResolver] = [
    path("", landing, name="landing"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("desk/assets/<str:name>", desk.asset, name="desk_asset"),
    re_path(r"^screen/?$", desk.screen, name="screen"),
    re_path(r"^desk/(?P<rest>.*)$", desk.page, name="desk"),
    re_path(rf"^field/(?P<name>{'|'.join(field.NAMES)})$", field.beside, name="field_beside"),
    re_path(r"^field(?:/(?P<rest>.*))?$", field.page, name="field"),
]
if _HAS_OPEN311:
    urlpatterns.append(path("open311/v2/", include("mengding.open311.urls")))

urlpatterns.append(path("open/", include("mengding.opendata.urls")))

handler500 = "mengding.http.problem.server_error"
