"""Versions of the rules, months, figures of one worker's month, and appeals against them.

The tables are called evaluation_…: in names the word of the boundaries stays forbidden, so that
a number about a resident would still be found (docs/boundaries.md). Rules, figures and reviews
are immutable in the database; see `migrations/0002_immutable.py`.
"""

from django.db import models
from django.db.models import F, Q

from mengding.ledger.models import Words
from mengding.people.models import Account, Post


class RuleVersion(models.Model):
    """One version of the rules, in force from the first day of a month until the next one's."""

    version = models.IntegerField("版本", primary_key=True)
    document = models.JSONField("内容")
    starts_on = models.DateField("生效月份", unique=True)
    published_at = models.DateTimeField("发布时间")
    published_by = models.BigIntegerField("发布账号", null=True)

    class Meta:
        db_table = "evaluation_rules"
        verbose_name = verbose_name_plural = "评价规则"
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(name="rules_from_a_first", condition=Q(starts_on__day=1)),
            models.CheckConstraint(name="rules_version", condition=Q(version__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.version}"


class Month(models.Model):
    """A frozen month: with which rules, when, and the digest over all figures of that day.

    `rules` 0: those shipped with the product. A month without a row is still open.
    """

    first = models.DateField("月份", primary_key=True)
    rules = models.IntegerField("规则版本")
    frozen_at = models.DateTimeField("冻结时间")
    frozen_by = models.BigIntegerField("冻结账号", null=True)
    figures_count = models.IntegerField("人数")
    digest = models.BinaryField()

    class Meta:
        db_table = "evaluation_month"
        verbose_name = verbose_name_plural = "评价月份"
        ordering = ["-first"]
        constraints = [
            models.CheckConstraint(name="month_from_a_first", condition=Q(first__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class Origin(models.TextChoices):
    FROZEN = "frozen", "月末冻结"
    LATE = "late", "迟到更正"  # leave granted afterwards, work that arrived late
    APPEAL = "appeal", "申诉更正"


class Figure(models.Model):
    """What one worker's month came to; `number` 0 at freezing, each correction the next.

    `document`: the whole evidence (tasks, events, reasons) and every step. `digest`: SHA-256 of
    its canonical JSON. A correction never replaces a figure: it stands beside it.
    """

    month = models.ForeignKey(Month, on_delete=models.PROTECT, related_name="figures")
    account = models.ForeignKey(
        Account, verbose_name="人员", on_delete=models.PROTECT, related_name="+"
    )
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField("序号", default=0)
    origin = models.CharField("来源", max_length=8, choices=Origin.choices)
    tenths = models.IntegerField("结果（十分之一）", null=True)
    document = models.JSONField("依据")
    digest = models.BinaryField()
    made_at = models.DateTimeField("时间")

    class Meta:
        db_table = "evaluation_figure"
        verbose_name = verbose_name_plural = "评价结果"
        ordering = ["month", "account", "number"]
        constraints = [
            models.UniqueConstraint(name="figure_once", fields=["month", "account", "number"]),
            models.CheckConstraint(
                name="figure_range", condition=Q(tenths=None) | Q(tenths__range=(0, 1000))
            ),
            models.CheckConstraint(
                name="figure_first_is_frozen",
                condition=Q(number=0, origin="frozen") | Q(number__gt=0) & ~Q(origin="frozen"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.account_id} {self.number}"


class AppealState(models.TextChoices):
    ASKED = "asked", "等待初审"
    REVIEWED = "reviewed", "等待复审"
    GRANTED = "granted", "申诉成立"
    REFUSED = "refused", "维持原结果"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN = (AppealState.ASKED.value, AppealState.REVIEWED.value)


class Appeal(models.Model):
    """A worker objects to a figure: these tasks should not count, for this reason.

    `due_on`: the day by which both reviews should be done.
    """

    figure = models.ForeignKey(Figure, on_delete=models.PROTECT, related_name="appeals")
    account = models.ForeignKey(
        Account, verbose_name="申诉人", on_delete=models.PROTECT, related_name="+"
    )
    tasks = models.JSONField("所涉任务", default=list)
    reason = models.ForeignKey(Words, on_delete=models.DO_NOTHING, related_name="+")
    state = models.CharField("状态", max_length=10, choices=AppealState.choices)
    asked_at = models.DateTimeField("申诉时间")
    due_on = models.DateField("审核期限")
    ended_at = models.DateTimeField("结束时间", null=True)
    correction = models.ForeignKey(
        Figure, verbose_name="更正", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "evaluation_appeal"
        verbose_name = verbose_name_plural = "评价申诉"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                name="appeal_one_open", fields=["account", "figure"], condition=Q(state__in=OPEN)
            ),
            models.CheckConstraint(
                name="appeal_ends",
                condition=Q(state__in=OPEN, ended_at=None)
                | ~Q(state__in=OPEN) & Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.state}"


class Review(models.Model):
    """One look at an appeal. Two different people, neither of them the worker; `worker` repeats
    who appealed so that the database can hold to it.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="reviews")
    turn = models.IntegerField("第几次")
    reviewer = models.ForeignKey(
        Account, verbose_name="审核人", on_delete=models.PROTECT, related_name="+"
    )
    worker = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    grants = models.BooleanField("成立")
    reason = models.ForeignKey(Words, on_delete=models.DO_NOTHING, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "evaluation_review"
        verbose_name = verbose_name_plural = "申诉审核"
        ordering = ["appeal", "turn"]
        constraints = [
            models.UniqueConstraint(name="review_each_turn_once", fields=["appeal", "turn"]),
            models.UniqueConstraint(name="review_by_different", fields=["appeal", "reviewer"]),
            models.CheckConstraint(
                name="review_not_by_the_worker", condition=~Q(reviewer=F("worker"))
            ),
            models.CheckConstraint(name="review_two_turns", condition=Q(turn__in=(1, 2))),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id} {self.turn}"
