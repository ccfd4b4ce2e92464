"""Sets `request.actor`, once per request."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mengding.core.actor import Actor
from mengding.core.text import Language
from mengding.http.middleware import speak
from mengding.http.request import request_id_of
from mengding.people import queries


class ActorMiddleware:
    """`request.actor`: the `Actor` of the bearer token or session, or None.

    A request that carries a bearer token is never also taken for a session. `request.user` stays
    Django's and is only loaded where somebody asks for it. When the request names no language,
    the account's own is used.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Resolve the actor and pass the request on."""
        actor = _resolve(request)
        request.actor = actor  # type: ignore[attr-defined]
        if actor is not None and not request.headers.get("Accept-Language"):
            who = queries.person(actor.account_id) if actor.account_id is not None else None
            if who is not None and who.account.language in ("zh", "en"):
                speak(cast(Language, who.account.language))  # `RequestContext` puts it back
        return self.get_response(request)


def _resolve(request: HttpRequest) -> Actor | None:
    request_id = request_id_of(request)
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return queries.actor_for_token(value.strip(), request_id)
    return queries.actor_for_session(request.session, request_id)
