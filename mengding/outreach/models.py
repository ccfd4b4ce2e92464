"""What staff are told, and what they take to residents."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.core.actor import Role
from mengding.people.models import Account, Post
from mengding.regions.models import Region


def _region(name: str, *, null: bool = True) -> "models.ForeignKey[Region | None, Region | None]":
    return models.ForeignKey(
        Region, verbose_name=name, null=null, on_delete=models.PROTECT, related_name="+"
    )


class Bulletin(models.Model):
    """A notice to the staff of an area, all of them or some roles, until a day.

    Nobody is watched reading it: only where `asks` is set may a reader say "understood", once.
    """

    title = models.CharField("标题", max_length=80)
    text = models.TextField("内容")
    asks = models.BooleanField("需要确认", default=False)
    roles = ArrayField(
        models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role]),
        verbose_name="岗位",
        default=list,
        blank=True,
    )
    district = _region("区县", null=False)
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")
    by = models.ForeignKey(
        Account, verbose_name="发布人", on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField("发布时间")
    ends_on = models.DateField("有效至")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作通知"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="bulletin_says_something", condition=~Q(title="") & ~Q(text="")
            ),
        ]
        indexes = [models.Index(fields=["district", "-id"], name="bulletin_newest")]

    def __str__(self) -> str:
        return self.title


class Acknowledgement(models.Model):
    """Somebody has understood a bulletin that asks for it. `at`: when they said so."""

    bulletin = models.ForeignKey(Bulletin, on_delete=models.CASCADE, related_name="answers")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField("确认时间")
    recorded_at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "通知确认"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="acknowledged_once", fields=["bulletin", "post"]),
        ]

    def __str__(self) -> str:
        return f"{self.bulletin} {self.post}"


class Topic(models.TextChoices):
    LAW = "law", "法治宣传"
    SAFETY = "safety", "平安宣传"


class Material(models.Model):
    """A text to show or read to residents, with files in the evidence store if need be."""

    topic = models.CharField("类别", max_length=8, choices=Topic.choices)
    title = models.CharField("标题", max_length=80)
    text = models.TextField("内容")
    district = _region("区县", null=False)
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "宣传材料"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="material_says_something", condition=~Q(title="") & ~Q(text="")
            ),
        ]

    def __str__(self) -> str:
        return self.title
