"""A run and its cases.

History is never taken back: a run waits some seconds before it begins, and until then it can be
called back. It waits in the database, so closing the window changes nothing.
"""

from django.db import models

from mengding.cases.models import Case
from mengding.people.models import Account, Post


class Status(models.TextChoices):
    WAITING = "waiting", "等待执行"
    RECALLED = "recalled", "已撤回"
    RUNNING = "running", "执行中"
    ENDED = "ended", "已完成"


class Result(models.TextChoices):
    PENDING = "pending", "待执行"
    DONE = "done", "已完成"
    REFUSED = "refused", "未执行"


class Run(models.Model):
    """`fields`: what the verb was given, encrypted (it holds somebody's words), emptied at the
    end. `scopes`: of the token that asked, null for a person."""

    account = models.ForeignKey(
        Account, verbose_name="账号", on_delete=models.PROTECT, db_index=False
    )
    post = models.ForeignKey(Post, verbose_name="岗位", on_delete=models.PROTECT, db_index=False)
    scopes = models.JSONField("令牌权限", null=True)
    verb = models.CharField("操作", max_length=20)
    fields = models.BinaryField(default=b"")
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.WAITING)
    total = models.IntegerField("件数")
    asked_at = models.DateTimeField("提交时间")
    due_at = models.DateTimeField("执行时间")
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量操作"
        indexes = [
            models.Index(fields=["account", "-id"], name="bulk_by_account"),
            models.Index(
                fields=["due_at"],
                name="bulk_unfinished",
                condition=models.Q(status__in=["waiting", "running"]),
            ),
        ]


class Item(models.Model):
    """One case of a run; `version` is the one that was shown beforehand."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False)
    version = models.IntegerField("版本")
    result = models.CharField("结果", max_length=8, choices=Result.choices, default=Result.PENDING)
    code = models.CharField("原因代码", max_length=40, default="", blank=True)
    why = models.JSONField("原因", default=list, blank=True)  # [zh, en]

    class Meta:
        verbose_name = verbose_name_plural = "批量操作明细"
        constraints = [models.UniqueConstraint(fields=["run", "case"], name="bulk_case_once")]
