"""Importing cases from files, through the ordinary actions. `docs/import.md` is for people."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run(kind: str, path: Path, wishes: Mapping[str, Any]) -> int:
    """Import a file; returns the exit code: 0, or 1 when lines were rejected or none could be read.

    `kind`: boston311, open311-csv or cases. `wishes`: `rejects` (a path; beside the current
    folder by default), `limit`, `restart`, `progress`. The last line printed sums up.
    """
    # Inside: an app's package is imported before Django is ready for models.
    from mengding.core.errors import DomainError
    from mengding.imports.kinds import importer_of
    from mengding.imports.progress import progress
    from mengding.imports.rows import Unreadable
    from mengding.imports.runner import execute

    rejects: Path = wishes.get("rejects") or Path(f"{path.stem}.rejects.csv")
    try:
        importer = importer_of(kind)(path)
        with progress(path.name, shown=bool(wishes.get("progress"))) as watch:
            totals = execute(
                importer,
                rejects=rejects,
                limit=wishes.get("limit"),
                restart=bool(wishes.get("restart")),
                watch=watch,
            )
    except (Unreadable, DomainError) as error:
        print(f"mengding: 错误 error: {error.text.zh} / {error.text.en}", file=sys.stderr)
        return 1
    if totals.rejected:
        print(f"被拒 rejected: {rejects}", file=sys.stderr)
    speed = totals.done / max(totals.seconds, 0.001)
    print(
        f"imported={totals.imported} present={totals.present} rejected={totals.rejected} "
        f"seconds={totals.seconds:.0f} per_second={speed:.0f}"
    )
    return 1 if totals.rejected else 0
