"""Components of one class failing one after another in one village; see `stats.series`."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mengding.warnings.facts import LOCAL, Facts, Found, Table, once, start_of, table_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules
from mengding.warnings.stats import control, series
from mengding.warnings.stats.calibrate import Calibration

MOST_IDS = 200


class Series:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._tuning = rules.series_tuning
        tomorrow = until + timedelta(days=1)
        first = since + timedelta(days=1 - series.past_days(self._tuning))
        self._first = facts.known_since(first, tomorrow)
        self._rows = [
            row
            for row in facts.rows
            if row.code.startswith("C") and row.village is not None and self._first <= row.day
        ]
        self._table = table_of(
            [(row.code, row.village or 0, row.day) for row in once(self._rows)],
            tomorrow,
            (tomorrow - self._first).days,
        )
        self._kinds = control.kinds_of_day(self._first, len(self._table.days), facts.works)

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """Class and village."""
        table, _, verdicts = self._look(now)
        for verdict in verdicts:
            code, village = table.keys[verdict.series]
            yield f"{code}:{village}", frozenset()

    def found(self, now: datetime) -> Iterator[Found]:
        """With window, limit and chance."""
        table, said, verdicts = self._look(now)
        tomorrow = now.astimezone(LOCAL).date() + timedelta(days=1)
        since = tomorrow - timedelta(days=self._tuning.days)
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
                    "days": self._tuning.days,
                    "window": self._tuning.days,
                    "phi": round(verdict.phi, 2),
                    "alpha": said.alpha,
                    "series": len(table.keys),
                    "false_a_week": said.a_week and round(said.a_week, 2),
                    "usual": round(verdict.expected / self._tuning.days, 3),
                    "daily": table.counts[verdict.series][-56:].tolist(),
                    "first": table.days[-56:][0].isoformat(),
                },
                case_ids=tuple(row.pk for row in here)[:MOST_IDS],
            )

    def _look(self, now: datetime) -> tuple[Table, Calibration, list[control.Verdict]]:
        """Today counts, as far as it is; at midnight nothing of it is."""
        today = now.astimezone(LOCAL).date()
        tomorrow = today + timedelta(days=1)
        tuning = self._tuning
        table = self._table.before(tomorrow, tuning.past, empty_last=now == start_of(today))
        said = self._calibration(tomorrow)
        chart = control.long_chart(table.counts, table.groups, tuning.days)
        return table, said, control.verdicts([chart], said.alpha, tuning.least) if chart else []

    def _calibration(self, tomorrow: date) -> Calibration:
        until = series.calibrated_at(tomorrow, self._tuning)
        days = self._tuning.past + series.DAYS
        past = self._table.before(until, days)
        end = max(0, (until - self._first).days)
        kinds = self._kinds[max(0, end - days) : end]
        return series.calibration(past.counts, past.groups, kinds, self._tuning)
