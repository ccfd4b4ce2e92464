"""What duty keeps about an account: time on duty, the roster, days away."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.duty.models import Interval, Leave, Slot

READERS = T("本人、本区域的派遣员和督办员", "You, dispatchers and supervisors of the area")


def register() -> None:
    """Called once at start."""
    holdings.register("duty", _intervals, order=30)
    holdings.register("roster", _roster, order=31)


def _intervals(account_id: int) -> Holding:
    rows = Interval.objects.filter(account=account_id)
    return Holding(
        code="duty",
        title=T("在岗时段", "Time on duty"),
        purpose=T(
            "只有在岗时段内才接收位置、才算有人值守。上岗就是签到，不比较工时。",
            "Positions are taken inside it only, and an area counts as covered. Hours are not "
            "compared.",
        ),
        retention=T(
            "长期保留；手机上的点击记录 30 天后删除。",
            "Kept for good; what was tapped on the phone goes after 30 days.",
        ),
        readers=READERS,
        count=rows.count(),
        oldest=rows.aggregate(first=Min("started_at"))["first"],
    )


def _roster(account_id: int) -> Holding:
    slots = Slot.objects.filter(account=account_id)
    leaves = Leave.objects.filter(account=account_id)
    return Holding(
        code="roster",
        title=T("排班、请假", "Roster and days away"),
        purpose=T(
            "谁哪天当班；请假的日子不计任务。不记请假的原因。",
            "Who works when; on days away no task counts. Why somebody is away is not kept.",
        ),
        retention=T("长期保留", "Kept for good"),
        readers=READERS,
        count=slots.count() + leaves.count(),
        oldest=slots.aggregate(first=Min("starts_at"))["first"],
        facts={
            "shifts": slots.count(),
            "away": [
                {"kind": kind, "first": first.isoformat(), "last": last.isoformat(), "state": state}
                for kind, first, last, state in leaves.order_by("first").values_list(
                    "kind", "first", "last", "state"
                )
            ],
        },
    )
