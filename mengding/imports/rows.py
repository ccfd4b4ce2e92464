"""Reading files line by line: CSV, a CSV in a ZIP, JSON lines. Nothing is held in memory."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from mengding.core.text import T

LONGEST_LINE = 1 << 20  # characters of one JSON line
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One record and the line of the file it starts on (the first line is 1).

    `problem` is set instead of a value when the line cannot be read at all.
    """

    line: int
    values: dict[str, Any]
    problem: "Reject | None" = None

    def text(self, name: str) -> str:
        """A field without outer spaces; "" when absent."""
        value = self.values.get(name)
        return "" if value is None else str(value).strip()


class Reject(Exception):
    """This row is not imported; `field` names the value at fault."""

    def __init__(self, field: str, code: str, text: T) -> None:
        super().__init__(text.en)
        self.field, self.code, self.text = field, code, text


class Unreadable(Exception):
    """The file as a whole cannot be imported; `text` says why."""

    def __init__(self, text: T) -> None:
        super().__init__(text.en)
        self.text = text


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The text of a file, or of the only CSV inside a ZIP; UTF-8, with or without a mark."""
    if not zipfile.is_zipfile(path):
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith(".csv")]
        if len(names) != 1:
            raise Unreadable(
                T("ZIP 中应有且只有一个 CSV 文件。", "The ZIP must hold exactly one CSV file.")
            )
        with archive.open(names[0]) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def csv_rows(path: Path, needed: tuple[str, ...]) -> Iterator[Row]:
    """The records of a CSV with a heading; `Unreadable` names the columns it lacks.

    A record with too few or too many fields comes as a row with a `problem`.
    """
    with opened(path) as stream:
        reader = csv.reader(stream)
        heading = [name.strip() for name in next(reader, [])]
        if missing := [name for name in needed if name not in heading]:
            raise Unreadable(
                T("缺少列：{names}", "Missing columns: {names}").fill(names=", ".join(missing))
            )
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                yield Row(line, {}, Reject("line", "csv", T(f"无法读取：{error}", str(error))))
                continue
            if record is None:
                return
            if not record:
                continue
            values: dict[str, Any] = dict(zip(heading, record, strict=False))
            problem = _unstorable(values)
            if len(record) != len(heading):
                text = T("应有 {n} 列，实有 {m} 列", "expected {n} fields, found {m}")
                text = text.fill(n=len(heading), m=len(record))
                problem = Reject("line", "field_count", text)
                values["…"] = record[len(heading) :]
            yield Row(line, values, problem)


def json_rows(path: Path) -> Iterator[Row]:
    """The objects of a file of JSON lines; blank lines are passed over.

    What cannot be read as an object comes with a `problem` and its beginning under “…”.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        line = 0
        while text := stream.readline(LONGEST_LINE):
            line += 1
            if len(text) == LONGEST_LINE and not text.endswith("\n"):
                while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
                why = T("一行过长", "the line is too long")
                yield Row(line, {"…": text[:200]}, Reject("line", "too_long", why))
                continue
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                why = T(f"不是有效的 JSON：{error}", f"not valid JSON: {error}")
                yield Row(line, {"…": text[:200]}, Reject("line", "json", why))
                continue
            if isinstance(value, dict):
                yield Row(line, value, _unstorable(value))
            else:
                why = T("应为 JSON 对象", "must be a JSON object")
                yield Row(line, {"…": text[:200]}, Reject("line", "json", why))


def _unstorable(values: dict[str, Any]) -> Reject | None:
    """PostgreSQL keeps neither a NUL nor half of a surrogate pair."""
    for name, value in values.items():
        if any(_UNSTORABLE.search(text) for text in _texts([name, value])):
            text = T("含有无效字符", "contains an invalid character")
            return Reject(name.encode(errors="replace").decode(), "character", text)
    return None


def _texts(value: Any) -> Iterator[str]:
    """Every string in a value, however deep (JSON's own reader limits the depth)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _texts(one)
