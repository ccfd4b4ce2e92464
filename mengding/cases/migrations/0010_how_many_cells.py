"""How many cells there are at each level of a map. Not told, the database takes every case for a
cell of its own and sorts all of them, instead of counting in two processes side by side."""

from django.db import migrations

LEVELS = range(8, 18)  # of maps that show many cases; cells are those of zoom 22


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_tiles_by_class")]

    operations = [
        migrations.RunSQL(
            f"CREATE STATISTICS case_cells_{level} ON (cell >> {2 * (22 - level)}) FROM cases_case",
            f"DROP STATISTICS case_cells_{level}",
        )
        for level in LEVELS
    ]
