"""The one REST API: its answers to errors, its OpenAPI document, its list of permissions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from mengding.core.text import T
from mengding.http.auth import Holds, Open, signed_in
from mengding.http.fast import Renderer
from mengding.http.openapi import DESCRIPTION, complete
from mengding.http.problem import Malformed, answer
from mengding.http.validation import dotted

_VERBS = frozenset(
    {"list", "get", "read", "find", "create", "add", "update", "change", "replace", "delete"}
    | {"remove", "search", "import", "export", "revoke", "set", "locate", "explain", "preview"}
)


class StrictParser(Parser):
    """JSON by RFC 8259: no NaN, no broken UTF-8, no NUL characters (PostgreSQL refuses them)."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The decoded body; raises `Malformed` saying where it breaks."""
        raw = request.body
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            text = T("正文不是有效的 JSON：{why}。", "The body is not valid JSON: {why}.").fill(
                why=why
            )
            raise Malformed("json_malformed", text) from error
        if b"\\u0000" in raw:
            path = _find_nul(value, ())
            if path is not None:
                raise Malformed(
                    "nul_character",
                    T("文字中含有空字符。", "The text contains a NUL character."),
                    field=dotted(path) or None,
                )
        return value


def _find_nul(value: Any, path: tuple[object, ...]) -> tuple[object, ...] | None:
    if isinstance(value, str):
        return path if "\0" in value else None
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, item in pairs:
        if isinstance(key, str) and "\0" in key:
            return path
        found = _find_nul(item, (*path, key))
        if found is not None:
            return found
    return None


class Api(NinjaAPI):
    """NinjaAPI with our problem details, field paths, operation ids and document."""

    _document: OpenAPISchema | None = None

    def set_default_exception_handlers(self) -> None:
        """One handler for everything: `problem.answer` knows the kinds."""
        self.add_exception_handler(Exception, answer)  # type: ignore[arg-type]

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """All errors of all parameters, each with the field as the caller wrote it."""
        errors: list[dict[str, Any]] = []
        for context in error_contexts:
            for error in context.pydantic_validation_error.errors(
                include_url=False, include_input=False
            ):
                errors.append({**error, "field": dotted(_written(context.model, error["loc"]))})
        return ValidationError(errors)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """`noun_verb`: `list_regions` in regions/api.py is "regions_list"."""
        name: str = operation.view_func.__name__
        verb, _, noun = name.partition("_")
        if verb in _VERBS:
            module = operation.view_func.__module__.split(".")
            return f"{noun or (module[1] if len(module) > 1 else module[0])}_{verb}"
        return name

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document, made once: operations do not change while running."""
        if self._document is None:
            document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            complete(document, {_op_id(self, op): op for _, op in operations(self)})
            self._document = document
        return self._document


def _op_id(api: NinjaAPI, operation: Operation) -> str:
    return operation.operation_id or api.get_openapi_operation_id(operation)


def _written(model: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where the caller wrote it: without the names of handler parameters."""
    flat: dict[Any, Any] = getattr(model, "__ninja_flatten_map_reverse__", {})
    for end in range(len(loc), 0, -1):
        if loc[:end] in flat:
            return (*flat[loc[:end]], *loc[end:])
    if loc and loc[0] == getattr(model, "__read_from_single_attr__", None):
        return loc[1:]
    return loc


@dataclass(frozen=True, slots=True)
class Declared:
    """One operation for the authorisation matrix. `public` excludes `action`; neither: anyone
    signed in."""

    method: str
    path: str
    action: str | None
    public: bool


def operations(api: NinjaAPI) -> Iterator[tuple[str, Operation]]:
    """(path below /api/v1, operation) of everything mounted."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            full = "/" + "/".join(part.strip("/") for part in (router.prefix, path) if part)
            for operation in view.operations:
                yield full, operation


def declared(api: NinjaAPI) -> list[Declared]:
    """Every (method, path) with the permission it declares."""
    found = []
    for path, operation in operations(api):
        auth = next(iter(operation.auth_callbacks), None)
        for method in operation.methods:
            found.append(
                Declared(
                    method,
                    path,
                    auth.action if isinstance(auth, Holds) else None,
                    auth is None or isinstance(auth, Open),
                )
            )
    return found


def make_api(namespace: str = "api") -> Api:
    """The API without routers; `mengding.urls` mounts them."""
    return Api(
        title="Mengding",
        version="1",
        description=DESCRIPTION,
        urls_namespace=namespace,
        auth=signed_in,
        renderer=Renderer(),
        parser=StrictParser(),
        openapi_url="/openapi.json",
        docs_url="/docs",
    )
