"""What happens after a case is closed: call-backs, rechecks by another verifier, random draws."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.cases.stages import RecheckKind, RecheckResult, Satisfaction
from mengding.ledger.models import Words
from mengding.regions.models import Region


def _choices(values: type) -> list[tuple[str, str]]:
    return [(v.value, v.value) for v in values]  # type: ignore[attr-defined]


class Callback(models.Model):
    """回访: what the reporter said of the outcome. The newest of a case counts."""

    case = models.ForeignKey("cases.Case", verbose_name="案件", on_delete=models.PROTECT)
    satisfaction = models.CharField("满意度", max_length=12, choices=_choices(Satisfaction))
    resolved = models.BooleanField("已解决")
    words = models.ForeignKey(
        Words, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    at = models.DateTimeField("时间")
    by = models.BigIntegerField("回访账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "回访"


class Draw(models.Model):
    """抽查: closed cases drawn at random from those of a period; see `cases.drawing`.

    `population`: ids of all cases drawn from, ascending; with `seed` and `strata` anyone gets the
    same cases. `strata`: [{"key", "population", "drawn"}] in the order of `key`.
    """

    seed = models.CharField("随机种子", max_length=64)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    since = models.DateTimeField("结案自")
    until = models.DateTimeField("结案至")
    stratified_by = models.CharField("分层", max_length=8)
    size = models.PositiveIntegerField("抽取数")
    strata = models.JSONField("各层", default=list)
    population: "models.Field[list[int], list[int]]" = ArrayField(
        models.BigIntegerField(), default=list
    )
    digest = models.CharField("总体摘要", max_length=64)
    made_at = models.DateTimeField("抽取时间")
    made_by = models.BigIntegerField("抽取账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "抽查"


class Recheck(models.Model):
    """复核: a closed case to be looked at by a verifier other than the one who closed it.

    `assigned_to` null: any verifier but `closed_by`, and of no organisation that handled it.
    """

    case = models.ForeignKey("cases.Case", verbose_name="案件", on_delete=models.PROTECT)
    kind = models.CharField("来由", max_length=12, choices=_choices(RecheckKind))
    callback = models.ForeignKey(
        Callback, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    draw = models.ForeignKey(Draw, null=True, on_delete=models.PROTECT, related_name="rechecks")
    stratum = models.CharField("层", max_length=20, default="", blank=True)
    closed_by = models.BigIntegerField("结案账号", null=True)
    assigned_to = models.BigIntegerField("指定账号", null=True)
    made_at = models.DateTimeField("产生时间")
    result = models.CharField(
        "结论", max_length=8, default="", blank=True, choices=_choices(RecheckResult)
    )
    words: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        Words, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField("结论时间", null=True)
    decided_by = models.BigIntegerField("结论账号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "复核"
        constraints = [
            models.UniqueConstraint(
                name="recheck_one_open", fields=["case", "kind"], condition=Q(result="")
            ),
            models.CheckConstraint(
                name="recheck_decided_whole",
                condition=Q(result="", decided_at__isnull=True)
                | ~Q(result="") & Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="recheck_open", condition=Q(result="")),
        ]
