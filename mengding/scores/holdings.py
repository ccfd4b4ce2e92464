"""What evaluation keeps about an account: figures of its months, appeals, and who looked."""

from django.db.models import Min

from mengding.core import holdings
from mengding.core.holdings import Holding, Look
from mengding.core.text import T
from mengding.scores import queries
from mengding.scores.models import Appeal, Figure


def register() -> None:
    """Called once at start."""
    holdings.register("evaluation", _figures, order=45)


def _figures(account_id: int) -> Holding:
    rows = Figure.objects.filter(account=account_id).order_by("month", "number")
    found = list(rows.values_list("month", "number", "tenths", "origin"))
    return Holding(
        code="evaluation",
        title=T("工作评价", "Evaluation of your months"),
        purpose=T(
            "由已有的工作记录算出，每一步写明依据；不排名，不与他人比较。",
            "Worked out from work already recorded, every step with its evidence; no ranking.",
        ),
        retention=T(
            "按月冻结后长期保留，不能修改；更正另列。",
            "Frozen month by month and kept for good; corrections stand beside.",
        ),
        readers=T(
            "本人；督办员须写明理由，您能看到谁看过。",
            "You; supervisors for a stated reason, and you see who looked.",
        ),
        count=len(found),
        oldest=rows.aggregate(first=Min("made_at"))["first"],
        looks=tuple(
            Look(each["at"], each["by"], each["why"]) for each in queries.looks(account_id)
        ),
        facts={
            "months": [
                {
                    "month": f"{month:%Y-%m}",
                    "number": number,
                    "value": None if tenths is None else tenths / 10,
                    "origin": origin,
                }
                for month, number, tenths, origin in found
            ],
            "appeals": Appeal.objects.filter(account=account_id).count(),
        },
    )
