"""What must hold for a case whatever happened to it."""

from typing import Any

from mengding.cases.actions.engine import STAGE_CLOCK
from mengding.cases.lifecycle import BY_ACTION, wrong_stage
from mengding.cases.models import Approval, Case, Link, Report, WorkOrder
from mengding.cases.queries.replayed import differences
from mengding.cases.stages import LIVE, OrderKind, Stage
from mengding.clocks.models import Clock, ClockKind, ClockState
from mengding.ledger.models import Event

CARRIES_OUT = {
    "return": "return",
    "extension": "extend",
    "suspension": "suspend",
    "void": "void",
    "appeal": "exempt",
}


def faults(case_id: int) -> list[str]:
    """Everything that is wrong with a case, in words; [] when all is well."""
    case = Case.objects.get(pk=case_id)
    stage = Stage(case.stage)
    found = differences(case_id)
    orders = list(WorkOrder.objects.filter(case_id=case_id, status__in=sorted(LIVE)))
    leads = [order for order in orders if order.kind == OrderKind.LEAD]
    if len(leads) > 1:
        found.append("more than one live lead order")
    if sorted(case.order_org_ids) != sorted(order.organisation_id for order in orders):
        found.append(f"order_org_ids {case.order_org_ids} are not the live orders' {orders}")
    if case.lead_org_id != (leads[0].organisation_id if leads else None):
        found.append(f"lead_org_id {case.lead_org_id} is not the lead order's {leads}")
    with_department = {Stage.DISPATCHED, Stage.HANDLING, Stage.SUSPENDED, Stage.FED_BACK}
    if stage in with_department and not leads:
        found.append(f"{stage} without a lead order")
    found += _clock_faults(case, stage, leads[0].pk if leads else None)
    waiting = Approval.objects.filter(case_id=case_id, status="pending")
    for approval in waiting:
        if wrong_stage(BY_ACTION[CARRIES_OUT[approval.kind]], stage):
            found.append(f"an application ({approval.kind}) nobody can grant at {stage}")
    if case.reports_count != Report.objects.filter(case_id=case_id).count():
        found.append(f"reports_count is {case.reports_count}")
    versions = [
        after["version"]
        for after in Event.objects.filter(subject_kind="case", subject_id=case_id)
        .order_by("seq")
        .values_list("after", flat=True)
        if "version" in after
    ]
    if versions != list(range(1, case.version + 1)):
        found.append(f"versions in the ledger: {versions}, of the case: {case.version}")
    return found


def _clock_faults(case: Case, stage: Stage, lead: int | None) -> list[str]:
    found = []
    clocks = list(
        Clock.objects.filter(case_id=case.pk, state__in=[ClockState.RUNNING, ClockState.PAUSED])
    )
    keys = [(clock.kind, clock.order_id) for clock in clocks]
    if len(set(keys)) < len(keys):
        found.append(f"a clock runs twice: {keys}")
    kind = STAGE_CLOCK.get(stage)
    strangers = {clock.kind for clock in clocks} - {kind}
    if strangers:
        found.append(f"clocks of another stage run at {stage}: {strangers}")
    mine = [clock for clock in clocks if clock.kind != ClockKind.HANDLE or clock.order_id == lead]
    if kind is None:
        if case.due_at is not None or case.yellow_at is not None:
            found.append(f"an ended case has a deadline, {case.due_at}")
        return found
    if len(mine) != 1:
        found.append(f"{len(mine)} clocks for {stage}: {keys}")
        return found
    if (case.due_at, case.yellow_at) != (mine[0].due_at, mine[0].yellow_at):
        found.append(f"due_at {case.due_at} is not the clock's {mine[0].due_at}")
    if (mine[0].state == ClockState.PAUSED) != (stage is Stage.SUSPENDED):
        found.append(f"the clock is {mine[0].state} at {stage}")
    if kind is ClockKind.HANDLE and case.handle_due_at != mine[0].due_at:
        found.append(f"handle_due_at {case.handle_due_at} is not the clock's {mine[0].due_at}")
    return found


def snapshot(case_id: int) -> dict[str, Any]:
    """All rows of one case, to see that a refused move changed none of them."""
    return {
        "case": Case.objects.filter(pk=case_id).values().get(),
        "orders": list(WorkOrder.objects.filter(case_id=case_id).order_by("pk").values()),
        "clocks": list(Clock.objects.filter(case_id=case_id).order_by("pk").values()),
        "reports": list(Report.objects.filter(case_id=case_id).order_by("pk").values("pk")),
        "approvals": list(Approval.objects.filter(case_id=case_id).order_by("pk").values()),
        "links": list(Link.objects.filter(first_id=case_id).order_by("pk").values()),
        "events": Event.objects.filter(subject_kind="case", subject_id=case_id).count(),
    }
