"""What evidence may be attached to. Apps above this one say who may read and write theirs.

A kind nobody registered does not exist: attaching to it or reading from it is "not found".
"""

from collections.abc import Callable
from dataclasses import dataclass

from mengding.core.actor import Actor
from mengding.core.errors import NotAllowed, NotFound
from mengding.core.text import T

Rule = Callable[[Actor, int], bool]
Label = Callable[[int], list[str]]
"""A subject's id → what a watermark says of it: number, place; no words, no names of persons."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The rules of one kind of subject; each is asked with the actor and the subject's id."""

    can_read: Rule
    can_write: Rule
    can_erase: Rule
    label: Label


def _nobody(_actor: Actor, _number: int) -> bool:
    return False


def _number(number: int) -> list[str]:
    return [f"#{number}"]


_subjects: dict[str, Subject] = {}


def register_subject(
    kind: str,
    *,
    can_read: Rule,
    can_write: Rule,
    can_erase: Rule | None = None,
    label: Label = _number,
) -> None:
    """Called once per kind from `AppConfig.ready()`. Without `can_erase` nothing is erased.

    It has a rule of its own because who erases personal data (`contact.erase`, always needed as
    well) is not among those who read the subject.
    """
    if not 0 < len(kind) <= 16:
        raise ValueError("kind: 1 to 16 characters")
    _subjects[kind] = Subject(can_read, can_write, can_erase or _nobody, label)


def forget_subject(kind: str) -> None:
    """The inverse, for tests."""
    _subjects.pop(kind, None)


def not_found() -> NotFound:
    """The one answer for what does not exist and for what the actor may not see."""
    return NotFound("evidence_not_found", T("附件或其对象不存在。", "No such evidence or subject."))


def subject(kind: str) -> Subject:
    """The rules of a kind; raises `NotFound`."""
    if kind not in _subjects:
        raise not_found()
    return _subjects[kind]


def require_read(actor: Actor, kind: str, number: int) -> None:
    """Raises `NotFound`: who may not read may not know that it exists."""
    if not subject(kind).can_read(actor, number):
        raise not_found()


def require_write(actor: Actor, kind: str, number: int) -> None:
    """Raises `NotFound`, or `NotAllowed` for a reader who may not write."""
    rules = subject(kind)
    if rules.can_write(actor, number):
        return
    if not rules.can_read(actor, number):
        raise not_found()
    raise NotAllowed(
        "not_allowed", T("您的岗位不能在此添加附件。", "Your post may not attach anything here.")
    )
