"""A version of the rates cannot be changed or taken away: old periods keep the rates of their time."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION costs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rates are never changed: publish another version'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER costs_refuse BEFORE UPDATE OR DELETE ON costs_rateversion
  FOR EACH ROW EXECUTE FUNCTION costs_refuse();
"""
REVERSE = "DROP TRIGGER costs_refuse ON costs_rateversion; DROP FUNCTION costs_refuse;"


class Migration(migrations.Migration):
    dependencies = [("costs", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
