"""Counts over the rows of cases that were there before counts were kept."""

from typing import Any

from django.db import migrations

# number, above, place, where there is one, dimensions; as `costs.cuts` was then.
_DISTRICT = ("0", "district", "true")
_TOWN = ("district", "town", "true")
_VILLAGE = ("town", "village", "town <> 0")
CUTS: tuple[tuple[int, tuple[str, str, str], tuple[str, ...]], ...] = (
    (0, _DISTRICT, ()),
    (1, _DISTRICT, ("org",)),
    (2, _DISTRICT, ("class_code",)),
    (3, _DISTRICT, ("channel",)),
    (4, _DISTRICT, ("org", "class_code")),
    (5, _DISTRICT, ("org", "channel")),
    (6, _DISTRICT, ("class_code", "channel")),
    (10, _TOWN, ()),
    (11, _TOWN, ("org",)),
    (12, _TOWN, ("class_code",)),
    (13, _TOWN, ("channel",)),
    (20, _VILLAGE, ()),
)


def fill(apps: Any, editor: Any) -> None:
    """One statement a cut; nothing where there are no cases."""
    for number, (within, place, there), dims in CUTS:
        a, b = (*(f"{dim}::text" for dim in dims), "''", "''")[:2]
        editor.execute(
            "INSERT INTO costs_cell (cut, day, within, place, a, b, ending, unrated, patterns)"  # noqa: S608 (our own names)
            f" SELECT {number}, month, within, place, a, b, ending,"
            " coalesce(sum(n) FILTER (WHERE NOT whole), 0),"
            " coalesce(string_agg(int4send(pattern_id::integer) || int4send(n::integer), ''::bytea"
            " ORDER BY pattern_id) FILTER (WHERE whole), ''::bytea)"
            f" FROM (SELECT date_trunc('month', day)::date AS month, {within} AS within,"
            f" {place} AS place, {a} AS a, {b} AS b, ending, whole,"
            " CASE WHEN whole THEN pattern_id END AS pattern_id, count(*) AS n"
            f" FROM costs_casecost WHERE NOT confidential AND {there}"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) alike GROUP BY month, within, place, a, b, ending"
        )


class Migration(migrations.Migration):
    dependencies = [("costs", "0003_cells")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
