"""What the things of duty are called in the ledger."""

from collections.abc import Callable
from typing import Any

from django.db.models import F, Model, Value
from django.db.models.functions import Concat

from mengding.duty.models import Closure, Interval, Leave, Shift, Slot, Swap, Team
from mengding.ledger import naming


def _by(model: type[Model], expression: Any) -> Callable[[set[int]], dict[int, str]]:
    def names(ids: set[int]) -> dict[int, str]:
        rows = model._default_manager.filter(pk__in=ids).annotate(called=expression)
        return dict(rows.values_list("pk", "called"))

    return names


def register() -> None:
    """Once, at start. A thing that is gone is shown by its id."""
    naming.register("duty", _by(Interval, F("account__name")))
    naming.register("team", _by(Team, F("name")))
    naming.register("shift", _by(Shift, F("name")))
    naming.register("roster", _by(Slot, Concat("account__name", Value(" "), "shift__name")))
    naming.register("leave", _by(Leave, F("account__name")))
    naming.register("closure", _by(Closure, F("region__name")))
    naming.register(
        "swap", _by(Swap, Concat("asker__account__name", Value(" ⇄ "), "other__account__name"))
    )
