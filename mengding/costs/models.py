"""Rates in versions, and what each ended case came to.

`CaseCost` follows the ledger and can be made anew from it at any time. Many cases cost the same
in the same way; each such way is one `Pattern`, so that sums and medians over many cases are
counted by pattern. `Cell` holds such counts for whole months, ready to be read; it follows
`CaseCost` and can be made anew from it (`mengding costs rebuild`). Only `rollup` writes either.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from mengding.indicators.models import Dimensions
from mengding.regions.models import Region


class RateVersion(models.Model):
    """One version of a district's rates, from `starts_on` until the next begins; never changed
    (a trigger refuses). `document`: see `rates.checked`.
    """

    district = models.ForeignKey(Region, verbose_name="区县", on_delete=models.PROTECT)
    number = models.IntegerField("版本")
    starts_on = models.DateField("生效日期")
    document = models.JSONField("内容")
    published_at = models.DateTimeField("发布时间")
    published_by = models.BigIntegerField("发布账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "成本标准"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(name="cost_rates_once", fields=["district", "number"]),
            models.CheckConstraint(name="cost_rates_number", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.district_id} v{self.number}"


class Pattern(models.Model):
    """One way in which cases cost what they cost; fen and minutes. `lines`: activity, count,
    minutes, fen. `merged`, `spot`: [times, fen, minutes] saved, or null."""

    digest = models.CharField(max_length=64, unique=True)
    fen = models.BigIntegerField()
    minutes = models.IntegerField()
    lines = models.JSONField()
    merged = models.JSONField(null=True)
    spot = models.JSONField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "成本构成"


class CaseCost(Dimensions):
    """An ended case on the day it ended. `ending`: closed, declined, void or merged.

    `whole`: rates held whenever there was work on it; the others are in no mean.
    """

    case_id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    ending = models.CharField(max_length=10)
    whole = models.BooleanField()
    pattern = models.ForeignKey(Pattern, on_delete=models.PROTECT)

    class Meta:
        verbose_name = verbose_name_plural = "案件成本"
        indexes = [
            models.Index(
                fields=["district", "day"],
                name="casecost_by_district",
                include=[
                    *("ending", "confidential", "whole", "pattern"),
                    *("class_code", "org", "channel", "town"),
                ],
            ),
            models.Index(fields=["town", "day"], name="casecost_by_town"),
            models.Index(fields=["village", "day"], name="casecost_by_village"),
            models.Index(fields=["org", "day"], name="casecost_by_org"),
            models.Index(fields=["class_code", "day"], name="casecost_by_class"),
            models.Index(fields=["grid", "day"], name="casecost_by_grid"),
        ]


class Cell(models.Model):
    """Cases that ended in one month (`day`: its first), by pattern; confidential ones are in none.

    `cut`: see `cuts`; `within`: the division above `place`, 0 above a district. `patterns`: how
    many of each, packed (`packing`); `unrated`: those that are not whole.
    """

    pk: Any = models.CompositePrimaryKey("cut", "place", "day", "a", "b", "ending", "within")
    cut = models.SmallIntegerField()
    day = models.DateField()
    within = models.BigIntegerField()
    place = models.BigIntegerField()
    a = models.CharField(max_length=24)
    b = models.CharField(max_length=24)
    ending = models.CharField(max_length=10)
    unrated = models.IntegerField()
    patterns = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "成本汇总"
        indexes = [models.Index(fields=["cut", "within", "day"], name="costcell_within")]


class Recount(models.Model):
    """A district whose cases are reckoned anew, and how far that has come."""

    district = models.OneToOneField(Region, primary_key=True, on_delete=models.CASCADE)
    last_case = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "重新计算"
