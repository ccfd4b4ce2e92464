"""Costs as they were counted before counts were kept ready: one scan of the cases, by pattern.

What is shown must not differ from it by a fen. It reads nothing but the rows of cases and their
patterns, and adds up in plain Python.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection

from mengding.core.actor import Actor
from mengding.costs.activities import BY_CODE
from mengding.costs.models import CaseCost, Pattern
from mengding.costs.queries.counts import condition
from mengding.costs.queries.rates import district_of, series
from mengding.costs.queries.values import TREND, costs_scope
from mengding.costs.rates import SETTINGS, version_on
from mengding.costs.reckon import half_up
from mengding.indicators.queries.scope import COLUMN, Filters, Scope
from mengding.indicators.spans import Span, months_on

_DIMS = {"class": "class_code", "org": "org", "channel": "channel"}
# (key, first of the month) → pattern → how many cases
Counts = dict[tuple[str, date | None], Counter[int]]


def middle(counts: Mapping[int, int]) -> int | None:
    """The median of value → how often; of an even number the mean of two, halves up."""
    total = sum(counts.values())
    if not total:
        return None
    low, high = (total - 1) // 2, total // 2
    seen = 0
    first: int | None = None
    for value, often in sorted(counts.items()):
        seen += often
        if first is None and seen > low:
            first = value
        if seen > high:
            assert first is not None
            return half_up(first + value, 2)
    raise AssertionError("the middle lies within")


@dataclass(slots=True)
class Sum:
    """Cases of one row. `costs`: fen → how many."""

    cases: int = 0
    fen: int = 0
    minutes: int = 0
    costs: Counter[int] = field(default_factory=Counter)

    def shown(self, fewest: int) -> dict[str, Any]:
        """As it is sent; of too few cases only how many they are."""
        few = self.cases < fewest
        return {
            "cases": self.cases,
            "few": few,
            "mean": None if few else half_up(self.fen, self.cases),
            "median": None if few else middle(self.costs),
            "fen": None if few else self.fen,
            "minutes": None if few else self.minutes,
        }


def counted(
    scope: Scope, days: Span, ending: str, by: str = "", *, monthly: bool = False
) -> tuple[Counts, int]:
    """Cases by row, month and pattern, and how many more had work before the first rates."""
    sql, values = condition(scope, days, ending)
    below = COLUMN[min(scope.level + 1, 3)]
    key = "''" if not by else f"{below if by == 'region' else _DIMS[by]}::text"
    month = "date_trunc('month', day)::date" if monthly else "NULL::date"
    found: Counts = defaultdict(Counter)
    unrated = 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {month}, CASE WHEN whole THEN pattern_id END, count(*)"  # noqa: S608
            f" FROM {CaseCost._meta.db_table} WHERE {sql} GROUP BY 1, 2, 3",
            values,
        )
        for row, at, pattern, cases in cursor.fetchall():
            if pattern is None:
                unrated += cases
            else:
                found[row, at][pattern] += cases
    return found, unrated


def answer(
    actor: Actor,
    days: Span,
    filters: Filters,
    *,
    by: str = "class",
    ending: str = "closed",
    others: Mapping[str, Span] | None = None,
) -> dict[str, Any]:
    """The numbers of `queries.values`: rows by key, total, beside, activities, trend, saved."""
    scope = costs_scope(actor, filters)
    versions = series(district_of(actor))
    held = version_on(versions, days.until - timedelta(days=1)) or (
        versions[-1] if versions else None
    )
    fewest = held.fewest if held else SETTINGS["fewest"][2]
    now, unrated = counted(scope, days, ending, by)
    others = others or {}
    beside = {name: counted(scope, each, ending, by)[0] for name, each in others.items()}
    last = months_on((days.until - timedelta(days=1)).replace(day=1), 1)
    trend, _ = counted(scope, Span(months_on(last, -TREND), last), ending, monthly=True)
    patterns = Pattern.objects.in_bulk(
        {pk for each in (now, trend, *beside.values()) for some in each.values() for pk in some}
    )

    def shown(some: Mapping[int, int]) -> dict[str, Any]:
        found = Sum()
        for pk, cases in some.items():
            found.cases += cases
            found.fen += patterns[pk].fen * cases
            found.minutes += patterns[pk].minutes * cases
            found.costs[patterns[pk].fen] += cases
        return found.shown(fewest)

    total = _together(now)
    keys = {key for each in (now, *beside.values()) for key, _ in each}
    return {
        "fewest": fewest,
        "unrated": unrated,
        "rows": {
            key: {
                **shown(now.get((key, None), {})),
                "beside": {n: shown(each.get((key, None), {})) for n, each in beside.items()},
            }
            for key in keys
        },
        "total": shown(total),
        "beside": {name: shown(_together(each)) for name, each in beside.items()},
        "activities": _activities(total, patterns, fewest),
        "trend": [
            {"month": month, **shown(trend.get(("", month), {}))}
            for month in (months_on(last, -back) for back in range(TREND, 0, -1))
        ],
        "saved": {
            name: _saved(name, total, patterns) for name in ("merged", "spot")
        },
    }  # fmt: skip


def _together(counts: Counts) -> Counter[int]:
    found: Counter[int] = Counter()
    for each in counts.values():
        found.update(each)
    return found


def _activities(
    total: Mapping[int, int], patterns: Mapping[int, Pattern], fewest: int
) -> list[dict[str, Any]]:
    cases = sum(total.values())
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for pk, often in total.items():
        for activity, count, minutes, fen in patterns[pk].lines:
            row = found[activity]
            row[0] += count * often
            row[1] += (minutes or 0) * often
            row[2] += (fen or 0) * often
            row[3] += count * often if fen is None else 0
    few = cases < fewest
    return [
        {
            "code": code,
            "name": each.name,
            "group": each.group,
            "count": found[code][0],
            "minutes": None if few else found[code][1],
            "fen": None if few else found[code][2],
            "per_case": None if few else half_up(found[code][2], cases),
            "without_rate": found[code][3],
        }
        for code, each in BY_CODE.items()
        if code in found
    ]


def _saved(name: str, total: Mapping[int, int], patterns: Mapping[int, Pattern]) -> dict[str, int]:
    sums = [0, 0, 0, 0]
    for pk, often in total.items():
        if saved := getattr(patterns[pk], name):
            sums = [a + b * often for a, b in zip(sums, (1, *saved), strict=True)]
    return dict(zip(("cases", "times", "fen", "minutes"), sums, strict=True))


def numbers_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """What `queries.values` answered, in the shape of `answer`."""
    return {
        "fewest": found["fewest"],
        "unrated": found["unrated"],
        "rows": {
            row["key"]: {k: v for k, v in row.items() if k not in ("key", "code", "name")}
            for row in found["rows"]
        },
        "total": found["total"],
        "beside": {
            name: {k: v for k, v in each.items() if k not in ("since", "until")}
            for name, each in found["beside"].items()
        },
        "activities": found["activities"],
        "trend": found["trend"],
        "saved": {
            name: {k: v for k, v in each.items() if k != "percent"}
            for name, each in found["saved"].items()
        },
    }
