"""The actor of an operation that requires one."""

from django.http import HttpRequest

from mengding.core.actor import Actor
from mengding.core.errors import NotSignedIn
from mengding.core.text import T
from mengding.http.request import actor_of


def caller(request: HttpRequest) -> Actor:
    """The actor, or `NotSignedIn`."""
    actor = actor_of(request)
    if actor is None:
        raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
    return actor
