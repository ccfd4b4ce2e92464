"""JSON output through msgspec: several times faster than Django's encoder on long lists."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja.renderers import BaseRenderer
from pydantic import BaseModel

from mengding.core.text import T

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _fallback(value: object) -> object:
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    return str(value)  # lazy Django texts, pydantic's URL types


class Ready(dict[str, Any]):
    """A mapping of numbers and plain texts only, all the way down, or structs of such: `plain`
    leaves it as it is.

    For tables of many thousand numbers, where looking at each takes longer than writing it.
    """


_encoder = msgspec.json.Encoder(enc_hook=_fallback)


def plain(value: Any) -> Any:
    """`value` with every instant in China Standard Time and every text in the reader's language.

    msgspec encodes datetimes and tuples itself and asks no hook, hence this walk beforehand.
    """
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    if kind is T:
        return value.said()
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(SHANGHAI)
    if isinstance(value, msgspec.Struct):
        return plain(msgspec.structs.asdict(value))
    return value


def encode(value: Any) -> bytes:
    """JSON bytes; aware datetimes become ISO 8601 with +08:00."""
    return _encoder.encode(plain(value))


def json_response(content: Any, *, status: int = 200) -> HttpResponse:
    """An answer from anything msgspec can encode, or from JSON already encoded (bytes)."""
    body = content if isinstance(content, bytes) else encode(content)
    return HttpResponse(body, status=status, content_type="application/json")


class Renderer(BaseRenderer):
    """ninja's renderer for the other operations, so that all times look the same."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Encode a handler's result."""
        return encode(data)
