"""Indexes behind the two public lists. The tables belong to apps below this one, which have no
such lists themselves, so the indexes stand here."""

from django.db import migrations

# The second says exactly what `cases.queries.open311` asks for; taking a report in, the busiest
# write, stays outside it.
FORWARD = """
CREATE INDEX open311_reports ON cases_report (received_at DESC, id DESC);
CREATE INDEX open311_updates ON ledger_event (at DESC, id DESC)
  WHERE subject_kind = 'case' AND (after ? 'stage' OR action = 'case.reply')
    AND action <> 'case.receive';
"""
REVERSE = """
DROP INDEX open311_updates;
DROP INDEX open311_reports;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("open311", "0001_initial"),
        ("cases", "0002_clock_of_case"),
        ("ledger", "0002_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
