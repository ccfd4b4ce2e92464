"""督办单: what a supervisor demands of one organisation on one case, turn by turn."""

from django.db import models
from django.db.models import Q

from mengding.cases.models import Case
from mengding.clocks.models import UNITS, Calendar
from mengding.ledger.models import Words
from mengding.people.models import Organisation, Post


class Ground(models.TextChoices):
    """Why it is demanded."""

    UNRECEIVED = "unreceived", "应受理未受理"
    UNHANDLED = "unhandled", "应办理未办理"
    QUALITY = "quality", "办理质量"
    OTHER = "other", "其他"


class Status(models.TextChoices):
    WAITING = "waiting", "待答复"
    ANSWERED = "answered", "待认可"
    CLOSED = "closed", "已办结"


class Outcome(models.TextChoices):
    """How a demand ended; an open one has none."""

    ACCEPTED = "accepted", "认可答复"
    WITHDRAWN = "withdrawn", "撤销"
    ENDED = "ended", "案件结束"
    LEFT = "left", "案件已离开该单位"


class TurnKind(models.TextChoices):
    DEMAND = "demand", "督办"
    AGAIN = "again", "再次督办"
    ANSWER = "answer", "答复"
    ACCEPT = "accept", "认可"
    WITHDRAW = "withdraw", "撤销"
    END = "end", "随案件结束"


class Demand(models.Model):
    """One demand; at most one open at a time for a case and an organisation.

    `round`: 1, and one more each time the answer was not good enough. `due_at`: when the answer
    of this round is due, counted on `calendar`, which the demand keeps.
    """

    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT)
    organisation = models.ForeignKey(
        Organisation, verbose_name="单位", on_delete=models.PROTECT, db_index=False
    )
    ground = models.CharField("事由", max_length=12, choices=Ground.choices)
    status = models.CharField("状态", max_length=8, choices=Status.choices)
    outcome = models.CharField(
        "结果", max_length=10, choices=Outcome.choices, default="", blank=True
    )
    round = models.PositiveSmallIntegerField("轮次", default=1)
    amount = models.PositiveIntegerField("时限")
    unit = models.CharField("时限单位", max_length=16, choices=UNITS)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, db_index=False)
    due_at = models.DateTimeField("答复时限")
    opened_at = models.DateTimeField("督办时间")
    opened_by = models.BigIntegerField("督办账号", null=True)
    opened_post = models.ForeignKey(
        Post, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    answered_at = models.DateTimeField("答复时间", null=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "督办单"
        constraints = [
            models.UniqueConstraint(
                name="demand_one_open",
                fields=["case", "organisation"],
                condition=~Q(status="closed"),
            ),
            models.CheckConstraint(
                name="demand_closed_whole",
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(status="closed") & Q(closed_at__isnull=True, outcome=""),
            ),
            models.CheckConstraint(
                name="demand_answered_has_time",
                condition=~Q(status="answered") | Q(answered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="demand_open", condition=~Q(status="closed")
            ),
            models.Index(fields=["organisation", "-id"], name="demand_by_org"),
        ]


class Turn(models.Model):
    """What was said in one step of a demand, and whether an answer was late."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="turns")
    kind = models.CharField("步骤", max_length=8, choices=TurnKind.choices)
    words = models.ForeignKey(
        Words, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    due_at = models.DateTimeField("答复时限", null=True)
    late = models.BooleanField("逾期", default=False)
    at = models.DateTimeField("时间")
    by = models.BigIntegerField("账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "督办步骤"
