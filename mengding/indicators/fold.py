"""A case as indicators need it, from its ledger events alone. Pure: no Django.

The roll-ups read the ledger and nothing else, so that they can be rebuilt from it; the check reads
the tables and nothing else. Only the formulas (`facts.items`) are shared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mengding.cases.stages import LIVE, Channel, OrderKind, OrderStatus, Stage
from mengding.indicators.facts import CallFacts, CaseFacts, Limit, OrderFacts

Event = Mapping[str, Any]
_SENDS = frozenset({"case.dispatch", "case.reassign"})
_NO_CLASS = {"class_code": "", "confidential": False, "outcome": ""}
_PLAIN = ("stage", "channel", "class_code", "confidential", "outcome")


@dataclass(slots=True)
class _Fold:
    known: dict[str, Any] = field(default_factory=dict)
    reports: set[int] = field(default_factory=set)
    orders: dict[int, OrderFacts] = field(default_factory=dict)
    clocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    call: CallFacts | None = None
    post_in: int = 0
    post_out: int = 0
    reported_at: datetime | None = None

    def take(self, event: Event) -> None:
        """One event, in the order of `seq`."""
        action, after = event["action"], event["after"]
        if action == "case.receive":
            self.reported_at = _moment(after.get("reported_at"), event)
            self.post_in = event["post_id"] or 0
        for name, value in after.items():
            if name in _COLUMNS:
                self.known[name] = value
        self._reports(action, after)
        self._orders(event)
        for row in after.get("clocks", ()):
            self._clock(action, row)
        if after.get("stage") in _ENDS:
            self.post_out = event["post_id"] or 0
        if action == "case.call_back" and "callback" in after:
            said = after["callback"]
            self.call = CallFacts(
                _moment(said.get("at"), event),
                said["satisfaction"],
                said["resolved"],
                event["post_id"] or 0,
            )

    def _reports(self, action: str, after: Mapping[str, Any]) -> None:
        """Which reports hang on the case: merging and splitting moves them."""
        moved = set(after.get("reports", ()))
        match action:
            case "case.receive" | "case.join":
                self.reports.add(after["report"])
            case "case.absorb":
                self.reports |= moved
            case "case.split_off":
                self.reports = moved
            case "case.merge" | "case.split":
                self.reports -= moved

    def _orders(self, event: Event) -> None:
        action, after = event["action"], event["after"]
        for row in after.get("orders", ()):
            before = self.orders.get(row["id"])
            if before is None:
                at = after.get("dispatched_at") if action in _SENDS else None
                self.orders[row["id"]] = OrderFacts(
                    id=row["id"],
                    organisation=row["org"],
                    kind=row["kind"],
                    status=row["status"],
                    sent_at=_moment(at, event),
                    post=event["post_id"] or 0,
                )
                continue
            ended = row["status"] == OrderStatus.CANCELLED
            self.orders[row["id"]] = replace(
                before,
                status=row["status"],
                reassigned=before.reassigned or (ended and action == "case.reassign"),
                was_done=before.was_done or (ended and before.status == OrderStatus.DONE),
                reworked=before.reworked or action == "case.rework",
            )
        if action == "case.suspend":
            for number, order in self.orders.items():
                if order.status in LIVE and order.kind == OrderKind.LEAD:
                    self.orders[number] = replace(order, suspended=True)

    def _clock(self, action: str, row: dict[str, Any]) -> None:
        self.clocks[row["id"]] = row
        if action == "case.extend" and row["order"] in self.orders:
            self.orders[row["order"]] = replace(self.orders[row["order"]], extended=True)

    def limit(self, row: dict[str, Any] | None) -> Limit | None:
        """A clock as its last event left it."""
        if row is None or row["state"] == "cancelled":
            return None
        return Limit(
            running=row["state"] == "running",
            due=datetime.fromisoformat(row["due"]) if row["due"] else None,
            stopped=row["state"] == "stopped",
            late=row["late"],
            exempted=row.get("exempted", False),
        )


def _moment(said: str | None, event: Event) -> datetime:
    """When it was, as the case has it: the event was written a little later, maybe after midnight.
    Old events do not say it."""
    return datetime.fromisoformat(said) if said else event["at"]


_ENDS = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.VOID, Stage.MERGED})
_COLUMNS = frozenset(
    (
        *_PLAIN,
        *("number", "closed_at", "district_id", "town_id", "village_id", "grid_id"),
        *("owner_org_id", "lead_org_id"),
    )
)


def fold(
    case_id: int, events: Iterable[Event], channels: Mapping[int, str], tiers: Mapping[int, str]
) -> CaseFacts | None:
    """The facts of one case from its events in the order of `seq`; None without its beginning.

    `channels`: report id → channel, of every report that ever hung on it; `tiers`: organisation →
    level of its division.
    """
    state = _Fold()
    for event in events:
        state.take(event)
    if state.reported_at is None:
        return None
    known: dict[str, Any] = {**_NO_CLASS, **state.known}
    by_order = {
        row["order"]: row for row in state.clocks.values() if row["kind"] == "handle"
    }  # the newest: an order has one handling clock
    first = min((n for n, row in state.clocks.items() if row["kind"] == "receive"), default=None)
    ended = known.get("closed_at")
    return CaseFacts(
        id=case_id,
        stage=known["stage"],
        channel=known["channel"],
        reported_at=state.reported_at,
        district=known["district_id"],
        town=known.get("town_id") or 0,
        village=known.get("village_id") or 0,
        grid=known.get("grid_id") or 0,
        class_code=known["class_code"],
        confidential=known["confidential"],
        tier=tiers.get(known["owner_org_id"], ""),
        lead_org=known.get("lead_org_id") or 0,
        numbered=known.get("number") is not None,
        ended_at=datetime.fromisoformat(ended) if ended else None,
        outcome=known["outcome"],
        patrolled=any(channels.get(pk) == Channel.GRID for pk in state.reports),
        response=state.limit(state.clocks[first]) if first is not None else None,
        orders=tuple(
            replace(order, limit=state.limit(by_order.get(order.id)))
            for order in state.orders.values()
        ),
        call=state.call,
        post_in=state.post_in,
        post_out=state.post_out if ended else 0,
    )
