"""Emergency resources: what there is, where it stands, who keeps it, and when it was looked at."""

from django.db import models
from django.db.models import Q

from mengding.cases.models import Case
from mengding.people.models import Account, Organisation, Post
from mengding.regions.models import Region


class ResourceKind(models.TextChoices):
    TEAM = "team", "应急队伍"
    STORE = "store", "物资储备点"
    EQUIPMENT = "equipment", "设备器材"
    SHELTER = "shelter", "避难场所"


class ResourceState(models.TextChoices):
    READY = "ready", "可用"
    IN_USE = "in_use", "使用中"
    REPAIR = "repair", "维修中"
    RETIRED = "retired", "停用"


class ResourceCondition(models.TextChoices):
    GOOD = "good", "完好"
    WORN = "worn", "有损耗"
    BROKEN = "broken", "不能使用"


def _region(name: str, *, null: bool = True) -> "models.ForeignKey[Region | None, Region | None]":
    return models.ForeignKey(
        Region, verbose_name=name, null=null, on_delete=models.PROTECT, related_name="+"
    )


class Resource(models.Model):
    """One entry of the inventory. `lon`/`lat`: WGS-84 degrees, where it stands.

    `needed` is how much there should be, in the same `unit` as `quantity`; less is a shortage.
    The contact is a post, never a person's number: whoever holds the post answers.
    `checked_at`, `condition` are those of the latest check.
    """

    kind = models.CharField("类型", max_length=12, choices=ResourceKind.choices)
    name = models.CharField("名称", max_length=80)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    address = models.CharField("地点", max_length=120, blank=True, default="")
    district = _region("区县", null=False)
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")
    quantity = models.DecimalField("数量", max_digits=12, decimal_places=2)
    needed = models.DecimalField("应有数量", max_digits=12, decimal_places=2, default=0)
    unit = models.CharField("单位", max_length=12)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name="保管单位", on_delete=models.PROTECT, related_name="+"
    )
    contact_post = models.ForeignKey(
        Post,
        verbose_name="联系岗位",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    state = models.CharField(
        "状态", max_length=8, choices=ResourceState.choices, default=ResourceState.READY
    )
    condition = models.CharField(
        "状况", max_length=8, choices=ResourceCondition.choices, default="good"
    )
    checked_at = models.DateTimeField("最近检查", null=True, blank=True)
    version = models.IntegerField("版本", default=1)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "应急资源"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_amounts", condition=Q(quantity__gte=0) & Q(needed__gte=0)
            ),
            models.CheckConstraint(
                name="resource_on_earth",
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
            ),
            models.CheckConstraint(name="resource_is_named", condition=~Q(name="") & ~Q(unit="")),
            models.UniqueConstraint(
                name="resource_once",
                fields=["organisation", "kind", "name"],
                condition=~Q(state="retired"),
            ),
        ]
        indexes = [
            models.Index(fields=["district", "kind"], name="resource_by_kind"),
            models.Index(
                fields=["expires_on"],
                name="resource_by_expiry",
                condition=Q(expires_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """A list of resources to look at by a day. Closed by hand, or when all are checked."""

    title = models.CharField("名称", max_length=60)
    due_on = models.DateField("完成期限")
    district = _region("区县", null=False)
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")
    created_at = models.DateTimeField("创建时间")
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "资源检查"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title


class Check(models.Model):
    """What somebody found. `at`: when they looked; `recorded_at`: when it reached the server.

    `expires_on` and `quantity` become those of the resource when no later look is known.
    """

    resource = models.ForeignKey(
        Resource, verbose_name="资源", on_delete=models.PROTECT, related_name="checks"
    )
    account = models.ForeignKey(
        Account, verbose_name="检查人", on_delete=models.PROTECT, related_name="+"
    )
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("检查时间")
    recorded_at = models.DateTimeField("记录时间")
    quantity = models.DecimalField("数量", max_digits=12, decimal_places=2)
    condition = models.CharField("状况", max_length=8, choices=ResourceCondition.choices)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    short = models.BooleanField("短缺", default=False)
    case = models.ForeignKey(
        Case, verbose_name="案件", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "资源检查记录"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(name="check_amount", condition=Q(quantity__gte=0)),
        ]
        indexes = [models.Index(fields=["resource", "-at"], name="check_latest")]

    def __str__(self) -> str:
        return f"{self.resource} {self.at:%Y-%m-%d}"


class Item(models.Model):
    """One resource of a round; done when `check_of` names what was found."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="items")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="items")
    check_of = models.ForeignKey(
        Check, verbose_name="检查记录", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "待检查资源"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="item_once", fields=["round", "resource"]),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.resource}"
