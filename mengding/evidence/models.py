"""Stored bytes, and what they are attached to.

A `Blob` is one content, found by the SHA-256 of the bytes as they were sent. An `Evidence` says
that somebody attached that content to a subject. The same photo sent twice is one blob.

The bytes lie in the store (`store.py`), never in the database.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from mengding.people.models import Post


class Purpose(models.TextChoices):
    """Why it was attached."""

    REPORT = "report", "上报"
    BEFORE = "before", "处置前"
    AFTER = "after", "处置后"
    CHECK = "check", "核实核查"
    REPLY = "reply", "答复"
    FILE = "file", "附件"


class Blob(models.Model):
    """One stored content. `sha256`, `size` and `media_type` are those of the bytes sent.

    Where the sent bytes are not served as they are (`cleaned`), they are kept sealed and what
    is served has its own digest, size and type. `width`/`height` in pixels, upright.
    """

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    size = models.BigIntegerField("字节数")
    media_type = models.CharField("类型", max_length=100)
    cleaned = models.BooleanField("已去除元数据", default=False)
    served_sha256 = models.CharField("提供内容的 SHA-256", max_length=64)
    served_size = models.BigIntegerField("提供内容的字节数")
    served_type = models.CharField("提供内容的类型", max_length=100)
    width = models.IntegerField("宽", null=True, blank=True)
    height = models.IntegerField("高", null=True, blank=True)
    preview_sha256 = models.CharField(max_length=64, blank=True, default="")
    thumb_sha256 = models.CharField(max_length=64, blank=True, default="")
    stored_at = models.DateTimeField("存入时间")
    erased_at = models.DateTimeField("内容删除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "文件内容"
        constraints = [
            models.CheckConstraint(
                name="blob_sha256_hex", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="blob_sizes_positive", condition=Q(size__gt=0, served_size__gt=0)
            ),
            models.CheckConstraint(
                name="blob_uncleaned_is_served_as_sent",
                condition=Q(cleaned=True) | Q(served_sha256=F("sha256")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.sha256[:12]}"


class Evidence(models.Model):
    """One attachment of a subject. `captured_*`: when and where the photo says it was taken.

    Longitude and latitude in degrees, WGS-84; accuracy in metres. `mock` is the device's own
    word that its position was simulated (None: it did not say).
    """

    blob = models.ForeignKey(
        Blob, verbose_name="内容", on_delete=models.PROTECT, related_name="attachments"
    )
    subject_kind = models.CharField("对象", max_length=16)
    subject_id = models.BigIntegerField("对象编号")
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices)
    name = models.CharField("名称", max_length=120, blank=True, default="")
    captured_at = models.DateTimeField("拍摄时间", null=True, blank=True)
    captured_lon = models.FloatField("拍摄经度", null=True, blank=True)
    captured_lat = models.FloatField("拍摄纬度", null=True, blank=True)
    accuracy_m = models.FloatField("精度（米）", null=True, blank=True)
    mock = models.BooleanField("模拟定位", null=True, blank=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="上传人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    post = models.ForeignKey(
        Post,
        verbose_name="上传岗位",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField("上传时间")
    erased_at = models.DateTimeField("删除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        constraints = [
            models.UniqueConstraint(
                name="evidence_once",
                fields=["subject_kind", "subject_id", "purpose", "blob"],
                condition=Q(erased_at__isnull=True),
            ),
            models.CheckConstraint(
                name="evidence_purpose_known", condition=Q(purpose__in=Purpose.values)
            ),
            models.CheckConstraint(
                name="evidence_place_on_earth",
                condition=Q(captured_lon__isnull=True, captured_lat__isnull=True)
                # Said, because a comparison with NULL would pass the check.
                | Q(
                    captured_lon__isnull=False,
                    captured_lat__isnull=False,
                    captured_lon__gte=-180,
                    captured_lon__lte=180,
                    captured_lat__gte=-90,
                    captured_lat__lte=90,
                ),
            ),
            models.CheckConstraint(
                name="evidence_accuracy_not_negative",
                condition=Q(accuracy_m__isnull=True) | Q(accuracy_m__gte=0),
            ),
            models.CheckConstraint(
                name="evidence_erased_is_empty",
                condition=Q(erased_at__isnull=True)
                | Q(
                    name="",
                    captured_at__isnull=True,
                    captured_lon__isnull=True,
                    captured_lat__isnull=True,
                    accuracy_m__isnull=True,
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="evidence_by_subject"),
        ]

    def __str__(self) -> str:
        return self.name or f"附件 {self.pk}"


class Upload(models.Model):
    """One content an account is sending, or has sent and may attach. Deleted some days later.

    The bytes of an unfinished one lie in a file beside the store (`partials.py`), whose length
    is how much has arrived. `size`: bytes announced.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="上传人",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.BigIntegerField("字节数")
    announced_at = models.DateTimeField("申报时间")
    touched_at = models.DateTimeField("最近活动", db_index=True)
    blob = models.ForeignKey(
        Blob,
        verbose_name="内容",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="uploads",
    )
    completed_at = models.DateTimeField("完成时间", null=True, blank=True)
    attached_at = models.DateTimeField("首次附上", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "续传"
        constraints = [
            models.UniqueConstraint(name="upload_once", fields=["account", "sha256"]),
            models.CheckConstraint(
                name="upload_sha256_hex", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(name="upload_size_positive", condition=Q(size__gt=0)),
            models.CheckConstraint(
                name="upload_complete_has_content",
                condition=Q(blob__isnull=True, completed_at__isnull=True)
                | Q(blob__isnull=False, completed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="upload_attached_is_complete",
                condition=Q(attached_at__isnull=True) | Q(blob__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class Seal(models.Model):
    """The server's signature over one attachment (`seals.py`). Outlives what it is about.

    `statement` is the very text that was signed; `salt` goes when the attachment is erased.
    """

    evidence = models.OneToOneField(
        Evidence,
        verbose_name="附件",
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="seal",
    )
    statement = models.TextField("声明")
    signature = models.BinaryField("签名")
    key_id = models.CharField("密钥", max_length=16)
    salt = models.BinaryField("盐", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "存证"

    def __str__(self) -> str:
        return f"存证 {self.evidence_id}"
