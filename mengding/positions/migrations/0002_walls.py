"""The tables of positions, and the walls around them.

`positions_fix` is partitioned by local day, so that expiry drops whole files. Two triggers refuse
a row that lies outside its duty interval. A third stands on `duty_interval`: an interval that
ends, moves or goes takes with it what no longer lies inside, and the newest position at once.

An interval is [started_at, ended_at), and while it is open it reaches to `ends_by` at most.
"""

from django.db import migrations

TABLES = """
CREATE TABLE positions_fix (
  account_id bigint NOT NULL,
  at timestamptz NOT NULL,
  interval_id bigint NOT NULL,
  received_at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  accuracy real,
  mock boolean NOT NULL DEFAULT false,
  PRIMARY KEY (account_id, at),
  CONSTRAINT fix_on_earth CHECK (lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90),
  CONSTRAINT fix_not_ahead CHECK (at <= received_at + interval '2 minutes'),
  CONSTRAINT fix_not_stale CHECK (at >= received_at - interval '7 days'),
  CONSTRAINT fix_accuracy CHECK (accuracy >= 0)
) PARTITION BY RANGE (at);

CREATE UNLOGGED TABLE positions_latest (
  account_id bigint PRIMARY KEY,
  interval_id bigint NOT NULL,
  at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  accuracy real,
  mock boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- Partitions from the first to the last of these local days, where they are missing.
CREATE FUNCTION positions_make_days(first date, last date, zone text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  day date := first;
  made integer := 0;
  part text;
BEGIN
  IF last - first > 60 THEN
    RAISE EXCEPTION 'positions_make_days: too many days';
  END IF;
  WHILE day <= last LOOP
    part := 'positions_fix_' || to_char(day, 'YYYYMMDD');
    IF to_regclass(part) IS NULL THEN
      PERFORM pg_advisory_xact_lock(hashtext('positions_make_days'));
      IF to_regclass(part) IS NULL THEN
        EXECUTE format(
          'CREATE TABLE %I PARTITION OF positions_fix FOR VALUES FROM (%L) TO (%L)',
          part, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone);
        made := made + 1;
      END IF;
    END IF;
    day := day + 1;
  END LOOP;
  RETURN made;
END $$;
"""

WALLS = """
CREATE FUNCTION positions_only_on_duty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM duty_interval d
    WHERE d.id = NEW.interval_id AND d.account_id = NEW.account_id
      AND d.started_at <= NEW.at AND NEW.at < coalesce(d.ended_at, d.ends_by)
      AND (TG_TABLE_NAME <> 'positions_latest' OR d.ended_at IS NULL)
  ) THEN
    RAISE EXCEPTION 'a position outside of duty' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'position_only_on_duty';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fix_only_on_duty BEFORE INSERT OR UPDATE ON positions_fix
  FOR EACH ROW EXECUTE FUNCTION positions_only_on_duty();
CREATE TRIGGER latest_only_on_duty BEFORE INSERT OR UPDATE ON positions_latest
  FOR EACH ROW EXECUTE FUNCTION positions_only_on_duty();

CREATE FUNCTION positions_follow_duty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM positions_latest WHERE account_id = OLD.account_id AND interval_id = OLD.id;
    DELETE FROM positions_fix WHERE account_id = OLD.account_id AND interval_id = OLD.id
      AND at >= OLD.started_at AND at < coalesce(OLD.ended_at, OLD.ends_by);
    RETURN NULL;
  END IF;
  IF NEW.ended_at IS NOT NULL OR NEW.account_id <> OLD.account_id
      OR NEW.started_at > OLD.started_at OR NEW.ends_by < OLD.ends_by THEN
    DELETE FROM positions_latest WHERE account_id = OLD.account_id AND interval_id = OLD.id;
  END IF;
  IF NEW.account_id <> OLD.account_id THEN
    DELETE FROM positions_fix WHERE account_id = OLD.account_id AND interval_id = OLD.id
      AND at >= OLD.started_at;
  ELSIF NEW.started_at > OLD.started_at THEN
    DELETE FROM positions_fix WHERE account_id = OLD.account_id AND interval_id = OLD.id
      AND at >= OLD.started_at AND at < NEW.started_at;
  END IF;
  IF coalesce(NEW.ended_at, NEW.ends_by) < coalesce(OLD.ended_at, OLD.ends_by) THEN
    DELETE FROM positions_fix WHERE account_id = OLD.account_id AND interval_id = OLD.id
      AND at >= coalesce(NEW.ended_at, NEW.ends_by);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER positions_follow_duty AFTER UPDATE OR DELETE ON duty_interval
  FOR EACH ROW EXECUTE FUNCTION positions_follow_duty();
"""

BACK = """
DROP TRIGGER positions_follow_duty ON duty_interval;
DROP FUNCTION positions_follow_duty();
DROP TABLE positions_latest;
DROP TABLE positions_fix;
DROP FUNCTION positions_only_on_duty();
DROP FUNCTION positions_make_days(date, date, text);
"""


class Migration(migrations.Migration):
    dependencies = [("positions", "0001_initial"), ("duty", "0001_initial")]

    operations = [migrations.RunSQL(TABLES + WALLS, BACK)]
