"""Chains, what they would do to a case, what they did, alarms and audits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.queries import get_case
from mengding.cases.queries.lists import org_name
from mengding.cases.visibility import visible_to
from mengding.clocks import queries as clocks
from mengding.clocks.models import Clock, ClockState
from mengding.core import clock as time
from mengding.core.actor import Actor, Role
from mengding.core.cache import Versioned
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.escalation import auditing, frozen, whom
from mengding.escalation.document import Bad, Chain, Document, read
from mengding.escalation.models import Alarm, Audit, ChainSet, StepRun, Watch
from mengding.escalation.steps import Timing, Whom, occurrences
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.people.models import Organisation, Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.worktime import Limit, Unit


def _load_active() -> ChainSet | None:
    return ChainSet.objects.filter(active=True).first()


_active: Versioned[ChainSet | None] = Versioned(_load_active, seconds=5)


def active() -> ChainSet | None:
    """The version in force, at most 5 s old; None before the first is published."""
    return _active.get()


def forget_active() -> None:
    """Called when this process publishes another."""
    _active.forget()


def document_of(row: ChainSet) -> Document:
    """A version, read."""
    return frozen.document(row.pk)


def chain_sets(actor: Actor) -> list[dict[str, Any]]:
    """All versions without their content, newest first."""
    require(actor, "escalation.read")
    rows = list(ChainSet.objects.order_by("-version").values(
        "version", "active", "created_at", "created_by"
    ))  # fmt: skip
    names = people.account_names({row["created_by"] for row in rows})
    return [row | {"created_by": names.get(row["created_by"])} for row in rows]


def chain_set(actor: Actor, version: int | None = None) -> ChainSet:
    """One version with its content; without a number the one in force."""
    require(actor, "escalation.read")
    rows = ChainSet.objects.filter(active=True) if version is None else (
        ChainSet.objects.filter(version=version)
    )  # fmt: skip
    found = rows.first()
    if found is None:
        raise NotFound("chains_unknown", T("没有这个版本。", "There is no such version."))
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """A clock to try chains on. `start` None: now."""

    clock: str
    class_code: str
    grade: str
    tier: str
    start: datetime | None
    amount: int
    unit: str


def preview(actor: Actor, document: dict[str, Any] | None, trial: Trial) -> dict[str, Any]:
    """What a document (None: the one in force) would do to such a clock; nothing is kept."""
    require(actor, "escalation.read")
    found = _read(actor, document)
    start = trial.start or time.now()
    if start.tzinfo is None:
        raise Invalid(
            "time_naive", T("时间需要带时区。", "The time needs a time zone."), field="start"
        )
    chain = found.chain_for(
        class_code=trial.class_code, grade=trial.grade, tier=trial.tier, clock=trial.clock
    )
    timing = Timing(
        start,
        Limit(trial.amount, Unit(trial.unit)),
        clocks.calendar(clocks.active_rules()[0]),
        urgent=trial.grade == "urgent",
    )
    try:
        return {"chain": _named(chain), "steps": _steps(chain, timing, None, None)}
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "no_deadline",
            T("无法计算时限：{why}", "No deadline can be found: {why}").fill(why=error),
            field="start",
        ) from error


def preview_on(actor: Actor, document: dict[str, Any] | None, case_id: int) -> list[dict[str, Any]]:
    """What a document would do to the live clocks of a case one sees, and whom it would tell."""
    require(actor, "escalation.read")
    case = get_case(actor, case_id)
    found = _read(actor, document)
    live = Clock.objects.filter(
        case_id=case_id, state__in=[ClockState.RUNNING, ClockState.PAUSED]
    ).order_by("pk")
    said = []
    for clock in live:
        chain = found.chain_for(
            class_code=case.class_code, grade=case.grade, tier=frozen.tier(case), clock=clock.kind
        )
        timing = frozen.timing(clock, urgent=case.grade == "urgent")
        said.append(
            {
                "clock": clock.pk,
                "kind": clock.kind,
                "chain": _named(chain),
                "steps": _steps(chain, timing, case, clock),
            }
        )
    return said


def _read(actor: Actor, document: dict[str, Any] | None) -> Document:
    if document is None:
        return document_of(chain_set(actor))
    try:
        return read(document)
    except Bad as bad:
        raise Invalid("chain_bad", T(bad.zh, bad.en), field=f"document.{bad.field}") from bad


def _named(chain: Chain | None) -> dict[str, Any] | None:
    return {"code": chain.code, "name": T(chain.zh, chain.en).said()} if chain else None


def _steps(
    chain: Chain | None, timing: Timing, case: Case | None, clock: Clock | None
) -> list[dict[str, Any]]:
    if chain is None:
        return []
    told = [_told(case, clock, step.whom) for step in chain.steps]
    return [
        {
            "step": each.step + 1,
            "nth": each.nth + 1,
            "name": T(chain.steps[each.step].zh, chain.steps[each.step].en).said(),
            "at": each.at,
            "whom": told[each.step],
        }
        for each in occurrences(chain.steps, timing)
    ]


def _told(
    case: Case | None, clock: Clock | None, targets: tuple[Whom, ...]
) -> list[dict[str, Any]]:
    said = []
    for target in targets:
        row: dict[str, Any] = {
            "role": target.role, "relation": target.relation, "tier": target.tier,
            "organisation": None, "posts": None,
        }  # fmt: skip
        if case is not None:
            found = whom.find(case, clock, target)
            org = people.organisation(found.organisation) if found.organisation else None
            row |= {"organisation": _said(org_name(org)), "posts": len(found.posts)}
        said.append(row)
    return said


def _said(name: T | None) -> str | None:
    return name.said() if name else None


def of_case(actor: Actor, case_id: int) -> list[dict[str, Any]]:
    """The watches of a case, newest first: their chain, what ran, what is still to come."""
    require(actor, "case.read")
    get_case(actor, case_id)
    watches = list(Watch.objects.filter(case=case_id).exclude(chain="").order_by("-pk"))
    found = Clock.objects.in_bulk([watch.clock_id for watch in watches])
    said = []
    for watch in watches:
        chain = frozen.chain_of(watch)
        assert chain is not None  # those without are left out
        runs = list(StepRun.objects.filter(watch=watch).order_by("ran_at", "pk"))
        names = [T(step.zh, step.en).said() for step in chain.steps]
        live = watch.ended_at is None
        rest = frozen.left(watch, found[watch.clock_id], runs) if live else []
        said.append(
            {
                "clock": watch.clock_id,
                "kind": watch.kind,
                "chain": _named(chain),
                "version": ChainSet.objects.values_list("version", flat=True).get(
                    pk=watch.chains_id
                ),
                "state": watch.state,
                "ran": [
                    {
                        "step": run.step + 1,
                        "nth": run.nth + 1,
                        "name": names[run.step],
                        "due_at": run.due_at,
                        "ran_at": run.ran_at,
                        "result": run.result,
                        "told": len(run.posts),
                    }
                    for run in runs
                ],
                "next": [
                    {
                        "step": each.step + 1,
                        "nth": each.nth + 1,
                        "name": names[each.step],
                        "at": each.at,
                    }
                    for each in rest[:6]
                ],
            }
        )
    return said


def audits(actor: Actor) -> dict[str, Any]:
    """The newest audit with its gaps, and those of the last days in numbers.

    Numbers count everything. Named are to a supervisor the gaps of cases in sight, to the others
    all, without the numbers of confidential cases, which begin with their class. `stale`: the next
    audits have not come.
    """
    require(actor, "escalation.audit")
    rows = list(Audit.objects.order_by("-at")[:60])
    columns = ("at", "since", "clocks", "due", "ran", "missing", "by_reason")
    past = [{name: getattr(row, name) for name in columns} for row in rows]
    if not rows:
        return {"latest": None, "stale": False, "gaps": [], "past": []}
    gaps = rows[0].gaps
    all_named = actor.role in {Role.SYSTEM_ADMIN, Role.AUDITOR}
    known = Q(confidential=False) if all_named else visible_to(actor)
    cases = Case.objects.filter(known, pk__in={gap["case"] for gap in gaps})
    numbers = dict(cases.values_list("pk", "number"))
    return {
        "latest": past[0],
        "stale": rows[0].at < time.now() - auditing.LATE,
        "gaps": [
            gap | {"number": numbers.get(gap["case"])}
            for gap in gaps
            if all_named or gap["case"] in numbers
        ],
        "past": past[1:],
    }


def alarms_of(actor: Actor) -> QuerySet[Alarm]:
    """Alarms of centres in the actor's area, on cases the actor sees where they are about one."""
    require(actor, "alarms.read")
    area = people.tree().regions_below(actor.region_id) if actor.region_id else frozenset()
    rows = Alarm.objects.filter(organisation__region__in=sorted(area))
    seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
    return rows.filter(Q(case__isnull=True) | Exists(seen))


def alarms(
    actor: Actor, *, open_only: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page, newest first. `open_only`: those that still are so and nobody has acknowledged."""
    rows = alarms_of(actor)
    if open_only:
        rows = rows.filter(ended_at__isnull=True, acknowledged_at__isnull=True)
    found, following = paginate(
        rows.select_related("case"), "-raised_at", datetime, cursor=cursor, limit=limit
    )
    orgs = Organisation.objects.in_bulk({row.organisation_id for row in found})
    posts = dict(
        Post.objects.filter(pk__in={row.post_id for row in found}).values_list(
            "pk", "account__name"
        )
    )
    names = people.account_names({row.acknowledged_by for row in found})
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "case": row.case_id,
            "case_number": row.case.number if row.case else None,
            "place": " ".join(_names(row)),
            "organisation": _said(org_name(orgs[row.organisation_id])),
            "role": row.role,
            "owner": posts.get(row.post_id or 0),
            "since": row.since,
            "raised_at": row.raised_at,
            "told_at": row.told_at,
            "times": row.times,
            "acknowledged_at": row.acknowledged_at,
            "acknowledged_by": names.get(row.acknowledged_by),
            "ended_at": row.ended_at,
        }
        for row in found
    ], following


def _names(row: Alarm) -> list[str]:
    region = row.region_id
    if region is None and row.case is not None:
        region = row.case.village_id or row.case.town_id or row.case.district_id
    return locate.names(region)[1:] if region else []


def now_open(actor: Actor) -> int:
    """How many alarms wait to be acknowledged."""
    return alarms_of(actor).filter(ended_at__isnull=True, acknowledged_at__isnull=True).count()
