"""What a worker's phone reads in one go: own lists, and one case with all that hangs on it."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mengding.cases import queries as cases
from mengding.cases.models import Case, WorkOrder
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.cases.stages import OrderStatus, Stage
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.evidence import queries as evidence
from mengding.evidence.api.files import shown
from mengding.policy.permissions import require
from mengding.supervision import queries as supervision

MOST = 60  # rows of a list; who has more sees the most urgent
DEMANDS = 20  # of one case
RECENT = timedelta(days=30)  # what was done is shown that long
LISTS = ("accept", "todo", "returned", "done")
_SENT_BACK = Q(rework_count__gt=0, stage__in=[Stage.DISPATCHED, Stage.HANDLING])


def work(actor: Actor) -> dict[str, Any]:
    """`accept`, `todo`, `returned`, `done`: each `count` and `items` (as in /cases, at most 60),
    the nearest deadline first; what is done newest first, of the last 30 days.

    Each case stands in one list only: what came back is `returned` until it is done again.
    """
    require(actor, "case.read")
    now = clock.now()
    seen = Case.objects.filter(visible_to(actor))
    found: dict[str, Any] = {}
    for name, condition in zip(LISTS, _conditions(actor), strict=True):
        rows = seen.filter(condition)
        if name == "done":
            rows = rows.filter(updated_at__gt=now - RECENT).order_by("-updated_at", "-pk")
        else:
            rows = rows.order_by(F("due_at").asc(nulls_last=True), "pk")
        items = [listed(row, now) for row in rows.values(*COLUMNS)[:MOST]]
        count = len(items) if len(items) < MOST else rows.count()
        found[name] = {"count": count, "items": items}
    return found


def _orders(actor: Actor, *states: OrderStatus) -> Exists:
    """Whether the case has an order of the actor's own organisations in one of these states."""
    rows: QuerySet[WorkOrder] = WorkOrder.objects.filter(
        case=OuterRef("pk"), organisation__in=sorted(actor.org_ids), status__in=states
    )
    return Exists(rows)


def _conditions(actor: Actor) -> tuple[Q, Q, Q, Q]:
    """What each list holds for the actor's role, in the order of `LISTS`."""
    mine = Q(received_by=actor.account_id or 0)
    open_ = Q(closed_at__isnull=True)
    sent = open_ & Q(_orders(actor, OrderStatus.SENT)) & ~_SENT_BACK
    taken = open_ & Q(_orders(actor, OrderStatus.ACCEPTED)) & ~_SENT_BACK
    live = Q(_orders(actor, OrderStatus.SENT, OrderStatus.ACCEPTED))
    if actor.role is Role.HANDLER:
        busy = open_ & live
        return sent, taken, busy & _SENT_BACK, ~busy & Q(_orders(actor, OrderStatus.DONE))
    if actor.role is Role.COLLECTOR:
        # Orders of the own village centre (自办), pre-checks, and what became of own reports.
        precheck = Q(stage=Stage.PRECHECKING)
        back = mine & Q(stage__in=[Stage.DECLINED, Stage.VOID], updated_at__gt=clock.now() - RECENT)
        again = open_ & live & _SENT_BACK
        return sent, taken | precheck, back | again, mine & ~precheck & ~live & ~back
    if actor.role is Role.VERIFIER:
        waits = Q(stage=Stage.FED_BACK)
        busy = Q(stage__in=[Stage.CHECKING, Stage.PRECHECKING])
        return waits, busy, _SENT_BACK, Q(stage=Stage.CLOSED)
    return Q(pk__in=[]), open_ & ~_SENT_BACK, _SENT_BACK, Q(closed_at__isnull=False)


def whole(actor: Actor, case_id: int) -> dict[str, Any]:
    """A case as its page on the phone needs it: `case` (contact data masked), `actions`,
    `timeline`, `evidence`, `demands` (督办, newest first). Raises `NotFound`."""
    return {
        "case": cases.case_detail(actor, case_id),
        "actions": cases.next_actions(actor, case_id),
        "timeline": cases.timeline(actor, case_id, after_seq=0),
        "evidence": [
            shown(row) for row in evidence.of_subject(actor, "case", case_id).order_by("pk")
        ],
        "demands": supervision.demands(actor, case=case_id, cursor=None, limit=DEMANDS)[0],
    }
