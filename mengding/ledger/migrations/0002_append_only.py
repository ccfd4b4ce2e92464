"""The database numbers, chains and protects ledger events."""

from django.db import migrations

# Fields are joined with the unit separator (0x1f). It cannot occur inside one: jsonb escapes
# control characters and the other fields are numbers or held to plain characters by checks.
FORWARD = r"""
CREATE FUNCTION ledger_payload(e ledger_event) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(E'\x1f',
    e.subject_kind, e.subject_id::text, e.seq::text,
    to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_kind, coalesce(e.account_id::text, ''), coalesce(e.post_id::text, ''),
    e.action, e.before::text, e.after::text, encode(e.words_digest, 'hex'), e.request_id)
$$;

-- Transaction ids start again in a restored cluster; the base keeps the feed's order rising
-- (raised by `rebase` in migration time, see actions).
CREATE TABLE ledger_base (one boolean PRIMARY KEY DEFAULT true CHECK (one), base bigint NOT NULL);
INSERT INTO ledger_base (base) VALUES (0);

CREATE FUNCTION ledger_xact() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT base + pg_current_xact_id()::text::bigint FROM ledger_base
$$;
CREATE FUNCTION ledger_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM ledger_base
$$;

CREATE FUNCTION ledger_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_chain AS c (subject_kind, subject_id, seq, hash)
    VALUES (NEW.subject_kind, NEW.subject_id, 1, ''::bytea)
    ON CONFLICT (subject_kind, subject_id) DO UPDATE SET seq = c.seq + 1
    RETURNING c.seq, c.hash INTO NEW.seq, NEW.prev;
  NEW.xact := ledger_xact();
  NEW.hash := sha256(NEW.prev || convert_to(ledger_payload(NEW), 'UTF8'));
  UPDATE ledger_chain SET hash = NEW.hash
    WHERE subject_kind = NEW.subject_kind AND subject_id = NEW.subject_id;
  RETURN NEW;
END $$;

CREATE TRIGGER ledger_append BEFORE INSERT ON ledger_event
  FOR EACH ROW EXECUTE FUNCTION ledger_append();

CREATE FUNCTION ledger_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- One wake-up a transaction: identical notifications are merged at commit.
  NOTIFY ledger;
  RETURN NULL;
END $$;

CREATE TRIGGER ledger_announce AFTER INSERT ON ledger_event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_announce();

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_refuse BEFORE UPDATE OR DELETE ON ledger_event
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_refuse_truncate BEFORE TRUNCATE ON ledger_event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""

REVERSE = """
DROP TRIGGER ledger_refuse_truncate ON ledger_event;
DROP TRIGGER ledger_refuse ON ledger_event;
DROP TRIGGER ledger_announce ON ledger_event;
DROP TRIGGER ledger_append ON ledger_event;
DROP FUNCTION ledger_refuse;
DROP FUNCTION ledger_announce;
DROP FUNCTION ledger_append;
DROP FUNCTION ledger_horizon;
DROP FUNCTION ledger_xact;
DROP TABLE ledger_base;
DROP FUNCTION ledger_payload;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
