"""Things that are inspected, what was found, and the case a failed item became."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.cases.models import Case
from mengding.ledger.models import Words
from mengding.people.models import Post
from mengding.tasks.models.area import InArea


class Place(InArea):
    """A hydrant, school, hospital, scenic spot, shop or rental house. No person: whom to ask is
    a post. `every_days`: how often it should be inspected. Degrees, WGS-84.
    """

    code = models.CharField("编号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=40)
    address = models.CharField("地址", max_length=200, blank=True, default="")
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    contact_post = models.ForeignKey(
        Post, verbose_name="联系岗位", null=True, on_delete=models.PROTECT, related_name="+"
    )
    every_days = models.IntegerField("检查周期（天）")
    inspected_at = models.DateTimeField("最近检查", null=True)
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查场所"
        constraints = [
            models.CheckConstraint(
                name="place_on_earth", condition=Q(lon__range=(-180, 180), lat__range=(-90, 90))
            ),
        ]
        indexes = [
            models.Index(fields=["village", "kind"], name="place_by_village"),
        ]

    def __str__(self) -> str:
        return self.name


class Inspection(InArea):
    """One look at a place with a checklist of one version of the catalogue."""

    place = models.ForeignKey(Place, verbose_name="场所", on_delete=models.PROTECT, db_index=False)
    checklist = models.CharField("清单", max_length=40)
    edition = models.ForeignKey(
        "tasks.Edition", verbose_name="目录版本", on_delete=models.PROTECT, db_index=False
    )
    at = models.DateTimeField("检查时间")
    received_at = models.DateTimeField("收到时间")
    account_id = models.BigIntegerField("账号")
    post_id = models.BigIntegerField("岗位", null=True)
    passed = models.BooleanField("合格")

    class Meta:
        verbose_name = verbose_name_plural = "检查"
        indexes = [
            models.Index(fields=["place", "-at"], name="inspection_by_place"),
            models.Index(fields=["-at", "-id"], name="inspection_newest"),
        ]


class Finding(InArea):
    """A failed item of a place, from the first "no" to the "yes" that ends it.

    `turn` counts its cases: when one closes the item is inspected again; failing makes the next.
    """

    place = models.ForeignKey(Place, verbose_name="场所", on_delete=models.PROTECT, db_index=False)
    checklist = models.CharField("清单", max_length=40)
    item = models.CharField("检查项", max_length=40)
    class_code = models.CharField("类别代码", max_length=12)
    state = models.CharField(
        "状态",
        max_length=10,
        choices=[
            ("open", "未立案"),
            ("in_case", "处置中"),
            ("recheck", "待复查"),
            ("resolved", "已整改"),
        ],
    )
    turn = models.IntegerField("次数", default=0)
    found_at = models.DateTimeField("发现时间")
    recheck_due_at = models.DateTimeField("复查期限", null=True)
    resolved_at = models.DateTimeField("整改时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "检查问题"
        constraints = [
            models.UniqueConstraint(
                fields=["place", "item"],
                name="finding_one_unresolved",
                condition=~Q(state="resolved"),
            ),
            models.CheckConstraint(
                name="finding_resolved_has_time",
                condition=Q(state="resolved", resolved_at__isnull=False)
                | ~Q(state="resolved") & Q(resolved_at__isnull=True),
            ),
            models.CheckConstraint(
                name="finding_recheck_has_day",
                condition=Q(state="recheck", recheck_due_at__isnull=False)
                | ~Q(state="recheck") & Q(recheck_due_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "recheck_due_at"],
                name="finding_unresolved",
                condition=~Q(state="resolved"),
            ),
        ]


class FindingCase(models.Model):
    """A case that a finding became; the newest of a finding counts."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="cases")
    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT)
    turn = models.IntegerField("次数")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查问题的案件"
        constraints = [
            models.UniqueConstraint(fields=["finding", "turn"], name="finding_case_once"),
        ]


class Answer(models.Model):
    """One item's answer. `photos`: SHA-256 of pictures attached to the inspection."""

    inspection = models.ForeignKey(
        Inspection, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    item = models.CharField("检查项", max_length=40)
    answer = models.CharField(
        "结果", max_length=3, choices=[("yes", "合格"), ("no", "不合格"), ("na", "不适用")]
    )
    note = models.ForeignKey(
        Words,
        verbose_name="说明",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    photos = ArrayField(models.CharField(max_length=64), verbose_name="照片", default=list)
    finding = models.ForeignKey(Finding, verbose_name="问题", null=True, on_delete=models.PROTECT)

    class Meta:
        verbose_name = verbose_name_plural = "检查结果"
        constraints = [
            models.UniqueConstraint(fields=["inspection", "item"], name="answer_once"),
        ]
