from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0004_duty"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("arrived", "紧急案件"),
                    ("dispatched", "新工单"),
                    ("decided", "申请已审批"),
                    ("fed_back", "待核查"),
                    ("rework", "返工"),
                    ("resumed", "恢复办理"),
                    ("supervised", "督办"),
                    ("help", "求助"),
                    ("answered", "督办答复"),
                    ("escalated", "催办"),
                    ("duty", "值勤"),
                    ("alarm", "预警"),
                    ("warning", "地点与设施预警"),
                ],
                max_length=12,
                verbose_name="种类",
            ),
        ),
    ]
