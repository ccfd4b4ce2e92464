"""A count is of a day at most: one from before the year 1 was stored, and could not be read."""

import datetime

from django.db import migrations, models

REPAIR = """
DELETE FROM warnings_crowd WHERE since >= until OR since < until - interval '1 day';
UPDATE warnings_alert SET since = until - interval '1 day'
WHERE kind = 'crowd' AND since < until - interval '1 day';
"""


class Migration(migrations.Migration):
    dependencies = [("warnings", "0003_trial")]

    operations = [
        migrations.RunSQL(REPAIR, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="crowd",
            constraint=models.CheckConstraint(
                name="crowd_span",
                condition=models.Q(
                    since__lt=models.F("until"),
                    since__gte=models.F("until") - datetime.timedelta(days=1),
                ),
            ),
        ),
    ]
