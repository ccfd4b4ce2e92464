"""What cases cost: sums, means and medians by department, class and area, over any days.

Counted by pattern: one query says how many cases of each pattern there were, in each row and
month; everything else is worked out from these few numbers, medians exactly.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection

from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.activities import BY_CODE
from mengding.costs.models import CaseCost, Pattern
from mengding.costs.queries.beside import beside_cases
from mengding.costs.queries.rates import district_of, series, waiting
from mengding.costs.rates import SETTINGS, Version, version_on
from mengding.costs.reckon import half_up, middle
from mengding.indicators.queries.labels import labels
from mengding.indicators.queries.scope import (
    COLUMN,
    Filters,
    Scope,
    area_code,
    scope_of,
    where,
)
from mengding.indicators.spans import Span, months_on

BYS = ("class", "org", "region", "channel")
ENDINGS = ("closed", "declined", "void", "merged")
TREND = 12  # months
_TABLE = CaseCost._meta.db_table
_DIMS = {"class": "class_code", "org": "org", "channel": "channel"}
# (key, first of the month) → pattern → how many cases
Counts = dict[tuple[str, date | None], Counter[int]]


@dataclass(slots=True)
class Sum:
    """Cases of one row. `costs`: fen → how many."""

    cases: int = 0
    fen: int = 0
    minutes: int = 0
    costs: Counter[int] = field(default_factory=Counter)

    def add(self, pattern: Pattern, cases: int) -> None:
        """So many cases of this pattern."""
        self.cases += cases
        self.fen += pattern.fen * cases
        self.minutes += pattern.minutes * cases
        self.costs[pattern.fen] += cases

    def shown(self, fewest: int) -> dict[str, Any]:
        """As it is sent; of too few cases only how many they are."""
        few = self.cases < fewest
        return {
            "cases": self.cases,
            "few": few,
            "mean": None if few else half_up(self.fen, self.cases),
            "median": None if few else middle(list(self.costs.items())),
            "fen": None if few else self.fen,
            "minutes": None if few else self.minutes,
        }


def costs_scope(actor: Actor, filters: Filters) -> Scope:
    """Whose costs the actor may see: as with indicators."""
    return scope_of(actor, replace(filters, post=None), "costs.read")


def condition(scope: Scope, days: Span, ending: str) -> tuple[str, list[Any]]:
    """The cases meant, as SQL and its parameters."""
    if ending and ending not in ENDINGS:
        raise Invalid("ending_unknown", T("没有这种结束方式。", "No such ending."), field="ending")
    if days.since >= days.until:
        raise Invalid(
            "period_order", T("结束须晚于开始。", "The end follows the beginning."), field="until"
        )
    sql, values = where(scope)
    sql += " AND day >= %s AND day < %s"
    values = [*values, days.since, days.until]
    if ending:
        sql += " AND ending = %s"
        values.append(ending)
    return sql, values


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
            f" FROM {_TABLE} WHERE {sql} GROUP BY 1, 2, 3",
            values,
        )
        for row, at, pattern, cases in cursor.fetchall():
            if pattern is None:
                unrated += cases
            else:
                found[row, at][pattern] += cases
    return found, unrated


def _sum(some: Mapping[int, int], patterns: Mapping[int, Pattern]) -> Sum:
    found = Sum()
    for pattern, cases in some.items():
        found.add(patterns[pattern], cases)
    return found


def _by_key(counts: Counts) -> dict[str, Counter[int]]:
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for (key, _), some in counts.items():
        found[key].update(some)
    return found


def values(
    actor: Actor,
    days: Span,
    filters: Filters,
    *,
    by: str = "class",
    ending: str = "closed",
    others: Mapping[str, Span] | None = None,
) -> dict[str, Any]:
    """Cost per case in each row, in all, month by month, and what was saved.

    Cases are those that ended in `days` (`ending` "": in any way). Rows stand in the order of
    their codes. `others`: spans to compare with, by name.
    """
    if by not in BYS:
        raise Invalid("by_unknown", T("没有这样的分组。", "No such grouping."), field="by")
    scope = costs_scope(actor, filters)
    versions = series(district_of(actor))
    held = version_on(versions, days.until - timedelta(days=1)) or (
        versions[-1] if versions else None
    )
    fewest = held.fewest if held else SETTINGS["fewest"][2]
    now, unrated = counted(scope, days, ending, by)
    beside = {name: counted(scope, each, ending, by)[0] for name, each in (others or {}).items()}
    last = months_on((days.until - timedelta(days=1)).replace(day=1), 1)
    trend, _ = counted(scope, Span(months_on(last, -TREND), last), ending, monthly=True)
    patterns = Pattern.objects.in_bulk(
        {pk for each in (now, trend, *beside.values()) for some in each.values() for pk in some}
    )
    rows = _by_key(now)
    total = sum(rows.values(), Counter())
    return {
        "since": days.since,
        "until": days.until,
        "by": by,
        "ending": ending,
        "fewest": fewest,
        "example": any(each.example for each in _holding(versions, days)),
        "rated": bool(versions),
        "recounting": waiting(district_of(actor)),
        "area": area_code(scope),
        "unrated": unrated,
        "rows": _rows(by, rows, {k: _by_key(v) for k, v in beside.items()}, patterns, fewest),
        "total": _sum(total, patterns).shown(fewest),
        "beside": {
            name: {
                "since": others[name].since,
                "until": others[name].until,
                **_sum(sum(_by_key(each).values(), Counter()), patterns).shown(fewest),
            }
            for name, each in beside.items()
            if others
        },
        "activities": _activities(total, patterns, fewest),
        "trend": _trend(trend, patterns, last, fewest),
        "saved": _saved(total, patterns, held),
        "other_work": beside_cases(scope, filters, days, versions),
    }


def _holding(versions: list[Version], days: Span) -> Iterable[Version]:
    """The versions that held on some of these days."""
    first = version_on(versions, days.since)
    for each in versions:
        if each is first or days.since < each.starts_on < days.until:
            yield each


def _rows(
    by: str,
    rows: Mapping[str, Counter[int]],
    beside: Mapping[str, Mapping[str, Counter[int]]],
    patterns: Mapping[int, Pattern],
    fewest: int,
) -> list[dict[str, Any]]:
    named = labels(by, {*rows, *(key for each in beside.values() for key in each)})
    found = []
    for key in sorted(named, key=lambda each: (not named[each][0], named[each][0] or each)):
        code, name = named[key]
        found.append(
            {
                "key": key,
                "code": code,
                "name": name,
                **_sum(rows.get(key, {}), patterns).shown(fewest),
                "beside": {
                    each: _sum(other.get(key, {}), patterns).shown(fewest)
                    for each, other in beside.items()
                },
            }
        )
    return found


def _activities(
    total: Mapping[int, int], patterns: Mapping[int, Pattern], fewest: int
) -> list[dict[str, Any]]:
    """The total by activity: how often, how long, how much; those without a rate count 0."""
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


def _trend(
    trend: Counts, patterns: Mapping[int, Pattern], last: date, fewest: int
) -> list[dict[str, Any]]:
    found = []
    for back in range(TREND, 0, -1):
        month = months_on(last, -back)
        shown = _sum(trend.get(("", month), {}), patterns).shown(fewest)
        found.append({"month": month, **shown})
    return found


def _saved(
    total: Mapping[int, int], patterns: Mapping[int, Pattern], held: Version | None
) -> dict[str, Any]:
    """Estimates: cases they come from, reports or matters, fen, minutes, and the factor."""
    found = {}
    for name in ("merged", "spot"):
        sums = [0, 0, 0, 0]
        for pk, often in total.items():
            if saved := getattr(patterns[pk], name):
                sums = [a + b * often for a, b in zip(sums, (1, *saved), strict=True)]
        percent = None if held is None else (
            held.merge_percent if name == "merged" else held.self_percent
        )  # fmt: skip
        keys = ("cases", "times", "fen", "minutes")
        found[name] = {**dict(zip(keys, sums, strict=True)), "percent": percent}
    return found


def yuan(fen: int | None) -> str:
    """Fen as CNY with two places; nothing where there is no number."""
    if fen is None:
        return ""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def as_csv(answer: Mapping[str, Any]) -> bytes:
    """The table as a file, with the breakdown by activity and how it was counted below it."""
    few = T("太少", "too few").said()
    head = [
        T("项目", "Item"), T("案件数", "Cases"), T("平均（元）", "Mean (CNY)"),
        T("中位数（元）", "Median (CNY)"), T("合计（元）", "Total (CNY)"), T("小时", "Hours"),
    ]  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    if answer["example"]:
        writer.writerow([T("示例标准，不是真实单价", "Example rates, no real prices").said()])
    writer.writerow([each.said() for each in head])
    for row in [*answer["rows"], {"name": T("合计", "Total"), **answer["total"]}]:
        numbers = (
            [few] * 4
            if row["few"]
            else [
                *(yuan(row[name]) for name in ("mean", "median", "fen")),
                f"{row['minutes'] / 60:.2f}",
            ]
        )
        writer.writerow([row["name"].said(), row["cases"], *numbers])
    writer.writerow([])
    writer.writerow([
        each.said() for each in (
            T("活动", "Activity"), T("次数", "Times"), T("合计（元）", "Total (CNY)"),
            T("每件（元）", "Per case (CNY)"), T("口径", "How it is counted"),
        )
    ])  # fmt: skip
    for row in answer["activities"]:
        writer.writerow(
            [
                row["name"].said(), row["count"], yuan(row["fen"]), yuan(row["per_case"]),
                BY_CODE[row["code"]].counts.said(),
            ]
        )  # fmt: skip
    return ("\ufeff" + text.getvalue()).encode()
