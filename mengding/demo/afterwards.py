"""Applications that wait, call-backs and a spot check over the sample cases."""

from datetime import timedelta

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.stages import Satisfaction, Stage
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.people import queries as people
from mengding.people.models import Post


def tell(by: dict[str, Actor]) -> None:
    """One application of each kind, an appeal, answers of reporters, and a draw."""
    handling = list(Case.objects.filter(stage=Stage.HANDLING).order_by("-reported_at"))
    for case, ask in zip(handling, (_longer, _pause, _back), strict=False):
        ask(lead(case), case)
    filed = Case.objects.filter(stage=Stage.FILED).order_by("reported_at").first()
    if filed is not None:
        cases.request_void(by["desk"], filed.pk, reason="与前一日登记的案件为同一处，重复登记。")
    late = Clock.objects.filter(kind="handle", state="stopped", late=True).order_by("-pk").first()
    if late is not None:
        case = Case.objects.get(pk=late.case_id)
        cases.request_appeal(lead(case), case.pk, reason="当日道路封闭施工，车辆无法进场。")
    closed = list(Case.objects.filter(stage=Stage.CLOSED, confidential=False).order_by("pk"))
    for case, satisfaction, resolved, note in zip(
        closed,
        (Satisfaction.DISSATISFIED, Satisfaction.SATISFIED),
        (False, True),
        ("池子清了，但周围地上的垃圾还在。", "处理得很快，谢谢。"),
        strict=False,
    ):
        cases.call_back(
            by["desk"], case.pk, satisfaction=satisfaction, resolved=resolved, note=note
        )
    now = clock.now()
    if closed:
        cases.draw_cases(
            by["supervise"],
            since=now - timedelta(days=30),
            until=now,
            size=2,
            stratified_by="town",
        )


def _longer(actor: Actor, case: Case) -> None:
    # Asked right after accepting: by now the limit may be over, at some hours of some days.
    with clock.at(case.stage_since + timedelta(seconds=1)):
        cases.request_extension(
            actor, case.pk, amount=1, reason="需协调物业清运车辆，预计多用一个时限。"
        )


def _pause(actor: Actor, case: Case) -> None:
    until = clock.now() + timedelta(days=14)
    cases.request_suspension(actor, case.pk, until=until, reason="井盖定制件两周后到货。")


def _back(actor: Actor, case: Case) -> None:
    cases.request_return(actor, case.pk, reason="楼内消防设施由消防救援部门负责。")


def lead(case: Case) -> Actor:
    """The demo handler of the lead organisation."""
    post = Post.objects.filter(organisation=case.lead_org_id or 0, role=Role.HANDLER)[0]
    actor = people.actor_in_post(post.account_id, post.pk)
    assert actor is not None  # the demo's posts are active
    return actor
