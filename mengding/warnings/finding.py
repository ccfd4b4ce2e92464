"""What the numbers of the last days say: repeats, spikes, clusters, components in series, hazards
not looked at again. Pure: the hourly look, the preview of other settings and the bench run this.

Each finder yields what is so at `now` with the figures its method has.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mengding.regions import cells
from mengding.warnings.facts import LOCAL, Facts, Found, Row, Table, once, start_of, table_of
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import SERIES_WEEKS, Rules
from mengding.warnings.stats import control, scan

REPEAT_ZOOM = 18  # a cell of about 130 m
MOST_IDS = 200


def everything(facts: Facts, rules: Rules, now: datetime) -> list[Found]:
    """All that is so now of the kinds that are on; crowds come by their counters."""
    if rules.without:
        facts = replace(facts, rows=[row for row in facts.rows if rules.takes_part(row.code)])
    found: list[Found] = []
    for kind, finder in FINDERS.items():
        if kind in rules.on:
            found += finder(facts, rules, now)
    return found


def spikes(facts: Facts, rules: Rules, now: datetime) -> Iterator[Found]:
    """By class in each town, and by class in the whole district; see `stats.control`."""
    today, tuning = now.astimezone(LOCAL).date(), rules.tuning
    single = once(facts.rows)
    # The whole district is a class of its own: it scatters otherwise than its towns.
    keyed = [(row.code, row.town, row.day) for row in single if row.town != facts.district]
    keyed += [(f"{row.code}*", facts.district, row.day) for row in single]
    table = _kept(table_of(keyed, today, tuning.past), tuning)
    if not table.keys:
        return
    kinds = control.kinds_of_day(table.days[0], len(table.days), facts.works)
    charts = control.charts(
        table.counts, table.groups, kinds, tuning, _season(facts, table, today, tuning)
    )
    alpha = control.alpha_for(len(table.keys), tuning.false_a_week)
    said = control.verdicts(charts, alpha, tuning.least)
    if not said:
        return
    expected = control.expected_false(charts, alpha, tuning.least)
    rarest: dict[int, control.Verdict] = {}
    for verdict in said:
        known = rarest.get(verdict.series)
        if known is None or verdict.chance < known.chance:
            rarest[verdict.series] = verdict
    for series, verdict in rarest.items():
        code, place = table.keys[series]
        code = code.rstrip("*")
        since = today - timedelta(days=verdict.window)
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
                "alpha": alpha,
                "series": len(table.keys),
                "false_a_week": round(expected, 2),
                **_course(table, series, charts),
            },
            case_ids=tuple(
                row.pk
                for row in facts.rows
                if row.code == code and row.day >= since and place in (row.town, facts.district)
            )[:MOST_IDS],
        )


def _kept(table: Table, tuning: control.Tuning) -> Table:
    """Only series with a past."""
    rows = np.flatnonzero(control.enough(table.counts, tuning)).tolist()
    groups = {old: n for n, old in enumerate(sorted({table.groups[row] for row in rows}))}
    return Table(
        [table.keys[row] for row in rows],
        [groups[table.groups[row]] for row in rows],
        table.days,
        table.counts[rows],
    )


def _season(
    facts: Facts, table: Table, today: date, tuning: control.Tuning
) -> "NDArray[np.float64] | None":
    if not facts.then:
        return None
    codes = sorted({code for code, _ in table.keys})
    first = today - timedelta(days=364 + tuning.past)  # 52 weeks: the same days of the week
    then = np.zeros((len(codes), tuning.past + 14), dtype=np.int64)
    for n, code in enumerate(codes):
        for day, count in facts.then.get(code.rstrip("*"), {}).items():
            if 0 <= (day - first).days < then.shape[1]:
                then[n, (day - first).days] += count
    return control.season_factors(then, tuning)


def _course(table: Table, series: int, charts: Sequence[control.Chart]) -> dict[str, Any]:
    """The last eight weeks by day, and what is usual a day of the window."""
    week = next((chart for chart in charts if chart.window == control.WEEK), None)
    return {
        "daily": table.counts[series][-56:].tolist(),
        "first": table.days[-56:][0].isoformat(),
        "usual": round(float(week.mean[series].sum()) / control.WEEK, 3) if week else 0.0,
    }


def repeats(facts: Facts, rules: Rules, now: datetime) -> Iterator[Found]:
    """Several of one class in one cell of about 130 m within some days."""
    days, least = rules.whole(Kind.REPEAT, "days"), rules.whole(Kind.REPEAT, "least")
    today = now.astimezone(LOCAL).date()
    since = today - timedelta(days=days)
    groups: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    of_class: Counter[str] = Counter()
    for row in facts.rows:
        if row.cell is not None and since <= row.day <= today:
            groups[row.code, cells.parent(row.cell, REPEAT_ZOOM)].append(row)
            of_class[row.code] += 1
    places = Counter(code for code, _ in groups)
    for (code, cell), here in groups.items():
        if len(here) < least:
            continue
        yield Found(
            Kind.REPEAT,
            f"{code}:{cell}",
            here[0].village or here[0].town,
            start_of(min(row.day for row in here)),
            now,
            len(here),
            of_class[code] / places[code],
            least,
            code,
            cell=cell,
            detail={
                "days": days,
                "zoom": REPEAT_ZOOM,
                "places": places[code],
                **_by_day(here, since + timedelta(days=1), today),
            },
            case_ids=tuple(row.pk for row in here)[:MOST_IDS],
        )


def _by_day(rows: Sequence[Row], first: date, last: date) -> dict[str, Any]:
    counted = Counter(row.day for row in rows)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {"daily": [counted[day] for day in days], "first": first.isoformat()}


def series(facts: Facts, rules: Rules, now: datetime) -> Iterator[Found]:
    """Components of one class failing one after another in one village: the chart of spikes over
    a longer window, whose baseline is the twelve weeks before it."""
    days, least = rules.whole(Kind.SERIES, "days"), rules.whole(Kind.SERIES, "least")
    tomorrow = now.astimezone(LOCAL).date() + timedelta(days=1)  # today counts, as far as it is
    parts = [row for row in facts.rows if row.code.startswith("C") and row.village is not None]
    keyed = [(row.code, row.village or 0, row.day) for row in parts]
    table = table_of(keyed, tomorrow, SERIES_WEEKS * 7 + days)
    chart = control.long_chart(table.counts, table.groups, days)
    if chart is None:
        return
    alpha = control.alpha_for(len(table.keys), rules.number(Kind.SERIES, "false_a_week"))
    since = tomorrow - timedelta(days=days)
    for verdict in control.verdicts([chart], alpha, least):
        code, village = table.keys[verdict.series]
        here = [
            row
            for row in parts
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
                "days": days,
                "window": days,
                "phi": round(verdict.phi, 2),
                "alpha": alpha,
                "series": len(table.keys),
                "usual": round(verdict.expected / days, 3),
                "daily": table.counts[verdict.series][-56:].tolist(),
                "first": table.days[-56:][0].isoformat(),
            },
            case_ids=tuple(row.pk for row in here)[:MOST_IDS],
        )


def clusters(facts: Facts, rules: Rules, now: datetime) -> Iterator[Found]:
    """By big class over cells of about 1 km; see `stats.scan`."""
    today = now.astimezone(LOCAL).date()
    by_class: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in once(facts.rows):
        if row.cell is not None and row.day < today:
            by_class[row.code[:3]].append((row.day, cells.parent(row.cell, scan.ZOOM)))
    wanted = rules.number(Kind.CLUSTER, "false_a_week")
    alpha = scan.alpha_for(len(by_class), wanted)
    for big, points in by_class.items():
        best = scan.look(
            points,
            today,
            alpha=alpha,
            days=rules.whole(Kind.CLUSTER, "days"),
            reach=rules.number(Kind.CLUSTER, "reach"),
            least=rules.whole(Kind.CLUSTER, "least"),
        )
        if best is None:
            continue
        inside = set(best.cells)
        begin = today - timedelta(days=best.days)
        here = [
            row
            for row in facts.rows
            if row.code[:3] == big
            and row.cell is not None
            and cells.parent(row.cell, scan.ZOOM) in inside
            and row.day < today
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
                "series": len(by_class),
                "false_a_week": wanted,
                "usual": round(best.expected / best.days, 3),
                **_by_day(here, today - timedelta(days=56), today - timedelta(days=1)),
            },
            case_ids=tuple(row.pk for row in recent)[:MOST_IDS],
        )


def overdue(facts: Facts, rules: Rules, now: datetime) -> Iterator[Found]:
    """Hazards found by an inspection, said to be mended, and not inspected again in time."""
    grace = timedelta(days=rules.whole(Kind.OVERDUE, "grace_days"))
    for row in facts.rechecks:
        over = now > row.due_at + grace and (row.ended_at is None or row.ended_at > now)
        if not over or not rules.takes_part(row.code):
            continue
        days = (now - row.due_at).days
        yield Found(
            Kind.OVERDUE,
            f"finding:{row.finding}",
            row.region,
            row.due_at,
            now,
            days,
            0,
            grace.days,
            row.code,
            detail={"finding": row.finding, "days": days},
        )


FINDERS: dict[Kind, Callable[[Facts, Rules, datetime], Iterator[Found]]] = {
    Kind.SPIKE: spikes,
    Kind.REPEAT: repeats,
    Kind.SERIES: series,
    Kind.CLUSTER: clusters,
    Kind.OVERDUE: overdue,
}
