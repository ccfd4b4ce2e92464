"""What is attached to a subject, and the contents behind it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Blob",
            fields=[
                (
                    "sha256",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256"
                    ),
                ),
                ("size", models.BigIntegerField(verbose_name="字节数")),
                ("media_type", models.CharField(max_length=100, verbose_name="类型")),
                ("cleaned", models.BooleanField(default=False, verbose_name="已去除元数据")),
                (
                    "served_sha256",
                    models.CharField(max_length=64, verbose_name="提供内容的 SHA-256"),
                ),
                ("served_size", models.BigIntegerField(verbose_name="提供内容的字节数")),
                ("served_type", models.CharField(max_length=100, verbose_name="提供内容的类型")),
                ("width", models.IntegerField(blank=True, null=True, verbose_name="宽")),
                ("height", models.IntegerField(blank=True, null=True, verbose_name="高")),
                ("preview_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("thumb_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("stored_at", models.DateTimeField(verbose_name="存入时间")),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="内容删除时间"),
                ),
            ],
            options={
                "verbose_name": "文件内容",
                "verbose_name_plural": "文件内容",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="blob_sha256_hex",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("served_size__gt", 0), ("size__gt", 0)),
                        name="blob_sizes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cleaned", True),
                            ("served_sha256", models.F("sha256")),
                            _connector="OR",
                        ),
                        name="blob_uncleaned_is_served_as_sent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_kind", models.CharField(max_length=16, verbose_name="对象")),
                ("subject_id", models.BigIntegerField(verbose_name="对象编号")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("report", "上报"),
                            ("before", "处置前"),
                            ("after", "处置后"),
                            ("check", "核实核查"),
                            ("reply", "答复"),
                            ("file", "附件"),
                        ],
                        max_length=12,
                        verbose_name="用途",
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, default="", max_length=120, verbose_name="名称"),
                ),
                (
                    "captured_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="拍摄时间"),
                ),
                ("captured_lon", models.FloatField(blank=True, null=True, verbose_name="拍摄经度")),
                ("captured_lat", models.FloatField(blank=True, null=True, verbose_name="拍摄纬度")),
                ("accuracy_m", models.FloatField(blank=True, null=True, verbose_name="精度（米）")),
                ("mock", models.BooleanField(blank=True, null=True, verbose_name="模拟定位")),
                ("created_at", models.DateTimeField(verbose_name="上传时间")),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="删除时间")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "blob",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="evidence.blob",
                        verbose_name="内容",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.post",
                        verbose_name="上传岗位",
                    ),
                ),
            ],
            options={
                "verbose_name": "附件",
                "verbose_name_plural": "附件",
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject_id", "id"], name="evidence_by_subject"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("erased_at__isnull", True)),
                        fields=("subject_kind", "subject_id", "purpose", "blob"),
                        name="evidence_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("purpose__in", ["report", "before", "after", "check", "reply", "file"])
                        ),
                        name="evidence_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("captured_lat__isnull", True), ("captured_lon__isnull", True)
                            ),
                            models.Q(
                                ("captured_lat__gte", -90),
                                ("captured_lat__isnull", False),
                                ("captured_lat__lte", 90),
                                ("captured_lon__gte", -180),
                                ("captured_lon__isnull", False),
                                ("captured_lon__lte", 180),
                            ),
                            _connector="OR",
                        ),
                        name="evidence_place_on_earth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accuracy_m__isnull", True), ("accuracy_m__gte", 0), _connector="OR"
                        ),
                        name="evidence_accuracy_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at__isnull", True),
                            models.Q(
                                ("accuracy_m__isnull", True),
                                ("captured_at__isnull", True),
                                ("captured_lat__isnull", True),
                                ("captured_lon__isnull", True),
                                ("name", ""),
                            ),
                            _connector="OR",
                        ),
                        name="evidence_erased_is_empty",
                    ),
                ],
            },
        ),
    ]
