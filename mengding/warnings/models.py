"""Warnings about places and things, and counts of visitors at scenic spots."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mengding.cases.models import Case
from mengding.ledger.models import Words
from mengding.people.models import Organisation, Post
from mengding.regions.models import Region
from mengding.tasks.models import Task
from mengding.warnings.kinds import KIND_NAMES, Kind

LIVE = ("open", "taken")
UNDER_WAY = ("waiting", "running")
LONGEST_SPAN = timedelta(days=1)  # of one count of visitors


class Status(models.TextChoices):
    OPEN = "open", "待认领"
    TAKEN = "taken", "处理中"
    DONE = "done", "已处理"
    DISMISSED = "dismissed", "误报"


class Alert(models.Model):
    """One warning. It is proposed to a post, taken by an owner with a due time, and done or
    dismissed in the end; the owner opens a case or orders an inspection from it, each once.

    One live row for each `kind` and `key`; while it lives, what lasts only renews the figures.
    `expected`, `threshold`, `observed`, `chance`: as the method of its kind has them; `detail`:
    what else the method says (window, dispersion, cells, days …), codes and numbers only.
    """

    kind = models.CharField(
        "种类", max_length=8, choices=[(each.value, KIND_NAMES[each].zh) for each in Kind]
    )
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
    taken_at = models.DateTimeField("认领时间", null=True)
    due_at = models.DateTimeField("办理时限", null=True)
    case = models.OneToOneField(
        Case, verbose_name="案件", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # A hazard that is overdue again has the same open re-inspection as the time before.
    task = models.ForeignKey(
        Task, verbose_name="任务", null=True, on_delete=models.PROTECT, related_name="+"
    )
    rules = models.PositiveIntegerField("参数版本", default=0)
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
                name="warning_one_live",
                fields=["kind", "key"],
                condition=Q(status__in=["open", "taken"]),
            ),
            models.CheckConstraint(
                name="warning_decided_whole",
                condition=Q(status__in=["open", "taken"], decided_at__isnull=True)
                | ~Q(status__in=["open", "taken"]) & Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="warning_taken_whole",
                condition=~Q(status="taken")
                | Q(post__isnull=False, taken_at__isnull=False, due_at__isnull=False),
            ),
            # Whoever follows a warning up owns it.
            models.CheckConstraint(
                name="warning_followed_by_its_owner",
                condition=~Q(status="open") | Q(case__isnull=True, task__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["-raised_at", "-id"], name="warning_newest"),
            models.Index(fields=["kind", "class_code", "decided_at"], name="warning_decided"),
        ]


class RuleSet(models.Model):
    """One version of a district's settings. The newest is in force; none is ever changed."""

    district = models.ForeignKey(
        Region, verbose_name="区县", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField("版本")
    document = models.JSONField("内容")
    made_at = models.DateTimeField("时间")
    made_by = models.BigIntegerField("账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警参数"
        constraints = [
            models.UniqueConstraint(name="warning_rules_once", fields=["district", "version"]),
        ]


class TrialState(models.TextChoices):
    WAITING = "waiting", "排队中"
    RUNNING = "running", "试算中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "未完成"


class Trial(models.Model):
    """Settings tried on the last 90 days; one under way in a district. Kept 30 days.

    `document`: whole; `against`: the version in force when it was asked for; `done` of `total`:
    its progress; `answer`: {kind, tried, current} of each kind that is counted. `begun`: how often
    a worker began it, more than once where one was killed. `error`: a code.
    """

    district = models.ForeignKey(
        Region, verbose_name="区县", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    document = models.JSONField("内容")
    kinds: "models.Field[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=8), verbose_name="种类"
    )
    against = models.PositiveIntegerField("对照版本")
    state = models.CharField(
        "状态", max_length=9, choices=TrialState.choices, default=TrialState.WAITING.value
    )
    done = models.PositiveIntegerField("进度", default=0)
    total = models.PositiveIntegerField("总量")
    answer = models.JSONField("结果", default=list)
    begun = models.PositiveSmallIntegerField("开始次数", default=0)
    error = models.CharField("错误", max_length=20, default="", blank=True)
    asked_at = models.DateTimeField("提交时间")
    asked_by = models.BigIntegerField("账号", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警参数试算"
        constraints = [
            models.UniqueConstraint(
                name="warning_trial_one_under_way",
                fields=["district"],
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.CheckConstraint(
                name="warning_trial_ended_whole",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | ~Q(state__in=["waiting", "running"]) & Q(finished_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["district", "-id"], name="warning_trial_newest")]


class Spot(models.Model):
    """A scenic spot whose visitors a counter counts. No cameras, no devices: a number comes in.

    `stages`: percentages of the capacity of its own; empty: the district's.
    """

    code = models.CharField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    capacity = models.PositiveIntegerField("最大承载量")
    stages: "models.Field[list[int], list[int]]" = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name="分级", default=list, blank=True
    )
    stage = models.PositiveSmallIntegerField("级别", default=0)
    people = models.PositiveIntegerField("当前人数", null=True)
    counted_at = models.DateTimeField("计数时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "景点"
        constraints = [
            models.CheckConstraint(name="spot_holds_somebody", condition=Q(capacity__gt=0)),
            models.CheckConstraint(
                name="spot_three_stages", condition=Q(stages__len=0) | Q(stages__len=3)
            ),
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
            models.CheckConstraint(
                name="crowd_span",
                condition=Q(since__lt=F("until"), since__gte=F("until") - LONGEST_SPAN),
            ),
        ]
