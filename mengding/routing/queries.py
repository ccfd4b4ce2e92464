"""Reading the rules: which are in force, where a case goes and to whom exactly."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from mengding.catalogue.models import CaseClass, Condition, Grade, Kind, SchemeVersion
from mengding.clocks import queries as clocks
from mengding.core.actor import Actor
from mengding.core.cache import on_forget_everything
from mengding.core.errors import GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.people import queries as people
from mengding.people.models import Organisation
from mengding.policy.permissions import require
from mengding.regions.models import Region
from mengding.routing import file
from mengding.routing.models import RuleSet, Status
from mengding.routing.rules import (
    CENTRE,
    TIERS,
    Codes,
    DryRun,
    Facts,
    Index,
    Match,
    Rule,
    dry_run,
    route,
)
from mengding.worktime import Unit, used

# How long a process may go on with rules that another one has replaced. In tests a rolled-back
# publication must not outlive its test.
CHECK_SECONDS = 0.0 if settings.TESTING else 5.0
LONGEST_SPAN = timedelta(days=366)
MOST_CASES = 50_000  # of a dry run; about three seconds
FactsProvider = Callable[[Actor, datetime, datetime], Iterable[tuple[int, Facts]]]


# ---- the rules in force ----


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules in force; `version` None: none have been published yet."""

    version: int | None
    index: Index


@dataclass(frozen=True, slots=True)
class _Kept:
    pk: int | None
    checked: float
    in_force: InForce


_kept: _Kept | None = None
_NONE = InForce(None, Index(()))


def active_rules() -> InForce:
    """The published rules, ready for use; one small query at most every `CHECK_SECONDS`."""
    global _kept
    moment = time.monotonic()  # an interval of this process, not a time of the product
    kept = _kept
    if kept is not None and moment - kept.checked < CHECK_SECONDS:
        return kept.in_force
    # The primary key, not the version: it is never given twice, even after a roll-back.
    pk = RuleSet.objects.filter(status=Status.ACTIVE).values_list("pk", flat=True).first()
    if kept is None or kept.pk != pk:
        kept = _Kept(pk, moment, _NONE if pk is None else _load(pk))
    else:
        kept = _Kept(pk, moment, kept.in_force)
    _kept = kept
    return kept.in_force


def _load(pk: int) -> InForce:
    row = RuleSet.objects.get(pk=pk)
    # Without the known codes: what was right when it was published stays in force.
    return InForce(row.version, Index(file.load(row.rules)))


def forget() -> None:
    """Look again at the next use."""
    global _kept
    _kept = None


on_forget_everything(forget)


# ---- where a case goes ----


@dataclass(frozen=True, slots=True)
class Routed:
    """A match and the version of the rules it comes from (None: no rules published)."""

    version: int | None
    match: Match


@dataclass(frozen=True, slots=True)
class Resolved:
    """The organisation for a match, or None; `why` says how it was found or what is missing."""

    org_id: int | None
    why: T


def route_case(facts: Facts) -> Routed:
    """Where a case goes by the rules in force."""
    in_force = active_rules()
    return Routed(in_force.version, route(in_force.index, facts))


def resolve(match: Match, region_chain: Sequence[int]) -> Resolved:
    """The organisation that a match means at a place.

    `region_chain`: ids of the regions of the case, from the district down as far as known. It is
    looked for at the match's tier, and where that has none, upwards from there. None leaves the
    choice to the dispatcher.
    """
    if not region_chain:
        return Resolved(
            None,
            T(
                "地点不在任何区划内，请人工选择机构。",
                "The place lies in no known division: choose the organisation by hand.",
            ),
        )
    depth = len(TIERS) - 1 - TIERS.index(match.tier)  # 0 district, 1 town, 2 village
    region_id = region_chain[min(depth, len(region_chain) - 1)]
    if match.department == CENTRE:
        found = people.centre_of(region_id)
    else:
        found = people.organisation_for(match.department, region_id)
    tier = _TIER_NAMES[match.tier]
    if found is None:
        return Resolved(
            None,
            T(
                "{tier}及以上都没有部门 {department}，请人工选择机构。",
                "There is no department {department} at {tier} tier or above: choose the "
                "organisation by hand.",
            ).fill(tier=tier, department=match.department),
        )
    name = T(found.name, found.name_en or found.name)
    if found.region_id == region_id and depth < len(region_chain):
        return Resolved(
            found.pk,
            T("{tier}机构：{name}。", "At {tier} tier: {name}.").fill(tier=tier, name=name),
        )
    return Resolved(
        found.pk,
        T(
            "{tier}没有对应机构或位置不够具体，由上一级：{name}。",
            "None at {tier} tier, or the place is not known that closely; the next above: {name}.",
        ).fill(tier=tier, name=name),
    )


def resolve_codes(match: Match, region_codes: Sequence[str]) -> tuple[str | None, T]:
    """As `resolve`, for division codes from the district down; the organisation's name."""
    ids = dict(Region.objects.filter(code__in=region_codes).values_list("code", "pk"))
    found = resolve(match, [ids[code] for code in region_codes if code in ids])
    if found.org_id is None:
        return None, found.why
    taker = Organisation.objects.get(pk=found.org_id)
    return T(taker.name, taker.name_en or taker.name).said(), found.why


def in_working_time(moment: datetime) -> bool:
    """Whether the calendar in force works at that minute; true while there is none."""
    try:
        calendar = clocks.calendar(clocks.active_rules()[0])
    except GuardFailed:
        return True
    minute = moment.replace(second=0, microsecond=0)
    return bool(used(minute, minute + timedelta(seconds=59), Unit.WORK_MINUTE, calendar))


_TIER_NAMES = {
    "village": T("村（社区）级", "village"),
    "town": T("镇（街道）级", "town"),
    "district": T("区级", "district"),
}


# ---- versions ----


def rule_sets(actor: Actor) -> QuerySet[RuleSet]:
    """All versions."""
    require(actor, "routing.read")
    return RuleSet.objects.all()


def rule_set(version: int) -> RuleSet:
    """One version, or `NotFound`."""
    found = RuleSet.objects.filter(version=version).first()
    if found is None:
        raise NotFound("rule_set_unknown", T("没有这个版本。", "There is no such version."))
    return found


# ---- checking ----

_channels: frozenset[str] | None = None


def register_channels(codes: Iterable[str]) -> None:
    """Tell routing which channels exist; called once by the app that owns them."""
    global _channels
    _channels = frozenset(codes)


def known_codes() -> Codes:
    """The codes that rules may name now; a kind of code nothing has been set up for is free."""
    editions = list(SchemeVersion.objects.filter(status="active"))
    departments = {item["code"] for edition in editions for item in edition.departments}
    departments.update(
        Organisation.objects.filter(active=True)
        .exclude(department_code="")
        .values_list("department_code", flat=True)
    )
    regions = frozenset(Region.objects.filter(active=True).values_list("code", flat=True))
    classes = CaseClass.objects.filter(version__in=editions)
    conditions = Condition.objects.filter(case_class__version__in=editions)
    return Codes(
        classes=frozenset(classes.values_list("code", flat=True)) if editions else None,
        conditions=frozenset(conditions.values_list("code", flat=True)) if editions else None,
        departments=frozenset(departments) or None,
        regions=regions or None,
        channels=_channels,
        kinds=frozenset(Kind.values),
        grades=frozenset(Grade.values),
    )


def departments_without_organisation(rules: Iterable[Rule]) -> list[str]:
    """Departments that active rules send cases to but no active organisation stands for."""
    named = {rule.target.department for rule in rules if rule.active}
    present = {code for code, _region in people.tree().departments}
    return sorted(named - present - {CENTRE, "default"})


# ---- dry run over past cases ----

_provider: FactsProvider | None = None


def register_facts_provider(provider: FactsProvider) -> None:
    """Called once, by the app that owns the cases: `provider(actor, since, until)` yields
    (case id, facts) of the cases the actor may see, the newest first, one at a time."""
    global _provider
    _provider = provider


def dry_run_over_cases(
    actor: Actor,
    rules: Sequence[Rule],
    since: datetime,
    until: datetime,
    *,
    most: int = MOST_CASES,
    samples_each: int = 5,
) -> DryRun:
    """What `rules` would change against those in force, over cases received in the span.

    The newest `most` of them: a large district has a hundred thousand a month.
    """
    require(actor, "routing.read")
    if since.tzinfo is None or until.tzinfo is None or not since < until <= since + LONGEST_SPAN:
        raise Invalid(
            "span_invalid",
            T(
                "起止时间应带时区，先后正确，相隔不超过 366 天。",
                "The span needs time zones, a start before its end, and at most 366 days.",
            ),
            field="since",
        )
    if _provider is None:
        raise NotFound(
            "no_past_cases", T("没有可供试算的事件。", "There are no past cases to try on.")
        )
    cases = _provider(actor, since, until)
    return dry_run(active_rules().index, rules, cases, most=most, samples_each=samples_each)
