"""A department may have a fifth of everything: its numbers are answered from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0005_touched")]
    operations = [
        migrations.RemoveIndex(model_name="fact", name="fact_by_org"),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                fields=["org", "kind", "day"],
                include=("bits", "class_code", "channel", "district", "confidential"),
                name="fact_by_org",
            ),
        ),
    ]
