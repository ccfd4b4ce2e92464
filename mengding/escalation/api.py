"""/escalation: chains in versions, previews, what ran on a case, the audit, alarms."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from mengding.escalation import actions, queries
from mengding.escalation.document import CLOCKS, DEFAULT, GRADES, RELATIONS, ROLES, TIERS
from mengding.escalation.models import ChainSet
from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.http.paging import Paging
from mengding.people.api.caller import caller
from mengding.worktime import Unit

router = Router(tags=["escalation"])
_BIGGEST = 2**63 - 1
_EXAMPLE = {"chains": DEFAULT["chains"][:1], "alarms": DEFAULT["alarms"]}


class ChainSetRow(Schema):
    """One version without its content."""

    version: int
    active: bool
    created_at: datetime
    created_by: str | None


class ChainSetOut(Schema):
    """One version with its content; what it may say: `roles`, `relations`, `clocks` …"""

    version: int
    active: bool
    created_at: datetime
    document: dict[str, Any] = Field(examples=[_EXAMPLE])
    roles: list[str] = list(ROLES)
    relations: list[str] = list(RELATIONS)
    clocks: list[str] = list(CLOCKS)
    grades: list[str] = list(GRADES)
    tiers: list[str] = list(TIERS)


class ChainSets(Schema):
    """All versions, newest first."""

    items: list[ChainSetRow]


class PublishChainsIn(Schema):
    """Chains and alarms to put in force. `version`: the one they were made from."""

    document: dict[str, Any] = Field(examples=[_EXAMPLE])
    version: int | None = Field(None, ge=1, le=2**31 - 1)


class ChainTrialIn(Schema):
    """A clock to try chains on; or `case`: one I see, with its live clocks."""

    document: dict[str, Any] | None = Field(None, description="Absent: the one in force.")
    case: int | None = Field(None, ge=1, le=_BIGGEST)
    clock: Literal["receive", "precheck", "dispatch", "handle", "check"] = "handle"
    class_code: str = Field("", max_length=5, examples=["E0110"])
    grade: Literal["general", "important", "urgent"] = "general"
    tier: Literal["district", "town", "village"] = "district"
    start: datetime | None = Field(None, examples=["2026-11-30T09:00:00+08:00"])
    amount: int = Field(4, ge=1, le=1000)
    unit: Unit = Field(Unit.WORK_HOUR)


class ChainPreviewStep(Schema):
    """One time a step is due. `whom`: role, relation, and on a case the organisation found and how
    many posts there."""

    step: int
    nth: int
    name: str
    at: datetime
    whom: list[dict[str, Any]]


class ChainPreviewClock(Schema):
    """One clock: the chain that fits, null where none does, and when its steps are due."""

    clock: int | None
    kind: str
    chain: dict[str, Any] | None
    steps: list[ChainPreviewStep]


class ChainPreview(Schema):
    """One entry a clock."""

    items: list[ChainPreviewClock]


class CaseWatch(Schema):
    """One clock of a case: its frozen chain, what ran and what comes next (at most six)."""

    clock: int
    kind: str
    chain: dict[str, Any]
    version: int
    state: str
    ran: list[dict[str, Any]]
    next: list[dict[str, Any]]


class CaseWatches(Schema):
    """The clocks of a case, newest first."""

    items: list[CaseWatch]


class EscalationAudit(Schema):
    """The newest audit, what it found missing, and earlier ones in numbers.

    `stale`: it is so old that audits no longer run. `gaps`: of cases in my sight; the numbers
    count all of them.
    `why` of a gap: missed, failed, worker_down, not_frozen, undelivered, nobody or stale.
    """

    latest: dict[str, Any] | None
    stale: bool
    gaps: list[dict[str, Any]]
    past: list[dict[str, Any]]


class AlarmOut(Schema):
    """One alarm and who answers for it."""

    id: int
    kind: str = Field(description="uncovered, unaccepted, unread, stale or lag")
    case: int | None
    case_number: str | None
    place: str
    organisation: str | None
    role: str
    owner: str | None
    since: datetime
    raised_at: datetime
    told_at: datetime
    times: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None


class AlarmPage(Schema):
    """One page, newest first. `waiting`: how many wait to be acknowledged."""

    items: list[AlarmOut]
    next: str | None
    waiting: int


class AlarmAcknowledged(Schema):
    """The alarm after that."""

    id: int
    acknowledged_at: datetime


@router.get("/escalation/chains", response=ChainSets, operation_id="chains_list")
@allows("escalation.read")
def list_chains(request: HttpRequest) -> Any:
    """All versions of the chains."""
    return {"items": queries.chain_sets(caller(request))}


@router.get("/escalation/chains/active", response=ChainSetOut, operation_id="chains_active")
@allows("escalation.read")
def active_chains(request: HttpRequest) -> ChainSet:
    """The version in force."""
    return queries.chain_set(caller(request))


@router.get("/escalation/chains/{int:version}", response=ChainSetOut, operation_id="chains_get")
@allows("escalation.read")
def get_chains(request: HttpRequest, version: int) -> ChainSet:
    """One version."""
    return queries.chain_set(caller(request), version)


@router.post("/escalation/chains", response={201: ChainSetOut}, operation_id="chains_publish")
@allows("escalation.manage")
def publish_chains(request: HttpRequest, data: PublishChainsIn) -> Status[ChainSet]:
    """Put a new version in force. Clocks that run keep the one they started with."""
    return Status(201, actions.publish(caller(request), data.document, seen=data.version))


@router.post("/escalation/preview", response=ChainPreview, operation_id="chains_preview")
@allows("escalation.read")
def preview(request: HttpRequest, data: ChainTrialIn) -> Any:
    """What chains would do; nothing is kept."""
    actor = caller(request)
    if data.case is not None:
        return {"items": queries.preview_on(actor, data.document, data.case)}
    trial = queries.Trial(
        clock=data.clock,
        class_code=data.class_code,
        grade=data.grade,
        tier=data.tier,
        start=data.start,
        amount=data.amount,
        unit=data.unit.value,
    )
    found = queries.preview(actor, data.document, trial)
    return {"items": [{"clock": None, "kind": data.clock, **found}]}


@router.get(
    "/cases/{int:case_id}/escalation", response=CaseWatches, operation_id="cases_escalation"
)
@allows("case.read")
def of_case(request: HttpRequest, case_id: int) -> Any:
    """What chains did and will do on a case."""
    return {"items": queries.of_case(caller(request), case_id)}


@router.get("/escalation/audit", response=EscalationAudit, operation_id="escalation_audit")
@allows("escalation.audit")
def audit(request: HttpRequest) -> Any:
    """Whether every step that was due has run, and which has not and why."""
    return json_response(queries.audits(caller(request)))


@router.get("/escalation/alarms", response=AlarmPage, operation_id="alarms_list")
@allows("alarms.read")
def list_alarms(request: HttpRequest, paging: Query[Paging], waiting: bool = False) -> Any:
    """Alarms of my area; `waiting`: only what nobody has acknowledged and still is so."""
    actor = caller(request)
    items, following = queries.alarms(
        actor, open_only=waiting, cursor=paging.cursor, limit=paging.limit
    )
    return {"items": items, "next": following, "waiting": queries.now_open(actor)}


@router.post(
    "/escalation/alarms/{int:alarm_id}/acknowledge",
    response=AlarmAcknowledged,
    operation_id="alarms_acknowledge",
)
@allows("alarms.acknowledge")
def acknowledge(request: HttpRequest, alarm_id: int) -> Any:
    """Say that I look after it."""
    return actions.acknowledge(caller(request), alarm_id)
