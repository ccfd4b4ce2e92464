"""What outreach keeps about an account: that it said "understood"."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.outreach.models import Acknowledgement


def register() -> None:
    """Called once at start."""
    holdings.register("acknowledgements", _answers, order=61)


def _answers(account_id: int) -> Holding:
    rows = Acknowledgement.objects.filter(post__account=account_id)
    return Holding(
        code="acknowledgements",
        title=T("通知确认", "Notices you confirmed"),
        purpose=T(
            "只在通知要求确认时，记下您点了“知悉”。是否看过、看了多久都不记录。",
            "Only where a notice asks: that you said so. Reading it leaves no record.",
        ),
        retention=T("与通知一起保留", "As long as the notice"),
        readers=T("本人、发布通知的中心", "You, and the centre that sent it"),
        count=rows.count(),
        oldest=rows.aggregate(first=Min("at"))["first"],
    )
