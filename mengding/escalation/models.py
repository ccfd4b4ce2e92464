"""Chains in versions, the chain each clock is frozen with, every step that ran, alarms, audits."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.cases.models import Case
from mengding.people.models import Organisation, Post
from mengding.regions.models import Region


class ChainSet(models.Model):
    """One version of all chains and alarms (see `document`). The database refuses to change one:
    clocks are frozen with it."""

    version = models.IntegerField("版本", unique=True)
    document = models.JSONField("内容")
    active = models.BooleanField("启用", default=False)
    created_at = models.DateTimeField("创建时间")
    created_by = models.BigIntegerField("创建账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "催办链"
        constraints = [
            models.UniqueConstraint(
                name="chains_one_active", fields=["active"], condition=Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class State(models.TextChoices):
    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"


class Watch(models.Model):
    """One clock with its chain, frozen when the clock started. `chain` "": none fitted.

    `fence` rises with every change; a worker writes only over the number it has read. `next_at`:
    when the next step is due (null: none left, or paused); `try_at`: when it is tried, later than
    that after a failure. `shape`: extension and pauses as last seen; `aimed_at`: when they last
    changed.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False)
    clock_id = models.BigIntegerField(unique=True)
    kind = models.CharField("计时", max_length=10)
    chains = models.ForeignKey(ChainSet, on_delete=models.PROTECT, db_index=False)
    chain = models.CharField("催办链", max_length=40)
    urgent = models.BooleanField("紧急", default=False)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    fence = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    try_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, default="", blank=True)
    shape = models.CharField(max_length=64, default="")
    aimed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        constraints = [
            models.CheckConstraint(
                name="watch_ended_has_time",
                condition=Q(state="ended", ended_at__isnull=False, try_at__isnull=True)
                | Q(state="running", ended_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_at"],
                name="watch_due",
                condition=Q(state="running", try_at__isnull=False),
            ),
            models.Index(fields=["case"], name="watch_by_case"),
            models.Index(fields=["ended_at"], name="watch_ended", condition=Q(state="ended")),
        ]


class Result(models.TextChoices):
    TOLD = "told", "已通知"
    NOBODY = "nobody", "无人可通知"
    STALE = "stale", "已过时"


class StepRun(models.Model):
    """One step that ran: for which instant, under which fence, whom it told."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="runs", db_index=False)
    step = models.PositiveSmallIntegerField("步骤")
    nth = models.PositiveSmallIntegerField("次")
    due_at = models.DateTimeField("应于")
    ran_at = models.DateTimeField("执行时间")
    result = models.CharField("结果", max_length=8, choices=Result.choices)
    fence = models.BigIntegerField()
    event_id = models.BigIntegerField()
    posts: "models.Field[list[int], list[int]]" = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        verbose_name = verbose_name_plural = "催办记录"
        constraints = [
            models.UniqueConstraint(
                name="step_runs_once", fields=["watch", "step", "nth", "due_at"]
            ),
        ]


class AlarmKind(models.TextChoices):
    UNCOVERED = "uncovered", "无人值守"
    UNACCEPTED = "unaccepted", "无人接单"
    UNREAD = "unread", "通知未读"
    STALE = "stale", "受理台无人"
    LAG = "lag", "数据滞后"


class Alarm(models.Model):
    """Something that nobody seems to look after. One open row for each `kind` and `key`; it ends
    by itself when it is no longer so. An acknowledged one is not told again."""

    kind = models.CharField("种类", max_length=12, choices=AlarmKind.choices)
    key = models.CharField(max_length=40)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(
        Region, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    role = models.CharField("负责岗位", max_length=16)
    post = models.ForeignKey(
        Post, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    since = models.DateTimeField("始于")
    raised_at = models.DateTimeField("发出时间")
    told_at = models.DateTimeField("最近通知")
    times = models.PositiveIntegerField("通知次数", default=1)
    acknowledged_at = models.DateTimeField("知悉时间", null=True)
    acknowledged_by = models.BigIntegerField("知悉账号", null=True)
    ended_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "值守预警"
        constraints = [
            models.UniqueConstraint(
                name="alarm_one_open", fields=["kind", "key"], condition=Q(ended_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["-raised_at", "-id"], name="alarm_newest")]


class Console(models.Model):
    """When a console of an organisation last held the live stream. No person, no history."""

    organisation_id = models.BigIntegerField(primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "受理台在线"


class Audit(models.Model):
    """One audit: how many steps were due, how many of them ran, and which did not.

    `gaps`: at most 500 of {"clock", "case", "step", "nth", "due", "why", "detail"}.
    """

    at = models.DateTimeField("时间")
    since = models.DateTimeField("自")
    clocks = models.IntegerField("计时")
    due = models.IntegerField("应执行")
    ran = models.IntegerField("已执行")
    missing = models.IntegerField("未执行")
    by_reason = models.JSONField(default=dict)
    gaps = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "催办审计"
        indexes = [models.Index(fields=["-at"], name="audit_newest")]
