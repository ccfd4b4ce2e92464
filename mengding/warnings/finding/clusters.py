"""Clusters: by big class over cells of about 1 km; see `stats.scan`."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mengding.regions import cells
from mengding.warnings.facts import LOCAL, Facts, Found, Row, by_day, once, start_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules
from mengding.warnings.stats import scan

MOST_IDS = 200


class Clusters:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._rules, self._works = rules, facts.works
        self._days = rules.whole(Kind.CLUSTER, "days")
        self._first = since - timedelta(days=scan.PAST + self._days)
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        for row in facts.rows:
            if row.cell is not None and self._first <= row.day < until:
                self._rows[row.code[:3]].append(row)
        self._grids = {
            big: scan.Grid.of(
                ((row.day, cells.parent(row.cell or 0, scan.ZOOM)) for row in once(rows)),
                self._first,
                until,
            )
            for big, rows in self._rows.items()
        }
        days = (self._first + timedelta(days=n) for n in range((until - self._first).days))
        self._off = [int(not self._works_on(day)) for day in days]

    def _works_on(self, day: date) -> bool:
        return day.weekday() < 5 if self._works is None else self._works(day)

    def _look(self, today: date) -> Iterator[tuple[str, scan.Cluster, float, int]]:
        """Big class, what is so, alpha, and how many big classes were looked at."""
        span = scan.PAST + self._days
        seen = {big: grid.before(today, span) for big, grid in self._grids.items()}
        seen = {big: grid for big, grid in seen.items() if grid.cells}
        alpha = scan.alpha_for(len(seen), self._rules.number(Kind.CLUSTER, "false_a_week"))
        end = (today - self._first).days
        for big, grid in seen.items():
            best = scan.look(
                grid,
                alpha=alpha,
                days=self._days,
                reach=self._rules.number(Kind.CLUSTER, "reach"),
                least=self._rules.whole(Kind.CLUSTER, "least"),
                kinds=self._off[max(0, end - span) : end],
            )
            if best is not None:
                yield big, best, alpha, len(seen)

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """Big class, and its cells: the neighbourhood of yesterday is rarely cell by cell that of
        today."""
        for big, best, _, _ in self._look(now.astimezone(LOCAL).date()):
            yield big, frozenset(best.cells)

    def found(self, now: datetime) -> Iterator[Found]:
        """With cells, window and chance."""
        today = now.astimezone(LOCAL).date()
        for big, best, alpha, classes in self._look(today):
            inside = set(best.cells)
            begin = today - timedelta(days=best.days)
            here = [
                row
                for row in self._rows[big]
                if cells.parent(row.cell or 0, scan.ZOOM) in inside and row.day < today
            ]
            recent = [row for row in here if row.day >= begin]
            yield Found(
                Kind.CLUSTER,
                f"{big}:{min(best.cells)}",
                Counter(row.town for row in recent).most_common(1)[0][0],
                start_of(begin),
                start_of(today),
                best.observed,
                best.expected,
                best.least,
                chance=best.chance,
                cell=min(best.cells),
                detail={
                    "big": big,
                    "cells": [str(cell) for cell in best.cells[:50]],
                    "zoom": scan.ZOOM,
                    "days": best.days,
                    "window": best.days,
                    "ratio": round(best.ratio, 2),
                    "alpha": alpha,
                    "series": classes,
                    "usual": round(best.expected / best.days, 3),
                    **by_day(here, today - timedelta(days=56), today - timedelta(days=1)),
                },
                case_ids=tuple(row.pk for row in recent)[:MOST_IDS],
            )
