"""Briefings (日报, 周报, 月报), the templates they follow and when they are made."""

from django.db import models
from django.db.models import Q

from mengding.ledger.models import Words
from mengding.regions.models import Region


class Kind(models.TextChoices):
    DAY = "day", "日报"
    WEEK = "week", "周报"
    MONTH = "month", "月报"


class Status(models.TextChoices):
    DRAFT = "draft", "待签发"
    SIGNED = "signed", "已签发"
    WITHDRAWN = "withdrawn", "已撤回"


class Template(models.Model):
    """One version of a template; the newest of a code holds. `spec`: see `template.check`."""

    code = models.CharField("代码", max_length=30)
    version = models.IntegerField("版本")
    kind = models.CharField("种类", max_length=6, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    spec = models.JSONField("内容")
    created_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "简报模板"
        constraints = [
            models.UniqueConstraint(name="briefing_template_once", fields=["code", "version"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class Schedule(models.Model):
    """That a briefing of this template is made for this division when its period is over."""

    template_code = models.CharField("模板", max_length=30)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+"
    )
    active = models.BooleanField("启用", default=True)
    since = models.DateField("自")  # the day it was switched on

    class Meta:
        verbose_name = verbose_name_plural = "定时简报"
        constraints = [
            models.UniqueConstraint(
                name="briefing_schedule_once", fields=["template_code", "region"]
            ),
        ]


class Briefing(models.Model):
    """One briefing over the days [since, until). `document`: blocks with their numbers as they
    were; once signed, nothing of it changes (a trigger refuses). `sha256`: of its two files.
    """

    template = models.ForeignKey(Template, verbose_name="模板", on_delete=models.PROTECT)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField("种类", max_length=6, choices=Kind.choices)
    since = models.DateField("开始")
    until = models.DateField("结束（不含）")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    document = models.JSONField("内容")
    remark = models.ForeignKey(
        Words, verbose_name="编者按", null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    made_at = models.DateTimeField("生成时间")
    made_by = models.BigIntegerField("生成人", null=True)  # null: by the schedule
    signed_at = models.DateTimeField("签发时间", null=True)
    signed_by = models.BigIntegerField("签发人", null=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True, default="")
    docx_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "简报"
        constraints = [
            models.UniqueConstraint(
                name="briefing_once",
                fields=["template", "region", "since"],
                condition=~Q(status="withdrawn"),
            ),
            models.CheckConstraint(
                name="briefing_signed",
                condition=Q(status="signed", signed_at__isnull=False, signed_by__isnull=False)
                & ~Q(pdf_sha256="")
                & ~Q(docx_sha256="")
                | ~Q(status="signed"),
            ),
            models.CheckConstraint(name="briefing_days", condition=Q(until__gt=models.F("since"))),
        ]
        indexes = [models.Index(fields=["-made_at", "-id"], name="briefing_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.since}"
