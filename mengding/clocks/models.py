"""Working calendars, stage limits and the clocks that run under them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mengding.worktime import Unit

UNITS = [(unit.value, unit.value) for unit in Unit]


class ClockKind(models.TextChoices):
    RECEIVE = "receive", "受理"
    PRECHECK = "precheck", "核实"
    DISPATCH = "dispatch", "派遣"
    HANDLE = "handle", "处置"
    CHECK = "check", "核查"


class ClockState(models.TextChoices):
    RUNNING = "running", "计时中"
    PAUSED = "paused", "已暂停"
    STOPPED = "stopped", "已停止"
    CANCELLED = "cancelled", "已取消"


class Calendar(models.Model):
    """One version of a working calendar; a clock keeps the version it started under."""

    code = models.CharField("代码", max_length=20)
    version = models.IntegerField("版本")
    name = models.CharField("名称", max_length=80)
    spec = models.JSONField("内容")  # worktime.WorkCalendar.to_json
    active = models.BooleanField("启用", default=False)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        constraints = [
            models.UniqueConstraint(name="calendar_version", fields=["code", "version"]),
            models.UniqueConstraint(
                name="calendar_one_active", fields=["code"], condition=models.Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class StageLimits(models.Model):
    """One version of the stage limits: {kind: {"amount", "unit"}} for every kind but handle.

    The handling limit comes from the filing condition. `yellow_percent`: share of the limit
    after which a clock turns yellow.
    """

    version = models.IntegerField("版本", unique=True)
    limits = models.JSONField("时限")
    yellow_percent = models.PositiveSmallIntegerField("黄灯百分比", default=80)
    active = models.BooleanField("启用", default=False)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "环节时限"
        constraints = [
            models.UniqueConstraint(
                name="limits_one_active", fields=["active"], condition=models.Q(active=True)
            ),
            models.CheckConstraint(
                name="limits_yellow", condition=models.Q(yellow_percent__range=(1, 99))
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class Clock(models.Model):
    """One deadline of one case (of one work order for handling), frozen when it starts.

    `pauses`: alternating instants [paused, resumed, paused …]; an odd count is an open pause.
    `extra`: granted extension in the limit's unit. `due_at` is null while paused.
    The foreign key to the case is added by the cases app, which stands above this one.
    """

    case_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    state = models.CharField(max_length=10, choices=ClockState.choices)
    started_at = models.DateTimeField()
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=16, choices=UNITS)
    extra = models.PositiveIntegerField(default=0)
    pauses = ArrayField(models.DateTimeField(), default=list)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, db_index=False)
    limits = models.ForeignKey(StageLimits, on_delete=models.PROTECT, db_index=False)
    due_at = models.DateTimeField(null=True)
    yellow_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)
    # A granted appeal: the lateness counts for nobody, its figures stay as they were.
    exempted = models.BooleanField("超时豁免", default=False, db_default=False)

    class Meta:
        verbose_name = verbose_name_plural = "时钟"
        constraints = [
            # A clock never runs twice: one live clock per case, kind and order.
            models.UniqueConstraint(
                name="clock_runs_once",
                fields=["case_id", "kind", "order_id"],
                condition=models.Q(state__in=["running", "paused"]),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="clock_due_while_running",
                condition=models.Q(state="running", due_at__isnull=False, stopped_at__isnull=True)
                | models.Q(state="paused", due_at__isnull=True, stopped_at__isnull=True)
                | models.Q(state__in=["stopped", "cancelled"], stopped_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["case_id"], name="clock_by_case")]
