"""The request as our middleware leaves it, for type checkers and for whoever reads handlers."""

from collections.abc import Callable

from django.http import HttpRequest

from mengding.core.actor import Actor


class Request(HttpRequest):
    """What handlers get.

    `request_id` is set by `RequestContext`, `actor` by the people middleware (None: not signed
    in). `after_rollback` exists while an idempotent action runs, see `Idempotency`.
    """

    request_id: str
    actor: Actor | None
    after_rollback: list[Callable[[], object]]
    keep_on_refusal: bool


def actor_of(request: HttpRequest) -> Actor | None:
    """The signed-in actor, or None."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor


def request_id_of(request: HttpRequest) -> str:
    """The request id; empty outside `RequestContext`."""
    request_id: str = getattr(request, "request_id", "")
    return request_id
