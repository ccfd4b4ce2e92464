"""超时申诉: against which clock, up to when, for the how-manieth time, and who may decide."""

from dataclasses import dataclass
from datetime import datetime

from mengding.cases.models import Approval, Case, WorkOrder
from mengding.cases.stages import ApprovalKind
from mengding.clocks import queries as clocks
from mengding.clocks.models import Clock, ClockKind, ClockState
from mengding.core import clock as time
from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.worktime import Limit, Unit, due

# How long after the order was done, the case was closed or the first review was told.
DAYS = Limit(5, Unit.WORK_DAY)
REVIEWS = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organisation may do about its late order. `state`: as `guards.Facts.appeal`."""

    state: str
    clock: Clock | None = None
    round: int = 1
    until: datetime | None = None


def standing(case: Case, order: WorkOrder | None) -> Standing:
    """How the order's time-out stands."""
    if order is None:
        return Standing("none")
    clock = Clock.objects.filter(
        case_id=case.pk,
        order_id=order.pk,
        kind=ClockKind.HANDLE,
        state=ClockState.STOPPED,
        late=True,
    ).first()
    if clock is None or clock.stopped_at is None:
        return Standing("none")
    if clock.exempted:
        return Standing("exempted", clock)
    refused = [each for each in _reviews(case, clock) if each.status == "refused"]
    if len(refused) >= REVIEWS:
        return Standing("twice", clock)
    since = max(
        moment
        for moment in (
            clock.stopped_at,
            case.closed_at,
            *(each.decided_at for each in refused),
        )
        if moment is not None
    )
    until = due(since, DAYS, clocks.calendar(clock.calendar_id))
    over = until is not None and time.now() > until
    return Standing("too_late" if over else "open", clock, len(refused) + 1, until)


def _reviews(case: Case, clock: Clock) -> list[Approval]:
    """Appeals against this time-out; one that a rework undid does not count."""
    rows = Approval.objects.filter(
        case_id=case.pk, kind=ApprovalKind.APPEAL, asked_at__gte=clock.stopped_at
    ).order_by("pk")
    return [row for row in rows if row.detail.get("clock") == clock.pk]


def why_not(actor: Actor, approval: Approval, case: Case) -> tuple[str, T] | None:
    """Why the actor may not decide this application, as (code, words), or None.

    Roles and area are policy's; this is about who has a part in it.
    """
    if approval.asked_by is not None and approval.asked_by == actor.account_id:
        return "own_application", T(
            "不能审批自己的申请。", "You may not decide your own application."
        )
    if approval.kind != ApprovalKind.APPEAL:
        return None
    if actor.org_id in case.order_org_ids or approval.detail.get("org") in actor.org_ids:
        return "own_organisation", T(
            "申诉单位不能审核自己的申诉。",
            "The organisation that appeals does not review its appeal.",
        )
    first = approval.detail.get("first_reviewer")
    if first is not None and first == actor.account_id:
        return "first_reviewer", T(
            "复审须由初审以外的人进行。", "The second review is by another person."
        )
    return None
