"""A version of the chains is fixed: the database refuses to change or delete one.

Every clock is frozen with the version in force when it started; only which one is active moves.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION escalation_fix_chains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(OLD) - 'active' <> to_jsonb(NEW) - 'active' THEN
    RAISE EXCEPTION 'version % of the chains is published and cannot change', OLD.version
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER escalation_chains_fixed BEFORE UPDATE OR DELETE ON escalation_chainset
FOR EACH ROW EXECUTE FUNCTION escalation_fix_chains();
"""
BACKWARD = """
DROP TRIGGER escalation_chains_fixed ON escalation_chainset;
DROP FUNCTION escalation_fix_chains();
"""


class Migration(migrations.Migration):
    dependencies = [("escalation", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
