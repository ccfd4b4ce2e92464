"""`mengding check boundaries`: every name of the installation against `policy.boundaries`."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import connection
from django.urls import URLResolver, get_resolver

from mengding.policy.boundaries import MEANT, forbidden

Name = tuple[str, str]


def run(_arguments: list[str]) -> int:
    """Print what should not exist; the exit code."""
    count = 0
    found = []
    for pair in names():
        count += 1
        found += [hit for hit in forbidden([pair]) if hit.key not in MEANT]
    for hit in found:
        print(f"{hit.key}: {hit.word} ({hit.area})")
    print(f"names={count} forbidden={len(found)}")
    return 1 if found else 0


def names() -> Iterator[Name]:
    """(kind, name) of everything that could hold or hand out data."""
    yield from _tables()
    yield from _models()
    yield from _addresses(get_resolver().url_patterns, "")
    yield from _document()
    yield from _open311()


def _tables() -> Iterator[Name]:
    """What is really in the database, models or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        for table, column in cursor.fetchall():
            yield "column", f"{table}.{column}"


def _models() -> Iterator[Name]:
    for model in apps.get_models():
        if not model.__module__.startswith("mengding."):
            continue
        yield "model", model.__name__
        yield "label", f"{model.__name__} {model._meta.verbose_name}"
        for field in model._meta.get_fields():
            own = f"{model.__name__}.{field.name}"
            yield "label", f"{own} {getattr(field, 'verbose_name', '')}"
            for value, label in getattr(field, "choices", None) or ():
                yield "choice", f"{own} {value} {label}"


def _addresses(patterns: Any, above: str) -> Iterator[Name]:
    for pattern in patterns:
        path = above + str(pattern.pattern)
        yield "address", path
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, path)


def _document() -> Iterator[Name]:
    from mengding.urls import api

    document = api.get_openapi_schema()
    for path, held in document["paths"].items():
        yield "path", path
        for described in held.values():
            yield "operation", described["operationId"]
            for parameter in described.get("parameters", []):
                if "name" in parameter:
                    yield "parameter", f"{described['operationId']}.{parameter['name']}"
    for name, schema in document["components"]["schemas"].items():
        yield "schema", name
        yield from _properties(name, schema)


def _properties(name: str, schema: dict[str, Any]) -> Iterator[Name]:
    for field, held in schema.get("properties", {}).items():
        yield "property", f"{name}.{field}"
        if held.get("properties"):
            yield from _properties(f"{name}.{field}", held)
    for value in schema.get("enum", ()):
        yield "value", f"{name}.{value}"


def _open311() -> Iterator[Name]:
    if find_spec("mengding.open311.shapes") is None:
        return
    shapes = import_module("mengding.open311.shapes")
    for name, kind in inspect.getmembers(shapes, inspect.isclass):
        for field in getattr(kind, "__struct_fields__", ()):
            yield "open311", f"{name}.{field}"
