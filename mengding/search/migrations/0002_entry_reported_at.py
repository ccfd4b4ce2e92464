"""Hits come out newest first from the index's own table."""

from django.db import migrations, models

FILL = """
UPDATE search_entry e SET reported_at = c.reported_at FROM cases_case c WHERE c.id = e.case_id
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial"), ("cases", "0002_clock_of_case")]
    operations = [
        migrations.AddField(
            model_name="entry", name="reported_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # The foreign key's deferred check would keep the table from being altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(model_name="entry", name="reported_at", field=models.DateTimeField()),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["-reported_at", "-case_id"], name="entry_newest"),
        ),
    ]
