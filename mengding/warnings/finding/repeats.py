"""Several of one class in one cell of about 130 m within some days."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mengding.regions import cells
from mengding.warnings.facts import LOCAL, Facts, Found, Row, by_day, start_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules

ZOOM = 18  # a cell of about 130 m
MOST_IDS = 200


class Repeats:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._days = rules.whole(Kind.REPEAT, "days")
        self._least = rules.whole(Kind.REPEAT, "least")
        first = since - timedelta(days=self._days)
        self._groups: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in facts.rows:
            if row.cell is not None and first <= row.day <= until:
                self._groups[row.code, cells.parent(row.cell, ZOOM)].append(row)
        # Of each that could ever warn, the days of its rows, ascending.
        self._dense = {}
        for key, rows in self._groups.items():
            if len(rows) >= self._least:
                rows.sort(key=lambda row: (row.day, row.pk))
                self._dense[key] = [row.day for row in rows]

    def _span(self, now: datetime) -> tuple[date, date]:
        """Today counts, as far as it is; at midnight nothing of it is."""
        today = now.astimezone(LOCAL).date()
        last = today if now > start_of(today) else today - timedelta(days=1)
        return today - timedelta(days=self._days), last

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """Class and cell."""
        since, last = self._span(now)
        for (code, cell), days in self._dense.items():
            if bisect_right(days, last) - bisect_left(days, since) >= self._least:
                yield f"{code}:{cell}", frozenset()

    def found(self, now: datetime) -> Iterator[Found]:
        """Beside the mean of the cells that had any."""
        since, last = self._span(now)
        today = now.astimezone(LOCAL).date()
        here = {
            key: some
            for key, rows in self._groups.items()
            if (some := [row for row in rows if since <= row.day <= last])
        }
        places = Counter(code for code, _ in here)
        of_class: Counter[str] = Counter()
        for (code, _), rows in here.items():
            of_class[code] += len(rows)
        for (code, cell), rows in here.items():
            if len(rows) < self._least:
                continue
            yield Found(
                Kind.REPEAT,
                f"{code}:{cell}",
                rows[0].village or rows[0].town,
                start_of(rows[0].day),
                now,
                len(rows),
                of_class[code] / places[code],
                self._least,
                code,
                cell=cell,
                detail={
                    "days": self._days,
                    "zoom": ZOOM,
                    "places": places[code],
                    **by_day(rows, since + timedelta(days=1), today),
                },
                case_ids=tuple(sorted(row.pk for row in rows))[:MOST_IDS],
            )
