"""What notices keep about an account."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.notices.actions import KEEP
from mengding.notices.models import Notice


def register() -> None:
    """Called once at start."""
    holdings.register("notices", _notices, order=60)


def _notices(account_id: int) -> Holding:
    rows = Notice.objects.filter(post__account=account_id)
    oldest = rows.aggregate(first=Min("created_at"))["first"]
    return Holding(
        code="notices",
        title=T("案件提醒", "Notices of cases"),
        purpose=T(
            "告诉您的岗位有事要办，以及您是否点开过。",
            "They tell your post of something to do, and keep whether it was opened.",
        ),
        retention=T("{n} 天", "{n} days").fill(n=KEEP.days),
        readers=T("本人", "You"),
        count=rows.count(),
        oldest=oldest,
        goes_at=oldest + KEEP if oldest else None,
    )
