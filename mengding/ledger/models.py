"""Events nobody can edit, the words they refer to, and side effects waiting to leave.

The database itself enforces the rules (see `migrations/0002_append_only.py`): it numbers and
chains each event and refuses to update or delete one, whoever asks.
"""

from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.db import models
from django.db.models import F


class Words(models.Model):
    """What somebody wrote (a reason, a reply, a finding), apart from the event that refers to it.

    The event keeps only the digest, so the words can be erased and the chain still verifies.
    """

    text = models.TextField("文字")
    salt = models.BinaryField(null=True)
    digest = models.BinaryField()
    at = models.DateTimeField("时间")
    erased_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "文字"
        constraints = [
            models.CheckConstraint(
                name="words_erased_are_empty",
                condition=models.Q(erased_at__isnull=True) | models.Q(text="", salt__isnull=True),
            ),
        ]


class Event(models.Model):
    """One change of one subject. `seq`, `prev`, `hash` and `xact` are written by the database.

    `before`/`after` hold codes, ids, numbers and times only, never contact data or words.
    """

    subject_kind = models.CharField("对象", max_length=16)
    subject_id = models.BigIntegerField("对象编号")
    seq = models.IntegerField("序号", default=0)
    at = models.DateTimeField("发生时间")
    xact = models.BigIntegerField(default=0)
    actor_kind = models.CharField("操作者类型", max_length=10)
    account_id = models.BigIntegerField("账号", null=True)
    post_id = models.BigIntegerField("岗位", null=True)
    action = models.CharField("动作", max_length=48)
    before = models.JSONField("变更前", default=dict)
    after = models.JSONField("变更后", default=dict)
    words = models.ForeignKey(
        Words, verbose_name="文字", null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    words_digest = models.BinaryField(default=b"")
    request_id = models.CharField("请求编号", max_length=64, default="")
    prev = models.BinaryField(default=b"")
    hash = models.BinaryField(default=b"")

    class Meta:
        verbose_name = verbose_name_plural = "台账事件"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "seq"], name="event_seq_once"
            ),
            models.CheckConstraint(
                name="event_action_is_code",
                condition=models.Q(action__regex=r"^[a-z0-9_.]+$"),
            ),
            models.CheckConstraint(
                name="event_request_id_plain",
                condition=models.Q(request_id__regex=r"^[A-Za-z0-9_.:-]*$"),
            ),
        ]
        indexes = [
            # The feed reads in commit-safe order; see `feed.py`.
            models.Index(fields=["xact", "id"], name="event_feed"),
            models.Index(fields=["account_id", "at"], name="event_by_account"),
            # For auditors: what rarely happens, and a span of time.
            models.Index(
                OpClass("action", name="varchar_pattern_ops"), F("id"), name="event_by_action"
            ),
            BrinIndex(fields=["at"], name="event_by_time"),
        ]


class Chain(models.Model):
    """The head of one subject's chain: last number and hash. Written by the trigger only."""

    pk = models.CompositePrimaryKey("subject_kind", "subject_id")
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    seq = models.IntegerField(default=0)
    hash = models.BinaryField(default=b"")


class Cursor(models.Model):
    """How far a named reader of the feed has come."""

    name = models.CharField(max_length=40, primary_key=True)
    xact = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)


class Outbox(models.Model):
    """One side effect that has to leave exactly once per key, with retries."""

    key = models.CharField("键", max_length=120, unique=True)
    kind = models.CharField("种类", max_length=40)
    payload = models.JSONField("内容", default=dict)
    attempts = models.IntegerField("次数", default=0)
    due_at = models.DateTimeField("下次尝试")
    done_at = models.DateTimeField("完成", null=True)
    failed_at = models.DateTimeField("放弃", null=True)
    error = models.TextField("错误", default="", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "发件箱"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outbox_waiting",
                condition=models.Q(done_at__isnull=True, failed_at__isnull=True),
            ),
        ]
