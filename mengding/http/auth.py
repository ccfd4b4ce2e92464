"""Who may call an operation, declared on the operation so that a test can list all of them.

    @router.post("/regions", operation_id="region_create")
    @allows("regions.manage")
    def create(request: Request, data: RegionIn) -> ...

The declaration is ninja's auth object of the operation: it runs before anything is parsed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja.operation import Operation
from ninja.security.base import AuthBase
from ninja.utils import check_csrf, contribute_operation_callback

from mengding.core.actor import Actor
from mengding.core.errors import Conflict, NotAllowed, NotSignedIn
from mengding.core.text import T
from mengding.http.request import actor_of
from mengding.policy.permissions import ROLES, holds

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_View = TypeVar("_View", bound=Callable[..., Any])


def by_token(request: HttpRequest) -> bool:
    """Whether the caller presents a token. A foreign page cannot make a browser do that."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def check_origin(request: HttpRequest) -> None:
    """Refuse an unsafe request that rides on a session without the CSRF token.

    ninja exempts its views from Django's own check, so this is the only place it happens.
    """
    if request.method in _SAFE or by_token(request):
        return
    if check_csrf(request) is not None:
        raise NotAllowed(
            "csrf_failed",
            T(
                "缺少或错误的 CSRF 令牌：请在 X-CSRFToken 请求头中带上 csrftoken Cookie 的值。",
                "The CSRF token is missing or wrong: send the value of the csrftoken cookie in "
                "the X-CSRFToken header.",
            ),
        )


ACTING = "X-Acting"


def check_acting(request: HttpRequest, actor: Actor) -> None:
    """Refuse what somebody else wrote: `X-Acting: <account>/<post>` says who that was.

    An outbox sends late, and a session is the browser's: meanwhile another account may have
    signed in, or the same one may act in another post. Raises `Conflict`.
    """
    said = request.headers.get(ACTING)
    if said is not None and said != f"{actor.account_id or ''}/{actor.post_id or ''}":
        raise Conflict(
            "acting_differs",
            T(
                "这是以另一账号或岗位写下的，现在的登录不能代为发送。",
                "This was written by another account or in another post; the session of now "
                "cannot send it.",
            ),
            field=ACTING,
        )


class SignedIn(AuthBase):
    """Anyone with a session or a token. The default of the whole API."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the docs page then sends the token along
    action: str | None = None

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor; raises `NotSignedIn`, or `NotAllowed` for a missing CSRF token."""
        actor = actor_of(request)
        if actor is None:
            raise NotSignedIn("not_signed_in", T("请先登录。", "Sign in first."))
        check_origin(request)
        check_acting(request, actor)
        return actor


class Holds(SignedIn):
    """Anyone signed in whose post (and token) carries `action`."""

    def __init__(self, action: str) -> None:
        if action not in ROLES:
            raise KeyError(f"allows: unknown action {action!r}")
        super().__init__()
        self.action = action

    def __call__(self, request: HttpRequest) -> Actor:
        """As `SignedIn`; raises `NotAllowed` when the post does not carry the action."""
        actor = super().__call__(request)
        if not holds(actor, str(self.action)):
            raise NotAllowed(
                "not_allowed",
                T("您的岗位不能执行此操作。", "Your post may not do this."),
                action=self.action,
            )
        return actor


class Open:
    """Anyone. A session that happens to be there is still protected from foreign pages."""

    csrf = True
    action: str | None = None

    def __call__(self, request: HttpRequest) -> bool:
        """Always true; raises `NotAllowed` when a session comes without its CSRF token."""
        if actor_of(request) is not None:
            check_origin(request)
        return True


signed_in = SignedIn()
_open = Open()


def _declare(view: _View, auth: SignedIn | Open) -> _View:
    def attach(operation: Operation) -> None:
        operation.auth_param = [auth]
        operation.auth_callbacks = [auth]

    contribute_operation_callback(view, attach)
    return view


def allows(action: str) -> Callable[[_View], _View]:
    """The operation needs a post that carries `action` (a code of `policy.permissions`).

    Write it below the router's decorator. Whether the actor may do it to *this* object is the
    action's business.
    """
    auth = Holds(action)
    return lambda view: _declare(view, auth)


def public(view: _View) -> _View:
    """The operation is open to anyone. Write it below the router's decorator."""
    return _declare(view, _open)
