"""Quarters and years are closed beside their months: a first day is no longer unique."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0002_frozen_is_fixed")]
    operations = [
        migrations.RemoveConstraint(model_name="period", name="period_once"),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.UniqueConstraint(
                name="period_once", fields=["district", "since", "until"]
            ),
        ),
    ]
