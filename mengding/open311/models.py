"""What another system has told us about a request, so that it is taken once."""

from django.conf import settings
from django.db import models

from mengding.cases.models import Report


class RemoteUpdate(models.Model):
    """One update posted by another system. Its words are a note on the case, not kept here."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="账号", on_delete=models.PROTECT, related_name="+"
    )
    update_id = models.CharField("对方编号", max_length=100)
    report = models.ForeignKey(
        Report, verbose_name="诉求", on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField("对方状态", max_length=40, blank=True, default="")
    updated_at = models.DateTimeField("对方时间", null=True)
    received_at = models.DateTimeField("接收时间")

    class Meta:
        verbose_name = verbose_name_plural = "外部更新"
        constraints = [
            models.UniqueConstraint(fields=["account", "update_id"], name="remote_update_once"),
        ]

    def __str__(self) -> str:
        return self.update_id
