"""The map's sums know which departments ended what, and its index of open cases who works on them."""

import django.contrib.postgres.fields
from django.db import migrations, models

_NOTE = """INSERT INTO cases_tilechange (case_id, sign, cell, district, town, village, grid,
        class_code, orgs, lon, lat)
      VALUES ({row}.id, {sign}, {row}.cell, {row}.district_id, coalesce({row}.town_id, 0),
        coalesce({row}.village_id, 0), coalesce({row}.grid_id, 0), {row}.class_code,
        ARRAY(SELECT unnest({row}.order_org_ids) ORDER BY 1),
        round({row}.lon * 10000000)::bigint, round({row}.lat * 10000000)::bigint);"""
FORWARD = f"""
CREATE OR REPLACE FUNCTION cases_note_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    IF OLD.closed_at IS NOT NULL AND OLD.cell IS NOT NULL AND NOT OLD.confidential THEN
      {_NOTE.format(row="OLD", sign=-1)}
    END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    IF NEW.closed_at IS NOT NULL AND NEW.cell IS NOT NULL AND NOT NEW.confidential THEN
      {_NOTE.format(row="NEW", sign=1)}
    END IF;
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER cases_tile_moved ON cases_case;
CREATE TRIGGER cases_tile_moved AFTER UPDATE ON cases_case FOR EACH ROW
  WHEN ((OLD.closed_at IS NOT NULL OR NEW.closed_at IS NOT NULL) AND (
    OLD.closed_at IS DISTINCT FROM NEW.closed_at
    OR OLD.cell IS DISTINCT FROM NEW.cell
    OR OLD.lon IS DISTINCT FROM NEW.lon
    OR OLD.lat IS DISTINCT FROM NEW.lat
    OR OLD.confidential IS DISTINCT FROM NEW.confidential
    OR OLD.class_code IS DISTINCT FROM NEW.class_code
    OR OLD.order_org_ids IS DISTINCT FROM NEW.order_org_ids
    OR OLD.district_id IS DISTINCT FROM NEW.district_id
    OR OLD.town_id IS DISTINCT FROM NEW.town_id
    OR OLD.village_id IS DISTINCT FROM NEW.village_id
    OR OLD.grid_id IS DISTINCT FROM NEW.grid_id))
  EXECUTE FUNCTION cases_note_tile();
-- All sums anew, with whose they are.
INSERT INTO cases_tile (level, by_class, cell, district, town, village, grid, class_code, orgs, n,
  lon, lat, ids)
SELECT k.level, k.by_class, c.cell >> 2 * (22 - k.level), c.district_id, coalesce(c.town_id, 0),
  coalesce(c.village_id, 0), coalesce(c.grid_id, 0),
  CASE WHEN k.by_class THEN c.class_code ELSE '' END,
  CASE WHEN k.by_orgs THEN o.orgs ELSE '{{}}' END,
  count(*), sum(round(c.lon * 10000000)::bigint), sum(round(c.lat * 10000000)::bigint), sum(c.id)
FROM cases_case c
CROSS JOIN LATERAL (SELECT ARRAY(SELECT unnest(c.order_org_ids) ORDER BY 1) AS orgs) o
CROSS JOIN (VALUES (16, false, false), (16, true, true), (17, false, true), (19, false, false))
  k (level, by_class, by_orgs)
WHERE c.closed_at IS NOT NULL AND c.cell IS NOT NULL AND NOT c.confidential
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
"""  # noqa: S608 (our own names)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_map_by_department"),
    ]

    operations = [
        # Sums can be made again: a new table is simpler than another key of the old one.
        migrations.DeleteModel(name="Tile"),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level",
                        "by_class",
                        "cell",
                        "district",
                        "town",
                        "village",
                        "grid",
                        "class_code",
                        "orgs",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("by_class", models.BooleanField()),
                ("cell", models.BigIntegerField()),
                ("district", models.BigIntegerField()),
                ("town", models.BigIntegerField()),
                ("village", models.BigIntegerField()),
                ("grid", models.BigIntegerField()),
                ("class_code", models.CharField(default="", max_length=12)),
                (
                    "orgs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("n", models.IntegerField()),
                ("lon", models.BigIntegerField()),
                ("lat", models.BigIntegerField()),
                ("ids", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "地图汇总",
                "verbose_name_plural": "地图汇总",
            },
        ),
        # What is noted and not added up yet is in the sums that are made below.
        migrations.RunSQL("TRUNCATE cases_tilechange", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="tilechange",
            name="orgs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="tile",
            index=models.Index(
                condition=models.Q(("by_class", True)),
                fields=["level", "district", "class_code", "cell"],
                include=("n", "lon", "lat", "ids", "town", "village", "grid", "orgs"),
                name="tile_by_class",
            ),
        ),
        migrations.RemoveIndex(model_name="case", name="case_open_map"),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["cell"],
                include=(
                    "id",
                    "lon",
                    "lat",
                    "due_at",
                    "yellow_at",
                    "closed_at",
                    "stage",
                    "class_code",
                    "district",
                    "town",
                    "village",
                    "grid",
                    "confidential",
                    "received_by",
                    "lead_org",
                    "order_org_ids",
                ),
                name="case_open_map",
            ),
        ),
    ]
