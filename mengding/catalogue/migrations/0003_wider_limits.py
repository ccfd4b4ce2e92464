"""Limits taken over from another city are exact to the minute: longer amounts, more conditions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_published_is_fixed")]

    operations = [
        migrations.RemoveConstraint(model_name="condition", name="condition_code_shape"),
        migrations.RemoveConstraint(model_name="condition", name="condition_limit_positive"),
        migrations.AlterField(
            model_name="condition",
            name="code",
            field=models.CharField(max_length=10, verbose_name="代码"),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[CES][0-9]{4}-[1-9][0-9]{0,3}$")),
                name="condition_code_shape",
            ),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("limit_amount__gte", 1), ("limit_amount__lte", 1000)),
                    models.Q(
                        ("limit_amount__gte", 1),
                        ("limit_amount__lte", 1000000),
                        ("limit_unit__in", ["urgent_minute", "urgent_hour", "natural_day"]),
                    ),
                    _connector="OR",
                ),
                name="condition_limit_positive",
            ),
        ),
    ]
