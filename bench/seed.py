"""Filling a benchmark database: cases by the million, with everything a real one has.

Bulk SQL, for the benchmark's population only; imports and the product itself never do this:
triggers and foreign keys are off and indexes built at the end. Every case has a report, orders,
clocks, call-backs, a search entry and its ledger (ten events on average, see `bench.history`), all
telling the same story, so that `mengding check ledger` and `check indicators` hold on it. 85 % are
closed; classes, towns and dates, over two years, follow a fixed random seed.
"""

# ruff: noqa: S608 - names in the SQL are our own.
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import history
from mengding.cli.main import _django

WORDS = 4000
READERS = ("notices", "tasks", "warnings", "escalation", "supervision", "costs", "indicators")
TABLES = ("cases_case", "cases_report", "cases_workorder", "cases_callback", "clocks_clock")


def main(size: int) -> None:
    """Fill the database of MENGDING_DATA to `size` cases; nothing to do when it is full."""
    with _django():
        from django.core.management import call_command
        from django.db import connection

        from mengding.demo import actions as demo
        from mengding.demo import queries

        call_command("migrate", verbosity=0, interactive=False)
        if not queries.is_loaded():
            demo.load(cases=False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cases_case")
            have = cursor.fetchone()[0]
            if have >= size:
                print(f"{have:,} cases are there already", flush=True)
                return
            fill(cursor, size)


def sentences() -> list[str]:
    """Distinct made-up complaints, with frequent and rare words."""
    dice = random.Random(3)
    things = [
        "井盖",
        "路灯",
        "雨水箅子",
        "垃圾",
        "人行道",
        "护栏",
        "行道树",
        "消火栓",
        "宣传栏",
        "公厕",
    ]
    faults = [
        "损坏",
        "缺失",
        "不亮",
        "堵塞",
        "堆放杂物",
        "松动",
        "倾斜",
        "污水溢出到人行道上",
        "缺水带",
    ]
    places = [
        "小区门口",
        "菜市场后门",
        "学校旁边",
        "客运站出口",
        "河边步道",
        "村委会前",
        "茶园路口",
    ]
    wishes = ["请尽快处理。", "影响出行。", "晚上很危险。", "已经三天了。", "老人差点摔倒。"]
    made = [
        dice.choice(places) + dice.choice(things) + dice.choice(faults) + "，" + dice.choice(wishes)
        for _ in range(WORDS - 40)
    ]
    rare = [f"蒙顶山景区第{n}号观景台栏杆松动。" for n in range(40)]
    return made + rare


def fill(cursor: Any, size: int) -> None:
    """Insert everything, set by set, with progress."""
    from mengding.cases import tiles
    from mengding.regions import cells
    from mengding.search.text import document

    started = time.monotonic()

    def step(what: str, sql: str, *values: Any) -> None:
        cursor.execute(sql, values or None)
        print(f"[{time.monotonic() - started:6.1f}s] {what}: {cursor.rowcount:,}", flush=True)

    cursor.execute("SET synchronous_commit = off")
    cursor.execute("CREATE TEMP TABLE words (n int PRIMARY KEY, text text, document tsvector)")
    cursor.executemany(
        "INSERT INTO words VALUES (%s, %s, %s::tsvector)",
        [(n, text, document(text)) for n, text in enumerate(sentences())],
    )
    step(
        "places",
        """CREATE TEMP TABLE places AS
        SELECT row_number() OVER (ORDER BY v.code) - 1 AS n, v.id AS village, t.id AS town,
          d.id AS district, t.code AS town_code, (v.bounds[1] + v.bounds[3]) / 2 AS lon,
          (v.bounds[2] + v.bounds[4]) / 2 AS lat
        FROM regions_region v JOIN regions_region t ON t.id = v.parent_id
        JOIN regions_region d ON d.id = t.parent_id WHERE v.level = 'village'""",
    )
    step(
        "classes",
        """CREATE TEMP TABLE classes AS
        SELECT row_number() OVER (ORDER BY c.code) - 1 AS n, c.id, c.code, c.grade, c.public,
          k.id AS condition, o.id AS org
        FROM catalogue_caseclass c
        JOIN LATERAL (SELECT id FROM catalogue_condition WHERE case_class_id = c.id
          ORDER BY code LIMIT 1) k ON true
        JOIN people_organisation o ON o.department_code = c.default_department AND o.code LIKE
          'dept-' || c.default_department WHERE NOT c.confidential""",
    )
    # `regions.cells.cell` in SQL: a population by the million cannot come one by one from Python.
    cursor.execute(
        """CREATE FUNCTION pg_temp.spread(v bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN
          v := (v | (v << 16)) & 281470681808895;
          v := (v | (v << 8)) & 71777214294589695;
          v := (v | (v << 4)) & 1085102592571150095;
          v := (v | (v << 2)) & 3689348814741910323;
          RETURN (v | (v << 1)) & 6148914691236517205;
        END $$"""
    )
    cursor.execute(
        """CREATE FUNCTION pg_temp.cell(lon float8, lat float8) RETURNS bigint
        IMMUTABLE LANGUAGE sql AS $$
        SELECT pg_temp.spread(trunc(lon * (1 << 22) / 360 + (1 << 21))::bigint)
          | (pg_temp.spread(trunc((1 << 21)
              - atanh(sin(radians(lat))) * (1 << 22) / (2 * pi()))::bigint) << 1) $$"""
    )
    cursor.execute("SELECT pg_temp.cell(103.112, 30.085)")
    assert cursor.fetchone() == (cells.cell(103.112, 30.085),)
    cursor.execute("SELECT setseed(0.5)")
    step("plan", PLAN, size, size, size, WORDS)
    cursor.execute("CREATE INDEX ON plan (i); ANALYZE plan")
    cursor.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
    with without_indexes(cursor, "cases_case"):
        step("cases", CASES)
    with without_indexes(cursor, "cases_report"):
        step("reports", REPORTS)
    with without_indexes(cursor, "cases_workorder"):
        step("orders", ORDERS)
    with without_indexes(cursor, "clocks_clock"):
        step("clocks", CLOCKS)
    step("call-backs", CALLBACKS)
    with without_indexes(cursor, "search_entry"):
        step("search entries", SEARCH)
    with without_indexes(cursor, "ledger_event"):
        for written in history.write(cursor, size):
            print(f"[{time.monotonic() - started:6.1f}s] events: {written:,}", flush=True)
    cursor.execute("SET session_replication_role = origin")
    print(f"[{time.monotonic() - started:6.1f}s] tiles: {tiles.fill():,}", flush=True)
    for table in TABLES:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
        )
    # The seeded past is no news: those who follow the ledger begin behind it, as they would have
    # kept up in life. The numbers are made of it by `bench.indicators`.
    for reader in READERS:
        cursor.execute(
            "INSERT INTO ledger_cursor (name, xact, event_id) SELECT %s, xact, id"
            " FROM ledger_event ORDER BY xact DESC, id DESC LIMIT 1"
            " ON CONFLICT (name) DO UPDATE SET xact = excluded.xact, event_id = excluded.event_id",
            [reader],
        )
    cursor.execute("VACUUM ANALYZE")
    print(f"[{time.monotonic() - started:6.1f}s] vacuumed", flush=True)


@contextmanager
def without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Without the indexes of a table but its primary key; built again at the end."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname,"
        " pg_get_constraintdef(c.oid) FROM pg_index i LEFT JOIN pg_constraint c"
        " ON c.conindid = i.indexrelid AND c.contype = 'u'"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
        [table],
    )
    found = cursor.fetchall()
    for index, _, constraint, _ in found:
        cursor.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"
            if constraint
            else f"DROP INDEX {index}"
        )
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, definition, constraint, rule in found:
        cursor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}" if constraint else definition
        )
    cursor.execute("RESET maintenance_work_mem")


# What happens to each case, and when; every table below is filled from it. `reached`: how many of
# the seven stages from received to closed have begun by now.
PLAN = """
CREATE TEMP TABLE plan AS
SELECT *, (ARRAY['received', 'filed', 'dispatched', 'handling', 'fed_back', 'checking', 'closed'])
    [reached] AS stage,
  (ARRAY[at, filed_at, sent_at, accepted_at, last_done_at, last_check_at, closed_at])[reached]
    AS since,
  last_done_at > due_at AS late,
  reached = 7 AND r9 < 0.3 AND call_at < now() AS called,
  2 + 2 * (reached > 1)::int + (reached > 2)::int + (reached > 3)::int + (reached > 5)::int
    + (reached > 4)::int * (2 + (i %% 3 = 0)::int) + (reached = 7)::int
    + 3 * (rework AND reached = 7)::int + (reached = 7 AND r9 < 0.3 AND call_at < now())::int
    AS events
FROM (
  SELECT *, due_first + CASE WHEN rework THEN again_at - done_at ELSE interval '0' END AS due_at,
    CASE WHEN closed_at <= now() AND goal = 7 THEN 7 ELSE least(goal,
      1 + (filed_at <= now())::int + (sent_at <= now())::int + (accepted_at <= now())::int
        + (done_at <= now())::int + (check_at <= now())::int) END AS reached,
    closed_at + r8 * interval '1 day' AS call_at
  FROM (
    SELECT *, last_check_at + r7 * interval '30 minutes' AS closed_at
    FROM (
      SELECT *, CASE WHEN rework THEN again_at + r8 * interval '2 hours' ELSE done_at END
          AS last_done_at,
        CASE WHEN rework THEN again_at + r8 * interval '2 hours' + interval '10 minutes'
          ELSE check_at END AS last_check_at
      FROM (
        SELECT *, done_at + r6 * interval '20 minutes' AS check_at,
          done_at + r6 * interval '20 minutes' + interval '10 minutes' AS again_at
        FROM (
          SELECT *, sent_at + allowed AS due_first, sent_at + r4 * interval '1 hour' AS accepted_at,
            greatest(sent_at + interval '66 minutes', sent_at + allowed *
              CASE WHEN r2 < 0.12 THEN 1 + 0.6 * r5 ELSE 0.1 + 0.85 * r5 END) AS done_at
          FROM (
            SELECT *, filed_at + r3 * interval '12 minutes' AS sent_at
            FROM (
              SELECT g.i, g.base + g.i AS id, g.r1, g.r2, g.r3, g.r4, g.r5, g.r6, g.r7, g.r8, g.r9,
                g.goal, g.goal = 7 AND g.r9 > 0.92 AND g.at < now() - interval '20 days' AS rework,
                g.at, g.at + interval '1 minute' + g.r1 * interval '13 minutes'
                  + CASE WHEN g.r2 > 0.97 THEN interval '20 minutes' ELSE interval '0' END
                  AS filed_at,
                (ARRAY[interval '4 hours', interval '1 day', interval '2 days', interval '5 days',
                  interval '7 days'])[1 + k.n %% 5] AS allowed,
                (ARRAY['phone', 'grid', 'phone', 'grid', 'phone', 'walk_in', 'phone', 'grid',
                  'phone', 'web', 'phone', 'grid', 'phone', 'grid', 'phone', 'open311', 'phone',
                  'grid', 'transfer', 'web'])[1 + g.i * 7 %% 20] AS channel,
                p.lon + g.r1 * 0.01 AS lon, p.lat + g.r2 * 0.01 AS lat, p.district, p.town,
                p.village, k.id AS class_id, k.code, k.condition, k.grade, k.public, k.org,
                coalesce(t.id, o.id) AS owner, w.text, w.n AS words
              FROM (SELECT i, random() AS r1, random() AS r2, random() AS r3, random() AS r4,
                  random() AS r5, random() AS r6, random() AS r7, random() AS r8, random() AS r9,
                  now() - (%s - i) * interval '63 seconds' * (1e6 / %s) AS at,
                  least(7, 1 + floor(random() * 40)::int) AS goal,
                  (SELECT coalesce(max(id), 0) FROM cases_case) AS base
                FROM generate_series(1, %s::bigint) i) g
              JOIN places p ON p.n = g.i * 7919 %% (SELECT count(*) FROM places)
              JOIN classes k ON k.n = g.i * 104729 %% (SELECT count(*) FROM classes)
              JOIN words w ON w.n = g.i * 31 %% %s
              JOIN people_organisation o ON o.code = 'centre-511803'
              LEFT JOIN people_organisation t ON t.code = 'centre-' || p.town_code
                AND g.i %% 3 = 0
            ) a) b) c) d) e) f) h
"""
CASES = """
INSERT INTO cases_case (id, number, stage, stage_since, version, channel, case_class_id,
  class_code, condition_id, grade, public, confidential, description, address, salt, lon,
  lat, cell, district_id, town_id, village_id, owner_org_id, proposed_org_id, lead_org_id,
  order_org_ids, received_by, reported_at, filed_at, dispatched_at, fed_back_at, closed_at,
  updated_at, due_at, yellow_at, handle_due_at, handled_late, outcome, reports_count,
  rework_count, return_count, extension_count, suspension_count, supervised)
SELECT id, CASE WHEN reached > 1 THEN code || to_char(at, 'YYYYMMDD') || lpad(i::text, 8, '0') END,
  stage, since, events, channel, class_id, code, CASE WHEN reached > 1 THEN condition END, grade,
  public, false, text, '解放路' || i % 500 || '号', '\\x00', lon, lat, pg_temp.cell(lon, lat),
  district, town, village, owner, org, CASE WHEN reached > 2 THEN org END,
  CASE WHEN reached > 2 THEN ARRAY[org]::bigint[] ELSE '{}'::bigint[] END,
  (SELECT id FROM people_account WHERE username = 'desk'), at,
  CASE WHEN reached > 1 THEN filed_at END, CASE WHEN reached > 2 THEN sent_at END,
  CASE WHEN reached > 4 THEN last_done_at END, CASE WHEN reached = 7 THEN closed_at END,
  CASE WHEN called THEN call_at ELSE since END,
  CASE reached WHEN 1 THEN at + interval '15 minutes' WHEN 2 THEN filed_at + interval '15 minutes'
    WHEN 3 THEN due_at WHEN 4 THEN due_at WHEN 7 THEN NULL
    ELSE last_done_at + interval '30 minutes' END,
  CASE reached WHEN 1 THEN at + interval '12 minutes' WHEN 2 THEN filed_at + interval '12 minutes'
    WHEN 3 THEN sent_at + allowed * 0.8 WHEN 4 THEN sent_at + allowed * 0.8 WHEN 7 THEN NULL
    ELSE last_done_at + interval '24 minutes' END,
  CASE WHEN reached > 2 THEN due_at END, CASE WHEN reached > 4 THEN late END,
  CASE WHEN reached = 7 THEN 'fixed' ELSE '' END, 1, (rework AND reached = 7)::int, 0, 0, 0, false
FROM plan ORDER BY i
"""
REPORTS = """
INSERT INTO cases_report (id, case_id, channel, source, source_ref, description, salt,
  digest, address, attributes, media_url, received_at)
SELECT id, id, channel, '', '', text, '\\x00', '\\x00', '解放路' || i % 500 || '号', '{}', '', at
FROM plan ORDER BY i
"""
ORDERS = """
INSERT INTO cases_workorder (id, case_id, organisation_id, kind, status, sent_at, accepted_at,
  accepted_by, done_at)
SELECT id, id, org, 'lead', CASE WHEN reached > 4 THEN 'done' WHEN reached = 4 THEN 'accepted'
  ELSE 'sent' END, sent_at, CASE WHEN reached > 3 THEN accepted_at END,
  CASE WHEN reached > 3 THEN (SELECT id FROM people_account WHERE username = 'handler') END,
  CASE WHEN reached > 4 THEN last_done_at END
FROM plan WHERE reached > 2 ORDER BY i
"""
# Five numbers a case: receiving, sending, handling, checking, and checking once more.
CLOCKS = """
INSERT INTO clocks_clock (id, case_id, order_id, kind, state, started_at, amount, unit, extra,
  pauses, calendar_id, limits_id, due_at, yellow_at, stopped_at, late)
SELECT p.id * 5 + k.n, p.id, CASE WHEN k.n = 2 THEN p.id END, k.kind,
  CASE WHEN k.stopped_at IS NULL THEN 'running' ELSE 'stopped' END, k.started_at, 15,
  'work_minute', 0, k.pauses, a.id, l.id, k.due_at, k.due_at - interval '3 minutes', k.stopped_at,
  coalesce(k.stopped_at > k.due_at, false)
FROM plan p
CROSS JOIN LATERAL (VALUES
  (0, 'receive', at, at + interval '15 minutes', CASE WHEN reached > 1 THEN filed_at END,
    '{}'::timestamptz[], true),
  (1, 'dispatch', filed_at, filed_at + interval '15 minutes',
    CASE WHEN reached > 2 THEN sent_at END, '{}', reached > 1),
  (2, 'handle', sent_at, due_at, CASE WHEN reached > 4 THEN last_done_at END,
    CASE WHEN rework AND reached = 7 THEN ARRAY[done_at, again_at] ELSE '{}' END, reached > 2),
  (3, 'check', done_at, done_at + interval '30 minutes',
    CASE WHEN reached = 7 THEN CASE WHEN rework THEN again_at ELSE closed_at END END, '{}',
    reached > 4),
  (4, 'check', last_done_at, last_done_at + interval '30 minutes', closed_at, '{}',
    rework AND reached = 7)
) k (n, kind, started_at, due_at, stopped_at, pauses, there)
CROSS JOIN (SELECT id FROM clocks_calendar WHERE active ORDER BY id LIMIT 1) a
CROSS JOIN (SELECT id FROM clocks_stagelimits WHERE active) l
WHERE k.there ORDER BY p.i, k.n
"""
CALLBACKS = """
INSERT INTO cases_callback (id, case_id, satisfaction, resolved, at, by)
SELECT id, id, CASE WHEN i % 3 = 0 THEN 'basically' ELSE 'satisfied' END, i % 11 <> 0, call_at,
  (SELECT id FROM people_account WHERE username = 'desk')
FROM plan WHERE called ORDER BY i
"""
SEARCH = """
INSERT INTO search_entry (case_id, reported_at, document)
SELECT p.id, p.at, w.document FROM plan p JOIN words w ON w.n = p.words ORDER BY p.i
"""


if __name__ == "__main__":
    main(int(sys.argv[1]))
