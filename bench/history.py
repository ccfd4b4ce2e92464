"""The ledger of the benchmark's population: the events its cases would have left, by bulk SQL.

Payloads are those that the actions write (`cases.actions`), less words. Each case's chain is
computed by an aggregate over its events instead of the trigger; `mengding check ledger` verifies
it like any other.
"""

# ruff: noqa: S608 - names in the SQL are our own.
from collections.abc import Iterator
from typing import Any

SHARE = 20_000  # cases a statement: their events lie as mixed as those of some days do in life

PREPARE = (
    """
CREATE FUNCTION pg_temp.link(state bytea, payload text) RETURNS bytea IMMUTABLE LANGUAGE sql AS
$$ SELECT sha256(state || convert_to(payload, 'UTF8')) $$
""",
    "CREATE AGGREGATE pg_temp.chained(text) (sfunc = pg_temp.link, stype = bytea, initcond = '')",
    """
CREATE FUNCTION pg_temp.clock(id bigint, kind text, due timestamptz, state text, late boolean,
  part bigint) RETURNS jsonb STABLE LANGUAGE sql AS $$
SELECT jsonb_build_object('id', id, 'kind', kind, 'due', due, 'state', state, 'late', late,
  'order', part) $$
""",
    """
CREATE FUNCTION pg_temp.work(id bigint, org bigint, status text) RETURNS jsonb STABLE
LANGUAGE sql AS $$
SELECT jsonb_build_array(jsonb_build_object('id', id, 'org', org, 'kind', 'lead',
  'status', status)) $$
""",
    """
CREATE TEMP TABLE who AS
SELECT a.username, a.id AS account, p.id AS post FROM people_account a
JOIN people_post p ON p.account_id = a.id
""",
)


def _routing() -> str:
    return (
        "jsonb_build_object('org', org, 'rule', NULL, 'tier', 'district', 'rules', 1,"
        " 'matched', '[]'::jsonb, 'department', code)"
    )


def _fed_back(at: str, due: str, check: int) -> str:
    return f"""jsonb_build_object('stage', 'fed_back', 'due_at', {at} + interval '30 minutes',
    'fed_back_at', {at}, 'handled_late', {at} > {due}, 'orders', pg_temp.work(id, org, 'done'),
    'clocks', jsonb_build_array(
      pg_temp.clock(id * 5 + 2, 'handle', {due}, 'stopped', {at} > {due}, id),
      pg_temp.clock(id * 5 + {check}, 'check', {at} + interval '30 minutes', 'running', false,
        NULL)))"""


_BEFORE_FEED_BACK = (
    "jsonb_build_object('stage', 'handling', 'due_at', due_first, 'fed_back_at', NULL,"
    " 'handled_late', NULL)"
)
# (when it is there, at, by whom, action, before, after): in the order of a case's life.
STEPS = (
    ("true", "at", "desk", "case.receive", "'{}'", f"""jsonb_build_object('stage', 'received',
      'channel', channel, 'report', id, 'class_code', code, 'case_class_id', class_id,
      'grade', grade, 'public', public, 'confidential', false, 'lon', lon, 'lat', lat,
      'district_id', district, 'town_id', town, 'village_id', village, 'owner_org_id', owner,
      'proposed_org_id', org, 'reports_count', 1, 'due_at', at + interval '15 minutes',
      'routing', {_routing()}, 'clocks', jsonb_build_array(
        pg_temp.clock(id * 5, 'receive', at + interval '15 minutes', 'running', false, NULL)))"""),
    ("true", "at + interval '30 seconds'", "desk", "case.note", "'{}'", "'{}'"),
    ("reached > 1", "filed_at", "desk", "case.file",
     "jsonb_build_object('stage', 'received', 'number', NULL, 'filed_at', NULL,"
     " 'condition_id', NULL, 'due_at', at + interval '15 minutes')",
     f"""jsonb_build_object('stage', 'filed', 'grade', grade, 'number',
      code || to_char(at, 'YYYYMMDD') || lpad(i::text, 8, '0'), 'filed_at', filed_at,
      'condition_id', condition, 'condition', code || '-1',
      'due_at', filed_at + interval '15 minutes', 'routing', {_routing()},
      'clocks', jsonb_build_array(
        pg_temp.clock(id * 5, 'receive', at + interval '15 minutes', 'stopped',
          filed_at > at + interval '15 minutes', NULL),
        pg_temp.clock(id * 5 + 1, 'dispatch', filed_at + interval '15 minutes', 'running', false,
          NULL)))"""),
    ("reached > 1", "filed_at", "dispatch", "case.note", "'{}'", "'{}'"),
    ("reached > 2", "sent_at", "dispatch", "case.dispatch",
     "jsonb_build_object('stage', 'filed', 'due_at', filed_at + interval '15 minutes',"
     " 'lead_org_id', NULL, 'dispatched_at', NULL, 'handle_due_at', NULL,"
     " 'order_org_ids', '[]'::jsonb)",
     """jsonb_build_object('stage', 'dispatched', 'due_at', due_first, 'handle_due_at', due_first,
      'proposed', org, 'lead_org_id', org, 'dispatched_at', sent_at,
      'order_org_ids', jsonb_build_array(org), 'orders', pg_temp.work(id, org, 'sent'),
      'clocks', jsonb_build_array(
        pg_temp.clock(id * 5 + 1, 'dispatch', filed_at + interval '15 minutes', 'stopped', false,
          NULL),
        pg_temp.clock(id * 5 + 2, 'handle', due_first, 'running', false, id)))"""),
    ("reached > 3", "accepted_at", "handler", "case.accept",
     "'{\"stage\": \"dispatched\"}'",
     "jsonb_build_object('stage', 'handling', 'orders', pg_temp.work(id, org, 'accepted'))"),
    ("reached > 4", "accepted_at + interval '2 minutes'", "handler", "case.arrive", "'{}'",
     "jsonb_build_object('order', id)"),
    ("reached > 4 AND i %% 3 = 0", "accepted_at + interval '3 minutes'", "handler", "case.note",
     "'{}'", "'{}'"),
    ("reached > 4", "done_at", "handler", "case.feed_back", _BEFORE_FEED_BACK,
     _fed_back("done_at", "due_first", 3)),
    ("reached > 5", "check_at", "verify", "case.start_check", "'{\"stage\": \"fed_back\"}'",
     "'{\"stage\": \"checking\"}'"),
    ("rework AND reached = 7", "again_at", "verify", "case.rework",
     "jsonb_build_object('stage', 'checking', 'due_at', done_at + interval '30 minutes',"
     " 'fed_back_at', done_at, 'handled_late', done_at > due_first, 'rework_count', 0,"
     " 'handle_due_at', due_first)",
     """jsonb_build_object('stage', 'handling', 'due_at', due_at, 'fed_back_at', NULL,
      'handled_late', NULL, 'rework_count', 1, 'handle_due_at', due_at,
      'orders', pg_temp.work(id, org, 'accepted'), 'clocks', jsonb_build_array(
        pg_temp.clock(id * 5 + 3, 'check', done_at + interval '30 minutes', 'stopped',
          again_at > done_at + interval '30 minutes', NULL),
        pg_temp.clock(id * 5 + 2, 'handle', due_at, 'running', false, id)))"""),
    ("rework AND reached = 7", "last_done_at", "handler", "case.feed_back", _BEFORE_FEED_BACK,
     _fed_back("last_done_at", "due_at", 4)),
    ("rework AND reached = 7", "last_check_at", "verify", "case.start_check",
     "'{\"stage\": \"fed_back\"}'", "'{\"stage\": \"checking\"}'"),
    ("reached = 7", "closed_at", "verify", "case.close",
     "jsonb_build_object('stage', 'checking', 'outcome', '', 'closed_at', NULL, 'due_at',"
     " last_done_at + interval '30 minutes')",
     """jsonb_build_object('stage', 'closed', 'outcome', 'fixed', 'closed_at', closed_at,
      'due_at', NULL, 'condition_met', true, 'clocks', jsonb_build_array(
        pg_temp.clock(id * 5 + CASE WHEN rework THEN 4 ELSE 3 END, 'check',
          last_done_at + interval '30 minutes', 'stopped',
          closed_at > last_done_at + interval '30 minutes', NULL)))"""),
    ("called", "call_at", "desk", "case.call_back", "'{}'",
     """jsonb_build_object('callback', jsonb_build_object('id', id, 'resolved', i %% 11 <> 0,
      'satisfaction', CASE WHEN i %% 3 = 0 THEN 'basically' ELSE 'satisfied' END))"""),
)  # fmt: skip


def write(cursor: Any, size: int) -> Iterator[int]:
    """Write the events and chain heads of the cases in `plan`; yields how many events so far."""
    for statement in PREPARE:
        cursor.execute(statement)
    made = " UNION ALL ".join(
        f"SELECT id, {n} AS n, {at} AS at, '{who}' AS who, '{action}' AS action,"
        f" ({before})::jsonb AS before, ({after})::jsonb AS after FROM share WHERE {there}"
        for n, (there, at, who, action, before, after) in enumerate(STEPS)
    )
    statement = f"""
WITH share AS (SELECT * FROM plan WHERE i > %(first)s AND i <= %(last)s),
made AS ({made}),
numbered AS (
  SELECT made.*, w.account, w.post, row_number() OVER (PARTITION BY made.id ORDER BY n) AS seq
  FROM made JOIN who w ON w.username = made.who),
worded AS (
  SELECT id, at, account, post, action, before, seq,
    after || jsonb_build_object('version', seq) AS after FROM numbered),
chained AS (
  SELECT *, pg_temp.chained(concat_ws(E'\\x1f', 'case', id::text, seq::text,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'staff', account::text,
      post::text, action, before::text, after::text, '', ''))
    OVER (PARTITION BY id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS hash
  FROM worded),
linked AS MATERIALIZED (
  SELECT *, lag(hash, 1, '') OVER life AS prev, lead(seq) OVER life IS NULL AS last
  FROM chained WINDOW life AS (PARTITION BY id ORDER BY seq)),
heads AS (
  INSERT INTO ledger_chain (subject_kind, subject_id, seq, hash)
  SELECT 'case', id, seq, hash FROM linked WHERE last)
INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, account_id, post_id,
  action, before, after, words_digest, request_id, prev, hash)
SELECT 'case', id, seq, at, ledger_xact(), 'staff', account, post, action, before, after, '', '',
  prev, hash FROM linked ORDER BY at
"""
    cursor.execute("SET work_mem = '256MB'")
    count = 0
    for first in range(0, size, SHARE):
        cursor.execute(statement, {"first": first, "last": first + SHARE})
        count += cursor.rowcount
        if (first // SHARE) % 5 == 4 or first + SHARE >= size:
            yield count
    cursor.execute("RESET work_mem")
