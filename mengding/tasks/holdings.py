"""What tasks keep about an account: what was to be done, and what it did."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.tasks.models import Deed, Task


def register() -> None:
    """Called once at start."""
    holdings.register("tasks", _tasks, order=35)
    holdings.register("deeds", _deeds, order=36)


def _tasks(account_id: int) -> Holding:
    rows = Task.objects.filter(post__account=account_id) | Task.objects.filter(done_by=account_id)
    return Holding(
        code="tasks",
        title=T("日常任务", "Daily tasks"),
        purpose=T("该办什么、哪天办的。", "What is to be done, and when it was."),
        retention=T("长期保留", "Kept for good"),
        readers=T("本人、本区域的派遣员和督办员", "You, dispatchers and supervisors of the area"),
        count=rows.distinct().count(),
        oldest=rows.aggregate(first=Min("opens_at"))["first"],
    )


def _deeds(account_id: int) -> Holding:
    rows = Deed.objects.filter(account_id=account_id)
    return Holding(
        code="deeds",
        title=T("已办工作", "Work done"),
        purpose=T(
            "从台账记录自动计入，不用另外填写；只有代码和时间。",
            "Counted from the ledger, never filled in; codes and times only.",
        ),
        retention=T("长期保留", "Kept for good"),
        readers=T("本人、本区域的派遣员和督办员", "You, dispatchers and supervisors of the area"),
        count=rows.count(),
        oldest=rows.aggregate(first=Min("at"))["first"],
    )
