"""Versions of the routing rules: at most one draft, at most one active, the rest retired.

Once published a version never changes; the database holds it to that (`0002_immutable.py`), so
a case that names a version can always be explained from it.
"""

from django.db import models


class Status(models.TextChoices):
    DRAFT = "draft", "草稿"
    ACTIVE = "active", "使用中"
    RETIRED = "retired", "已停用"


class RuleSet(models.Model):
    """One version. `rules` is the rule file's JSON (see `file.py`), validated before each save.

    `revision` counts the saves of the draft, for optimistic concurrency; `copied_from` is the
    version a restored draft was copied from.
    """

    version = models.PositiveIntegerField("版本", unique=True)
    status = models.CharField(
        "状态", max_length=8, choices=Status.choices, default=Status.DRAFT.value
    )
    rules = models.JSONField("规则")
    revision = models.PositiveIntegerField("草稿修订", default=1)
    copied_from = models.PositiveIntegerField("复制自版本", null=True, blank=True)
    saved_at = models.DateTimeField("保存时间")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "派遣规则版本"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                name="one_active_rule_set", fields=["status"], condition=models.Q(status="active")
            ),
            models.UniqueConstraint(
                name="one_draft_rule_set", fields=["status"], condition=models.Q(status="draft")
            ),
            models.CheckConstraint(
                name="rule_set_times_fit_status",
                condition=models.Q(status="draft", published_at=None, retired_at=None)
                | models.Q(status="active", published_at__isnull=False, retired_at=None)
                | models.Q(status="retired", published_at__isnull=False, retired_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"第 {self.version} 版（{Status(self.status).label}）"
