"""Numbers of a division, department or class are answered from an index alone.

That needs a visibility map that is never far behind: the table is vacuumed after each hundredth
that comes, not each fifth.
"""

from django.db import migrations, models

INCLUDED = {
    "town": ("bits", "village", "org", "class_code", "channel", "confidential"),
    "village": ("bits", "grid", "org", "class_code", "channel", "confidential"),
    "org": ("bits", "district", "class_code", "channel", "confidential"),
    "class_code": ("bits", "district", "town", "org", "channel", "confidential"),
}
NAMES = {"class_code": "fact_by_class"}
OFTEN = "ALTER TABLE indicators_fact SET (autovacuum_vacuum_insert_scale_factor = 0.01)"
AS_EVER = "ALTER TABLE indicators_fact RESET (autovacuum_vacuum_insert_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("indicators", "0005_touched")]
    operations = [
        *(
            operation
            for column, included in INCLUDED.items()
            for name in [NAMES.get(column, f"fact_by_{column}")]
            for operation in (
                migrations.RemoveIndex(model_name="fact", name=name),
                migrations.AddIndex(
                    model_name="fact",
                    index=models.Index(fields=[column, "kind", "day"], include=included, name=name),
                ),
            )
        ),
        migrations.RunSQL(OFTEN, AS_EVER),
        *(
            migrations.AddIndex(
                model_name="frozenfact",
                index=models.Index(fields=["period", column], name=f"frozen_by_{column}"),
            )
            for column in ("village", "org")
        ),
    ]
