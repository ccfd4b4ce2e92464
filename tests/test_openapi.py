"""The OpenAPI document: complete enough to work from without reading the code."""

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from ninja import Schema

from mengding.urls import api

UNSAFE = ("post", "put", "patch")


def document() -> dict[str, Any]:
    return dict(api.get_openapi_schema())


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, held in document()["paths"].items():
        for method, described in held.items():
            yield f"{method.upper()} {path}", described


def test_version() -> None:
    assert document()["openapi"].startswith("3.1")


def test_every_operation_says_what_it_is() -> None:
    seen: set[str] = set()
    for key, described in operations():
        assert described.get("summary"), key
        assert described.get("description"), f"{key} has no docstring"
        assert described["operationId"] not in seen, f"{key}: operationId twice"
        seen.add(described["operationId"])
        assert described.get("tags"), key
        assert described["responses"], key


def _shapes(of: type) -> Iterator[type]:
    for shape in of.__subclasses__():
        yield shape
        yield from _shapes(shape)


def test_no_two_shapes_share_a_name() -> None:
    """The document names shapes by their class alone: of two the later would hide the earlier."""
    places: dict[str, set[str]] = {}
    for shape in _shapes(Schema):
        if shape.__module__.startswith("mengding."):
            places.setdefault(shape.__name__, set()).add(shape.__module__)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


BODIES = [
    (key, kind, content)
    for key, described in operations()
    for kind, content in described.get("requestBody", {}).get("content", {}).items()
]


@pytest.mark.parametrize(("key", "kind", "content"), BODIES, ids=[f"{k} {c}" for k, c, _ in BODIES])
def test_every_body_has_an_example_that_fits(key: str, kind: str, content: dict[str, Any]) -> None:
    whole = document()
    schema = content["schema"]
    if "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    examples = schema.get("examples") or [content.get("example", schema.get("example"))]
    for example in examples:
        assert example is not None, f"{key} ({kind}) has no example"
        # With the document's own components, so that references resolve.
        jsonschema.validate(
            example,
            {**content["schema"], "components": whole["components"]},
            cls=jsonschema.Draft202012Validator,
        )
        if any(key.startswith(method.upper()) for method in UNSAFE) and schema.get("required"):
            assert example, f"{key}: an empty example"


def test_there_are_bodies_at_all() -> None:
    assert len(BODIES) > 50


def test_no_two_shapes_have_one_name() -> None:
    """The document knows shapes by name alone: the second would silently replace the first."""
    from ninja import Schema

    def below(kind: type) -> Iterator[type]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    homes: dict[str, set[str]] = {}
    for each in below(Schema):
        if each.__module__.startswith("mengding."):
            homes.setdefault(each.__name__, set()).add(each.__module__)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
