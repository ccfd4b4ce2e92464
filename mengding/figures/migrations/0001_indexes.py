"""Indexes that hold every column the figures need, so that no case row is read to count it.

They lie on tables of apps below; those know nothing of figures, hence they are made here.
"""

from django.db import migrations

_AREA = "district_id, town_id, village_id, grid_id, confidential, received_by"

FORWARD = f"""
CREATE INDEX figures_open ON cases_case (district_id, town_id, case_class_id, stage)
  INCLUDE (village_id, grid_id, confidential, received_by, due_at) WHERE closed_at IS NULL;
CREATE INDEX figures_in ON cases_case (reported_at) INCLUDE ({_AREA});
CREATE INDEX figures_out ON cases_case (closed_at) INCLUDE ({_AREA}, stage)
  WHERE closed_at IS NOT NULL;
CREATE INDEX figures_moves ON ledger_event (at) INCLUDE (action, subject_id)
  WHERE subject_kind = 'case';
"""
REVERSE = "DROP INDEX figures_open, figures_in, figures_out, figures_moves;"


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("cases", "0002_clock_of_case"),
        ("ledger", "0003_horizon_of_this_database"),
    ]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
