"""Numbers as a table to show or to take away."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import xlsxwriter  # type: ignore[import-untyped]

from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.http.fast import Ready
from mengding.indicators.definitions import BY_NAME, INDICATORS
from mengding.indicators.measures import Value
from mengding.indicators.queries import closed
from mengding.indicators.queries.labels import labels
from mengding.indicators.queries.once import together
from mengding.indicators.queries.scope import Filters, area_code, scope_of
from mengding.indicators.queries.values import Answer, Ask, Row, measure, read_ahead
from mengding.indicators.spans import Span

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Figure(Protocol):
    """What a column needs: an `Indicator`, or something counted elsewhere."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> T: ...
    @property
    def formula(self) -> T: ...
    @property
    def rate(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asked(Ask):
    """A table. `others`: further spans by name, each answered beside every row and the total.

    `most`: the rows of only so many keys, those with most to count of the first of `codes`;
    `left_out` says of how many there are none then, and the total stays that of all.
    """

    others: Mapping[str, Span] = field(default_factory=dict)
    most: int | None = None


def table(actor: Actor, asked: Asked, filters: Filters) -> dict[str, Any]:
    """As it is sent: rows in the order of their codes (never of their numbers), with names."""
    (found,) = tables(actor, [asked], filters)
    return found


def tables(actor: Actor, asked: Sequence[Asked], filters: Filters) -> list[dict[str, Any]]:
    """Several of one moment, read together."""
    with together():
        read_ahead(
            actor,
            filters,
            [
                Ask(each.codes, each.by, days, each.step if days is each.days else "", each.frozen)
                for each in asked
                for days in (each.days, *each.others.values())
            ],
        )
        return [_table(actor, each, filters) for each in asked]


def _table(actor: Actor, asked: Asked, filters: Filters) -> dict[str, Any]:
    codes, by, days, step = asked.codes, asked.by, asked.days, asked.step
    frozen, others, most = asked.frozen, asked.others, asked.most
    answer = measure(actor, codes, by, days.since, days.until, filters, step=step, frozen=frozen)
    beside = {
        name: (each, measure(actor, codes, by, each.since, each.until, filters, frozen=frozen))
        for name, each in others.items()
    }
    found = [answer, *(other for _, other in beside.values())]
    keys = {row.key for each in found for row in each.rows} if by else set()
    left_out = 0
    if most is not None and len(keys) > most:
        left_out = len(keys) - most
        keys = _largest(codes[0], answer.rows, keys, most)
    named = labels(by, keys) if by else {}
    by_key = {name: {row.key: row for row in other.rows} for name, (_, other) in beside.items()}
    rows = []
    if by or step:
        told = {row.key for row in answer.rows}
        lines = [
            (row.key, row.step, row.values) for row in answer.rows if not by or row.key in keys
        ]
        # What there was before and is not now is a line too: a zero is a number.
        zero = {code: Value(0, 0 if value.of is not None else None)
                for code, value in answer.total.items()}  # fmt: skip
        lines += [(key, None, zero) for key in keys - told if not step]
        lines.sort(key=lambda line: (_place(named, line[0]), str(line[1])))
        nothing = Ready(zero)
        for key, at, values in lines:
            code, name = named.get(key, ("", T("", "")))
            rows.append(
                {
                    "key": key,
                    "code": code,
                    "name": name,
                    "step": at,
                    "values": Ready(values),
                    "beside": Ready(
                        {
                            each: other[key].values if key in other else nothing
                            for each, other in by_key.items()
                        }
                    ),
                }
            )
    return {
        "since": days.since,
        "until": days.until,
        "by": by,
        "step": step,
        "area": area_code(scope_of(actor, filters)),
        "rows": rows,
        "left_out": left_out,
        "total": Ready(answer.total),
        "beside": {
            name: {"since": each.since, "until": each.until, "total": Ready(other.total)}
            for name, (each, other) in beside.items()
        },
        "as_of": answer.as_of,
        "closed": _closed(answer),
    }


def _largest(code: str, rows: Sequence[Row], keys: set[str], most: int) -> set[str]:
    """Those of `keys` with most to count (of a rate, of what it is a share)."""
    size = Counter(dict.fromkeys(sorted(keys), 0))
    for row in rows:
        value = row.values[code]
        size[row.key] += value.n if value.of is None else value.of
    return {key for key, _ in size.most_common(most)}


def _place(named: Mapping[str, tuple[str, T]], key: str) -> tuple[bool, str]:
    """By code; what has none comes last."""
    code = named.get(key, ("", None))[0]
    return (not code, code or key)


def _closed(answer: Answer) -> dict[str, Any] | None:
    """When the numbers are those of a closed period: since when, and what they would be now."""
    if answer.period is None:
        return None
    changed = [code for code, value in answer.now.items() if value != answer.total[code]]
    return {
        "id": answer.period.pk,
        "frozen_at": answer.period.frozen_at,
        "changed": changed,
        "now": Ready({code: answer.now[code] for code in changed}),
    }


def period(actor: Actor, period_id: int) -> dict[str, Any]:
    """A closed period: every number then and now where they differ, and the changed cases."""
    row = closed.period(actor, period_id)
    answer = measure(actor, [], "", row.since, row.until, Filters(), frozen=True)
    values = [
        {
            "code": code,
            "name": BY_NAME[code].name,
            "then": value,
            "now": answer.now[code],
        }
        for code, value in answer.total.items()
        if answer.now[code] != value
    ]
    found: dict[str, Any] = closed.corrections(actor, period_id)
    return found | {"values": values}


def as_file(
    sheets: Sequence[tuple[str, Mapping[str, Any]]], kind: str,
    figures: Sequence[Figure] = INDICATORS,
) -> tuple[bytes, str]:  # fmt: skip
    """Tables as one file, each a sheet (in CSV one below the other), the formulas last.

    A line a row, a column an indicator; of a rate two more, and what it was before beside it.
    `figures`: what may stand in them, in the order of the columns.
    """
    found = [(title, _lines(answer, figures)) for title, answer in sheets]
    codes = {code for _, answer in sheets for code in answer["total"]}
    notes = [[each.name.said(), each.formula.said()] for each in figures if each.code in codes]
    return (_csv if kind == "csv" else _xlsx)(found, notes), _TYPES[kind]


def _lines(answer: Mapping[str, Any], figures: Sequence[Figure]) -> list[list[Any]]:
    codes = [each for each in figures if each.code in answer["total"]]
    others = {name: said for name, said in _OTHERS.items() if name in answer["beside"]}
    heading = [T("项目", "Item").said(), T("自", "From").said()]
    for each in codes:
        heading.append(each.name.said())
        if each.rate:
            heading += [T("分子", "counted").said(), T("分母", "of").said()]
        heading += [f"{each.name.said()} {said.said()}" for said in others.values()]
    total = {
        "name": T("合计", "Total"), "step": None, "values": answer["total"],
        "beside": {name: answer["beside"][name]["total"] for name in others},
    }  # fmt: skip
    # The total of what stands open at each step is no sum of them, and rows without a name are
    # steps of one: their total is a table of its own.
    rows = answer["rows"] if answer["step"] else [*answer["rows"], total]
    lines: list[list[Any]] = [heading]
    for row in rows:
        line: list[Any] = [row["name"].said(), str(row["step"] or answer["since"])]
        for each in codes:
            line.append(_cell(row["values"].get(each.code), each.rate))
            if each.rate:
                value = row["values"].get(each.code)
                line += [value.n, value.of] if value else [None, None]
            line += [_cell(row["beside"][name].get(each.code), each.rate) for name in others]
        lines.append(line)
    return lines


_OTHERS = {"before": T("上期", "last period"), "earlier": T("去年同期", "last year")}


def _cell(value: Value | None, rate: bool) -> float | int | None:
    if value is None:
        return None
    if not rate:
        return value.n
    return None if value.share is None else round(value.share, 6)


def _csv(sheets: Sequence[tuple[str, list[list[Any]]]], notes: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for number, (title, lines) in enumerate(sheets):
        if len(sheets) > 1:
            writer.writerows([*([[]] if number else []), [title]])
        writer.writerows(lines)
    writer.writerows([[], *notes])
    return ("\ufeff" + text.getvalue()).encode()


def _xlsx(sheets: Sequence[tuple[str, list[list[Any]]]], notes: list[list[str]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    share = book.add_format({"num_format": "0.0%"})
    for title, lines in sheets:
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 12)
        for number, line in enumerate(lines):
            for place, cell in enumerate(line):
                if isinstance(cell, float):
                    sheet.write_number(number, place, cell, share)
                elif isinstance(cell, int):
                    sheet.write_number(number, place, cell)
                elif cell is not None:
                    sheet.write_string(number, place, cell, bold if number == 0 else None)
    about = book.add_worksheet(T("口径", "Formulas").said())
    about.set_column(0, 0, 18)
    about.set_column(1, 1, 100)
    for number, pair in enumerate(notes):
        about.write_row(number, 0, pair)
    book.close()
    return file.getvalue()
