"""Who has a case open just now. Unlogged: worth nothing after a crash."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("viewing", "正在查看"),
                            ("writing", "正在填写"),
                            ("left", "已离开"),
                        ],
                        max_length=8,
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "同时在看",
                "verbose_name_plural": "同时在看",
                "constraints": [
                    models.UniqueConstraint(fields=("case_id", "account_id"), name="presence_once")
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE presence_presence SET UNLOGGED", "ALTER TABLE presence_presence SET LOGGED"
        ),
    ]
