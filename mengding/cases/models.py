"""Report → Case → Work order, and what hangs on them.

The case row carries what every list filters and sorts by (its region chain, current deadline,
lead organisation), so that reading a page of a million cases touches one table.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mengding.cases.stages import (
    ENDED,
    ApprovalKind,
    Channel,
    OrderKind,
    OrderStatus,
    Outcome,
    Stage,
)
from mengding.catalogue.models import CaseClass, Condition
from mengding.ledger.models import Words
from mengding.people.models import Organisation
from mengding.regions.models import Region


def _choices(values: type) -> list[tuple[str, str]]:
    return [(v.value, v.value) for v in values]  # type: ignore[attr-defined]


def _region(label: str) -> "models.ForeignKey[Region | None, Region | None]":
    return models.ForeignKey(
        Region,
        verbose_name=label,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )


# What visibility looks at, and what lists are narrowed by.
_SEEN = ("district", "town", "village", "confidential", "received_by")
_LISTED = (
    *_SEEN, "stage", "class_code", "lead_org", "channel", "grade", "supervised", "rework_count",
    "closed_at",
)  # fmt: skip


class Case(models.Model):
    """One matter, however many people reported it. `version` counts its changes."""

    number = models.CharField("案号", max_length=24, unique=True, null=True)
    stage = models.CharField("环节", max_length=12, choices=_choices(Stage))
    stage_since = models.DateTimeField("进入环节")
    version = models.IntegerField("版本", default=1)
    channel = models.CharField("来源", max_length=10, choices=_choices(Channel))
    case_class = models.ForeignKey(
        CaseClass, verbose_name="类别", null=True, on_delete=models.PROTECT, db_index=False
    )
    class_code = models.CharField("类别代码", max_length=12, default="")
    condition = models.ForeignKey(
        Condition, verbose_name="立案条件", null=True, on_delete=models.PROTECT, db_index=False
    )
    grade = models.CharField("等级", max_length=10, default="general")
    public = models.BooleanField("可公开", default=False)
    confidential = models.BooleanField("保密", default=False)
    description = models.TextField("问题描述", blank=True)
    address = models.CharField("地址", max_length=300, blank=True)
    salt = models.BinaryField()
    lon = models.FloatField("经度", null=True)
    lat = models.FloatField("纬度", null=True)
    cell = models.BigIntegerField("网格单元", null=True)
    district = models.ForeignKey(
        Region, verbose_name="区县", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")
    owner_org = models.ForeignKey(
        Organisation,
        verbose_name="责任中心",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    proposed_org = models.ForeignKey(
        Organisation,
        verbose_name="建议单位",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    lead_org = models.ForeignKey(
        Organisation,
        verbose_name="主办单位",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # Organisations with a live order; the work orders are the truth, this spares every
    # permission check a query.
    order_org_ids = ArrayField(models.BigIntegerField(), default=list)
    received_by = models.BigIntegerField("受理账号", null=True)
    reported_at = models.DateTimeField("上报时间")
    filed_at = models.DateTimeField("立案时间", null=True)
    dispatched_at = models.DateTimeField("派遣时间", null=True)
    fed_back_at = models.DateTimeField("反馈时间", null=True)
    closed_at = models.DateTimeField("结束时间", null=True)
    updated_at = models.DateTimeField("更新时间")
    due_at = models.DateTimeField("本环节时限", null=True)
    yellow_at = models.DateTimeField(null=True)
    handle_due_at = models.DateTimeField("处置时限", null=True)
    handled_late = models.BooleanField("处置超时", null=True)
    outcome = models.CharField(
        "结果", max_length=10, choices=_choices(Outcome), default="", blank=True
    )
    reply = models.ForeignKey(
        Words,
        verbose_name="公开答复",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    duplicate_of = models.ForeignKey(
        "self", verbose_name="并入", null=True, on_delete=models.PROTECT, db_index=False
    )
    reports_count = models.IntegerField("诉求数", default=1)
    rework_count = models.IntegerField("返工次数", default=0)
    return_count = models.IntegerField("退回次数", default=0)
    extension_count = models.IntegerField("延期次数", default=0)
    suspension_count = models.IntegerField("挂账次数", default=0)
    suspended_until = models.DateTimeField("挂账至", null=True)
    help_asked_at = models.DateTimeField("求助时间", null=True)
    supervised = models.BooleanField("督办", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "案件"
        constraints = [
            models.CheckConstraint(
                name="case_numbered_once_filed",
                condition=Q(stage__in=["received", "prechecking", "declined", "void", "merged"])
                | Q(number__isnull=False),
            ),
            models.CheckConstraint(
                name="case_outcome_iff_closed",
                condition=Q(stage="closed") & ~Q(outcome="") | ~Q(stage="closed") & Q(outcome=""),
            ),
            models.CheckConstraint(
                name="case_ended_has_time",
                condition=Q(stage__in=sorted(ENDED), closed_at__isnull=False)
                | ~Q(stage__in=sorted(ENDED)) & Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="case_merged_into_another",
                condition=Q(stage="merged", duplicate_of__isnull=False) & ~Q(duplicate_of=F("id"))
                | ~Q(stage="merged") & Q(duplicate_of__isnull=True),
            ),
            models.CheckConstraint(
                name="case_place_whole",
                condition=Q(lon__isnull=True, lat__isnull=True, cell__isnull=True)
                | Q(lon__range=(-180, 180), lat__range=(-90, 90), cell__isnull=False),
            ),
        ]
        indexes = [
            # With what lists are narrowed by beside it: finding the place of any row in a million
            # reads this index and not the table.
            models.Index(fields=["-reported_at", "-id"], name="case_newest", include=_LISTED),
            models.Index(fields=["stage", "-reported_at", "-id"], name="case_by_stage"),
            models.Index(fields=["class_code", "-reported_at", "-id"], name="case_by_class"),
            models.Index(fields=["town", "-reported_at", "-id"], name="case_by_town"),
            models.Index(fields=["village", "-reported_at", "-id"], name="case_by_village"),
            models.Index(fields=["lead_org", "-reported_at", "-id"], name="case_by_lead"),
            models.Index(
                fields=["due_at", "id"],
                name="case_open_due",
                condition=Q(closed_at__isnull=True),
                include=_SEEN,
            ),
            models.Index(
                fields=["closed_at", "id"],
                name="case_ended",
                condition=Q(closed_at__isnull=False),
                include=_SEEN,
            ),
            models.Index(
                fields=["closed_at", "id"], name="case_closed", condition=Q(stage="closed")
            ),
            models.Index(fields=["cell"], name="case_cell"),
            # The map of open cases, with its filters, is answered by this index alone.
            models.Index(
                fields=["cell"],
                name="case_open_map",
                condition=Q(closed_at__isnull=True),
                include=[
                    *("id", "lon", "lat", "due_at", "yellow_at", "closed_at", "stage"),
                    *("class_code", "district", "town", "village", "grid", "confidential"),
                    *("received_by", "lead_org", "order_org_ids"),
                ],
            ),
            # Ended ones are summed (`tiles`), but for these.
            models.Index(
                fields=["cell"],
                name="case_secret_map",
                condition=Q(closed_at__isnull=False, confidential=True),
            ),
            models.Index(fields=["updated_at"], name="case_updated"),
            models.Index(
                fields=["help_asked_at"],
                name="case_help",
                condition=Q(help_asked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"#{self.pk}"


class Report(models.Model):
    """One person's message through one channel. A second reporter joins a case by a report."""

    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT)
    channel = models.CharField("来源", max_length=10, choices=_choices(Channel))
    source = models.CharField("来源系统", max_length=40, blank=True, default="")
    source_ref = models.CharField("来源编号", max_length=80, blank=True, default="")
    description = models.TextField("原话", blank=True)
    salt = models.BinaryField()
    digest = models.BinaryField()
    lon = models.FloatField("经度", null=True)
    lat = models.FloatField("纬度", null=True)
    address = models.CharField("地址", max_length=300, blank=True)
    attributes = models.JSONField("附加项", default=dict, blank=True)
    media_url = models.URLField("图片链接", max_length=500, blank=True, default="")
    received_at = models.DateTimeField("接收时间")
    occurred_at = models.DateTimeField("现场时间", null=True)  # by the device that sent it late
    received_by = models.BigIntegerField("受理账号", null=True)
    erased_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "诉求"
        constraints = [
            models.UniqueConstraint(
                name="report_source_once",
                fields=["source", "source_ref"],
                condition=~Q(source_ref=""),
            ),
        ]


class Contact(models.Model):
    """How to answer one reporter: encrypted, masked, deleted on `delete_on`."""

    report = models.OneToOneField(Report, primary_key=True, on_delete=models.CASCADE)
    name = models.BinaryField(default=b"")
    phone = models.BinaryField(default=b"")
    email = models.BinaryField(default=b"")
    masked = models.JSONField(default=dict)  # {"name": "王**", "phone": "138****5678"}
    delete_on = models.DateField(db_index=True, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "联系方式"


class WorkOrder(models.Model):
    """One organisation's part of a case, with its own sign-off; its clock is its deadline."""

    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT, db_index=False)
    organisation = models.ForeignKey(
        Organisation, verbose_name="单位", on_delete=models.PROTECT, db_index=False
    )
    kind = models.CharField("类型", max_length=6, choices=_choices(OrderKind))
    status = models.CharField("状态", max_length=10, choices=_choices(OrderStatus))
    sent_at = models.DateTimeField("派发时间")
    accepted_at = models.DateTimeField("接单时间", null=True)
    accepted_by = models.BigIntegerField("接单账号", null=True)
    arrived_at = models.DateTimeField("到场时间", null=True)  # by the device, if it said so
    arrived_by = models.BigIntegerField("到场账号", null=True)
    done_at = models.DateTimeField("办结时间", null=True)
    ended_at = models.DateTimeField("终止时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "工单"
        constraints = [
            models.UniqueConstraint(
                name="order_one_live_lead",
                fields=["case"],
                condition=Q(kind="lead", status__in=["sent", "accepted", "done"]),
            ),
            models.UniqueConstraint(
                name="order_one_live_per_org",
                fields=["case", "organisation"],
                condition=Q(status__in=["sent", "accepted", "done"]),
            ),
        ]
        indexes = [
            models.Index(fields=["case"], name="order_by_case"),
            models.Index(
                fields=["organisation", "case"],
                name="order_live_by_org",
                condition=Q(status__in=["sent", "accepted", "done"]),
            ),
        ]


class Approval(models.Model):
    """An application (extension, suspension, return, void, appeal) and its decision."""

    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT)
    kind = models.CharField("事项", max_length=10, choices=_choices(ApprovalKind))
    status = models.CharField(
        "状态",
        max_length=8,
        default="pending",
        choices=[
            ("pending", "待审批"),
            ("granted", "同意"),
            ("refused", "不同意"),
            ("moot", "失效"),
        ],
    )
    detail = models.JSONField("内容", default=dict)
    reason = models.ForeignKey(Words, null=True, on_delete=models.DO_NOTHING, related_name="+")
    answer = models.ForeignKey(
        Words,
        verbose_name="审批意见",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.BigIntegerField("申请账号", null=True)
    decided_at = models.DateTimeField("审批时间", null=True)
    decided_by = models.BigIntegerField("审批账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "审批"
        constraints = [
            models.UniqueConstraint(
                name="approval_one_pending", fields=["case"], condition=Q(status="pending")
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="approval_by_applicant"),
            models.Index(fields=["id"], name="approval_waiting", condition=Q(status="pending")),
        ]


class Link(models.Model):
    """Two cases that belong together without being the same matter; stored smaller id first."""

    first = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "关联"
        constraints = [
            models.UniqueConstraint(name="link_once", fields=["first", "second"]),
            models.CheckConstraint(name="link_ordered", condition=Q(first__lt=F("second"))),
        ]


class DayNumbers(models.Model):
    """The last case number given out on one day; its row lock keeps numbers free of gaps."""

    day = models.DateField(primary_key=True)
    last = models.IntegerField(default=0)


# Part of this app's models; in a file of their own for its length, and after Case, which they name.
from mengding.cases.second_looks import Callback, Draw, Recheck  # noqa: E402
from mengding.cases.tiles import Tile, TileChange  # noqa: E402

__all__ = [
    "Approval",
    "Callback",
    "Case",
    "Contact",
    "DayNumbers",
    "Draw",
    "Link",
    "Recheck",
    "Report",
    "Tile",
    "TileChange",
    "WorkOrder",
]
