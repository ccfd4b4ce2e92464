"""How many ended cases lie where: sums by cell, so that a map of the whole history is quick.

A map of a million cases cannot read a million rows. What has ended hardly changes, so it is
summed: the database notes each ended case that comes, goes or moves (`TileChange`, by a trigger,
without touching a sum that another transaction may hold), and `cases.tiles` adds the notes up a
few seconds later. Whoever reads takes sums and notes together, in one statement, and is always
right. Confidential cases are in neither: who may see one depends on more than its place.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction

LEVELS = (16, 19)  # about 530 and 66 m here: for maps of a district, and of a street
OF_CLASSES, OF_ORGS = 16, 17
EXACT = 10_000_000  # places are summed as whole numbers, so that nothing is left after a removal


class Tile(models.Model):
    """Ended cases of one cell at zoom `level`. Divisions are ids, 0 where there is none.

    `by_class`: this row is of one class, at level `OF_CLASSES`; otherwise of all, and `class_code`
    is empty. `orgs`: who worked on them, in order of ids, by class and at level `OF_ORGS`: a
    department sees what it did. `lon`, `lat`, `ids`: sums over the cases; of a single one they are
    its own.
    """

    pk = models.CompositePrimaryKey(
        "level", "by_class", "cell", "district", "town", "village", "grid", "class_code", "orgs"
    )
    level = models.SmallIntegerField()
    by_class = models.BooleanField()
    cell = models.BigIntegerField()
    district = models.BigIntegerField()
    town = models.BigIntegerField()
    village = models.BigIntegerField()
    grid = models.BigIntegerField()
    class_code = models.CharField(max_length=12, default="")
    orgs = ArrayField(models.BigIntegerField(), default=list)
    n = models.IntegerField()
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()
    ids = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "地图汇总"
        indexes = [
            # A class or a group of them is answered by this index alone.
            models.Index(
                fields=["level", "district", "class_code", "cell"],
                name="tile_by_class",
                condition=models.Q(by_class=True),
                include=["n", "lon", "lat", "ids", "town", "village", "grid", "orgs"],
            )
        ]


class TileChange(models.Model):
    """One ended case more (`sign` 1) or less (-1), not added up yet. Written by the trigger."""

    case_id = models.BigIntegerField()
    sign = models.SmallIntegerField()
    cell = models.BigIntegerField()
    district = models.BigIntegerField()
    town = models.BigIntegerField()
    village = models.BigIntegerField()
    grid = models.BigIntegerField()
    class_code = models.CharField(max_length=12)
    orgs = ArrayField(models.BigIntegerField(), default=list)
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "地图变动"


_PLACES = "district, town, village, grid"
_KEY = f"level, by_class, cell, {_PLACES}, class_code, orgs"
# (level, by class, with departments). Streets by class would be nearly as many rows as cases.
_KINDS = [(level, False, False) for level in LEVELS]
_KINDS += [(OF_CLASSES, True, True), (OF_ORGS, False, True)]
# From changes to rows of sums.
_SUMMED = f"""
INSERT INTO cases_tile ({_KEY}, n, lon, lat, ids)
SELECT k.level, k.by_class, cell >> 2 * (22 - k.level), {_PLACES},
  CASE WHEN k.by_class THEN class_code ELSE '' END,
  CASE WHEN k.by_orgs THEN orgs ELSE '{{}}' END, sum(sign), sum(sign * lon), sum(sign * lat),
  sum(sign * case_id)
FROM changes CROSS JOIN (VALUES {", ".join(map(str, _KINDS))}) k (level, by_class, by_orgs)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608 (our own names)
_FOLD = f"""
WITH changes AS (
  DELETE FROM cases_tilechange WHERE id IN
    (SELECT id FROM cases_tilechange ORDER BY id LIMIT %s)
  RETURNING *),
added AS (
  {_SUMMED} ON CONFLICT ({_KEY}) DO UPDATE SET n = cases_tile.n + excluded.n,
    lon = cases_tile.lon + excluded.lon, lat = cases_tile.lat + excluded.lat,
    ids = cases_tile.ids + excluded.ids)
SELECT count(*) FROM changes
"""  # noqa: S608
_FILL = f"""
WITH changes AS (
  SELECT id AS case_id, 1 AS sign, cell, district_id AS district, coalesce(town_id, 0) AS town,
    coalesce(village_id, 0) AS village, coalesce(grid_id, 0) AS grid, class_code,
    ARRAY(SELECT unnest(order_org_ids) ORDER BY 1) AS orgs,
    round(lon * {EXACT})::bigint AS lon, round(lat * {EXACT})::bigint AS lat
  FROM cases_case WHERE closed_at IS NOT NULL AND cell IS NOT NULL AND NOT confidential)
{_SUMMED}
"""  # noqa: S608
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('cases.tiles'))"


@transaction.atomic
def fold(limit: int = 5000) -> int:
    """Add up what waits; returns how many changes. 0 as well while another one does."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not _first(cursor):
            return 0
        cursor.execute(_FOLD, [limit])
        return int(_first(cursor))


def _first(cursor: Any) -> Any:
    (value,) = cursor.fetchone()
    return value


@transaction.atomic
def fill() -> int:
    """All sums anew from the cases, which nobody can write meanwhile; returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK cases_case IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("TRUNCATE cases_tile, cases_tilechange")
        cursor.execute(_FILL)
        return int(cursor.rowcount)
