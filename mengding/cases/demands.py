"""督办: the case carries a flag; an app above keeps the demand itself, and registers here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mengding.cases.models import Case
from mengding.core.actor import Actor
from mengding.ledger.models import Words


@dataclass(frozen=True, slots=True)
class Asked:
    """What a supervisor demands. None: the usual organisation, the usual time to answer."""

    words: Words
    organisation_id: int | None = None
    amount: int | None = None
    unit: str | None = None
    ground: str = "other"


Keeper = Callable[[Actor, Case, Asked], dict[str, Any]]
_keepers: list[Keeper] = []


def register(keeper: Keeper) -> None:
    """`keeper(actor, case, asked)`: called in the transaction of `supervise`, the case locked; it
    returns what the event says of the demand (ids, codes, times)."""
    _keepers.append(keeper)


def keep(actor: Actor, case: Case, asked: Asked) -> dict[str, Any]:
    """Let the demand be kept; what the event says of it."""
    said: dict[str, Any] = {}
    for keeper in _keepers:
        said |= keeper(actor, case, asked)
    return said
