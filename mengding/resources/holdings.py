"""What the inventory keeps about an account: the checks it made."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.resources.models import Check


def register() -> None:
    """Called once at start."""
    holdings.register("resource_checks", _checks, order=62)


def _checks(account_id: int) -> Holding:
    rows = Check.objects.filter(account=account_id)
    return Holding(
        code="resource_checks",
        title=T("应急资源检查", "Checks of resources"),
        purpose=T("谁在什么时候查看了哪项资源。", "Who looked at which resource, and when."),
        retention=T("与资源一起保留", "As long as the resource"),
        readers=T("本区域的工作人员", "Staff of the area"),
        count=rows.count(),
        oldest=rows.aggregate(first=Min("at"))["first"],
    )
