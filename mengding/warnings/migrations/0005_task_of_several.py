"""A hazard that is overdue again has the same open re-inspection as the time before."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_ordered_tasks"), ("warnings", "0004_crowd_span")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="task",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tasks.task",
                verbose_name="任务",
            ),
        ),
    ]
