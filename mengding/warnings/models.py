"""Warnings about places and things, and counts of visitors at scenic spots."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.ledger.models import Words
from mengding.people.models import Organisation, Post
from mengding.regions.models import Region


class Kind(models.TextChoices):
    REPEAT = "repeat", "同一地点反复"
    SPIKE = "spike", "数量突增"
    CLUSTER = "cluster", "时空聚集"
    SERIES = "series", "部件成批损坏"
    OVERDUE = "overdue", "隐患复查逾期"
    CROWD = "crowd", "景区人流"


class Status(models.TextChoices):
    OPEN = "open", "待办"
    DONE = "done", "已处理"
    DISMISSED = "dismissed", "误报"


class Alert(models.Model):
    """One warning, which is also a task: it has an owner until it is done or dismissed.

    One open row for each `kind` and `key`; while it is open, what lasts only renews the figures.
    `expected`, `threshold`, `observed`, `chance`: as the method of its kind has them; `detail`:
    what else the method says (window, dispersion, cells, days …), codes and numbers only.
    """

    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=80)
    class_code = models.CharField("类别", max_length=5, default="", blank=True)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cell = models.BigIntegerField("网格单元", null=True)
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    observed = models.IntegerField("实际")
    expected = models.FloatField("基线")
    threshold = models.FloatField("阈值")
    chance = models.FloatField("偶然概率", null=True)
    stage = models.PositiveSmallIntegerField("级别", default=1)
    detail = models.JSONField(default=dict)
    case_ids: "models.Field[list[int], list[int]]" = ArrayField(
        models.BigIntegerField(), default=list
    )
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.OPEN.value
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    post = models.ForeignKey(
        Post, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    raised_at = models.DateTimeField("发出时间")
    seen_at = models.DateTimeField("最近成立")
    decided_at = models.DateTimeField("处理时间", null=True)
    decided_by = models.BigIntegerField("处理账号", null=True)
    words = models.ForeignKey(
        Words, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = verbose_name_plural = "预警"
        constraints = [
            models.UniqueConstraint(
                name="warning_one_open", fields=["kind", "key"], condition=Q(status="open")
            ),
            models.CheckConstraint(
                name="warning_decided_whole",
                condition=Q(status="open", decided_at__isnull=True)
                | ~Q(status="open") & Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["-raised_at", "-id"], name="warning_newest"),
            models.Index(fields=["kind", "class_code", "decided_at"], name="warning_decided"),
        ]


class Spot(models.Model):
    """A scenic spot whose visitors a counter counts. No cameras, no devices: a number comes in."""

    code = models.CharField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    capacity = models.PositiveIntegerField("最大承载量")
    stage = models.PositiveSmallIntegerField("级别", default=0)
    people = models.PositiveIntegerField("当前人数", null=True)
    counted_at = models.DateTimeField("计数时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "景点"
        constraints = [
            models.CheckConstraint(name="spot_holds_somebody", condition=Q(capacity__gt=0)),
        ]


class Crowd(models.Model):
    """One count of one spot over a span; kept 400 days, for comparison with last year."""

    spot = models.ForeignKey(Spot, on_delete=models.CASCADE, db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    people = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "人流计数"
        constraints = [
            models.UniqueConstraint(name="crowd_once", fields=["spot", "since", "until"]),
        ]
