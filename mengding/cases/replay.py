"""The state of a case from its events alone. Pure: no Django, no queries.

Each event's `after` says which columns, orders and clocks it changed and to what; folding them in
order gives the rows back. Words and contact data are not in the ledger, so they are not here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# The columns whose changes the ledger keeps: codes, ids, numbers and times. Words (description,
# address) go in as digests; derived columns (yellow_at, updated_at) follow from the rest.
TRACKED = (
    "stage", "number", "channel", "class_code", "case_class_id", "condition_id", "grade", "public",
    "confidential", "lon", "lat", "district_id", "town_id", "village_id", "grid_id",
    "owner_org_id", "proposed_org_id", "lead_org_id", "order_org_ids", "outcome",
    "duplicate_of_id", "reports_count", "rework_count", "return_count", "extension_count",
    "suspension_count", "suspended_until", "help_asked_at", "supervised", "filed_at",
    "dispatched_at", "fed_back_at", "closed_at", "due_at", "handle_due_at", "handled_late",
)  # fmt: skip

# What a case has when it is received; the first event leaves empty columns out.
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(TRACKED),
    "class_code": "",
    "grade": "general",
    "public": False,
    "confidential": False,
    "order_org_ids": [],
    "outcome": "",
    "reports_count": 1,
    "rework_count": 0,
    "return_count": 0,
    "extension_count": 0,
    "suspension_count": 0,
    "supervised": False,
}
_TIMES = frozenset(name for name in TRACKED if name.endswith("_at") or name == "suspended_until")


@dataclass(frozen=True, slots=True)
class Order:
    """One work order as its last event left it."""

    organisation_id: int
    kind: str
    status: str


@dataclass(frozen=True, slots=True)
class ClockState:
    """One clock as its last event left it; `due_at` is None while it is paused."""

    kind: str
    order_id: int | None
    state: str
    due_at: datetime | None
    late: bool
    exempted: bool = False


@dataclass(slots=True)
class State:
    """A case as its events tell it. `fields`: the `TRACKED` columns, times as aware datetimes."""

    version: int = 0
    fields: dict[str, Any] = field(default_factory=lambda: dict(_EMPTY))
    orders: dict[int, Order] = field(default_factory=dict)
    clocks: dict[int, ClockState] = field(default_factory=dict)
    application: tuple[str, str] | None = None  # (kind, status) of the last one


def replay(events: Iterable[Mapping[str, Any]]) -> State:
    """Fold the `after` of one case's events, in the order of their `seq`.

    Raises ValueError where `version` does not rise by exactly one.
    """
    state = State()
    for after in events:
        if "version" in after:
            if after["version"] != state.version + 1:
                raise ValueError(
                    f"version: {after['version']} follows {state.version} in the ledger"
                )
            state.version = after["version"]
        for name in TRACKED:
            if name in after:
                value = after[name]
                known = value is not None and name in _TIMES
                state.fields[name] = datetime.fromisoformat(value) if known else value
        for row in after.get("orders", ()):
            state.orders[row["id"]] = Order(row["org"], row["kind"], row["status"])
        for row in after.get("clocks", ()):
            due = datetime.fromisoformat(row["due"]) if row["due"] else None
            state.clocks[row["id"]] = ClockState(
                row["kind"],
                row["order"],
                row["state"],
                due,
                row["late"],
                row.get("exempted", False),
            )
        if "approval" in after:
            state.application = (after["approval"]["kind"], after["approval"]["status"])
    return state
