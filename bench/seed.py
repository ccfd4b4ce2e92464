"""Filling a benchmark database: cases by the million, with everything a real one has.

Bulk SQL, for the benchmark's population only; imports and the product itself never do this.
Every case has a report, clocks, a search entry and ledger events (chained by the database), 85 %
are closed; classes, towns and dates follow a fixed random seed.
"""

import random
import sys
import time
from typing import Any

from mengding.cli.main import _django

WORDS = 4000


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
          d.id AS district, (v.bounds[1] + v.bounds[3]) / 2 AS lon,
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
        """CREATE FUNCTION pg_temp.spread(v bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
        SELECT sum((v >> b & 1) << 2 * b)::bigint FROM generate_series(0, 21) b $$"""
    )
    cursor.execute(
        """CREATE FUNCTION pg_temp.cell(lon float8, lat float8) RETURNS bigint
        IMMUTABLE LANGUAGE sql AS $$
        SELECT pg_temp.spread(trunc(lon * (1 << 22) / 360 + (1 << 21))::bigint)
          | (pg_temp.spread(trunc((1 << 21)
              - atanh(sin(radians(lat))) * (1 << 22) / (2 * pi()))::bigint) << 1) $$"""
    )
    step(
        "cases",
        """INSERT INTO cases_case (number, stage, stage_since, version, channel, case_class_id,
          class_code, condition_id, grade, public, confidential, description, address, salt, lon,
          lat, cell, district_id, town_id, village_id, owner_org_id, proposed_org_id, lead_org_id,
          order_org_ids, received_by, reported_at, filed_at, dispatched_at, fed_back_at, closed_at,
          updated_at, due_at, yellow_at, handle_due_at, handled_late, outcome, reports_count,
          rework_count, return_count, extension_count, suspension_count, supervised)
        SELECT CASE WHEN g.stage <> 'received'
            THEN k.code || to_char(g.at, 'YYYYMMDD') || lpad(g.i::text, 8, '0') END,
          g.stage, g.at + interval '1 hour', 5, 'phone', k.id, k.code, k.condition, k.grade,
          k.public, false, w.text, '解放路' || g.i %% 500 || '号', '\\x00', p.lon + g.r1 * 0.01,
          p.lat + g.r2 * 0.01, pg_temp.cell(p.lon + g.r1 * 0.01, p.lat + g.r2 * 0.01),
          p.district, p.town, p.village, o.id,
          k.org, CASE WHEN g.stage NOT IN ('received', 'filed') THEN k.org END,
          CASE WHEN g.stage NOT IN ('received', 'filed') THEN ARRAY[k.org]::bigint[]
            ELSE '{}'::bigint[] END,
          NULL, g.at, g.at, g.at, g.at, CASE WHEN g.stage = 'closed' THEN g.at + interval '1 day'
            END, g.at + interval '1 day',
          CASE WHEN g.stage <> 'closed' THEN g.at + g.r1 * interval '9 days' END,
          CASE WHEN g.stage <> 'closed' THEN g.at + g.r1 * interval '7 days' END,
          g.at + interval '2 days', false, CASE WHEN g.stage = 'closed' THEN 'fixed' ELSE '' END,
          1, 0, 0, 0, 0, false
        FROM (SELECT i, random() AS r1, random() AS r2,
            now() - (%s - i) * interval '18 seconds' * (1e6 / %s) AS at,
            (ARRAY['received','filed','dispatched','handling','fed_back','checking'] ||
              array_fill('closed'::text, ARRAY[34]))[1 + floor(random() * 40)::int] AS stage
          FROM generate_series(1, %s::bigint) i) g
        JOIN places p ON p.n = g.i * 7919 %% (SELECT count(*) FROM places)
        JOIN classes k ON k.n = g.i * 104729 %% (SELECT count(*) FROM classes)
        JOIN words w ON w.n = g.i * 31 %% %s
        JOIN people_organisation o ON o.code = 'centre-511803'""",
        size, size, size, WORDS,
    )  # fmt: skip
    cursor.execute("SELECT setseed(0.5)")
    step(
        "reports",
        """INSERT INTO cases_report (case_id, channel, source, source_ref, description, salt,
          digest, address, attributes, media_url, received_at)
        SELECT id, channel, '', '', description, '\\x00', '\\x00', address, '{}', '', reported_at
        FROM cases_case""",
    )
    step(
        "orders",
        """INSERT INTO cases_workorder (case_id, organisation_id, kind, status, sent_at)
        SELECT id, lead_org_id, 'lead', CASE WHEN stage IN ('dispatched') THEN 'sent'
          WHEN stage = 'handling' THEN 'accepted' ELSE 'done' END, reported_at
        FROM cases_case WHERE lead_org_id IS NOT NULL""",
    )
    step(
        "clocks",
        """INSERT INTO clocks_clock (case_id, kind, state, started_at, amount, unit, extra, pauses,
          calendar_id, limits_id, due_at, yellow_at, stopped_at, late)
        SELECT c.id, k.kind, 'stopped', c.reported_at, 15, 'work_minute', 0, '{}', a.id, l.id,
          c.reported_at, c.reported_at, c.reported_at, false
        FROM cases_case c CROSS JOIN (VALUES ('receive'), ('dispatch')) k (kind)
        CROSS JOIN clocks_calendar a CROSS JOIN clocks_stagelimits l""",
    )
    step(
        "search entries",
        """INSERT INTO search_entry (case_id, reported_at, document)
        SELECT c.id, c.reported_at, w.document FROM cases_case c
        JOIN words w ON w.text = c.description
        ON CONFLICT DO NOTHING""",
    )
    step(
        "ledger",
        """INSERT INTO ledger_event (subject_kind, subject_id, seq, at, xact, actor_kind, action,
          before, after, words_digest, request_id, prev, hash)
        SELECT 'case', id, 0, reported_at, 0, 'system', k.action, '{}',
          jsonb_build_object('stage', stage, 'version', 1), '', '', '', ''
        FROM cases_case CROSS JOIN (VALUES ('case.receive'), ('case.file')) k (action)""",
    )
    # The seeded past is no news: notices begin behind it, as they would have kept up in life.
    cursor.execute(
        "INSERT INTO ledger_cursor (name, xact, event_id) SELECT 'notices', xact, id"
        " FROM ledger_event ORDER BY xact DESC, id DESC LIMIT 1"
        " ON CONFLICT (name) DO UPDATE SET xact = excluded.xact, event_id = excluded.event_id"
    )
    cursor.execute("VACUUM ANALYZE")
    print(f"[{time.monotonic() - started:6.1f}s] vacuumed", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
