"""Sums of ended cases by cell, and the trigger that notes what changes them."""

from django.db import migrations, models

# What is open and stays open costs a comparison and nothing else. Notes are only added: two
# transactions that end cases in one street do not wait for each other.
FORWARD = """
CREATE FUNCTION cases_note_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    IF OLD.closed_at IS NOT NULL AND OLD.cell IS NOT NULL AND NOT OLD.confidential THEN
      INSERT INTO cases_tilechange (case_id, sign, cell, district, town, village, grid,
        class_code, lon, lat)
      VALUES (OLD.id, -1, OLD.cell, OLD.district_id, coalesce(OLD.town_id, 0),
        coalesce(OLD.village_id, 0), coalesce(OLD.grid_id, 0), OLD.class_code,
        round(OLD.lon * 10000000)::bigint, round(OLD.lat * 10000000)::bigint);
    END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    IF NEW.closed_at IS NOT NULL AND NEW.cell IS NOT NULL AND NOT NEW.confidential THEN
      INSERT INTO cases_tilechange (case_id, sign, cell, district, town, village, grid,
        class_code, lon, lat)
      VALUES (NEW.id, 1, NEW.cell, NEW.district_id, coalesce(NEW.town_id, 0),
        coalesce(NEW.village_id, 0), coalesce(NEW.grid_id, 0), NEW.class_code,
        round(NEW.lon * 10000000)::bigint, round(NEW.lat * 10000000)::bigint);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER cases_tile_in AFTER INSERT ON cases_case FOR EACH ROW
  WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION cases_note_tile();
CREATE TRIGGER cases_tile_moved AFTER UPDATE ON cases_case FOR EACH ROW
  WHEN ((OLD.closed_at IS NOT NULL OR NEW.closed_at IS NOT NULL) AND (
    OLD.closed_at IS DISTINCT FROM NEW.closed_at
    OR OLD.cell IS DISTINCT FROM NEW.cell
    OR OLD.lon IS DISTINCT FROM NEW.lon
    OR OLD.lat IS DISTINCT FROM NEW.lat
    OR OLD.confidential IS DISTINCT FROM NEW.confidential
    OR OLD.class_code IS DISTINCT FROM NEW.class_code
    OR OLD.district_id IS DISTINCT FROM NEW.district_id
    OR OLD.town_id IS DISTINCT FROM NEW.town_id
    OR OLD.village_id IS DISTINCT FROM NEW.village_id
    OR OLD.grid_id IS DISTINCT FROM NEW.grid_id))
  EXECUTE FUNCTION cases_note_tile();
CREATE TRIGGER cases_tile_out AFTER DELETE ON cases_case FOR EACH ROW
  WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION cases_note_tile();
-- What had ended before: noted here, added up by the first rounds of the job.
INSERT INTO cases_tilechange (case_id, sign, cell, district, town, village, grid, class_code, lon,
  lat)
SELECT id, 1, cell, district_id, coalesce(town_id, 0), coalesce(village_id, 0),
  coalesce(grid_id, 0), class_code, round(lon * 10000000)::bigint, round(lat * 10000000)::bigint
FROM cases_case WHERE closed_at IS NOT NULL AND cell IS NOT NULL AND NOT confidential;
"""
REVERSE = """
DROP TRIGGER cases_tile_in ON cases_case;
DROP TRIGGER cases_tile_moved ON cases_case;
DROP TRIGGER cases_tile_out ON cases_case;
DROP FUNCTION cases_note_tile;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_field_work"),
        ("catalogue", "0003_wider_limits"),
        ("ledger", "0004_audit_indexes"),
        ("people", "0002_second_factor"),
        ("regions", "0001_initial"),
    ]

    operations = [
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
        migrations.CreateModel(
            name="TileChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.BigIntegerField()),
                ("sign", models.SmallIntegerField()),
                ("cell", models.BigIntegerField()),
                ("district", models.BigIntegerField()),
                ("town", models.BigIntegerField()),
                ("village", models.BigIntegerField()),
                ("grid", models.BigIntegerField()),
                ("class_code", models.CharField(max_length=12)),
                ("lon", models.BigIntegerField()),
                ("lat", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "地图变动",
                "verbose_name_plural": "地图变动",
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("confidential", True)),
                fields=["cell"],
                name="case_secret_map",
            ),
        ),
        migrations.RunSQL(FORWARD, REVERSE),
    ]
