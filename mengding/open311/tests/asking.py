"""A client of GeoReport v2 for tests: asks, and holds every answer against its schema."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]
from django.test import Client

from mengding.cases.models import Case, Report
from mengding.cases.tests.made import spot
from mengding.demo.secrets import token

ROOT = "/open311/v2"
SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "georeport.json").read_text("utf-8"))
# Address → its schema and, for XML, the root and the element of one item.
KINDS = {
    "discovery": ("discovery", "discovery", ""),
    "services": ("services", "services", "service"),
    "services/": ("definition", "service_definition", ""),
    "requests": ("requests", "service_requests", "request"),
    "requests/": ("requests", "service_requests", "request"),
    "tokens/": ("token", "service_requests", "request"),
    "servicerequestupdates": ("updates", "service_request_updates", "request_update"),
}
ITEMS = {
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}


@cache
def validator(name: str) -> Any:
    """The validator of one schema."""
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": SCHEMAS["$defs"]},
        format_checker=jsonschema.FormatChecker(),
    )


def valid(value: Any, name: str) -> Any:
    """`value`, after it passed a schema."""
    validator(name).validate(value)
    return value


def kind_of(path: str) -> tuple[str, str, str]:
    """Schema, XML root and XML item of an address such as "services/C0101"."""
    head, slash, _ = path.partition("/")
    return KINDS[head + slash]


def answer(path: str, lang: str = "zh", **query: str) -> Any:
    """Whatever the server says."""
    return Client().get(f"{ROOT}/{path}", query, headers={"Accept-Language": lang})


def get(path: str, lang: str = "zh", **query: str) -> Any:
    """The content of an address (without its suffix), asked in JSON; it must be 200 and valid."""
    found = answer(f"{path}.json", lang, **query)
    assert found.status_code == 200, found.content
    assert found["Content-Type"] == "application/json; charset=utf-8"
    return valid(found.json(), kind_of(path)[0])


def get_xml(path: str, lang: str = "zh", **query: str) -> Any:
    """The same in XML, turned into what JSON would be; every element must be a known one."""
    found = answer(f"{path}.xml", lang, **query)
    assert found.status_code == 200, found.content
    assert found["Content-Type"] == "text/xml; charset=utf-8"
    assert found.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    name, root, item = kind_of(path)
    element = ElementTree.fromstring(found.content)
    assert element.tag == root
    assert not element.attrib
    if not item:
        return valid(typed(fields(element), name), name)
    assert {child.tag for child in element} <= {item}
    rows = [fields(child) for child in element]
    return valid(typed(rows, name), name)


def fields(element: ElementTree.Element) -> dict[str, Any]:
    """One object; nothing but named children, each once."""
    assert not (element.text or "").strip()
    tags = [child.tag for child in element]
    assert len(tags) == len(set(tags))
    return {child.tag: content(child) for child in element}


def content(element: ElementTree.Element) -> Any:
    """A list for the names that are lists, text otherwise (None when empty)."""
    if element.tag not in ITEMS:
        assert len(element) == 0
        return element.text
    assert {child.tag for child in element} <= {ITEMS[element.tag]}
    return [fields(child) if len(child) else child.text for child in element]


def typed(value: Any, name: str) -> Any:
    """XML has text only: read it as what the schema wants."""
    schema = SCHEMAS["$defs"][name]
    return _typed(value, schema)


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    while "$ref" in schema:
        schema = SCHEMAS["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    kinds = schema.get("type", "string")
    if isinstance(value, list):
        return [_typed(item, schema["items"]) for item in value]
    if isinstance(value, dict):
        return {key: _typed(item, schema["properties"][key]) for key, item in value.items()}
    if value is None:
        return None if "null" in kinds else ""
    if "number" in kinds:
        return float(value)
    if kinds == "integer":
        return int(value)
    if kinds == "boolean":
        return {"true": True, "false": False}[value]
    return value


def refused(status: int, path: str, asked: dict[str, str] | None = None) -> str:
    """The description of a refusal (English), the same in both formats."""
    found = answer(f"{path}.json", "en", **(asked or {}))
    assert found.status_code == status, found.content
    error = told(found, status)
    xml = answer(f"{path}.xml", "en", **(asked or {}))
    assert xml.status_code == status
    assert xml["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(xml.content)
    assert (root.tag, [child.tag for child in root]) == ("errors", ["error"])
    assert fields(root[0]) == {"code": str(status), "description": error}
    return error


def told(found: Any, status: int) -> str:
    """The description of a JSON refusal."""
    assert found.status_code == status, found.content
    errors = valid(found.json(), "errors")
    assert [error["code"] for error in errors] == [status]
    return str(errors[0]["description"])


def post(path: str = "requests.json", headers: dict[str, str] | None = None, **form: Any) -> Any:
    """The answer to a form (multipart)."""
    sent = {"Accept-Language": "en", **(headers or {})}
    return Client(enforce_csrf_checks=True).post(f"{ROOT}/{path}", form, headers=sent)


def form(**more: Any) -> dict[str, Any]:
    """A complete request; `more` changes it."""
    lon, lat = spot()
    return {
        "api_key": token("desk"),
        "service_code": "C0101",
        "lat": str(lat),
        "long": str(lon),
        "description": "井盖丢失",
        "first_name": "小明",
        "last_name": "王",
        "phone": "13812345678",
        "email": "ming@example.com",
        **more,
    }


def made(**more: Any) -> str:
    """The id of a new request."""
    found = post(**form(**more))
    assert found.status_code == 201, found.content
    return str(valid(found.json(), "created")[0]["service_request_id"])


def case_of(request_id: str) -> Case:
    """The case behind a request."""
    return Report.objects.select_related("case").get(pk=request_id).case
