"""One cut more: a department's classes in a town."""

from django.db import migrations

FILL = """
INSERT INTO costs_cell (cut, day, within, place, a, b, ending, unrated, patterns)
SELECT 14, month, district, town, org::text, class_code, ending,
  coalesce(sum(n) FILTER (WHERE NOT whole), 0),
  coalesce(string_agg(int4send(pattern_id::integer) || int4send(n::integer), ''::bytea
    ORDER BY pattern_id) FILTER (WHERE whole), ''::bytea)
FROM (
  SELECT date_trunc('month', day)::date AS month, district, town, org, class_code, ending, whole,
    CASE WHEN whole THEN pattern_id END AS pattern_id, count(*) AS n
  FROM costs_casecost WHERE NOT confidential GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) alike GROUP BY month, district, town, org, class_code, ending
"""


class Migration(migrations.Migration):
    dependencies = [("costs", "0005_covering")]
    operations = [migrations.RunSQL(FILL, "DELETE FROM costs_cell WHERE cut = 14")]
