"""Demands at every turn, chains that have run, alarms and an audit over the sample cases."""

from datetime import timedelta

from mengding.cases import actions as cases
from mengding.cases.models import Case, WorkOrder
from mengding.cases.stages import LIVE, Stage
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.demo.stories import actor_of
from mengding.escalation import actions as escalation
from mengding.escalation import following
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.supervision import actions as supervision
from mengding.supervision.models import Demand


def tell() -> None:
    """One demand that waits for its answer, one whose answer waits to be judged, one closed."""
    boss = actor_of("supervise")
    now = clock.now()
    rows = Case.objects.filter(confidential=False, stage__in=[Stage.DISPATCHED, Stage.HANDLING])
    for case, ways in zip(rows.order_by("due_at", "pk"), (1, 2, 0, 3), strict=False):
        hand = _lead(case)
        if hand is None or not ways:
            continue
        # Not before the case came to the department, whatever the moment of loading.
        start = max(case.stage_since, now - timedelta(hours=5))
        with clock.at(start):
            cases.supervise(boss, case.pk, demand=_DEMANDS[ways - 1], ground="unhandled")
        row = Demand.objects.get(case=case, organisation=case.lead_org_id)
        if ways >= 2:
            with clock.at(start + (now - start) / 2):
                supervision.answer(hand, row.pk, text=_ANSWERS[ways - 2])
        if ways == 3:
            supervision.accept(boss, row.pk, note="同意，按承诺时间办结。")
    _watch()


_DEMANDS = (
    "已超过处置时限，请说明原因并于今日下班前办结。",
    "群众再次来电反映，请立即安排人员到现场。",
    "请明确责任人和完成时间。",
)
_ANSWERS = (
    "已安排两名队员到场清理，预计今日 17 时前完成，完成后上传照片。",
    "责任人：二中队刘强；明日 12 时前完成。",
)


def _lead(case: Case) -> Actor | None:
    order = WorkOrder.objects.filter(case=case, kind="lead", status__in=sorted(LIVE)).first()
    org = order.organisation_id if order else 0
    post = Post.objects.filter(organisation=org, role=Role.HANDLER).first()
    return people.actor_in_post(post.account_id, post.pk) if post else None


def _watch() -> None:
    """Freeze the clocks as the worker would have, and run what is due."""
    clocks = Clock.objects.order_by("pk").values_list("pk", "case_id")
    following.look(
        [
            {"subject_kind": "case", "subject_id": case, "after": {"clocks": [{"id": pk}]}}
            for pk, case in clocks
        ]
    )
    escalation.run_due()
    escalation.check_alarms()
    escalation.audit()
