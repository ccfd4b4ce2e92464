"""Shapes that several operations share."""

from datetime import date, datetime, timedelta

from ninja import Field, Schema

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.regions import queries as regions
from mengding.tasks.recurrence import LOCAL

BIGGEST = 2**63 - 1
AT = Field(
    None,
    description="When it was done, by the device: at most 7 days ago, not in the future.",
    examples=["2026-11-30T09:20:00+08:00"],
)


class TaskSpan(Schema):
    """Local days, both included; the last 7 unless given."""

    since: date | None = Field(None, examples=["2026-11-24"])
    until: date | None = Field(None, examples=["2026-11-30"])

    def days(self) -> tuple[date, date]:
        """Both days."""
        until = self.until or clock.now().astimezone(LOCAL).date()
        return self.since or until - timedelta(days=6), until


class TaskPlace(Schema):
    """A place as a task names it. Degrees, WGS-84."""

    id: int
    name: str
    kind: str
    address: str
    lon: float
    lat: float


class TaskConsent(Schema):
    """A consent as a task names it: masked."""

    id: int
    masked: dict[str, str]


class TaskFinding(Schema):
    """The failed item a re-inspection is about."""

    id: int
    item: str
    text: str


class TaskOut(Schema):
    """One task. `state`: draft, ready, missed (can still be done), failed, completed, cancelled.

    `record`: how it is done: event (by itself), visit, inspection, care. `event`: the event of
    the ledger that completed it, `credited_by` its action.
    """

    id: int
    kind: str
    title: str
    hint: str
    icon: str
    record: str
    plan: int | None
    plan_name: str
    day: date
    opens_at: datetime
    due_at: datetime
    until_at: datetime
    state: str
    shared: bool = Field(description="Any grid worker of the village may do it.")
    post: int | None
    holder: str | None
    team: int | None
    village: str | None
    region: int
    place: TaskPlace | None
    consent: TaskConsent | None
    finding: TaskFinding | None
    done_at: datetime | None
    done_by: str | None
    event: int | None
    credited_by: str | None
    late: bool
    reason: str
    cancel_code: str
    origin: str = Field(description="What it was ordered from: warning, or nothing.")
    origin_id: int | None
    order: str = Field(description="What is to be looked at, as who ordered it wrote.")


def region_id(actor: Actor, code: str | None) -> int | None:
    """The id of a division by its code; `NotFound`."""
    return regions.by_code(actor, code).pk if code else None
