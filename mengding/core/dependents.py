"""What hangs on a thing, asked before it is taken out of use.

An app that owns a thing asks `of`; apps above it say through `register`, once at start, what of
theirs hangs on it. Nothing here knows a database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mengding.core.text import T

NAMED = 5  # how many are called by name


@dataclass(frozen=True, slots=True)
class Dependents:
    """One sort of things that hang on it. `names`: the first few. `blocks`: no way around it."""

    code: str
    text: T
    count: int
    names: tuple[str, ...] = ()
    blocks: bool = True

    def facts(self) -> dict[str, Any]:
        """As an answer carries it, in the reader's language."""
        return {
            "code": self.code,
            "text": self.text.said(),
            "count": self.count,
            "names": list(self.names),
            "blocks": self.blocks,
        }


Finder = Callable[[int], Dependents | None]
_finders: dict[str, dict[str, Finder]] = {}


def register(kind: str, code: str, finder: Finder) -> None:
    """`finder` is asked with the id of a `kind` ("region"); None when nothing hangs on it."""
    _finders.setdefault(kind, {})[code] = finder


def of(kind: str, pk: int) -> list[Dependents]:
    """Everything that hangs on it, in the order of registration."""
    found = (finder(pk) for finder in _finders.get(kind, {}).values())
    return [each for each in found if each is not None]


def listed(found: Iterable[Dependents]) -> T:
    """ "3 open cases, 2 posts" as one text."""
    found = list(found)
    return T("、".join(each.text.zh for each in found), ", ".join(each.text.en for each in found))
