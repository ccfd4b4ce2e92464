"""应受理未受理, 应办理未办理: which cases, why, and whose.

One expression says the reason; the list and the counts both read it, so that a count leads to
exactly its cases. Every reason is about open cases, which a partial index holds.
"""

from datetime import datetime
from typing import Any

from django.db.models import Case as Choose
from django.db.models import CharField, Count, F, Q, Value, When

from mengding.cases.models import Case
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.stages import Stage
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people.models import Organisation
from mengding.policy.permissions import require
from mengding.regions.models import Region
from mengding.supervision.models import Status
from mengding.supervision.queries import visible

LISTS: dict[str, tuple[str, ...]] = {
    # received, and neither filed nor declined in time; the pre-check did not come in time
    "unreceived": ("unfiled", "unchecked"),
    # not dispatched in time; nobody accepted although the light is yellow; not handled in time;
    # sent back by the verifier and still not done
    "unhandled": ("undispatched", "unaccepted", "late", "rejected"),
}
_DEPARTMENT = (Stage.DISPATCHED, Stage.HANDLING)


def _reason(now: datetime) -> Choose:
    over = Q(due_at__lt=now)
    return Choose(
        When(Q(stage=Stage.RECEIVED) & over, then=Value("unfiled")),
        When(Q(stage=Stage.PRECHECKING) & over, then=Value("unchecked")),
        When(Q(stage=Stage.FILED) & over, then=Value("undispatched")),
        When(Q(stage__in=_DEPARTMENT, rework_count__gt=0), then=Value("rejected")),
        When(Q(stage=Stage.DISPATCHED, yellow_at__lt=now), then=Value("unaccepted")),
        When(Q(stage=Stage.HANDLING) & over, then=Value("late")),
        output_field=CharField(),
    )


def _rows(actor: Actor, which: str) -> Any:
    """The cases of a list, annotated with `reason` and `whose`."""
    require(actor, "supervision.read")
    if which not in LISTS:
        raise Invalid(
            "list_unknown",
            T("只有 unreceived、unhandled 两种。", "It is unreceived or unhandled."),
            field="which",
        )
    rows = Case.objects.filter(visible_to(actor), closed_at__isnull=True, due_at__isnull=False)
    # Whose it is: before dispatch the centre's, then the lead department's.
    whose = Choose(
        When(stage__in=_DEPARTMENT, lead_org__isnull=False, then=F("lead_org_id")),
        default=F("owner_org_id"),
    )
    found: Any = rows.annotate(reason=_reason(clock.now()), whose=whose)
    return found.filter(reason__in=LISTS[which])


def cases(
    actor: Actor,
    which: str,
    *,
    reason: str = "",
    town: int | None = None,
    org: int | None = None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of one list, longest overdue first; each with its reason and its open demand.

    `town` 0: cases of no known town.
    """
    rows = _rows(actor, which)
    if reason:
        rows = rows.filter(reason=reason)
    if town is not None:
        rows = rows.filter(town_id=town or None) if town else rows.filter(town__isnull=True)
    if org is not None:
        rows = rows.filter(whose=org)
    found, following = paginate(
        rows.values(*COLUMNS, "reason", "whose"), "due_at", datetime, cursor=cursor, limit=limit
    )
    # Of several the one to whose turn it is; a handler learns of no other organisation's.
    whose = {row["id"]: row["whose"] for row in found}
    open_ones: dict[int, int] = {}
    demands = visible(actor).filter(case__in=whose).exclude(status=Status.CLOSED).order_by("pk")
    for case, org_id, pk in demands.values_list("case_id", "organisation_id", "pk"):
        if case not in open_ones or org_id == whose[case]:
            open_ones[case] = pk
    now = clock.now()
    said = [(row.pop("reason"), row.pop("whose"), row) for row in found]
    return [
        {
            "reason": why,
            "whose": whose,
            "demand": open_ones.get(row["id"]),
            "case": listed(row, now),
        }
        for why, whose, row in said
    ], following


def counts(actor: Actor, which: str) -> dict[str, Any]:
    """How many, by reason, by town and by whose they are; each adds up to `total`."""
    grouped = list(
        _rows(actor, which).order_by().values("reason", "town_id", "whose").annotate(n=Count("pk"))
    )
    towns = Region.objects.in_bulk({row["town_id"] for row in grouped if row["town_id"]})
    orgs = Organisation.objects.in_bulk({row["whose"] for row in grouped})

    def by(column: str, names: dict[int, Any]) -> list[dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for row in grouped:
            pk = row[column] or 0
            group = found.setdefault(
                pk, {"id": pk, "name": org_name(names.get(pk)), "n": 0, "reasons": {}}
            )
            group["n"] += row["n"]
            group["reasons"][row["reason"]] = group["reasons"].get(row["reason"], 0) + row["n"]
        # In the order of their codes: this is no ranking.
        return sorted(found.values(), key=lambda g: names[g["id"]].code if g["id"] else "~")

    reasons = dict.fromkeys(LISTS[which], 0)
    for row in grouped:
        reasons[row["reason"]] += row["n"]
    return {
        "total": sum(reasons.values()),
        "reasons": reasons,
        "towns": by("town_id", towns),
        "orgs": by("whose", orgs),
    }
