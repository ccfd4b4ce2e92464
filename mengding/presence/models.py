"""Who of the staff has a case open just now. No history: a row is overwritten, then deleted."""

from django.db import models


class State(models.TextChoices):
    VIEWING = "viewing", "正在查看"
    WRITING = "writing", "正在填写"
    LEFT = "left", "已离开"


class Presence(models.Model):
    """One account on one case. Counts for 30 s; the table is unlogged and survives no crash.

    Plain ids: nothing depends on the rows, and they depend on nothing.
    """

    case_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "同时在看"
        constraints = [
            models.UniqueConstraint(fields=["case_id", "account_id"], name="presence_once"),
        ]
