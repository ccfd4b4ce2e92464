"""From the events of a case to the work on it. Pure: no Django.

Who did it is read past: lines say what was done, on which day and for which organisation.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mengding.cases.stages import Channel, OrderStatus
from mengding.indicators.facts import local_day

Event = Mapping[str, Any]
Minutes = Callable[[datetime, datetime], int]
QUARTER = 15  # minutes

_INTAKE: dict[str, str] = {
    Channel.PHONE: "call",
    Channel.WALK_IN: "visit",
    Channel.GRID: "found",
    Channel.WEB: "written",
    Channel.OPEN311: "written",
    Channel.TRANSFER: "written",
}
_ONCE: dict[str, str] = {
    "case.report_check": "verify",
    **dict.fromkeys(("case.file", "case.decline", "case.hand_over"), "decide"),
    **dict.fromkeys(
        (f"case.{verb}" for verb in ("extend", "suspend", "return", "void", "exempt", "refuse")),
        "approve",
    ),
    "case.supervise": "supervise",
    "case.absorb": "merge",
    "case.reply": "reply",
    "case.close": "check",
    "case.rework": "check",
    "case.call_back": "call_back",
    "case.uphold": "recheck",
    "case.reopen": "recheck",
}
_DONE = frozenset({"case.feed_back", "case.assist_done"})
_ON_THE_SPOT = ("case.receive", "case.file", "case.dispatch", "case.accept", "case.feed_back")


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of work. `minutes`: recorded, in quarters of an hour; None where it is not."""

    activity: str
    day: date
    org: int
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The work on one case. `joined`: reports beyond its first; `spot`: a grid worker dealt with
    it on the spot, for this organisation."""

    lines: tuple[Line, ...]
    joined: int = 0
    spot: int | None = None


@dataclass(slots=True)
class _Fold:
    minutes: Minutes
    lines: list[Line] = field(default_factory=list)
    owner: int = 0
    reports: int = 1
    orders: dict[int, int] = field(default_factory=dict)  # id → organisation
    arrived: dict[int, datetime] = field(default_factory=dict)

    def add(self, activity: str, at: datetime, org: int = 0, minutes: int | None = None) -> None:
        self.lines.append(Line(activity, local_day(at), org or self.owner, minutes))

    def take(self, event: Event, *, spared: bool) -> None:
        """One event; `spared`: a step of dealing with it on the spot, which has its own line."""
        action, after, at = event["action"], event["after"], done_at(event)
        self.owner = after.get("owner_org_id") or self.owner
        self.reports = after.get("reports_count", self.reports)
        sent = [
            row
            for row in after.get("orders", ())
            if row["status"] == OrderStatus.SENT and row["id"] not in self.orders
        ]
        self.orders |= {row["id"]: row["org"] for row in sent}
        if spared:
            return
        for _ in sent:
            self.add("dispatch", at)
        if action == "case.receive":
            self._came(after["channel"], at)
        elif action == "case.join":
            self._came(after["report_channel"], at)
        elif action == "case.split_off":
            self.lines.clear()  # its reports came in on the case they were split from
        elif action == "case.arrive":
            self.arrived[after["order"]] = at
            self.add("travel", at, self.orders.get(after["order"], 0))
        elif action in _DONE:
            self._done(after, at)
        elif name := _ONCE.get(action):
            self.add(name, at)

    def _came(self, channel: str, at: datetime) -> None:
        if name := _INTAKE.get(channel):
            self.add(name, at)

    def _done(self, after: Mapping[str, Any], at: datetime) -> None:
        for row in after.get("orders", ()):
            if row["status"] != OrderStatus.DONE:
                continue
            # Once: what is fed back again after rework has no arrival of its own.
            since = self.arrived.pop(row["id"], None)
            if since is None or at < since:
                self.add("handle_plain", at, row["org"])
            else:
                spent = -(-self.minutes(since, at) // QUARTER) * QUARTER
                self.add("handle", at, row["org"], max(QUARTER, spent))
            self.add("material", at, row["org"])


def done_at(event: Event) -> datetime:
    """When it was done: what the device said, where it was without signal."""
    said = event["after"].get("at")
    return datetime.fromisoformat(said) if said else event["at"]


def work(events: Iterable[Event], minutes: Minutes) -> Work:
    """The work behind the events of one case, in the order of `seq`.

    `minutes(since, until)`: how long that was, for work on site.
    """
    ready = list(events)
    fold = _Fold(minutes)
    spot = _on_the_spot(ready)
    for number, event in enumerate(ready):
        fold.take(event, spared=number in spot[1:])
    if not spot:
        return Work(tuple(fold.lines), max(0, fold.reports - 1))
    done = ready[spot[-1]]
    day = local_day(done_at(done))
    lines = (*fold.lines, Line("self_handle", day, fold.owner))
    return Work(lines, max(0, fold.reports - 1), fold.owner)


def _on_the_spot(events: list[Event]) -> list[int]:
    """Places of the steps of 自办: a case begins with them, all by one post.

    No post may otherwise both dispatch and feed back, so that the same post says what it is;
    which one is not kept.
    """
    steps = [n for n, event in enumerate(events) if event["action"].startswith("case.")]
    steps = steps[: len(_ON_THE_SPOT)]  # photos are attached in between
    first = [events[number] for number in steps]
    posts = {event["post_id"] for event in first}
    if [event["action"] for event in first] != list(_ON_THE_SPOT) or len(posts) != 1:
        return []
    if None in posts or first[0]["after"]["channel"] != Channel.GRID:
        return []
    return steps
