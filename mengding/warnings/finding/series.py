"""Components of one class failing one after another in one village: a chart over a longer window,
whose baseline is the twelve weeks before it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mengding.warnings.facts import LOCAL, Facts, Found, Table, start_of, table_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import SERIES_WEEKS, Rules
from mengding.warnings.stats import control

MOST_IDS = 200


class Series:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._days = rules.whole(Kind.SERIES, "days")
        self._least = rules.whole(Kind.SERIES, "least")
        self._false_a_week = rules.number(Kind.SERIES, "false_a_week")
        self._rows = [
            row for row in facts.rows if row.code.startswith("C") and row.village is not None
        ]
        tomorrow = until + timedelta(days=1)
        self._table = table_of(
            [(row.code, row.village or 0, row.day) for row in self._rows],
            tomorrow,
            (tomorrow - since).days + SERIES_WEEKS * 7 + self._days,
        )

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """Class and village."""
        table, _, verdicts = self._look(now)
        for verdict in verdicts:
            code, village = table.keys[verdict.series]
            yield f"{code}:{village}", frozenset()

    def found(self, now: datetime) -> Iterator[Found]:
        """With window, limit and chance."""
        table, alpha, verdicts = self._look(now)
        tomorrow = now.astimezone(LOCAL).date() + timedelta(days=1)
        since = tomorrow - timedelta(days=self._days)
        for verdict in verdicts:
            code, village = table.keys[verdict.series]
            here = [
                row
                for row in self._rows
                if row.code == code and row.village == village and since <= row.day < tomorrow
            ]
            yield Found(
                Kind.SERIES,
                f"{code}:{village}",
                village,
                start_of(since),
                now,
                verdict.observed,
                verdict.expected,
                verdict.threshold,
                code,
                verdict.chance,
                detail={
                    "days": self._days,
                    "window": self._days,
                    "phi": round(verdict.phi, 2),
                    "alpha": alpha,
                    "series": len(table.keys),
                    "usual": round(verdict.expected / self._days, 3),
                    "daily": table.counts[verdict.series][-56:].tolist(),
                    "first": table.days[-56:][0].isoformat(),
                },
                case_ids=tuple(row.pk for row in here)[:MOST_IDS],
            )

    def _look(self, now: datetime) -> tuple[Table, float, list[control.Verdict]]:
        """Today counts, as far as it is; at midnight nothing of it is."""
        today = now.astimezone(LOCAL).date()
        table = self._table.before(
            today + timedelta(days=1),
            SERIES_WEEKS * 7 + self._days,
            empty_last=now == start_of(today),
        )
        alpha = control.alpha_for(len(table.keys), self._false_a_week)
        chart = control.long_chart(table.counts, table.groups, self._days)
        return table, alpha, control.verdicts([chart], alpha, self._least) if chart else []
