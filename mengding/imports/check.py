"""`mengding check boston FILE`: import the whole archive into a database of its own and compare.

Everything happens in a fresh database beside the configured one, dropped at the end unless KEEP=1.
The last line is `imported=… received=… closed=… ontime=… mismatches=…`.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from psycopg import sql

from mengding.core.beside import connect
from mengding.core.cache import forget_everything
from mengding.core.errors import DomainError
from mengding.imports.boston import counts
from mengding.imports.boston.importer import Importer
from mengding.imports.boston.tally import tally
from mengding.imports.progress import progress
from mengding.imports.rows import Unreadable
from mengding.imports.runner import execute


def run(arguments: list[str]) -> int:
    """Returns the exit code: 0 when every line was imported and every count is the same."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print("mengding check boston FILE.zip|FILE.csv", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    # Here: the prepare step belongs to the layer above, which only this command reaches up to.
    from mengding.runtime.prepare import migrate

    with fresh_database() as name:
        print(f"database={name}")
        migrate()
        try:
            importer = Importer(path)
            with progress(path.name, shown=sys.stderr.isatty()) as watch:
                totals = execute(importer, rejects=Path(f"{path.stem}.rejects.csv"), watch=watch)
        except (Unreadable, DomainError) as error:
            print(f"{error.text.zh} / {error.text.en}", file=sys.stderr)
            return 1
        theirs = tally(str(path))
        ours = counts.counts()
        different = counts.differences(ours, theirs)
        for sentence in different[:50]:
            print(f"  {sentence}")
        speed = totals.done / max(totals.seconds, 0.001)
        print(f"rejected={totals.rejected} seconds={totals.seconds:.0f} per_second={speed:.1f}")
        print(
            f"imported={totals.imported} received={counts.total(ours['received'])} "
            f"closed={counts.total(ours['closed'])} ontime={counts.total(ours['ontime'])} "
            f"mismatches={len(different)}"
        )
    return 1 if different or totals.rejected else 0


@contextmanager
def fresh_database() -> Iterator[str]:
    """Point this process at a new, empty database for a while."""
    settings = connection.settings_dict
    plain, name = settings["NAME"], f"mengding_check_{secrets.token_hex(4)}"
    _beside(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    _switch(name)
    try:
        yield name
    finally:
        _switch(plain)
        if os.environ.get("KEEP") != "1":
            _beside(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _switch(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    forget_everything()


def _beside(statement: sql.Composed) -> None:
    """Databases are made and dropped outside a transaction, from another database."""
    with connect("postgres", autocommit=True) as other:
        other.execute(statement)
