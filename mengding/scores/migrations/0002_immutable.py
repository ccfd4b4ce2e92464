"""Rules, frozen months, figures and reviews never change, whoever asks; corrections are rows."""

from django.db import migrations

TABLES = ("evaluation_rules", "evaluation_month", "evaluation_figure", "evaluation_review")
FORWARD = """
CREATE FUNCTION evaluation_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is frozen and cannot change', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION evaluation_add_only_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Figures of the freezing come with the month itself, in its transaction.
  IF NEW.number = 0 AND EXISTS (
    SELECT FROM evaluation_month WHERE first = NEW.month_id AND frozen_at <> NEW.made_at
  ) THEN
    RAISE EXCEPTION 'month % is frozen: only corrections are added', NEW.month_id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER evaluation_add_only_corrections BEFORE INSERT ON evaluation_figure
  FOR EACH ROW EXECUTE FUNCTION evaluation_add_only_corrections();
""" + "".join(
    f"CREATE TRIGGER evaluation_never_changes BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION evaluation_never_changes();\n"
    for table in TABLES
)
REVERSE = (
    "".join(f"DROP TRIGGER evaluation_never_changes ON {table};\n" for table in TABLES)
    + """
DROP TRIGGER evaluation_add_only_corrections ON evaluation_figure;
DROP FUNCTION evaluation_add_only_corrections;
DROP FUNCTION evaluation_never_changes;
"""
)


class Migration(migrations.Migration):
    dependencies = [("scores", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
