"""The clocks app stands below this one, so the foreign keys of its clocks are added here."""

from django.db import migrations

FORWARD = """
ALTER TABLE clocks_clock
  ADD CONSTRAINT clock_case FOREIGN KEY (case_id) REFERENCES cases_case (id)
    DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT clock_order FOREIGN KEY (order_id) REFERENCES cases_workorder (id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE search_entry
  ADD CONSTRAINT entry_case FOREIGN KEY (case_id) REFERENCES cases_case (id)
    DEFERRABLE INITIALLY DEFERRED;
-- A few very common words must not look rare to the planner.
ALTER TABLE search_entry ALTER COLUMN document SET STATISTICS 1000;
"""
REVERSE = """
ALTER TABLE search_entry DROP CONSTRAINT entry_case;
ALTER TABLE clocks_clock DROP CONSTRAINT clock_order, DROP CONSTRAINT clock_case;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("clocks", "0001_initial"),
        ("search", "0001_initial"),
    ]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
