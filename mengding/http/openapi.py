"""What the OpenAPI document says beyond the shapes: errors, headers, security, permissions."""

from collections.abc import Mapping
from typing import Any

from ninja.operation import Operation

from mengding.http.auth import Holds, Open

DESCRIPTION = """\
Community services and emergency centre of a district (区县综治与应急平台).

* Sign in with a session cookie (unsafe methods then need `X-CSRFToken`) or send
  `Authorization: Bearer …`.
* Errors are RFC 9457 problem details; `code` is stable, `detail` is in the language of
  `Accept-Language` (zh or en).
* Lists return `{"items": […], "next": …}`; pass `next` back as `cursor`.
* Any unsafe request may carry `Idempotency-Key`; a retry returns the first answer.
* Times are ISO 8601 with an offset.
"""

_STRING = {"type": "string"}
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details. Some codes carry further members.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "additionalProperties": True,
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:mengding:problem:<code>"},
        "title": {**_STRING, "description": "The kind of problem, in the reader's language."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**_STRING, "description": "What to do about it, in the reader's language."},
        "code": {**_STRING, "description": "Stable; made for programs."},
        "field": {**_STRING, "description": "The field at fault, dotted: `contacts.0.phone`."},
        "errors": {
            "type": "array",
            "description": "All fields at fault, when there may be several.",
            "items": {
                "type": "object",
                "required": ["field", "detail", "code"],
                "properties": {"field": _STRING, "detail": _STRING, "code": _STRING},
            },
        },
        "request_id": {**_STRING, "description": "Also in X-Request-ID; the log has it."},
    },
    "examples": [
        {
            "type": "urn:mengding:problem:validation_failed",
            "title": "内容有误",
            "status": 422,
            "detail": "name: 必填。",
            "code": "validation_failed",
            "field": "name",
            "errors": [{"field": "name", "code": "missing", "detail": "必填。"}],
            "request_id": "4f0c1d5be7a94c20b6d3a1f2",
        }
    ],
}
_PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Drawn by the client, one per intention. For seven days a request with the "
        "same key returns the first answer (with `Idempotency-Replayed: true`); the same key with "
        "other content is refused with `idempotency_key_reused`. Refusals are not kept.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "example": "0b5e7c9a-6f3d-4a52-9f0e-2f6f1f7f7a11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version this change is based on, quoted. If someone else changed it "
        "meanwhile: 409 with `yours` and `current`.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A machine's token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser. Unsafe methods also need X-CSRFToken.",
    },
}


def complete(document: dict[str, Any], operations: Mapping[str, Operation]) -> None:
    """Add to ninja's document (in place); `operations` by operation id."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["parameters"] = _PARAMETERS
    components["securitySchemes"] = _SECURITY
    components["responses"] = {
        "Problem": {
            "description": "Refused or failed.",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    }
    done = set()
    for path in document["paths"].values():
        for method, described in path.items():
            if id(described) in done:  # one handler of two methods is one object here
                continue
            done.add(id(described))
            operation = operations[described["operationId"]]
            described["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
            _headers(method, described, operation)
            _example(described, components["schemas"])
            _permission(described, operation)


def _example(described: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A whole body from the examples of its fields, so that it can be tried as it stands."""
    for content in described.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(content["schema"], schemas)
        if not content.keys() & {"example", "examples"} and not schema.keys() & {
            "example",
            "examples",
        }:
            content["example"] = _value(schema, schemas)


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    parts = schema.get("allOf") or schema.get("anyOf") or [schema]
    reference = parts[0].get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = schemas[reference.rpartition("/")[2]]
    return found


def _value(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The schema's own example, else one composed of its fields; None where there is nothing."""
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "example" in schema:
        return schema["example"]
    whole = _resolved(schema, schemas)
    if whole is not schema:
        return _value(whole, schemas)
    if schema.get("format") == "binary":
        return "photo.jpg"
    if "properties" not in schema:
        return schema.get("default")
    needed = schema.get("required", ())
    return {
        name: _value(field, schemas)
        for name, field in schema["properties"].items()
        if name in needed or "examples" in field or "example" in field
    }


def _headers(method: str, described: dict[str, Any], operation: Operation) -> None:
    names = []
    if method in ("post", "put", "patch", "delete"):
        names.append("IdempotencyKey")
    if getattr(operation.view_func, "mengding_versioned", False):
        names.append("IfMatch")
    described["parameters"] = [
        *described.get("parameters", []),
        *({"$ref": f"#/components/parameters/{name}"} for name in names),
    ]


def _permission(described: dict[str, Any], operation: Operation) -> None:
    auth = next(iter(operation.auth_callbacks), None)
    if auth is None or isinstance(auth, Open):
        described["security"] = []
        return
    described["security"] = [{"bearer": []}, {"session": []}]
    if isinstance(auth, Holds):
        described["x-mengding-action"] = auth.action
