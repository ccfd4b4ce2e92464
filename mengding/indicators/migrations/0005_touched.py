"""Which cases are no longer as a closed period kept them, so that its corrections are few rows."""

import django.db.models.deletion
from django.db import migrations, models

DIMS = (
    "day", "bits", "confidential", "district", "town", "village", "grid", "org", "class_code",
    "channel", "tier", "post",
)  # fmt: skip
DIFFERS = " OR ".join(f"k.{name} IS DISTINCT FROM o.{name}" for name in DIMS)
FIND = f"""
INSERT INTO indicators_touched (period_id, case_id)
SELECT DISTINCT p.id, found.case_id FROM indicators_period p CROSS JOIN LATERAL (
  SELECT case_id FROM
    (SELECT * FROM indicators_frozenfact WHERE period_id = p.id AND day >= p.since) k
    FULL JOIN
    (SELECT * FROM indicators_fact
     WHERE district = p.district_id AND day >= p.since AND day < p.until) o
    USING (case_id, kind, order_id)
  WHERE {DIFFERS}) found
"""  # noqa: S608 (our own names)


class Migration(migrations.Migration):
    dependencies = [("indicators", "0004_open_facts")]
    operations = [
        migrations.CreateModel(
            name="Touched",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "period_id", "case_id", blank=True, editable=False, primary_key=True,
                        serialize=False,
                    ),
                ),
                ("case_id", models.BigIntegerField()),
                (
                    "period",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE,
                        to="indicators.period",
                    ),
                ),
            ],
            options={"verbose_name": "封账后变动", "verbose_name_plural": "封账后变动"},
        ),
        migrations.RunSQL(FIND, migrations.RunSQL.noop),
    ]  # fmt: skip
