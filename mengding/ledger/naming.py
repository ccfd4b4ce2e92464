"""Names of what events are about. The ledger lies below the apps that know them: they register.

A subject or account without a registered name is shown by its id.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Names = Callable[[set[int]], dict[int, str]]
Find = Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class _Noun:
    names: Names
    find: Find | None


_nouns: dict[str, _Noun] = {}


def register(kind: str, names: Names, find: Find | None = None) -> None:
    """Say how subjects of this kind are called, and how one is found by its name.

    `names`: ids → names, those it knows; `find`: a name as people write it → id or None.
    """
    _nouns[kind] = _Noun(names, find)


def names_of(pairs: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Names by (kind, id), a query or so a kind."""
    wanted: dict[str, set[int]] = {}
    for kind, number in pairs:
        wanted.setdefault(kind, set()).add(number)
    return {
        (kind, number): name
        for kind, numbers in wanted.items()
        if kind in _nouns
        for number, name in _nouns[kind].names(numbers).items()
    }


def find(kind: str, name: str) -> int | None:
    """The id of a subject by its name, or None."""
    noun = _nouns.get(kind)
    return noun.find(name) if noun and noun.find else None
