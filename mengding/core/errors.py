"""Errors a person can act on: a stable code, a text in two languages, the field at fault.

The HTTP layer turns each into RFC 9457 problem details; nothing else needs to know HTTP.
"""

from typing import Any, ClassVar

from mengding.core.text import T


class DomainError(Exception):
    """Base of everything the product refuses on purpose."""

    status: ClassVar[int] = 400
    title: ClassVar[T] = T("请求有误", "Bad request")

    def __init__(self, code: str, text: T, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(f"{code}: {text.en}")
        self.code = code
        self.text = text
        self.field = field
        self.extra = extra


class Invalid(DomainError):
    """A value is missing, malformed or out of range; `field` names it."""

    status = 422
    title = T("内容有误", "Invalid content")


class NotSignedIn(DomainError):
    """No valid session or token."""

    status = 401
    title = T("未登录", "Not signed in")


class NotAllowed(DomainError):
    """This actor may not do this to this object."""

    status = 403
    title = T("没有权限", "Not allowed")


class NotFound(DomainError):
    """The object does not exist, or the actor may not know that it does."""

    status = 404
    title = T("未找到", "Not found")


class WrongStage(DomainError):
    """The action does not start from the stage the case is in."""

    status = 409
    title = T("当前环节不能这样处理", "Not possible at this stage")


class GuardFailed(DomainError):
    """The stage is right but a condition of the action does not hold."""

    status = 422
    title = T("条件不满足", "A condition is not met")


class Conflict(DomainError):
    """Somebody else changed it first; `extra` carries both sides."""

    status = 409
    title = T("内容已被他人修改", "Changed by someone else")


class TooLarge(DomainError):
    """More bytes or pixels than allowed."""

    status = 413
    title = T("内容过大", "Too large")


class WrongType(DomainError):
    """A kind of file or content that is not accepted."""

    status = 415
    title = T("不支持的类型", "Unsupported type")


class TooMany(DomainError):
    """Rate limit; `extra['retry_after']` in seconds."""

    status = 429
    title = T("请求过于频繁", "Too many requests")
