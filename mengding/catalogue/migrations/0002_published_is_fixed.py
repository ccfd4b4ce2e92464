"""A published version is fixed: the database refuses to change it, whoever asks.

A case keeps its class, condition and limit by reference; those rows must mean tomorrow what they
meant on the day of filing. Only the status of a published version moves, active ⇄ retired.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalogue_require_draft(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  found text;
BEGIN
  -- FOR SHARE: somebody publishing at this moment waits for us, or we for them.
  SELECT status INTO found FROM catalogue_schemeversion WHERE id = wanted FOR SHARE;
  IF found IS DISTINCT FROM 'draft' THEN
    RAISE EXCEPTION 'catalogue version % is published and cannot change', wanted
      USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

CREATE FUNCTION catalogue_fix_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'draft' THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'DELETE' OR NEW.status = 'draft'
     OR to_jsonb(OLD) - 'status' - 'retired_at' <> to_jsonb(NEW) - 'status' - 'retired_at' THEN
    RAISE EXCEPTION 'catalogue version % is published and cannot change', OLD.id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION catalogue_fix_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM catalogue_require_draft(OLD.version_id);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM catalogue_require_draft(NEW.version_id);
    RETURN NEW;
  END IF;
  RETURN OLD;
END $$;

CREATE FUNCTION catalogue_fix_condition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM catalogue_require_draft(version_id)
      FROM catalogue_caseclass WHERE id = OLD.case_class_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM catalogue_require_draft(version_id)
      FROM catalogue_caseclass WHERE id = NEW.case_class_id;
    RETURN NEW;
  END IF;
  RETURN OLD;
END $$;

CREATE TRIGGER catalogue_fix_version BEFORE UPDATE OR DELETE ON catalogue_schemeversion
  FOR EACH ROW EXECUTE FUNCTION catalogue_fix_version();
CREATE TRIGGER catalogue_fix_class BEFORE INSERT OR UPDATE OR DELETE ON catalogue_caseclass
  FOR EACH ROW EXECUTE FUNCTION catalogue_fix_class();
CREATE TRIGGER catalogue_fix_condition BEFORE INSERT OR UPDATE OR DELETE ON catalogue_condition
  FOR EACH ROW EXECUTE FUNCTION catalogue_fix_condition();
"""

REVERSE = """
DROP TRIGGER catalogue_fix_condition ON catalogue_condition;
DROP TRIGGER catalogue_fix_class ON catalogue_caseclass;
DROP TRIGGER catalogue_fix_version ON catalogue_schemeversion;
DROP FUNCTION catalogue_fix_condition;
DROP FUNCTION catalogue_fix_class;
DROP FUNCTION catalogue_fix_version;
DROP FUNCTION catalogue_require_draft;
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
