"""What the API of evaluation takes and gives."""

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema
from pydantic import ConfigDict

ID = 2**63 - 1


class CoverageKind(Schema):
    """A code and what it is called."""

    code: str
    name: str


class CoverageStand(Schema):
    """How it stands in a village. `planned`: tasks begun and not called off, `late` part of those
    completed; `visits`: pieces of work done out there; `places_waiting`: not looked at in time."""

    planned: int
    ready: int
    missed: int
    failed: int
    completed: int
    late: int
    visits: int
    places: int
    places_waiting: int
    findings: int
    rechecks_overdue: int


class CoverageVillage(Schema):
    """One village: by kind of task how often work was done there, and planned."""

    region: int
    code: str
    name: str
    town: str
    done: dict[str, int]
    planned: dict[str, int]
    total: int
    gaps: list[str] = Field(description="Kinds that were planned and not done once.")
    stand: CoverageStand
    last_at: datetime | None


class CoverageOut(Schema):
    """Villages nobody visited first, then those with more gaps."""

    since: date
    until: date
    kinds: list[CoverageKind]
    unvisited: int
    items: list[CoverageVillage]


class CoverageWorker(Schema):
    """Somebody who works there. No number stands here."""

    account: int
    name: str
    organisation: str


class CoveragePeople(Schema):
    """Who works in a village, by name."""

    region: int
    name: str
    town: str
    months: list[str]
    people: list[CoverageWorker]


class EvaluationPartOut(Schema):
    """One part of the outcome. `value`: an exact fraction, null when there is nothing."""

    part: str
    name: str
    weight: int
    value: str | None
    good: int
    of: int
    lacking: list[int] = Field(description="Tasks (cases, for quality) that are missing in it.")


class EvaluationPieceOut(Schema):
    """One task as evidence. When it reached the server is shown and never counted."""

    task: int
    kind: str
    kind_name: str
    day: date
    due_at: datetime
    done_at: datetime | None
    received_at: datetime | None
    event: int | None = Field(description="The event of the ledger that did it.")
    state: str = Field(description="in_time, late, missed or excluded.")
    against: bool = Field(description="Whether it counts against the worker.")
    why: list[str] = Field(description="Why it is excluded.")


class EvaluationHandedOut(Schema):
    """Work handed in for checking, and the event that sent it back."""

    case: int
    event: int
    returned: int | None


class EvaluationFigureOut(Schema):
    """A figure or a correction of it."""

    id: int
    number: int
    origin: str = Field(description="frozen, late or appeal.")
    value: float | None
    made_at: datetime
    digest: str = Field(description="SHA-256 over its whole evidence.")


class EvaluationReviewedOut(Schema):
    """One of the two reviews."""

    turn: int
    by: str
    grants: bool
    reason: str
    at: datetime


class EvaluationAppealOut(Schema):
    """An appeal and what became of it."""

    id: int
    figure: int
    month: str
    worker: str
    tasks: list[int]
    reason: str
    state: str = Field(description="asked, reviewed, granted, refused or withdrawn.")
    asked_at: datetime
    due_on: date
    late: bool
    ended_at: datetime | None
    before: float | None
    after: float | None
    reviews: list[EvaluationReviewedOut]


class EvaluationReviewOut(EvaluationAppealOut):
    """An appeal for who reviews it."""

    pieces: list[EvaluationPieceOut]
    turn: int | None = Field(description="Which review comes next; null when it has ended.")
    barred: str | None = Field(description="Why the caller may not give it.")


class EvaluationAppealList(Schema):
    """Appeals, the nearest deadline first."""

    items: list[EvaluationReviewOut]


class WorkerMonthOut(Schema):
    """One worker's month: frozen, or how it stands so far."""

    month: str
    frozen: bool
    frozen_at: datetime | None
    figure: int | None
    value: float | None = Field(description="0 to 100; null: nothing to look at.")
    rules: dict[str, Any]
    parts: list[EvaluationPartOut]
    factor: str
    steps: list[str] = Field(description="How it came about, in words.")
    tasks: list[EvaluationPieceOut]
    handed: list[EvaluationHandedOut]
    history: list[EvaluationFigureOut]
    corrected: bool
    appealable: bool
    appeals: list[EvaluationAppealOut]


class EvaluationLookedOut(Schema):
    """Somebody looked at my month."""

    at: datetime
    by: str
    why: str
    month: str


class WorkerMonthsOut(Schema):
    """Months I can look at, and who looked at them."""

    months: list[str]
    looks: list[EvaluationLookedOut]


class EvaluationLookIn(Schema):
    """Whose month, and what for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"account": 1, "month": "2026-10", "why": "永兴村连续两周无人走访"}
        },
    )

    account: int = Field(ge=1, le=ID)
    month: str = Field(max_length=7)
    why: str = Field(max_length=2000)


class EvaluationTrialIn(Schema):
    """Rules to try. Weights are whole numbers to 100; decimals of kinds and factors are texts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "weights": {"completion": 50, "timeliness": 30, "quality": 20},
                "kinds": {"key_place": "2"},
                "factors": {"511803102": "1.2"},
            }
        },
    )

    weights: dict[str, int]
    kinds: dict[str, str] = Field(default_factory=dict)
    factors: dict[str, str] = Field(default_factory=dict)

    def rules(self) -> dict[str, Any]:
        """As a document."""
        return {"weights": self.weights, "kinds": self.kinds, "factors": self.factors}


class EvaluationRulesIn(EvaluationTrialIn):
    """Rules to publish, from the first of a month to come."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "weights": {"completion": 50, "timeliness": 30, "quality": 20},
                "starts_on": "2027-01-01",
            }
        },
    )

    starts_on: date


class EvaluationRulesOut(Schema):
    """One version."""

    version: int
    starts_on: date | None
    published_at: datetime | None
    published_by: str | None
    state: str = Field(description="in_force, coming or past.")
    weights: dict[str, int]
    kinds: dict[str, str]
    factors: dict[str, str]


class EvaluationRulesList(Schema):
    """Versions, the newest first."""

    items: list[EvaluationRulesOut]
    kinds: list[CoverageKind]
    first: date = Field(description="The first month a new version can begin with.")


class EvaluationTrialOut(Schema):
    """What last month would have been. Medians only of five people or more."""

    month: str
    rules: int
    workers: int
    higher: int
    lower: int
    same: int
    largest_change: float
    before: float | None
    after: float | None


class EvaluationMonthOut(Schema):
    """A month of the whole district."""

    month: str
    frozen: bool
    freezable_on: date | None
    rules: int
    frozen_at: datetime | None
    frozen_by: str | None
    figures: int
    corrections: int
    digest: str | None


class EvaluationMonthList(Schema):
    """Months, the newest first."""

    items: list[EvaluationMonthOut]


class EvaluationAppealIn(Schema):
    """What should not count, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"figure": 1, "tasks": [12], "reason": "当日道路塌方，无法进村。"}
        },
    )

    figure: int = Field(ge=1, le=ID)
    tasks: list[int] = Field(max_length=500)
    reason: str = Field(max_length=5000)


class EvaluationReviewIn(Schema):
    """A review. `turn`: the one the caller believes to give."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"turn": 1, "grants": True, "reason": "情况属实。"}},
    )

    turn: int = Field(ge=1, le=2)
    grants: bool
    reason: str = Field(max_length=5000)
