"""What cases cost: sums, means and medians by department, class and area, over any days.

Counted by pattern (`counts`): how many cases of each pattern there were, in each row and month;
everything else is worked out from these numbers (`sums`), medians exactly.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.activities import BY_CODE
from mengding.costs.queries.beside import beside_cases
from mengding.costs.queries.counts import BYS, Counts, counted
from mengding.costs.queries.rates import district_of, series, waiting
from mengding.costs.queries.sums import NOTHING, Sum, sums
from mengding.costs.rates import SETTINGS, Version, version_on
from mengding.indicators.queries.labels import labels, place_name
from mengding.indicators.queries.scope import Filters, Scope, area_code, scope_of
from mengding.indicators.spans import Span, months_on

TREND = 12  # months


def costs_scope(actor: Actor, filters: Filters) -> Scope:
    """Whose costs the actor may see: as with indicators."""
    return scope_of(actor, replace(filters, post=None), "costs.read")


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
    counts = counted(scope, days, ending, by)
    rows, total = sums(_by_key(counts))
    # Of a year the one before is also the one a year earlier: read once.
    spans = {each: sums(_by_key(counted(scope, each, ending, by)))
             for each in {*(others or {}).values()}}  # fmt: skip
    beside = {name: spans[each] for name, each in (others or {}).items()}
    last = months_on((days.until - timedelta(days=1)).replace(day=1), 1)
    trend, _ = sums(counted(scope, Span(months_on(last, -TREND), last), ending, monthly=True).rows)
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
        "scope": place_name(scope.place),
        "unrated": counts.unrated,
        "rows": _rows(by, rows, {name: some for name, (some, _) in beside.items()}, fewest),
        "total": total.shown(fewest),
        "beside": {
            name: {
                "since": others[name].since,
                "until": others[name].until,
                **whole.shown(fewest),
            }
            for name, (_, whole) in beside.items()
            if others
        },
        "activities": total.activities(fewest),
        "trend": _trend(trend, last, fewest),
        "saved": _saved(total, held),
        "other_work": beside_cases(scope, filters, days, versions),
    }


def _by_key(counts: Counts) -> dict[str, bytes]:
    return {key: some for (key, _), some in counts.rows.items()}


def _holding(versions: list[Version], days: Span) -> Iterable[Version]:
    """The versions that held on some of these days."""
    first = version_on(versions, days.since)
    for each in versions:
        if each is first or days.since < each.starts_on < days.until:
            yield each


def _rows(
    by: str, rows: Mapping[str, Sum], beside: Mapping[str, Mapping[str, Sum]], fewest: int
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
                **_shown(rows, key, fewest),
                "beside": {each: _shown(other, key, fewest) for each, other in beside.items()},
            }
        )
    return found


def _trend(trend: Mapping[Any, Sum], last: date, fewest: int) -> list[dict[str, Any]]:
    found = []
    for back in range(TREND, 0, -1):
        month = months_on(last, -back)
        found.append({"month": month, **_shown(trend, ("", month), fewest)})
    return found


def _shown(some: Mapping[Any, Sum], key: Any, fewest: int) -> dict[str, Any]:
    return (some.get(key) or NOTHING).shown(fewest)


def _saved(total: Sum, held: Version | None) -> dict[str, Any]:
    """Estimates, each with the factor in force."""
    percent = {
        "merged": held.merge_percent if held else None,
        "spot": held.self_percent if held else None,
    }
    return {name: {**each, "percent": percent[name]} for name, each in total.saved().items()}


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
