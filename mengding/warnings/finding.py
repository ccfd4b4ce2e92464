"""What the numbers of the last days say: repeats, spikes, clusters, components in series.

Each finder yields what is so now with the figures its method has. They read case rows only:
class, place and time; no description, no reporter.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import cos, radians
from typing import Any

from mengding.cases.models import Case
from mengding.cases.queries.filtering import LOCAL
from mengding.cases.stages import Stage
from mengding.regions import cells
from mengding.tasks.models import Finding
from mengding.warnings.classes import takes_part
from mengding.warnings.models import Kind
from mengding.warnings.stats import control, scan

PAST = 7 * control.WEEKS + control.GUARD + 7
FALSE_A_WEEK = 1.0  # what the district is ready to look at for nothing, of spikes
REPEAT_DAYS, REPEAT_TIMES, REPEAT_ZOOM = 30, 3, 18  # a cell of about 130 m
SERIES_DAYS, SERIES_LEAST, SERIES_CHANCE = 14, 4, 0.001
SCAN_DAYS, SCAN_ZOOM, SCAN_CHANCE = 7, 15, 0.01  # a cell of about 1 km
_METRES = 111_320.0


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is so now, with the figures of its method."""

    kind: Kind
    key: str
    region: int
    since: datetime
    until: datetime
    observed: int
    expected: float
    threshold: float
    class_code: str = ""
    chance: float | None = None
    cell: int | None = None
    stage: int = 1
    detail: dict[str, Any] = field(default_factory=dict)
    case_ids: tuple[int, ...] = ()


# (case id, class, town or district, village, cell, day)
Row = tuple[int, str, int, int | None, int | None, date]


def rows(now: datetime) -> list[Row]:
    """Cases of the last weeks that take part: not confidential, not void, not merged."""
    since = _midnight(now) - timedelta(days=PAST)
    found = (
        Case.objects.filter(reported_at__gte=since, reported_at__lt=now, confidential=False)
        .exclude(stage__in=[Stage.VOID, Stage.MERGED, Stage.DECLINED])
        .exclude(class_code="")
        .order_by()
        .values_list(
            "pk", "class_code", "town_id", "district_id", "village_id", "cell", "reported_at"
        )
    )
    return [
        (pk, code, town or district, village, cell, at.astimezone(LOCAL).date())
        for pk, code, town, district, village, cell, at in found.iterator(chunk_size=5000)
        if takes_part(code, confidential=False)
    ]


def _midnight(now: datetime) -> datetime:
    return now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


def spikes(found: list[Row], now: datetime) -> Iterator[Found]:
    """By class and town, yesterday and the last seven whole days; see `stats.control`."""
    today = now.astimezone(LOCAL).date()
    days = [today - timedelta(days=n) for n in range(PAST, 0, -1)]
    place = {day: index for index, day in enumerate(days)}
    series: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0] * len(days))
    ids: defaultdict[tuple[str, int], list[tuple[date, int]]] = defaultdict(list)
    whole: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(days))
    for pk, code, town, _, _, day in found:
        if day in place:
            series[code, town][place[day]] += 1
            whole[code][place[day]] += 1
            ids[code, town].append((day, pk))
    alpha = control.alpha_for(len(series), FALSE_A_WEEK)
    judged: list[control.Verdict] = []
    warned: list[tuple[str, int, control.Verdict]] = []
    first = days[0].weekday()
    for (code, town), counts in series.items():
        factors = control.weekday_factors(whole[code], first)
        verdicts = control.judge(counts, first, factors, alpha)
        judged += verdicts
        worst = min((each for each in verdicts if each.warns), key=lambda v: v.chance, default=None)
        if worst is not None:
            warned.append((code, town, worst))
    to_expect = control.expected_false(judged) * 7
    for code, town, worst in warned:
        since = today - timedelta(days=worst.window)
        yield Found(
            Kind.SPIKE,
            f"{code}:{town}",
            town,
            _start(since),
            _start(today),
            worst.observed,
            worst.expected,
            worst.threshold,
            code,
            worst.chance,
            detail={
                "window": worst.window,
                "phi": round(worst.phi, 2),
                "alpha": alpha,
                "series": len(series),
                "false_a_week": round(to_expect, 2),
                "daily": series[code, town][-28:],
            },
            case_ids=tuple(pk for day, pk in ids[code, town] if day >= since)[:200],
        )


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)


def repeats(found: list[Row], now: datetime) -> Iterator[Found]:
    """Three or more of one class in one cell of about 130 m within thirty days."""
    since = now.astimezone(LOCAL).date() - timedelta(days=REPEAT_DAYS)
    groups: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    of_class: Counter[str] = Counter()
    for row in found:
        if row[4] is not None and row[5] >= since:
            groups[row[1], cells.parent(row[4], REPEAT_ZOOM)].append(row)
            of_class[row[1]] += 1
    places = Counter(code for code, _ in groups)
    for (code, cell), here in groups.items():
        if len(here) < REPEAT_TIMES:
            continue
        usual = of_class[code] / places[code]
        yield Found(
            Kind.REPEAT,
            f"{code}:{cell}",
            here[0][3] or here[0][2],
            _start(min(row[5] for row in here)),
            now,
            len(here),
            usual,
            REPEAT_TIMES,
            code,
            cell=cell,
            detail={"days": REPEAT_DAYS, "zoom": REPEAT_ZOOM, "places": places[code]},
            case_ids=tuple(row[0] for row in here)[:200],
        )


def series(found: list[Row], now: datetime) -> Iterator[Found]:
    """Components of one class failing one after another in one village: at least four within
    fourteen days, and by chance (Poisson, from the weeks before) less than one in a thousand."""
    today = now.astimezone(LOCAL).date()
    since = today - timedelta(days=SERIES_DAYS)
    groups: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    before: Counter[tuple[str, int]] = Counter()
    for row in found:
        if row[1].startswith("C") and row[3] is not None:
            if row[5] >= since:
                groups[row[1], row[3]].append(row)
            else:
                before[row[1], row[3]] += 1
    for (code, village), here in groups.items():
        expected = (before[code, village] + 0.5) * SERIES_DAYS / (PAST - SERIES_DAYS)
        limit = max(SERIES_LEAST, control.threshold(expected, 1.0, SERIES_CHANCE))
        if len(here) >= limit:
            yield Found(
                Kind.SERIES,
                f"{code}:{village}",
                village,
                _start(since),
                now,
                len(here),
                expected,
                limit,
                code,
                control.tail(len(here), expected, 1.0),
                detail={"days": SERIES_DAYS},
                case_ids=tuple(row[0] for row in here)[:200],
            )


def clusters(found: list[Row], now: datetime) -> Iterator[Found]:
    """By big class over cells of about 1 km; see `stats.scan`."""
    today = now.astimezone(LOCAL).date()
    since = today - timedelta(days=SCAN_DAYS)
    by_class: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        if row[4] is not None and row[5] < today:
            by_class[row[1][:3]].append(row)
    for big, some in by_class.items():
        recent: defaultdict[int, list[int]] = defaultdict(lambda: [0] * SCAN_DAYS)
        past: Counter[int] = Counter()
        for _, _, _, _, cell, day in some:
            assert cell is not None  # left out above
            at = cells.parent(cell, SCAN_ZOOM)
            if day >= since:
                recent[at][(day - since).days] += 1
            else:
                past[at] += 1
        known = {*recent, *past}
        if len(known) > 400:
            continue  # another scale would be needed; `bench.warnings` says what this one costs
        mean = {at: (past[at] + 0.5) / (PAST - SCAN_DAYS) for at in known}
        best = scan.scan(recent, mean, {at: _metres(at) for at in known})
        if best is None or best.chance > SCAN_CHANCE:
            continue
        inside = set(best.cells)
        begin = today - timedelta(days=best.days)
        here = [
            row
            for row in some
            if row[5] >= begin and cells.parent(row[4] or 0, SCAN_ZOOM) in inside
        ]
        yield Found(
            Kind.CLUSTER,
            f"{big}:{min(best.cells)}",
            Counter(row[2] for row in here).most_common(1)[0][0],
            _start(begin),
            _start(today),
            best.observed,
            best.expected,
            best.expected,
            chance=best.chance,
            cell=min(best.cells),
            detail={
                "big": big,
                "cells": list(best.cells)[:50],
                "zoom": SCAN_ZOOM,
                "days": best.days,
                "ratio": round(best.ratio, 2),
                "alpha": SCAN_CHANCE,
            },
            case_ids=tuple(row[0] for row in here)[:200],
        )


def _metres(cell: int) -> tuple[float, float]:
    west, south, east, north = cells.bounds(cell, SCAN_ZOOM)
    lon, lat = (west + east) / 2, (south + north) / 2
    return lon * _METRES * cos(radians(lat)), lat * _METRES


def overdue(now: datetime) -> Iterator[Found]:
    """Hazards found by an inspection, said to be mended, and not inspected again in time."""
    late = Finding.objects.filter(state="recheck", recheck_due_at__lt=now)
    for row in late.order_by("pk")[:500]:
        due = row.recheck_due_at
        if due is None or not takes_part(row.class_code[:5], confidential=False):
            continue
        days = (now - due).days
        yield Found(
            Kind.OVERDUE,
            f"finding:{row.pk}",
            row.region_id,
            due,
            now,
            days,
            0,
            0,
            row.class_code[:5],
            detail={"finding": row.pk, "days": days},
        )


def everything(now: datetime) -> list[Found]:
    """All that is so now, from cases and from inspections."""
    known = rows(now)
    found = [each for finder in (spikes, repeats, series, clusters) for each in finder(known, now)]
    return [*found, *overdue(now)]
