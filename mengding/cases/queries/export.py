"""A list as a table to take away: the same rows, columns and order as on the screen.

Which cases is decided once, at the start; their cells are read batch by batch. Confidential
matters and contact data are in no export (docs/boundaries.md).
"""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]

from mengding.cases.models import Case
from mengding.cases.queries.anchors import reading_all
from mengding.cases.queries.columns import COLUMNS as CELLS
from mengding.cases.queries.columns import Cell
from mengding.cases.queries.filtering import Filters
from mengding.cases.queries.lists import COLUMNS, in_order, listed
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.spreadsheet import harmless
from mengding.core.text import Language, T, language

MOST = {"csv": 1_000_000, "xlsx": 100_000}
PATIENCE = 60_000  # ms for choosing the rows
_BATCH = 1000


def extent(actor: Actor, filters: Filters, order: str) -> dict[str, int]:
    """How many rows an export would have, and how many confidential cases it leaves out."""
    rows = in_order(actor, filters, order)
    with reading_all(PATIENCE):
        whole = rows.filter(confidential=False).count()
        hidden = rows.filter(confidential=True).count()
    return {"rows": whole, "left_out": hidden}


def chosen(actor: Actor, filters: Filters, order: str, kind: str) -> list[int]:
    """Ids in order; raises `Invalid` when there are more than a file of this kind takes."""
    rows = in_order(actor, filters, order).filter(confidential=False)
    ordered = rows.order_by(order, "-pk" if order.startswith("-") else "pk")
    most = MOST[kind]
    with reading_all(PATIENCE):
        ids = list(ordered.values_list("pk", flat=True)[: most + 1])
    if len(ids) > most:
        raise Invalid(
            "export_too_large",
            T(
                "{kind} 最多导出 {most} 行，请缩小范围。",
                "A {kind} file takes {most} rows at most: narrow the list.",
            ).fill(kind=kind.upper(), most=f"{most:,}"),
            field="format",
        )
    return ids


def heading(columns: Sequence[str]) -> list[str]:
    """The columns' names in the reader's language."""
    return [CELLS[key][0].said() for key in columns]


def cells(actor: Actor, ids: Sequence[int], columns: Sequence[str]) -> Iterator[list[Cell]]:
    """A row of cells a case, in the order of `ids`, without what went out of sight meanwhile."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        rows = Case.objects.filter(visible_to(actor), pk__in=batch, confidential=False)
        found = {row["id"]: row for row in rows.values(*COLUMNS)}
        now = clock.now()
        for pk in batch:
            if (row := found.get(pk)) is not None:
                whole = row["description"]
                shown = listed(row, now) | {"description": whole}
                yield [CELLS[key][1](shown) for key in columns]


class _Echo:
    def write(self, line: str) -> str:
        """Hand the line back instead of keeping it."""
        return line


def as_csv(rows: Iterator[list[Cell]], columns: Sequence[str], said: Language) -> Iterator[str]:
    """CSV lines, with the mark by which Excel knows UTF-8; in the language asked for, whatever
    the thread that sends them is doing."""
    writer = csv.writer(_Echo())
    token = language.set(said)
    try:
        yield "\ufeff" + writer.writerow(heading(columns))
        for row in rows:
            yield writer.writerow([_plain(cell) for cell in row])
    finally:
        try:
            language.reset(token)
        except ValueError:  # closed from another context, whose language is its own
            pass


def _plain(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    return harmless(" ".join(cell.splitlines()))


def as_xlsx(rows: Iterator[list[Cell]], columns: Sequence[str]) -> IO[bytes]:
    """A workbook of one sheet, written row by row to a file that vanishes when closed."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="mengding-export-")  # noqa: SIM115 (handed on)
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    for place, key in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(key, 14))
    sheet.write_row(0, 0, heading(columns), bold)
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, place, cell)
            elif cell:
                sheet.write_string(number, place, cell)
    book.close()
    file.seek(0)
    return file


_WIDTHS = {"number": 24, "matter": 60, "place": 32, "lead": 20, "owner": 24} | dict.fromkeys(
    ("reported", "due_at", "closed", "updated"), 17
)


def described(filters: Filters) -> dict[str, Any]:
    """The filters for the ledger: codes, ids and times; that words were searched, not which."""
    found: dict[str, Any] = {}
    for name in Filters.__dataclass_fields__:
        value = getattr(filters, name)
        if value in (None, "", ()):
            continue
        if name == "text":
            found["text"] = True
        elif isinstance(value, tuple):
            found[name] = [str(each) for each in value]
        else:
            found[name] = value if isinstance(value, (bool, int)) else str(value)
    return found
