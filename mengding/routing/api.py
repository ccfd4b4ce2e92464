"""HTTP shapes of the routing rules."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.http.versions import tag, versioned, wanted_version
from mengding.routing import actions, file, queries
from mengding.routing.models import RuleSet
from mengding.routing.rules import Destination, DryRun, Facts, Index, misses, route, unreachable

router = Router(tags=["routing"])

_RULES: dict[str, Any] = {
    "example": {
        "rules": [
            {
                "code": "gas-leak",
                "name": "燃气泄漏",
                "name_en": "Gas leak",
                "when": {"class_codes": ["E0502"], "text_any": ["漏气"]},
                "target": {"department": "gas", "tier": "district", "emergency": True},
            }
        ]
    }
}


class RuleSetRow(Schema):
    """One version of the rules, without its rules."""

    id: int
    version: int
    status: str = Field(..., description="draft, active or retired")
    revision: int = Field(..., description="Counts the saves of a draft.")
    copied_from: int | None
    saved_at: datetime
    published_at: datetime | None
    retired_at: datetime | None


class RuleSetOut(RuleSetRow):
    """One version with its rules."""

    rules: dict[str, Any] = Field(..., json_schema_extra=_RULES)


class RuleSetPage(Schema):
    """A page of versions, newest first."""

    items: list[RuleSetRow]
    next: str | None


class RulesIn(Schema):
    """A rule file: ordered rules, the first that matches wins."""

    rules: dict[str, Any] = Field(..., json_schema_extra=_RULES)


class DraftIn(RulesIn):
    """The draft to keep; `revision` is the one it was made from (absent: there was no draft)."""

    revision: int | None = Field(None, ge=1)


class RevisionIn(Schema):
    """The revision of the draft that the caller has seen."""

    revision: int | None = Field(None, ge=1)


class ProblemOut(Schema):
    """A mistake and its place in the file."""

    path: str = Field(..., examples=["rules[3].when.hours[0]"])
    text: str


class UnreachableOut(Schema):
    """A rule no case can reach; `shadowed_by` is the earlier rule that takes its cases."""

    code: str
    shadowed_by: str | None
    text: str


class CheckOut(Schema):
    """`ok`: the rules could be saved. Unreachable rules are legal, but hardly meant."""

    ok: bool
    problems: list[ProblemOut]
    unreachable: list[UnreachableOut]
    departments_without_organisation: list[str]


class FactsIn(Schema):
    """A made-up case. Nothing of it is stored."""

    class_code: str = Field(..., max_length=20, examples=["E0110"])
    condition_code: str | None = Field(None, max_length=20)
    kind: str = Field("event", max_length=20)
    default_department: str = Field(..., max_length=40, examples=["sanitation"])
    grade: str = Field("general", max_length=20)
    region_codes: list[str] = Field([], max_length=8, description="District down to grid.")
    channel: str = Field("", max_length=40)
    at: datetime | None = Field(None, description="When it was received; default now.")
    is_worktime: bool | None = Field(None, description="Default: by the calendar in force.")
    text: str = Field("", max_length=4000)


class TrialIn(Schema):
    """Try one made-up case on `rules`, or on those in force."""

    facts: FactsIn
    rules: dict[str, Any] | None = None


class MissOut(Schema):
    """A rule that was asked before, and why it does not take the case."""

    rule: str
    field: str = Field(examples=["grades"])
    why: str


class TrialOut(Schema):
    """Where it goes and why."""

    version: int | None = Field(..., description="Version in force, when `rules` was absent.")
    rule: str | None
    department: str
    tier: str
    emergency: bool
    matched: list[str]
    why: list[str]
    passed: list[MissOut] = Field(description="Rules asked before, in order.")
    is_worktime: bool
    organisation: str | None = Field(description="Who that is at the place; null: chosen by hand.")
    organisation_why: str


class DryRunIn(RulesIn):
    """Past cases received from `since` (inclusive) to `until` (exclusive), at most 366 days."""

    since: datetime = Field(examples=["2026-10-01T00:00:00+08:00"])
    until: datetime = Field(examples=["2026-11-01T00:00:00+08:00"])
    most: int = Field(queries.MOST_CASES, ge=1, le=100_000, description="Newest cases looked at.")
    samples_each: int = Field(5, ge=1, le=200, description="Cases named for each change.")


class DestinationOut(Schema):
    """Where a case goes."""

    department: str
    tier: str
    emergency: bool


class ChangeOut(Schema):
    """How many cases would move from one destination to another, and some of them."""

    old: DestinationOut
    new: DestinationOut
    cases: int
    samples: list[dict[str, Any]] = Field(
        ...,
        examples=[[{"case": 17, "class_code": "E0502", "old_rule": None, "new_rule": "gas-leak"}]],
    )


class HitsOut(Schema):
    """Cases that each rule of the new set would take; `rule` null: no rule matched."""

    rule: str | None
    cases: int


class DryRunOut(Schema):
    """What the rules would have changed."""

    total: int = Field(description="Cases looked at.")
    stopped: bool = Field(description="There were more in the span than were looked at.")
    changed: int
    changes: list[ChangeOut]
    hits: list[HitsOut]


@router.get("/rule-sets", response=RuleSetPage, operation_id="routing_rule_sets")
@allows("routing.read")
def list_rule_sets(request: Request, paging: Query[Paging]) -> Any:
    """All versions, newest first."""
    rows = queries.rule_sets(_actor(request)).defer("rules")
    items, after = paginate(rows, "-version", int, cursor=paging.cursor, limit=paging.limit)
    return {"items": items, "next": after}


@router.get("/rule-sets/{int:version}", response=RuleSetOut, operation_id="routing_rule_set")
@allows("routing.read")
def get_rule_set(request: Request, version: int, response: HttpResponse) -> Any:
    """One version with its rules."""
    return _tagged(response, queries.rule_set(version))


@router.put("/draft", response=RuleSetOut, operation_id="routing_save_draft")
@allows("routing.manage")
@versioned
def save_draft(request: Request, data: DraftIn, response: HttpResponse) -> Any:
    """Keep the draft. 409 when somebody else has saved or published it in the meantime."""
    revision = wanted_version(request, data.revision)
    return _tagged(response, actions.save_draft(_actor(request), data.rules, revision))


@router.delete("/draft", response={204: None}, operation_id="routing_discard")
@allows("routing.manage")
def discard(request: Request, revision: int) -> Status[None]:
    """Throw the draft away. 409 when it is no longer that revision."""
    actions.discard(_actor(request), revision)
    return Status(204, None)


@router.post(
    "/rule-sets/{int:version}/publish", response=RuleSetOut, operation_id="routing_publish"
)
@allows("routing.manage")
@versioned
def publish(request: Request, version: int, data: RevisionIn, response: HttpResponse) -> Any:
    """Put the draft into force; the version in force retires."""
    revision = wanted_version(request, data.revision)
    if revision is None:
        raise Invalid(
            "revision_missing",
            T("请给出要发布的草稿修订号。", "Name the revision of the draft to publish."),
            field="revision",
        )
    return _tagged(response, actions.publish(_actor(request), version, revision))


@router.post(
    "/rule-sets/{int:version}/restore", response=RuleSetOut, operation_id="routing_restore"
)
@allows("routing.manage")
@versioned
def restore(request: Request, version: int, data: RevisionIn, response: HttpResponse) -> Any:
    """Copy an old version into the draft; `revision` is that of the draft it replaces."""
    revision = wanted_version(request, data.revision)
    return _tagged(response, actions.restore(_actor(request), version, revision))


@router.post("/check", response=CheckOut, operation_id="routing_check")
@allows("routing.read")
def check(request: Request, data: RulesIn) -> Any:
    """Every problem of a rule set, the rules nothing can reach, departments nobody stands for."""
    codes = queries.known_codes()
    rules, problems = file.check(data.rules, codes)
    return {
        "ok": not problems,
        "problems": [{"path": path, "text": text.said()} for path, text in problems],
        "unreachable": [
            {
                "code": found.rule.code,
                "shadowed_by": found.shadowed_by.code if found.shadowed_by else None,
                "text": found.why.said(),
            }
            for found in unreachable(rules, codes)
        ],
        "departments_without_organisation": queries.departments_without_organisation(rules),
    }


@router.post("/try", response=TrialOut, operation_id="routing_try")
@allows("routing.read")
def try_facts(request: Request, data: TrialIn) -> Any:
    """Where a made-up case would go and why."""
    given = data.facts
    at = given.at or clock.now()
    if at.tzinfo is None:
        raise Invalid(
            "time_zone_missing", T("时间缺少时区。", "The time has no zone."), field="facts.at"
        )
    facts = Facts(
        class_code=given.class_code,
        condition_code=given.condition_code,
        kind=given.kind,
        default_department=given.default_department,
        grade=given.grade,
        region_codes=tuple(given.region_codes),
        channel=given.channel,
        local_time=at,
        is_worktime=queries.in_working_time(at) if given.is_worktime is None else given.is_worktime,
        text=given.text,
    )
    if data.rules is None:
        in_force = queries.active_rules()
        return _trial(in_force.version, in_force.index, facts)
    return _trial(None, Index(file.load(data.rules, queries.known_codes())), facts)


@router.post("/dry-run", response=DryRunOut, operation_id="routing_dry_run")
@allows("routing.read")
def dry_run(request: Request, data: DryRunIn) -> Any:
    """What a changed rule set would have done with past cases, against the rules in force."""
    rules = file.load(data.rules, queries.known_codes())
    run = queries.dry_run_over_cases(
        _actor(request),
        rules,
        data.since,
        data.until,
        most=data.most,
        samples_each=data.samples_each,
    )
    return _outcome(run)


def _actor(request: Request) -> Actor:
    assert request.actor is not None  # `allows` has seen to it
    return request.actor


def _tagged(response: HttpResponse, row: RuleSet) -> RuleSet:
    tag(response, row.revision)
    return row


def _trial(version: int | None, index: Index, facts: Facts) -> dict[str, Any]:
    match = route(index, facts)
    organisation, organisation_why = queries.resolve_codes(match, facts.region_codes)
    return {
        "version": version,
        "rule": match.rule_code,
        "department": match.department,
        "tier": match.tier,
        "emergency": match.emergency,
        "matched": list(match.matched),
        "why": [text.said() for text in match.why],
        "passed": [
            {"rule": found.rule.code, "field": found.field, "why": found.why.said()}
            for found in misses(index.rules, facts)
        ],
        "is_worktime": facts.is_worktime,
        "organisation": organisation,
        "organisation_why": organisation_why.said(),
    }


def _outcome(run: DryRun) -> dict[str, Any]:
    samples: dict[tuple[Destination, Destination], list[dict[str, Any]]] = {}
    for case_id, old_rule, new_rule, old, new, class_code in run.samples:
        samples.setdefault((old, new), []).append(
            {
                "case": case_id,
                "class_code": class_code,
                "old_rule": old_rule,
                "new_rule": new_rule,
            }
        )
    return {
        "total": run.total,
        "stopped": run.stopped,
        "changed": run.changed,
        "changes": [
            {
                "old": old._asdict(),
                "new": new._asdict(),
                "cases": cases,
                "samples": samples[old, new],
            }
            for (old, new), cases in run.by.most_common()
        ],
        "hits": [{"rule": rule, "cases": cases} for rule, cases in run.hits.items()],
    }
