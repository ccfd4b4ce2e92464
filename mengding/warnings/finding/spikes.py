"""Spikes: by class in each town, and by class in the whole district; see `stats.spikes`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mengding.warnings.facts import LOCAL, Facts, Found, Row, Table, once, start_of, table_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules
from mengding.warnings.stats import control, spikes
from mengding.warnings.stats.calibrate import Calibration

MOST_IDS = 200


@dataclass(frozen=True, slots=True)
class _Said:
    """One look: series with a past, their charts, and of each that warns its rarest window."""

    keys: Sequence[tuple[str, int]]
    table: Table
    rows: "NDArray[np.int64]"
    charts: Sequence[control.Chart]
    calibration: Calibration
    rarest: Mapping[int, control.Verdict]


class Spikes:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._facts, self._tuning = facts, rules.tuning
        first = since - timedelta(days=spikes.past_days(self._tuning))
        self._first = facts.known_since(first, until)
        single = once([row for row in facts.rows if self._first <= row.day < until])
        # The whole district is a class of its own: it scatters otherwise than its towns.
        keyed = [(row.code, row.town, row.day) for row in single if row.town != facts.district]
        keyed += [(f"{row.code}*", facts.district, row.day) for row in single]
        self._table = table_of(keyed, until, (until - self._first).days)
        self._kinds = control.kinds_of_day(self._first, len(self._table.days), facts.works)
        self._by_code: defaultdict[str, list[Row]] = defaultdict(list)
        for row in facts.rows:
            self._by_code[row.code].append(row)

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """Class and place."""
        said = self._look(now.astimezone(LOCAL).date())
        for series in said.rarest:
            code, place = said.keys[series]
            yield f"{code.rstrip('*')}:{place}", frozenset()

    def found(self, now: datetime) -> Iterator[Found]:
        """With window, limit and chance, and how often the like of it is a false alarm."""
        today = now.astimezone(LOCAL).date()
        said = self._look(today)
        rate = said.calibration.a_week
        week = next((chart for chart in said.charts if chart.window == control.WEEK), None)
        for series, verdict in said.rarest.items():
            code, place = said.keys[series]
            code = code.rstrip("*")
            since = today - timedelta(days=verdict.window)
            usual = float(week.mean[series, -1].sum()) / control.WEEK if week else 0.0
            yield Found(
                Kind.SPIKE,
                f"{code}:{place}",
                place,
                start_of(since),
                start_of(today),
                verdict.observed,
                verdict.expected,
                verdict.threshold,
                code,
                verdict.chance,
                detail={
                    "window": verdict.window,
                    "phi": round(verdict.phi, 2),
                    "alpha": said.calibration.alpha,
                    "series": len(said.keys),
                    "false_a_week": rate and round(rate, 2),
                    "usual": round(usual, 3),
                    **_course(said, series),
                },
                case_ids=tuple(
                    row.pk
                    for row in self._by_code[code]
                    if since <= row.day < today and place in (row.town, self._facts.district)
                )[:MOST_IDS],
            )

    def _look(self, today: date) -> _Said:
        tuning = self._tuning
        table = self._table.before(today, tuning.past)
        some = spikes.kept(table.counts, table.groups, tuning)
        keys = [table.keys[row] for row in some.rows.tolist()]
        end = max(0, (today - self._first).days)
        charts = control.charts(
            table.counts[some.rows],
            some.classes,
            self._kinds[max(0, end - tuning.past) : end],
            tuning,
            self._season(keys, today),
        )
        calibration = self._calibration(today)
        rarest: dict[int, control.Verdict] = {}
        for verdict in control.verdicts(charts, calibration.alpha, tuning.least):
            known = rarest.get(verdict.series)
            if known is None or verdict.chance < known.chance:
                rarest[verdict.series] = verdict
        return _Said(keys, table, some.rows, charts, calibration, rarest)

    def _calibration(self, today: date) -> Calibration:
        until = spikes.calibrated_at(today)
        days = spikes.past_days(self._tuning) - 2 * control.WEEK
        past = self._table.before(until, days)
        end = max(0, (until - self._first).days)
        return spikes.calibration(
            past.counts, past.groups, self._kinds[max(0, end - days) : end], self._tuning
        )

    def _season(self, keys: list[tuple[str, int]], today: date) -> "NDArray[np.float64] | None":
        if not self._facts.then or not keys:
            return None
        codes = sorted({code for code, _ in keys})
        length = self._tuning.past + 14
        # 52 weeks: the same days of the week.
        first = today - timedelta(days=364 + self._tuning.past)
        days = [first + timedelta(days=n) for n in range(length)]
        then = np.zeros((len(codes), length), dtype=np.int64)
        for n, code in enumerate(codes):
            if known := self._facts.then.get(code.rstrip("*")):
                then[n] = [known.get(day, 0) for day in days]
        return control.season_factors(then, self._tuning)


def _course(said: _Said, series: int) -> dict[str, Any]:
    """The last eight weeks by day."""
    return {
        "daily": said.table.counts[said.rows[series]][-56:].tolist(),
        "first": said.table.days[-56:][0].isoformat(),
    }
