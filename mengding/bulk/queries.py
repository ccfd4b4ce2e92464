"""What a run would do to each case, and what runs did."""

from collections.abc import Sequence
from typing import Any

from mengding.bulk.models import Item, Result, Run, Status
from mengding.bulk.verbs import checked
from mengding.cases.facts import CaseFacts
from mengding.cases.lifecycle import BY_ACTION
from mengding.cases.models import Approval, Case, WorkOrder
from mengding.cases.queries.lists import org_name
from mengding.cases.queries.nexts import obstacle
from mengding.cases.stages import ENDED, LIVE, STAGE_NAMES, Stage
from mengding.cases.visibility import bearings, visible_to
from mengding.catalogue import queries as catalogue
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.people import queries as people
from mengding.policy.permissions import can, require

MOST = 500
_MISSING = ("case_not_found", T("没有这个案件。", "There is no such case."))


def preview(
    actor: Actor, verb: str, given: dict[str, Any], ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Each case with its version and whether the verb is possible now, or why not; in the order
    given. Nothing is written. Raises `NotAllowed` or `Invalid` for what no case could overcome."""
    fields = checked(verb, given)
    row = BY_ACTION[verb]
    require(actor, f"case.{row.permission}")
    wanted = list(dict.fromkeys(ids))
    if not wanted or len(wanted) > MOST:
        raise Invalid(
            "too_many_cases",
            T("一次可选 1 至 {n} 件。", "Between 1 and {n} cases at once.").fill(n=MOST),
            field="ids",
        )
    cases = {
        case.pk: case
        for case in Case.objects.filter(visible_to(actor), pk__in=wanted).order_by("pk")
    }
    orders: dict[int, list[WorkOrder]] = {}
    for order in WorkOrder.objects.filter(case__in=cases, status__in=sorted(LIVE)).order_by(
        "-kind", "pk"
    ):
        orders.setdefault(order.case_id, []).append(order)
    pending = {
        asked.case_id: asked for asked in Approval.objects.filter(case__in=cases, status="pending")
    }
    into = _into(actor, fields["into_id"]) if verb == "merge" else None
    found = []
    for pk in wanted:
        case = cases.get(pk)
        if case is None:
            found.append(_shown(pk, None, _MISSING, None))
            continue
        facts = CaseFacts(actor, case)
        # Read for all cases at once, where each would read its own.
        facts.__dict__.update(orders=orders.get(pk, []), pending=pending.get(pk))
        why = obstacle(row, actor, case, facts)
        org_id = fields.get("lead_org_id")
        if verb == "dispatch":
            org_id = org_id or case.proposed_org_id
            why = why or _no_lead(org_id)
        if into is not None:
            why = why or _cannot_join(case, into)
        found.append(_shown(pk, case, why, org_id))
    return found


def _shown(
    pk: int, case: Case | None, why: tuple[str, T] | None, org_id: int | None
) -> dict[str, Any]:
    chosen = catalogue.class_by_id(case.case_class_id) if case and case.case_class_id else None
    org = people.organisation(org_id) if org_id else None
    return {
        "id": pk,
        "number": case.number if case else None,
        "class_name": chosen.name if chosen else None,
        "stage": case.stage if case else None,
        "version": case.version if case else None,
        "possible": why is None,
        "code": why[0] if why else None,
        "why": why[1] if why else None,
        "org": org_name(org),
    }


def _no_lead(org_id: int | None) -> tuple[str, T] | None:
    if org_id is None:
        return "lead_missing", T(
            "没有建议单位，请选择主办单位。", "No organisation is proposed: choose a lead."
        )
    if people.organisation(org_id) is None:
        return "org_unknown", T("没有这个单位或已停用。", "There is no such active organisation.")
    return None


def _into(actor: Actor, pk: int) -> Case:
    """The case others are to be merged into; raises `Invalid` naming the field."""
    case = Case.objects.filter(visible_to(actor), pk=pk).first() if 0 < pk < 2**63 else None
    if case is None or not can(actor, "case.merge", bearings(case)):
        raise Invalid(*_MISSING, field="fields.into_id")
    if case.stage in ENDED:
        raise Invalid(
            "target_ended",
            T("目标案件“{stage}”，不能并入。", "The target is “{stage}”; nothing joins it.").fill(
                stage=STAGE_NAMES[Stage(case.stage)]
            ),
            field="fields.into_id",
        )
    return case


def _cannot_join(case: Case, into: Case) -> tuple[str, T] | None:
    if case.pk == into.pk:
        return "merge_itself", T("不能并入自身。", "A case cannot be merged into itself.")
    if case.confidential != into.confidential:
        return "confidentiality_differs", T(
            "保密案件不能与普通案件合并。", "A confidential case merges only with its like."
        )
    return None


def recent(actor: Actor) -> list[dict[str, Any]]:
    """The actor's last ten runs, newest first, without their cases."""
    rows = Run.objects.filter(account_id=actor.account_id or 0).order_by("-pk")[:10]
    return [summary(run) for run in rows]


def run_of(actor: Actor, pk: int) -> dict[str, Any]:
    """One of the actor's runs with the result of each case; `NotFound` for another's."""
    run = Run.objects.filter(pk=pk, account_id=actor.account_id or 0).first()
    if run is None:
        raise NotFound("run_not_found", T("没有这次批量操作。", "There is no such run."))
    rows = Item.objects.filter(run=run).order_by("pk")
    items = [
        {
            "id": item.case_id,
            "number": item.case.number,
            "result": item.result,
            "code": item.code or None,
            "why": T(*item.why) if item.why else None,
        }
        for item in rows.select_related("case").defer("case__description", "case__salt")
    ]
    return summary(run) | {"items": items}


def summary(run: Run) -> dict[str, Any]:
    """A run in numbers."""
    by: list[str] = []
    if run.status in (Status.RUNNING, Status.ENDED):
        by = list(Item.objects.filter(run=run).values_list("result", flat=True))
    return {
        "id": run.pk,
        "verb": run.verb,
        "label": BY_ACTION[run.verb].label,
        "status": run.status,
        "total": run.total,
        "done": by.count(Result.DONE),
        "refused": by.count(Result.REFUSED),
        "due_at": run.due_at,
        "ended_at": run.ended_at,
    }
