"""What the ledger keeps about an account: what it did."""

from django.db.models import Count, Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.ledger.models import Event


def register() -> None:
    """Called once at start."""
    holdings.register("ledger", _events, order=90)


def _events(account_id: int) -> Holding:
    rows = Event.objects.filter(account_id=account_id)
    kinds = list(rows.values_list("action").annotate(n=Count("pk")).order_by("-n", "action"))
    return Holding(
        code="ledger",
        title=T("台账记录", "Ledger events"),
        purpose=T(
            "每个变更由谁、何时、以哪个岗位作出。只有代码和编号，没有文字。",
            "Who changed what, when and in which post. Codes and ids only, no words.",
        ),
        retention=T(
            "长期保留，任何人不能修改或删除。", "Kept for good; nobody can change or delete one."
        ),
        readers=T("看得到该案件的人、审计管理员", "Whoever sees the matter, and auditors"),
        count=sum(n for _, n in kinds),
        oldest=rows.aggregate(first=Min("at"))["first"],
        facts={"actions": dict(kinds)},
    )
