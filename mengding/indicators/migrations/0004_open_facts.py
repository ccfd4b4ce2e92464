"""A case received knows the day it ended, so that what is open is found without looking at all."""

from django.db import migrations, models

KNOWN = """
UPDATE indicators_fact i SET left_on = o.day FROM indicators_fact o
WHERE i.kind = 'in' AND o.case_id = i.case_id AND o.kind = 'out'
"""


class Migration(migrations.Migration):
    dependencies = [("indicators", "0003_quarters_and_years")]
    operations = [
        migrations.AddField(model_name="fact", name="left_on", field=models.DateField(null=True)),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
        *(
            migrations.AddIndex(
                model_name="fact",
                index=models.Index(
                    fields=[place, "day"],
                    name=f"fact_open_{place}",
                    condition=models.Q(("kind", "in"), ("left_on__isnull", True)),
                ),
            )
            for place in ("district", "town", "village", "org", "class_code")
        ),
    ]
