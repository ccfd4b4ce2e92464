"""What an actor can do with a case now, and why not the rest."""

from typing import Any

from mengding.cases.facts import CaseFacts
from mengding.cases.guards import something_pending
from mengding.cases.lifecycle import (
    DECIDABLE,
    TABLE,
    Transition,
    first_failure,
    wrong_stage,
)
from mengding.cases.models import Case
from mengding.cases.queries.detail import get_case
from mengding.cases.stages import STAGE_NAMES, Stage
from mengding.cases.visibility import bearings
from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.policy.permissions import can, handles_it

# Granting is one button; which transition it carries out depends on what was asked for.
GRANT = Transition(
    "grant", T("同意申请", "Grant"), DECIDABLE, None, "approve", (something_pending,)
)


OWN_WORK = T(
    "处置单位不能核查自己的案件。", "The organisation that handled a case does not verify it."
)


def obstacle(row: Transition, actor: Actor, case: Case, facts: CaseFacts) -> tuple[str, T] | None:
    """Why the actor cannot do this to the case now (code, text), or None."""
    where = bearings(case)
    if not can(actor, f"case.{row.permission}", where):
        if handles_it(actor, f"case.{row.permission}", where):
            return "not_allowed", OWN_WORK
        return "not_allowed", T("您的岗位不能执行此操作。", "Your post may not do this.")
    stage = Stage(case.stage)
    if wrong_stage(row, stage):
        return "wrong_stage", T("当前环节为“{s}”。", "The case is “{s}”.").fill(
            s=STAGE_NAMES[stage]
        )
    if failed := first_failure(row, facts):
        return "guard_failed", failed
    return None


def next_actions(actor: Actor, case_id: int) -> list[dict[str, Any]]:
    """Every action of the table: possible, or the reason (not_allowed, wrong_stage, guard_failed).

    Possible ones first, then in the table's order.
    """
    case = get_case(actor, case_id)
    facts = CaseFacts(actor, case)
    shown = []
    for row in (*TABLE, GRANT):
        if row.by_approval:
            continue
        code, why = obstacle(row, actor, case, facts) or (None, None)
        shown.append(
            {
                "action": row.action,
                "label": row.label,
                "possible": not code,
                "code": code,
                "why": why,
                "to": row.to.value if row.to else None,
            }
        )
    return sorted(shown, key=lambda entry: not entry["possible"])
