"""Schemes of case classes in versions. A published version never changes again.

The database itself refuses to change one (see `migrations/0002_published_is_fixed.py`), because
every case keeps the version, class and condition it was filed under.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Concat, Substr
from django.db.models.lookups import Exact


class Kind(models.TextChoices):
    """As `file.Kind`; a test holds the two together."""

    COMPONENT = "component", "部件"
    EVENT = "event", "事件"
    SERVICE = "service", "服务"


class Grade(models.TextChoices):
    GENERAL = "general", "一般"
    IMPORTANT = "important", "重要"
    URGENT = "urgent", "紧急"


class LimitUnit(models.TextChoices):
    URGENT_MINUTE = "urgent_minute", "紧急工作分钟"
    WORK_MINUTE = "work_minute", "工作分钟"
    URGENT_HOUR = "urgent_hour", "紧急工作时"
    WORK_HOUR = "work_hour", "工作时"
    WORK_DAY = "work_day", "工作日"
    NATURAL_DAY = "natural_day", "自然日"


class Status(models.TextChoices):
    DRAFT = "draft", "草稿"
    ACTIVE = "active", "启用"
    RETIRED = "retired", "停用"


class Scheme(models.Model):
    """A catalogue as a whole, e.g. "mengding"; what changes over time are its versions."""

    code = models.CharField("代码", max_length=40, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录方案"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class SchemeVersion(models.Model):
    """One edition of a scheme. `departments`: [{code, zh, en}]; `digest`: SHA-256 of the file."""

    scheme = models.ForeignKey(Scheme, verbose_name="方案", on_delete=models.PROTECT)
    version = models.CharField("版本", max_length=20)
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.DRAFT)
    title_zh = models.CharField("名称", max_length=80)
    title_en = models.CharField("英文名称", max_length=120)
    licence = models.CharField("许可", max_length=60)
    departments = models.JSONField("部门代码表", default=list)
    digest = models.CharField("文件摘要", max_length=64)
    loaded_at = models.DateTimeField("载入时间")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录版本"
        ordering = ["scheme", "-loaded_at"]
        constraints = [
            models.UniqueConstraint(name="scheme_version_once", fields=["scheme", "version"]),
            models.UniqueConstraint(
                name="one_active_version_a_scheme",
                fields=["scheme"],
                condition=models.Q(status="active"),
            ),
            models.CheckConstraint(
                name="version_status_has_its_times",
                condition=models.Q(
                    status="draft", published_at__isnull=True, retired_at__isnull=True
                )
                | models.Q(status="active", published_at__isnull=False, retired_at__isnull=True)
                | models.Q(status="retired", published_at__isnull=False, retired_at__isnull=False),
            ),
            models.CheckConstraint(
                name="version_digest_is_sha256",
                condition=models.Q(digest__regex=r"^[0-9a-f]{64}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.version}"


class CaseClass(models.Model):
    """One small class 小类. `default_department` is a code of the version's department list."""

    version = models.ForeignKey(SchemeVersion, verbose_name="目录版本", on_delete=models.PROTECT)
    code = models.CharField("代码", max_length=5)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    big_code = models.CharField("大类代码", max_length=2)
    big_zh = models.CharField("大类", max_length=40)
    big_en = models.CharField("大类英文", max_length=80)
    small_code = models.CharField("小类代码", max_length=2)
    zh = models.CharField("小类", max_length=40)
    en = models.CharField("英文", max_length=120)
    keywords_zh = ArrayField(models.CharField(max_length=20), verbose_name="关键词")
    grade = models.CharField("等级", max_length=10, choices=Grade.choices)
    public = models.BooleanField("公开")
    confidential = models.BooleanField("保密")
    default_department = models.CharField("默认部门", max_length=40)
    description_zh = models.CharField("说明", max_length=400)

    class Meta:
        verbose_name = verbose_name_plural = "事项小类"
        ordering = ["version", "code"]
        constraints = [
            models.UniqueConstraint(name="class_code_once", fields=["version", "code"]),
            models.CheckConstraint(
                name="class_code_says_kind",
                condition=models.Q(kind="component", code__startswith="C")
                | models.Q(kind="event", code__startswith="E")
                | models.Q(kind="service", code__startswith="S"),
            ),
            models.CheckConstraint(
                name="class_code_says_big_and_small",
                condition=models.Q(code__regex=r"^[CES][0-9]{4}$")
                & models.Q(Exact(Substr("code", 2), Concat("big_code", "small_code"))),
            ),
            models.CheckConstraint(
                name="class_grade_known", condition=models.Q(grade__in=Grade.values)
            ),
            models.CheckConstraint(
                name="confidential_class_not_public",
                condition=models.Q(public=False) | models.Q(confidential=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.zh}"


class Condition(models.Model):
    """立案条件 with its closing condition and limit. `grade` empty: as the class."""

    case_class = models.ForeignKey(
        CaseClass, verbose_name="小类", on_delete=models.PROTECT, related_name="conditions"
    )
    code = models.CharField("代码", max_length=10)
    filing_zh = models.CharField("立案条件", max_length=200)
    filing_en = models.CharField("立案条件（英文）", max_length=400)
    closing_zh = models.CharField("结案条件", max_length=200)
    closing_en = models.CharField("结案条件（英文）", max_length=400)
    limit_amount = models.IntegerField("时限")
    limit_unit = models.CharField("时限单位", max_length=14, choices=LimitUnit.choices)
    grade = models.CharField("等级", max_length=10, choices=Grade.choices, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "立结案条件"
        ordering = ["case_class", "id"]
        constraints = [
            models.UniqueConstraint(name="condition_code_once", fields=["case_class", "code"]),
            models.CheckConstraint(
                name="condition_code_shape",
                condition=models.Q(code__regex=r"^[CES][0-9]{4}-[1-9][0-9]{0,3}$"),
            ),
            models.CheckConstraint(
                name="condition_limit_positive",
                condition=models.Q(limit_amount__gte=1, limit_amount__lte=1000)
                | models.Q(
                    limit_amount__gte=1,
                    limit_amount__lte=1_000_000,
                    limit_unit__in=["urgent_minute", "urgent_hour", "natural_day"],
                ),
            ),
            models.CheckConstraint(
                name="condition_unit_known",
                condition=models.Q(limit_unit__in=LimitUnit.values),
            ),
            models.CheckConstraint(
                name="condition_grade_known",
                condition=models.Q(grade__in=["", *Grade.values]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.filing_zh}"
