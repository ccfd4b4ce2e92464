"""What a post is told of, without words: a kind, a case and an event."""

from django.db import models

from mengding.cases.models import Case
from mengding.people.models import Post


class NoticeKind(models.TextChoices):
    ARRIVED = "arrived", "紧急案件"  # received as urgent, or found to be
    DISPATCHED = "dispatched", "新工单"
    DECIDED = "decided", "申请已审批"
    FED_BACK = "fed_back", "待核查"
    REWORK = "rework", "返工"
    RESUMED = "resumed", "恢复办理"  # by the system, on the day
    SUPERVISED = "supervised", "督办"
    HELP = "help", "求助"  # to the dispatchers of the centre
    ANSWERED = "answered", "督办答复"  # to who demanded
    ESCALATED = "escalated", "催办"  # a step of an escalation chain
    DUTY = "duty", "值勤"  # swaps, leave, duty that ended by itself; about no case
    ALARM = "alarm", "预警"  # e.g. nobody on duty where an urgent case is
    WARNING = "warning", "地点与设施预警"  # raised, or handed to this post; about no case


class Notice(models.Model):
    """One event brought to the attention of one post. Deleted after 90 days."""

    post = models.ForeignKey(Post, verbose_name="岗位", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(
        Case, verbose_name="案件", on_delete=models.PROTECT, db_index=False, null=True
    )
    kind = models.CharField("种类", max_length=12, choices=NoticeKind.choices)
    action = models.CharField("动作", max_length=48)  # the event's: tells granted from refused
    event_id = models.BigIntegerField("事件")
    at = models.DateTimeField("发生时间")
    created_at = models.DateTimeField("通知时间")
    read_at = models.DateTimeField("已读", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [
            models.UniqueConstraint(fields=["post", "event_id"], name="notice_once"),
        ]
        indexes = [
            models.Index(fields=["post", "-id"], name="notice_by_post"),
            models.Index(
                fields=["post"], name="notice_unread", condition=models.Q(read_at__isnull=True)
            ),
            models.Index(fields=["created_at"], name="notice_age"),
        ]
