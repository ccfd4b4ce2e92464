"""Refusals in the standard's form: `[{"code", "description"}]` or `<errors><error>…`."""

from django.http import HttpRequest, HttpResponse

from mengding.core.errors import DomainError, NotAllowed
from mengding.core.text import T
from mengding.open311 import as_json, as_xml
from mengding.open311.shapes import Answer, Error

# Where our field and the standard's parameter are called differently.
_PARAMETERS = {
    "lon": "long",
    "class_code": "service_code",
    "region_code": "address_id",
    "address": "address_string",
    "text": "description",
    "reason": "description",
    "file": "media",
    "contact.name": "first_name",
    "contact.phone": "phone",
    "contact.email": "email",
}
# The standard knows 400, 403 and 404; these say something else that a client can act on.
_KEPT = frozenset({403, 404, 405, 429, 500})


def key_refused(text: T) -> NotAllowed:
    """No key, or none that we know."""
    return NotAllowed("api_key", text, field="api_key")


def form(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Any refusal as GeoReport v2 says it, in the format of the address."""
    status = 403 if error.status == 401 else error.status if error.status in _KEPT else 400
    field = _PARAMETERS.get(error.field or "", error.field)
    text = error.text.said()
    answer = Answer(
        "errors", [Error(status, f"{field}: {text}" if field else text)], "error", status
    )
    kind = as_xml if request.path.endswith(".xml") else as_json
    response = HttpResponse(kind.render(answer), status=status, content_type=kind.CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    if "allow" in error.extra:
        response["Allow"] = error.extra["allow"]
    return response
