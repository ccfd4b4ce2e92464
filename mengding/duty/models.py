"""Teams, shifts and rosters; who asked for leave or a swap; and time on duty.

Times of day are local (Asia/Shanghai, no daylight saving); instants are stored in UTC.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from mengding.people.models import Account, Post
from mengding.regions.models import Region


def _fk(to: type[models.Model] | str, name: str, **options: object) -> models.ForeignKey:  # type: ignore[type-arg]
    """A reference that keeps its object, without a way back."""
    return models.ForeignKey(
        to,
        verbose_name=name,
        **{"on_delete": models.PROTECT, "related_name": "+"} | options,  # type: ignore[arg-type]
    )


class TeamKind(models.TextChoices):
    PROFESSIONAL = "professional", "专业队"
    TOWNSHIP = "township", "乡镇队"
    VOLUNTEER = "volunteer", "志愿队"


class Team(models.Model):
    """A patrol team and the area it patrols. Volunteers have accounts and posts too.

    `approves`: a swap agreed by both still needs the leader's or a supervisor's yes.
    """

    kind = models.CharField("类型", max_length=12, choices=TeamKind.choices)
    name = models.CharField("名称", max_length=60)
    region = _fk(Region, "巡逻区域")
    leader = _fk(Post, "队长", null=True, blank=True)
    approves = models.BooleanField("换班须审批", default=True)
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "巡逻队"
        ordering = ["region__code", "name"]
        constraints = [
            models.UniqueConstraint(
                name="team_name_once", fields=["region", "name"], condition=Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A post in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    post = _fk(Post, "岗位")

    class Meta:
        verbose_name = verbose_name_plural = "队员"
        constraints = [models.UniqueConstraint(name="member_once", fields=["team", "post"])]


class DayKind(models.TextChoices):
    ALL = "all", "每天"
    WORK = "work", "工作日"
    REST = "rest", "休息日"


class Shift(models.Model):
    """A shift that teams of an area and below may use.

    It ends the next day when `ends` is not after `starts` (equal: 24 hours). Worked on
    `weekdays` (0 Monday) that are days of kind `days` in the district's working calendar.
    """

    region = _fk(Region, "适用区域")
    name = models.CharField("名称", max_length=30)
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    weekdays = ArrayField(models.SmallIntegerField(), verbose_name="星期")
    days = models.CharField("日期", max_length=4, choices=DayKind.choices, default="all")
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "班次"
        ordering = ["region__code", "starts", "name"]
        constraints = [
            models.UniqueConstraint(
                name="shift_name_once", fields=["region", "name"], condition=Q(active=True)
            ),
            models.CheckConstraint(
                name="shift_weekdays",
                condition=Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6])
                & ~Q(weekdays=Value([], output_field=ArrayField(models.SmallIntegerField()))),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Origin(models.TextChoices):
    PATTERN = "pattern", "按规律生成"
    HAND = "hand", "手工安排"
    SWAP = "swap", "换班"


class Slot(models.Model):
    """Who works which shift of which team on which day: one line of the roster.

    The instants are frozen when the line is made; a changed shift changes lines to come.
    """

    team = _fk(Team, "队伍")
    shift = _fk(Shift, "班次")
    post = _fk(Post, "岗位")
    account = _fk(Account, "人员")
    day = models.DateField("日期")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    origin = models.CharField("来源", max_length=8, choices=Origin.choices)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "排班"
        ordering = ["day", "starts_at", "id"]
        constraints = [
            models.UniqueConstraint(name="slot_once", fields=["account", "shift", "day"]),
            models.CheckConstraint(name="slot_span", condition=Q(ends_at__gt=F("starts_at"))),
        ]
        indexes = [
            models.Index(fields=["team", "day"], name="slot_by_team"),
            models.Index(fields=["account", "ends_at"], name="slot_by_account"),
            models.Index(fields=["day"], name="slot_by_day"),
        ]


class SwapState(models.TextChoices):
    ASKED = "asked", "等待对方答复"
    AGREED = "agreed", "等待审批"
    DONE = "done", "已换班"
    DECLINED = "declined", "对方未同意"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"
    OVERTAKEN = "overtaken", "班次已变动"


PENDING = (SwapState.ASKED.value, SwapState.AGREED.value)


class Swap(models.Model):
    """`asker` gives `slot` to `other`, and takes `taken` for it (null: for nothing).

    The people and versions are those of the day it was asked: when a line has changed hands
    since, the swap is overtaken and nothing moves.
    """

    slot = _fk(Slot, "让出", null=True, on_delete=models.SET_NULL)
    taken = _fk(Slot, "换入", null=True, blank=True, on_delete=models.SET_NULL)
    exchange = models.BooleanField("互换")
    team = _fk(Team, "队伍")
    asker = _fk(Post, "申请人")
    other = _fk(Post, "对方")
    state = models.CharField("状态", max_length=10, choices=SwapState.choices)
    asked_at = models.DateTimeField("申请时间")
    answered_at = models.DateTimeField("答复时间", null=True)
    decided_at = models.DateTimeField("审批时间", null=True)
    decided_by = _fk(Account, "审批人", null=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "换班"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="swap_one_pending", fields=["slot"], condition=Q(state__in=PENDING)
            ),
            models.CheckConstraint(name="swap_of_two", condition=~Q(asker=F("other"))),
        ]
        indexes = [models.Index(fields=["team", "state"], name="swap_by_team")]


class LeaveKind(models.TextChoices):
    """No more is kept: why somebody is away is not the platform's business."""

    LEAVE = "leave", "请假"
    TRAINING = "training", "培训"


class LeaveState(models.TextChoices):
    ASKED = "asked", "待批准"
    GRANTED = "granted", "已批准"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"


class Leave(models.Model):
    """Days somebody is away, first and last included."""

    account = _fk(Account, "人员")
    post = _fk(Post, "岗位")
    kind = models.CharField("类型", max_length=8, choices=LeaveKind.choices)
    first = models.DateField("第一天")
    last = models.DateField("最后一天")
    state = models.CharField("状态", max_length=10, choices=LeaveState.choices)
    asked_at = models.DateTimeField("申请时间")
    decided_at = models.DateTimeField("审批时间", null=True)
    decided_by = _fk(Account, "审批人", null=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "请假"
        ordering = ["-first", "-id"]
        constraints = [
            models.CheckConstraint(name="leave_span", condition=Q(last__gte=F("first"))),
            ExclusionConstraint(
                name="leave_once_a_day",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    (
                        Func("first", "last", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state__in=["asked", "granted"]),
            ),
        ]


class ClosureReason(models.TextChoices):
    RAIN = "rain", "暴雨"
    SNOW = "snow", "冰雪"
    FLOOD = "flood", "山洪地质灾害"
    ROAD = "road", "道路封闭"
    OTHER = "other", "其他"


class Closure(models.Model):
    """Days on which an area cannot be patrolled, first and last included. Nobody is to blame."""

    region = _fk(Region, "区域")
    reason = models.CharField("原因", max_length=8, choices=ClosureReason.choices)
    first = models.DateField("第一天")
    last = models.DateField("最后一天")
    active = models.BooleanField("有效", default=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "停巡日"
        ordering = ["-first", "-id"]
        constraints = [
            models.CheckConstraint(name="closure_span", condition=Q(last__gte=F("first"))),
        ]


class Mark(models.Model):
    """What a worker said: on or off duty, at which time. Deleted after 30 days.

    `at` is when it was done and counts; `said_at` is what the phone's clock said, `recorded_at`
    when the server heard it. `by`: worker, or post when the post was closed.
    """

    account = _fk(Account, "人员")
    post = _fk(Post, "岗位")
    on = models.BooleanField("上岗")
    at = models.DateTimeField("时间")
    said_at = models.DateTimeField("手机时间")
    recorded_at = models.DateTimeField("收到时间")
    by = models.CharField("来源", max_length=8, default="worker")

    class Meta:
        verbose_name = verbose_name_plural = "上下岗"
        constraints = [
            models.UniqueConstraint(name="mark_once", fields=["account", "at", "on"]),
        ]
        indexes = [models.Index(fields=["recorded_at"], name="mark_age")]


class EndedBy(models.TextChoices):
    """`shift` and `longest`: forgotten, and ended for the worker. It is held against nobody."""

    WORKER = "worker", "本人"
    SHIFT = "shift", "下班自动"
    LONGEST = "longest", "超长自动"
    POST = "post", "岗位停用"
    NEXT = "next", "再次上岗"


class Interval(models.Model):
    """Time on duty of one person, from `started_at` up to `ended_at` (not included).

    Null `ended_at`: on duty, at the longest until `ends_by` (`limited_by`: shift or longest).
    `region`: the area it covers, that of the team or of a grid worker; null for posts that patrol
    nothing. `*_recorded_at`: when the server heard of it, for phones that had no signal.
    """

    account = _fk(Account, "人员", db_index=False)
    post = _fk(Post, "岗位")
    team = _fk(Team, "队伍", null=True)
    shift = _fk(Shift, "班次", null=True)
    slot = _fk(Slot, "排班", null=True, on_delete=models.SET_NULL)
    region = _fk(Region, "覆盖区域", null=True)
    started_at = models.DateTimeField("上岗")
    ends_by = models.DateTimeField("最晚下岗")
    limited_by = models.CharField("自动下岗依据", max_length=8)
    ended_at = models.DateTimeField("下岗", null=True)
    ended_by = models.CharField("下岗方式", max_length=8, blank=True, default="")
    on_recorded_at = models.DateTimeField("上岗收到时间")
    off_recorded_at = models.DateTimeField("下岗收到时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "在岗时段"
        ordering = ["-started_at"]
        constraints = [
            ExclusionConstraint(
                name="interval_no_overlap",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    (
                        Func(
                            "started_at",
                            "ended_at",
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                # Also keeps a person to one open interval. Checked when several have been moved.
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                name="interval_span",
                condition=Q(ended_at=None, ended_by="", off_recorded_at=None)
                # Said outright: a comparison with null would let the row pass.
                | Q(
                    ended_at__isnull=False,
                    off_recorded_at__isnull=False,
                    ended_at__gte=F("started_at"),
                    ended_at__lte=F("ends_by"),
                )
                & ~Q(ended_by=""),
            ),
            models.CheckConstraint(name="interval_limit", condition=Q(ends_by__gt=F("started_at"))),
        ]
        indexes = [
            models.Index(fields=["account", "-started_at"], name="interval_by_account"),
            models.Index(fields=["account"], name="interval_open", condition=Q(ended_at=None)),
            models.Index(fields=["started_at"], name="interval_age"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.started_at:%Y-%m-%d %H:%M}"
