"""Readers of the feed wait only for transactions of their own database."""

from django.db import migrations

# A snapshot names the running transactions of the whole server, so that a long one in any other
# database would hold every reader back. Those known to run elsewhere are left out; one that ended
# since the snapshot, or was prepared, is not known, and is waited for until the next look.
FORWARD = """
CREATE OR REPLACE FUNCTION ledger_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT base + least(coalesce(
    (SELECT min(running.xact::text::bigint)
     FROM pg_snapshot_xip(pg_current_snapshot()) AS running(xact)
     WHERE NOT EXISTS (
       SELECT FROM pg_stat_activity a
       WHERE a.backend_xid = running.xact::xid
         AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint),
    pg_current_xact_id_if_assigned()::text::bigint)  -- a snapshot does not name its own
  FROM ledger_base
$$;
"""

REVERSE = """
CREATE OR REPLACE FUNCTION ledger_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM ledger_base
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
