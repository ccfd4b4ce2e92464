"""Care visits: to who asked for them, as long as they want them.

No health data and no kinds of persons: a consent says what is visited for, and that is all.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mengding.tasks.models.area import InArea


class CareConsent(InArea):
    """Somebody asked to be visited: who took it down, when, how, what for, until when.

    Without the person: how to find them is in `CareContact`, and goes with the consent.
    """

    scopes = ArrayField(models.CharField(max_length=40), verbose_name="走访内容")
    way = models.CharField("同意方式", max_length=40)
    given_at = models.DateTimeField("同意时间")
    recorded_by = models.BigIntegerField("登记账号")
    every_days = models.IntegerField("走访间隔（天）")
    delete_on = models.DateField("删除日期")
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_as = models.CharField(
        "结束方式",
        max_length=10,
        blank=True,
        default="",
        choices=[("withdrawn", "本人撤回"), ("expired", "到期")],
    )

    class Meta:
        verbose_name = verbose_name_plural = "关爱走访同意"
        constraints = [
            models.CheckConstraint(
                name="care_ended_somehow",
                condition=Q(ended_at__isnull=True, ended_as="")
                | Q(ended_at__isnull=False) & ~Q(ended_as=""),
            ),
            models.CheckConstraint(name="care_every", condition=Q(every_days__range=(1, 366))),
        ]
        indexes = [
            models.Index(fields=["delete_on"], name="care_ends", condition=Q(ended_at=None)),
        ]


class CareContact(models.Model):
    """How to find who asked: encrypted, masked, erased with the consent."""

    consent = models.OneToOneField(
        CareConsent, primary_key=True, on_delete=models.CASCADE, related_name="contact"
    )
    name = models.BinaryField(default=b"")
    phone = models.BinaryField(default=b"")
    address = models.BinaryField(default=b"")
    masked = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "关爱走访联系方式"


class CareVisit(models.Model):
    """One visit: a code of what came of it."""

    consent = models.ForeignKey(CareConsent, verbose_name="同意", on_delete=models.PROTECT)
    result = models.CharField("结果", max_length=40)
    at = models.DateTimeField("时间")
    account_id = models.BigIntegerField("账号")
    case_id = models.BigIntegerField("案件", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "关爱走访"
