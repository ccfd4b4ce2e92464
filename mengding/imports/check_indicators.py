"""`mengding check indicators [FILE|sample]`: are the numbers right, to the case?

Without a file: the roll-ups of this installation against a recomputation from its cases. With an
archive of Boston (or `sample`, one that is made up here): the archive is imported into a database
of its own, the roll-ups are rebuilt from the ledger, and every number is compared with a count of
the CSV that shares no code with the product, and with a recomputation from the tables.
The last line ends with `mismatches=…`.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from mengding.core.actor import SYSTEM
from mengding.core.errors import DomainError
from mengding.imports.boston import sample, told
from mengding.imports.boston.importer import Importer
from mengding.imports.check import fresh_database
from mengding.imports.progress import progress
from mengding.imports.rows import Unreadable
from mengding.imports.runner import execute
from mengding.indicators import actions, check, queries
from mengding.people.models import Organisation
from mengding.regions.models import Region

_SHOWN = 50
# Our indicator → what the archive tells, by the day it counts on.
_BY = {"org": "department", "class": "type", "region": "ward", "channel": "channel", "": ""}


def run(arguments: list[str]) -> int:
    """Returns the exit code: 0 when there is no mismatch."""
    if len(arguments) > 1:
        print("mengding check indicators [FILE.zip|FILE.csv|sample]", file=sys.stderr)
        return 2
    if not arguments:
        return _installation()
    if arguments[0] == "sample":
        with tempfile.TemporaryDirectory() as folder:
            return _archive(sample.write(Path(folder) / "sample.csv"))
    if not Path(arguments[0]).is_file():
        print(f"没有这个文件 no such file: {arguments[0]}", file=sys.stderr)
        return 2
    return _archive(Path(arguments[0]))


def _show(number: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{number:,}", end="", file=sys.stderr, flush=True)


def _installation() -> int:
    actions.catch_up()
    found = check.compare(_show, _SHOWN)
    for sentence in found.different:
        print(f"  {sentence}")
    print(
        f"cases={found.cases} facts={found.facts} sums={found.sums} mismatches={found.mismatches}"
    )
    return 1 if found.mismatches else 0


def _archive(path: Path) -> int:
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
        print(f"imported={totals.imported} rejected={totals.rejected}")
        return 1 if report(path) or totals.rejected else 0


def report(path: Path) -> int:
    """Rebuild, compare both ways, print; returns the number of mismatches."""
    cases = actions.rebuild()
    actions.catch_up()
    print(f"rebuilt={cases} as_of={actions.as_of().isoformat()}")
    compared, wrong = against_the_file(path)
    found = check.compare(_show, _SHOWN)
    for sentence in [*wrong, *found.different][:_SHOWN]:
        print(f"  {sentence}")
    print(
        f"cases={found.cases} numbers={compared} facts={found.facts} sums={found.sums} "
        f"mismatches={len(wrong) + found.mismatches}"
    )
    return len(wrong) + found.mismatches


def against_the_file(path: Path) -> tuple[int, list[str]]:
    """(numbers compared, a sentence for each that differs)."""
    counted = told.tell(str(path), actions.as_of())
    district = Region.objects.get(level="district").code
    names = _names()
    compared, wrong = 0, []
    for since, until in [*told.months(counted), told.whole(counted)]:
        for by, noun in _BY.items():
            answer = queries.measure(
                SYSTEM, list(told.CODES), by, since, until, queries.Filters(region=district)
            )
            ours: dict[tuple[str, str], int] = {}
            rows = [(row.key, row.values) for row in answer.rows] if by else [("", answer.total)]
            for key, values in rows:
                name = names[by].get(key, key)
                for code, value in values.items():
                    ours[code, name] = ours.get((code, name), 0) + value.n
            theirs = told.span(counted, noun, since, until)
            for code, name in sorted(ours.keys() | theirs.keys()):
                compared += 1
                mine, archive = ours.get((code, name), 0), theirs.get((code, name), 0)
                if mine != archive:
                    wrong.append(_sentence(code, noun, name, since, until, mine, archive))
    return compared, wrong


def _sentence(code: str, noun: str, name: str, since: date, until: date, *numbers: int) -> str:
    mine, archive = numbers
    return f"{code} {noun} “{name}” {since}–{until}: {mine}, archive {archive}"


def _names() -> dict[str, dict[str, str]]:
    """Our keys as the archive names them."""
    from mengding.catalogue.models import CaseClass

    orgs: dict[str, Any] = {
        str(pk): name for pk, name in Organisation.objects.values_list("pk", "name_en")
    }
    towns = {str(pk): name for pk, name in Region.objects.values_list("pk", "name_en")}
    classes = dict(CaseClass.objects.values_list("code", "en"))
    return {"org": orgs, "region": towns, "class": classes, "channel": {}, "": {}}
