"""What the evidence store keeps about an account: what it uploaded."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding
from mengding.core.text import T
from mengding.evidence.models import Evidence


def register() -> None:
    """Called once at start."""
    holdings.register("evidence", _uploads, order=50)


def _uploads(account_id: int) -> Holding:
    rows = Evidence.objects.filter(account=account_id, erased_at__isnull=True)
    placed = rows.filter(captured_lon__isnull=False).count()
    return Holding(
        code="evidence",
        title=T("照片和附件", "Photos and files"),
        purpose=T(
            "案件和检查的依据。照片可带拍摄地点和时间，说明的是事情在哪里。",
            "Evidence of matters. A photo may say where and when it was taken.",
        ),
        retention=T("与案件一起保留", "As long as the case"),
        readers=T("看得到该案件的人", "Whoever sees the case"),
        count=rows.count(),
        oldest=rows.aggregate(first=Min("created_at"))["first"],
        facts={"with_place": placed},
    )
