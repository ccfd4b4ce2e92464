"""The catalogue's versions, plans, the tasks they make, and the work that completes them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mengding.ledger.models import Words
from mengding.people.models import Post
from mengding.regions.models import Region
from mengding.tasks.models.area import InArea
from mengding.tasks.models.care import CareConsent
from mengding.tasks.models.places import Finding, Place


class Edition(models.Model):
    """One version of the task catalogue. The newest is in force; none is ever changed."""

    version = models.IntegerField("版本", primary_key=True)
    document = models.JSONField("内容")
    made_at = models.DateTimeField("时间")
    made_by = models.BigIntegerField("账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务目录"


class Who(models.TextChoices):
    """Who does the tasks of a plan."""

    POSTS = "posts", "指定岗位"  # each of them
    WORKERS = "workers", "区域内每名网格员"
    VILLAGES = "villages", "每村一件，村内网格员共办"
    TEAM = "team", "巡查队"


class Plan(models.Model):
    """What is to be done again and again. `recurrence`, hours: see `recurrence`.

    `place_kind`: one task for each such place in the area. `times`: so many tasks a day.
    """

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("任务", max_length=40)
    who = models.CharField("由谁办", max_length=10, choices=Who.choices)
    posts = ArrayField(models.BigIntegerField(), verbose_name="岗位", default=list)
    team_id = models.BigIntegerField("巡查队", null=True)
    region = models.ForeignKey(
        Region, verbose_name="区域", on_delete=models.PROTECT, related_name="+"
    )
    place = models.ForeignKey(
        Place, verbose_name="场所", null=True, on_delete=models.PROTECT, related_name="+"
    )
    place_kind = models.CharField("场所类型", max_length=40, blank=True, default="")
    consent = models.OneToOneField(
        CareConsent, verbose_name="关爱同意", null=True, on_delete=models.PROTECT
    )
    recurrence = models.JSONField("周期")
    opens = models.IntegerField("开始（分钟）")
    closes = models.IntegerField("结束（分钟）")
    due_days = models.IntegerField("顺延天数", default=0)
    late_days = models.IntegerField("可补办天数", default=3)
    times = models.IntegerField("每次件数", default=1)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至", null=True)
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)
    made_by = models.BigIntegerField("账号", null=True)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "任务计划"
        constraints = [
            models.CheckConstraint(name="plan_times", condition=Q(times__range=(1, 20))),
            models.CheckConstraint(
                name="plan_hours",
                condition=Q(opens__range=(0, 1439), closes__range=(1, 1440)),
            ),
        ]


class Task(InArea):
    """One thing to do once. `key` follows from what made it, so making it again changes nothing.

    Bound to a post, to a team, or shared by the grid workers of the division. `done_event` is the
    event of the ledger that completed it: work is never reported twice. `done_at` is when it was
    done, `received_at` when the server learned of it.
    """

    key = models.UUIDField("键", unique=True)
    plan = models.ForeignKey(Plan, verbose_name="计划", null=True, on_delete=models.PROTECT)
    kind = models.CharField("任务", max_length=40)
    edition = models.ForeignKey(
        Edition, verbose_name="目录版本", on_delete=models.PROTECT, db_index=False
    )
    day = models.DateField("日期")
    opens_at = models.DateTimeField("开始")
    due_at = models.DateTimeField("截止")
    until_at = models.DateTimeField("可补办至")
    post = models.ForeignKey(
        Post, verbose_name="岗位", null=True, on_delete=models.PROTECT, db_index=False
    )
    team_id = models.BigIntegerField("巡查队", null=True)
    place = models.ForeignKey(Place, verbose_name="场所", null=True, on_delete=models.PROTECT)
    consent = models.ForeignKey(
        CareConsent, verbose_name="关爱同意", null=True, on_delete=models.PROTECT
    )
    finding = models.ForeignKey(
        Finding, verbose_name="复查的问题", null=True, on_delete=models.PROTECT
    )
    status = models.CharField(
        "状态",
        max_length=10,
        default="open",
        choices=[("open", "待办"), ("completed", "已完成"), ("cancelled", "已取消")],
    )
    done_at = models.DateTimeField("完成时间", null=True)
    received_at = models.DateTimeField("收到时间", null=True)
    done_by = models.BigIntegerField("完成账号", null=True)
    done_event = models.BigIntegerField("完成事件", null=True)
    late = models.BooleanField("补办", default=False)
    reason = models.ForeignKey(
        Words,
        verbose_name="原因",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    cancel_code = models.CharField("取消原因", max_length=20, blank=True, default="")
    # Ordered singly, from something in an app above: its kind and id, and what is to be looked at.
    origin = models.CharField("来由", max_length=20, blank=True, default="")
    origin_id = models.BigIntegerField("来由编号", null=True)
    order = models.ForeignKey(
        Words,
        verbose_name="交办说明",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        constraints = [
            models.CheckConstraint(
                name="task_window", condition=Q(opens_at__lt=F("due_at"), until_at__gte=F("due_at"))
            ),
            models.CheckConstraint(
                name="task_completed_by_an_event",
                condition=Q(status="completed", done_at__isnull=False, done_event__isnull=False)
                | ~Q(status="completed") & Q(done_at__isnull=True, done_event__isnull=True),
            ),
            models.CheckConstraint(
                name="task_late_has_a_reason", condition=Q(late=False) | Q(reason__isnull=False)
            ),
            models.CheckConstraint(
                name="task_bound_once", condition=Q(post__isnull=True) | Q(team_id__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["origin", "origin_id"],
                name="task_ordered_once",
                condition=~Q(origin="") & ~Q(status="cancelled"),
            ),
            # One piece of work counts for one task, whoever follows the ledger.
            models.UniqueConstraint(fields=["done_event"], name="task_event_once"),
            models.UniqueConstraint(
                fields=["finding"], name="task_one_open_recheck", condition=Q(status="open")
            ),
        ]
        indexes = [
            models.Index(fields=["post", "day"], name="task_by_post"),
            models.Index(fields=["village", "day"], name="task_by_village"),
            models.Index(fields=["day", "id"], name="task_by_day"),
            models.Index(fields=["kind", "due_at"], name="task_open", condition=Q(status="open")),
        ]


class Deed(InArea):
    """One piece of work, as the ledger tells it: planned (`task`) or not, it counts.

    Ids, codes and times only. What it was about stands in the event.
    """

    event_id = models.BigIntegerField("事件", unique=True)
    kind = models.CharField("任务", max_length=40)
    action = models.CharField("动作", max_length=48)
    account_id = models.BigIntegerField("账号")
    post_id = models.BigIntegerField("岗位", null=True)
    at = models.DateTimeField("时间")
    place = models.ForeignKey(Place, verbose_name="场所", null=True, on_delete=models.PROTECT)
    task = models.OneToOneField(Task, verbose_name="任务", null=True, on_delete=models.PROTECT)

    class Meta:
        verbose_name = verbose_name_plural = "已办工作"
        indexes = [
            models.Index(fields=["account_id", "at"], name="deed_by_account"),
            models.Index(fields=["village", "at"], name="deed_by_village"),
            models.Index(fields=["at"], name="deed_by_time"),
        ]


class Visit(InArea):
    """A visit or an outreach that has no other record: where, what for, what came of it.

    Nothing about who lives there. The address is erased after `KEEP_DAYS` (`actions.doing`).
    """

    kind = models.CharField("任务", max_length=40)
    address = models.CharField("地址", max_length=120, blank=True)
    purpose = models.CharField("目的", max_length=40)
    result = models.CharField("结果", max_length=40)
    at = models.DateTimeField("时间")
    account_id = models.BigIntegerField("账号")
    erased_at = models.DateTimeField("地址删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "走访宣传"
        constraints = [
            models.CheckConstraint(
                name="visit_erased_is_empty",
                condition=Q(erased_at__isnull=True) | Q(address=""),
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="visit_address", condition=Q(erased_at__isnull=True)),
        ]
