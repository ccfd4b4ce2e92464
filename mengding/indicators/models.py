"""Facts, the sums over them, and periods that are closed.

`Fact` says what counts of a case; `Cell` holds sums of facts, ready to be read. Both follow the
ledger and can be rebuilt from it at any time (`mengding indicators rebuild`): nothing else writes
them. Frozen rows are copies taken when a period closed; the database refuses to change them.
"""

from typing import Any

from django.db import models

from mengding.indicators.measures import MEASURES
from mengding.regions.models import Region


class Dimensions(models.Model):
    """What numbers of cases are asked by, here and in `costs`; see `CaseFacts.dimensions`."""

    confidential = models.BooleanField()
    district = models.BigIntegerField()
    town = models.BigIntegerField()
    village = models.BigIntegerField()
    grid = models.BigIntegerField()
    org = models.BigIntegerField()
    class_code = models.CharField(max_length=12)
    channel = models.CharField(max_length=10)
    tier = models.CharField(max_length=10)

    class Meta:
        abstract = True


class _FactRow(Dimensions):
    """What one case, dispatch, end or call-back counts for; see `facts.Item`."""

    case_id = models.BigIntegerField()
    kind = models.CharField(max_length=6)
    order_id = models.BigIntegerField(default=0)
    day = models.DateField()
    bits = models.BigIntegerField()
    post = models.BigIntegerField()

    class Meta:
        abstract = True


class Fact(_FactRow):
    """As things stand now. `left_on`: of a case received, the day of its `out`, if there is one."""

    pk = models.CompositePrimaryKey("case_id", "kind", "order_id")
    turns_at = models.DateTimeField(null=True)
    left_on = models.DateField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "指标事实"
        indexes = [
            models.Index(fields=["district", "kind", "day"], name="fact_by_district"),
            # A department may have a fifth of everything: these answer without the rows.
            models.Index(
                fields=["town", "kind", "day"],
                name="fact_by_town",
                include=["bits", "village", "org", "class_code", "channel", "confidential"],
            ),
            models.Index(
                fields=["village", "kind", "day"],
                name="fact_by_village",
                include=["bits", "grid", "org", "class_code", "channel", "confidential"],
            ),
            models.Index(
                fields=["org", "kind", "day"],
                name="fact_by_org",
                include=[
                    "bits",
                    "case_id",
                    "left_on",
                    "district",
                    "class_code",
                    "channel",
                    "confidential",
                ],
            ),
            models.Index(
                fields=["class_code", "kind", "day"],
                name="fact_by_class",
                include=["bits", "district", "town", "org", "channel", "confidential"],
            ),
            models.Index(
                fields=["turns_at"],
                name="fact_turning",
                condition=models.Q(turns_at__isnull=False),
            ),
            *(
                models.Index(
                    fields=[place, "day"],
                    name=f"fact_open_{place}",
                    condition=models.Q(kind="in", left_on__isnull=True),
                )
                for place in ("district", "town", "village", "class_code")
            ),
            # Beside these: what stood open on a day before today and has ended since.
            models.Index(
                fields=["left_on"],
                name="fact_left",
                condition=models.Q(kind="in", left_on__isnull=False),
            ),
            models.Index(
                fields=["org", "day"],
                name="fact_open_org",
                condition=models.Q(kind="in", left_on__isnull=True),
                include=["case_id", "district", "class_code", "channel", "confidential"],
            ),
        ]


class _CellRow(models.Model):
    """Sums of facts, one column a measure; see `cuts.Key`."""

    cut = models.SmallIntegerField()
    grain = models.CharField(max_length=1)
    day = models.DateField()
    district = models.BigIntegerField()
    within = models.BigIntegerField()
    place = models.BigIntegerField()
    a = models.CharField(max_length=24)
    b = models.CharField(max_length=24)
    confidential = models.BooleanField()

    class Meta:
        abstract = True


for _measure in MEASURES:
    _CellRow.add_to_class(_measure.code, models.IntegerField(default=0))


class Cell(_CellRow):
    """As things stand now."""

    pk: Any = models.CompositePrimaryKey(
        "cut", "grain", "place", "day", "a", "b", "confidential", "within"
    )

    class Meta:
        verbose_name = verbose_name_plural = "指标汇总"
        indexes = [
            models.Index(fields=["cut", "grain", "within", "day", "a"], name="cell_within_by"),
        ]


class Mark(models.Model):
    """Up to which moment facts and cells are right; one row. Limits that ended later are not
    counted as over yet."""

    one = models.BooleanField(primary_key=True, default=True)
    as_of = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "指标进度"
        constraints = [
            models.CheckConstraint(name="mark_is_one", condition=models.Q(one=True)),
        ]


class Period(models.Model):
    """A month, quarter or year closed for one district: [since, until). `digest`: over its frozen
    facts."""

    district = models.ForeignKey(Region, verbose_name="区县", on_delete=models.PROTECT)
    since = models.DateField("自")
    until = models.DateField("至")
    frozen_at = models.DateTimeField("封账时间")
    frozen_by = models.BigIntegerField("封账账号", null=True)
    facts = models.IntegerField("事实数")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "封账期间"
        constraints = [
            models.UniqueConstraint(name="period_once", fields=["district", "since", "until"]),
            models.CheckConstraint(
                name="period_forward", condition=models.Q(until__gt=models.F("since"))
            ),
        ]


class FrozenFact(_FactRow):
    """As things stood when the period closed."""

    pk = models.CompositePrimaryKey("period_id", "case_id", "kind", "order_id")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "封账事实"
        indexes = [
            models.Index(fields=["period", "village"], name="frozen_by_village"),
            models.Index(fields=["period", "org"], name="frozen_by_org"),
        ]


class Touched(models.Model):
    """A case with a fact in a closed period that was written or taken away since: corrections are
    looked for among these only."""

    pk = models.CompositePrimaryKey("period_id", "case_id")
    period = models.ForeignKey(Period, on_delete=models.CASCADE, db_index=False)
    case_id = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "封账后变动"


class FrozenCell(_CellRow):
    """As things stood when the period closed; sums by month only."""

    pk: Any = models.CompositePrimaryKey(
        "period_id", "cut", "grain", "place", "day", "a", "b", "confidential", "within"
    )
    period = models.ForeignKey(Period, on_delete=models.PROTECT, db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "封账汇总"
