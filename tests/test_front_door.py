"""What every caller meets first, with the real settings: pages, document, errors."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from mengding.http.api import declared, operations
from mengding.urls import api

OPEN = {("POST", "/session"), ("POST", "/session/second-step"), ("DELETE", "/session")}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return document


def test_only_listed_operations_are_open_to_anyone() -> None:
    assert {(each.method, each.path) for each in declared(api) if each.public} == OPEN


def test_operation_ids_are_unique_and_speak(document: dict[str, Any]) -> None:
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    assert len(ids) == len(set(ids)) == sum(1 for _ in operations(api))
    assert [each for each in ids if not re.fullmatch("[a-z][a-z0-9_]*", each)] == []


def test_every_reference_of_the_document_resolves(document: dict[str, Any]) -> None:
    for reference in set(_references(document)):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def test_no_path_hides_another(document: dict[str, Any]) -> None:
    """Two routers naming one path: the second would answer 405 for ever."""
    paths = [re.sub(r"{(\w+:)?\w+}", "{}", path) for path in document["paths"]]
    assert len(paths) == len(set(paths))
    mounted = {(path, method) for path, op in operations(api) for method in op.methods}
    views: dict[str, int] = {}
    for path in {path for path, _ in mounted}:
        views[path] = sum(
            path.strip("/") == f"{router.prefix}/{own}".strip("/").replace("//", "/")
            for router in api._get_bound_routers()
            for own in router.path_operations
        )
    assert {path: count for path, count in views.items() if count != 1} == {}


@pytest.mark.django_db
def test_the_landing_page_needs_nothing_from_elsewhere_and_its_links_exist(client: Client) -> None:
    page = client.get("/").content.decode()
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert "/admin/" in links
    assert "/api/v1/docs" in links
    for link in links:
        assert link.startswith("/")
        try:
            resolve(link)
        except Resolver404:
            pytest.fail(f"{link} leads nowhere")


@pytest.mark.django_db
def test_errors_of_the_real_stack_are_problems(client: Client) -> None:
    answer = client.get("/api/v1/nothing-here", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"
    answer = client.get("/api/v1/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    answer = client.get("/api/v1/session", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert answer.json()["request_id"] == answer["X-Request-ID"]


@pytest.mark.django_db
def test_document_and_docs_are_served(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
    assert client.get("/api/v1/docs").status_code == 200
