"""GeoReport v2 as JSON: the wrapper elements of the XML form fall away. Pure."""

import msgspec

from mengding.open311.shapes import Answer

CONTENT_TYPE = "application/json; charset=utf-8"
_encoder = msgspec.json.Encoder()


def render(answer: Answer) -> bytes:
    """A bare array for lists, a bare object otherwise."""
    return _encoder.encode(answer.body)
