"""Answers kept for retries, and hits counted for rate limits."""

from django.db import models


class IdempotencyKey(models.Model):
    """The first answer to one key of one principal; written in the transaction of its action.

    `digest` is SHA-256 over method, path and body. `body` is encrypted: answers may show
    contact data or a new token.
    """

    pk = models.CompositePrimaryKey("principal", "key")
    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    digest = models.BinaryField()
    at = models.DateTimeField(db_index=True)
    status = models.SmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        verbose_name = verbose_name_plural = "幂等键"


class Hits(models.Model):
    """Hits of one client on one bucket in its latest minute (minutes since 1970, UTC)."""

    pk = models.CompositePrimaryKey("bucket", "client")
    bucket = models.CharField(max_length=40)
    client = models.CharField(max_length=64)
    minute = models.BigIntegerField()
    count = models.IntegerField()

    class Meta:
        db_table = "http_hits"
        verbose_name = verbose_name_plural = "访问计数"
