"""The database keeps a published rule set as it is: it may only be retired, once."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION routing_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.status = 'draft' THEN
      RETURN OLD;
    END IF;
  ELSIF OLD.status = 'draft' AND NEW.status IN ('draft', 'active') THEN
    RETURN NEW;
  ELSIF OLD.status = 'active' AND NEW.status = 'retired'
      AND (to_jsonb(NEW) - 'status' - 'retired_at') = (to_jsonb(OLD) - 'status' - 'retired_at')
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a published rule set does not change' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER routing_keep_published BEFORE UPDATE OR DELETE ON routing_ruleset
  FOR EACH ROW EXECUTE FUNCTION routing_keep_published();
"""

REVERSE = """
DROP TRIGGER routing_keep_published ON routing_ruleset;
DROP FUNCTION routing_keep_published;
"""


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
