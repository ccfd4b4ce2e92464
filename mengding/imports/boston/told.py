"""The indicators of the archive, counted from its lines alone.

Reads the CSV with the standard library only and shares nothing with importer, cases or indicators,
on purpose: a mistake in the one must not hide in the other. What each line counts for follows from
the table in docs/import.md: filed as it was opened, sent when the whole minutes of its target
begin, done and closed when it was closed.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CODES = (
    "received", "filed", "ended", "closed", "open", "response_rate", "to_handle", "handled",
    "in_time", "late_done", "overdue", "not_due", "sent", "accurate_rate", "should_close",
    "closed_rate", "missed", "returned", "extended", "suspended", "reworked", "reopened",
    "called", "voided", "merged", "declined",
)  # fmt: skip
_BOSTON, _CHINA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
_SOURCES = {
    "Constituent Call": "phone",
    "Employee Generated": "grid",
    "Self Service": "web",
    "Citizens Connect App": "open311",
    "Maximo Integration": "transfer",
    "Twitter": "web",
}
_PUBLIC = {"phone", "web", "open311"}
_NEVER = timedelta(days=36_500)
# (what, code, day, noun, name) → how many
Counted = Counter[tuple[str, date, str, str]]


def tell(path: str, as_of: datetime) -> Counted:
    """{(code, day, noun, name): count}; a line counts once under each noun."""
    counted: Counted = Counter()
    for line in _lines(path):
        for code, day in _counts(line, as_of):
            for noun, name in _nouns(line):
                counted[code, day, noun, name] += 1
    return counted


def _lines(path: str) -> Iterator[dict[str, str]]:
    if path.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.lower().endswith(".csv")]
            text = archive.read(name).decode("utf-8-sig", "replace")
    else:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as stream:
            text = stream.read()
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _nouns(line: dict[str, str]) -> list[tuple[str, str]]:
    ward = re.fullmatch(r"(?:Ward )?0?(\d{1,2})", line["ward"].strip())
    inside = ward is not None and 1 <= int(ward[1]) <= 22
    return [
        ("", ""),
        ("department", " ".join(line["department"].split())),
        ("type", " ".join(line["type"].split())),
        ("ward", f"Ward {int(ward[1])}" if ward and inside else "0"),
        ("channel", _channel(line)),
    ]


def _channel(line: dict[str, str]) -> str:
    return _SOURCES.get(line["source"].strip(), "import")


def _time(text: str) -> datetime | None:
    if not text.strip():
        return None
    local = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 (zoned next)
    return local.replace(tzinfo=_BOSTON).astimezone(_CHINA)


def _counts(line: dict[str, str], as_of: datetime) -> list[tuple[str, date]]:
    opened, target, closed = (_time(line[name]) for name in ("open_dt", "target_dt", "closed_dt"))
    assert opened is not None  # lines without were rejected by the import, which says so
    done = line["case_status"].strip() == "Closed" and closed is not None
    sent, due = _sent(opened, target, closed if done else None)
    came = [*("received", "filed", "response_rate"), *(["missed"] if _by_public(line) else [])]
    found = [(code, opened.date()) for code in came]
    handling = ["to_handle", "sent", "accurate_rate", "should_close"]
    if done:
        handling += ["handled", "closed_rate"]
        handling.append("in_time" if _on_time(line, closed, target) else "late_done")
        assert closed is not None
        found += [("ended", closed.date()), ("closed", closed.date())]
    else:
        handling.append("overdue" if as_of > due else "not_due")
    return found + [(code, sent.date()) for code in handling]


def _by_public(line: dict[str, str]) -> bool:
    return _channel(line) in _PUBLIC


def _on_time(line: dict[str, str], closed: datetime | None, target: datetime | None) -> bool:
    if said := line["ontime"].strip():
        return said == "ONTIME"
    return closed is not None and target is not None and closed <= target


def _sent(
    opened: datetime, target: datetime | None, closed: datetime | None
) -> tuple[datetime, datetime]:
    """(sent, due): the limit is in whole minutes, or hours beyond a million minutes; the seconds
    left over lie before the sending."""
    if target is None:
        return opened, opened + _NEVER
    seconds = int((target - opened).total_seconds())
    if seconds < 60:
        return opened, opened + timedelta(minutes=1)
    over = seconds % 60 if seconds // 60 <= 1_000_000 else seconds % 3600
    sent = opened + timedelta(seconds=over)
    return (sent, target) if closed is None or sent <= closed else (closed, target)


def months(counted: Counted) -> list[tuple[date, date]]:
    """Each month in which anything counts, as [since, until)."""
    firsts = sorted({day.replace(day=1) for _, day, _, _ in counted})
    return [(first, (first + timedelta(days=32)).replace(day=1)) for first in firsts]


def whole(counted: Counted) -> tuple[date, date]:
    """All of it, and not by whole months: the days beside them are counted another way."""
    days = sorted(day for _, day, _, _ in counted)
    return days[0], days[-1] + timedelta(days=1)


def span(counted: Counted, noun: str, since: date, until: date) -> dict[tuple[str, str], int]:
    """{(code, name): count} of one noun over [since, until); `open` is what stood at the end."""
    found: dict[tuple[str, str], int] = {}
    for (code, day, of, name), number in counted.items():
        if of != noun:
            continue
        if since <= day < until:
            found[code, name] = found.get((code, name), 0) + number
        if day < until and code in ("received", "ended"):
            sign = 1 if code == "received" else -1
            found["open", name] = found.get(("open", name), 0) + sign * number
    return {key: number for key, number in found.items() if number}
