"""A closed month and what was kept of it cannot be changed or taken away."""

from django.db import migrations

TABLES = ("indicators_period", "indicators_frozenfact", "indicators_frozencell")
FORWARD = """
CREATE FUNCTION indicators_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a closed period is not changed' USING ERRCODE = 'insufficient_privilege';
END $$;
""" + "".join(
    f"CREATE TRIGGER indicators_refuse BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION indicators_refuse();\n"
    for table in TABLES
)
REVERSE = (
    "".join(f"DROP TRIGGER indicators_refuse ON {table};\n" for table in TABLES)
    + "DROP FUNCTION indicators_refuse;"
)


class Migration(migrations.Migration):
    dependencies = [("indicators", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
