"""The cases behind a number, and the reckoning of one case in words."""

from datetime import date
from typing import Any

import numpy as np
from django.db.models import Count, Q

from mengding.cases.models import Case
from mengding.cases.queries.detail import get_case
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.cases.stages import ENDED
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.costs.activities import BY_CODE, MERGE_METHOD, SELF_METHOD
from mengding.costs.gathering import on_site, reckoned
from mengding.costs.models import CaseCost, Pattern
from mengding.costs.packing import PAIR, Pairs, pairs
from mengding.costs.queries.counts import condition, counted
from mengding.costs.queries.rates import series
from mengding.costs.queries.sums import largest
from mengding.costs.queries.values import costs_scope, yuan
from mengding.costs.reckon import Priced, Saved
from mengding.http.paging import decode_cursor, encode_cursor
from mengding.indicators.queries.labels import labels
from mengding.indicators.queries.scope import Filters
from mengding.indicators.sources import with_events
from mengding.indicators.spans import Span
from mengding.policy.permissions import require

# By what the cases stand in order; of those by a number, the column of the pattern.
ORDERS = {"day": "", "cost": "fen", "hours": "minutes"}
# All that are in the sums; those that something was saved on; those with work before the first
# rates, which are in no sum.
ONLY = ("", "merged", "spot", "unrated")


def behind(
    actor: Actor,
    days: Span,
    filters: Filters,
    *,
    ending: str = "closed",
    only: str = "",
    activity: str = "",
    order: str = "day",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A page of exactly the cases a number counts: newest, costliest or longest first.

    `only`: of these the ones of `ONLY`; `activity`: those in which it was done.
    """
    require(actor, "costs.cases")
    if order not in ORDERS:
        raise Invalid("order_unknown", T("没有这种排序。", "No such order."), field="order")
    if only not in ONLY:
        raise Invalid("only_unknown", T("没有这种筛选。", "No such filter."), field="only")
    if activity and activity not in BY_CODE:
        raise Invalid(
            "activity_unknown", T("没有这项活动。", "No such activity."), field="activity"
        )
    scope = costs_scope(actor, filters)
    sql, params = condition(scope, days, ending)
    # The columns the condition names are the table's own; a joined pattern has none of these names.
    rows = CaseCost.objects.filter(whole=only != "unrated").extra(where=[sql], params=params)
    some = _patterns(only, activity) if only or activity else None
    if some is not None:
        rows = rows.filter(pattern__in=some)
    if only == "unrated":  # of these it is not kept which patterns they have
        each = rows.order_by().values_list("pattern").annotate(n=Count("case_id"))
        counts = np.array(list(each), PAIR)
    else:
        counts = pairs(counted(scope, days, ending).rows.get(("", None), b""))
        if some is not None:
            counts = counts[np.isin(counts["pattern"], list(some.values_list("pk", flat=True)))]
    after = _place(order, *decode_cursor(cursor, order, str)) if cursor else None
    if order == "day":
        page = _newest(rows, after, limit + 1)
    else:
        page = _largest(rows, counts, ORDERS[order], after, limit + 1)
    following = None
    if len(page) > limit:
        last = page[limit - 1]
        value = (
            last["day"].isoformat() if order == "day" else str(last[f"pattern__{ORDERS[order]}"])
        )
        following = encode_cursor(order, value, last["case_id"])
    total = int(counts["cases"].sum())
    return {"total": total, "items": _listed(actor, page[:limit]), "next": following}


def _patterns(only: str, activity: str) -> Any:
    rows = Pattern.objects.all()
    if only in ("merged", "spot"):
        rows = rows.filter(**{f"{only}__isnull": False})
    return rows.filter(lines__contains=[[activity]]) if activity else rows


def _place(order: str, value: str, case: int) -> tuple[Any, int]:
    try:
        return (date.fromisoformat(value) if order == "day" else int(value)), case
    except ValueError as error:
        raise Invalid(
            "cursor_invalid", T("游标无效。", "The cursor is not valid."), field="cursor"
        ) from error


_COLUMNS = ("case_id", "day", "pattern__fen", "pattern__minutes", "org")


def _newest(rows: Any, after: tuple[date, int] | None, wanted: int) -> list[dict[str, Any]]:
    if after:
        rows = rows.extra(where=["(day, case_id) < (%s, %s)"], params=after)
    return list(rows.order_by("-day", "-case_id").values(*_COLUMNS)[:wanted])


def _largest(
    rows: Any, counts: Pairs, by: str, after: tuple[int, int] | None, wanted: int
) -> list[dict[str, Any]]:
    """Only cases of the few patterns that fill the page are looked at, unless these turn out to
    be too few because some were reopened just now."""
    if after:
        size, case = after
        same = Q(**{f"pattern__{by}": size}, case_id__lt=case)
        rows = rows.filter(Q(**{f"pattern__{by}__lt": size}) | same)
    ordered = rows.order_by(f"-pattern__{by}", "-case_id").values(*_COLUMNS)
    few = largest(counts, by, after[0] if after else None, wanted)
    page = list(ordered.filter(pattern__in=few)[:wanted])
    if len(page) < wanted and len(few) < len(np.unique(counts["pattern"])):
        page = list(ordered[:wanted])
    return page


def _listed(actor: Actor, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["case_id"] for row in page]
    seen = Case.objects.filter(visible_to(actor), pk__in=ids)
    cases = {row["id"]: row for row in seen.values(*COLUMNS)}
    now = clock.now()
    return [
        listed(dict(cases[row["case_id"]]), now)
        | {"day": row["day"], "fen": row["pattern__fen"], "minutes": row["pattern__minutes"]}
        for row in page
        if row["case_id"] in cases
    ]


def reckoning_of(actor: Actor, case_id: int) -> dict[str, Any]:
    """What a case came to, line by line, with the version of the rates each line used.

    Of a case that goes on: so far. `NotFound` where the actor may not see the case.
    """
    require(actor, "costs.cases")
    case = get_case(actor, case_id)
    versions = series(case.district_id)
    facts, events = next(with_events([case.pk]))
    found = reckoned(facts, events, versions, on_site())
    orgs = labels("org", {str(line.org) for line in found.lines})
    starts = {each.number: each.starts_on for each in versions}
    return {
        "case_id": case.pk,
        "number": case.number,
        "ended": case.stage in ENDED,
        "rated": bool(versions),
        "whole": found.whole,
        "example": any(
            each.example for each in versions
            if each.number in {line.version for line in found.lines}
        ),
        "fen": found.fen,
        "minutes": found.minutes,
        "lines": [
            {
                "activity": line.activity,
                "name": BY_CODE[line.activity].name,
                "counts": BY_CODE[line.activity].counts,
                "org_name": orgs[str(line.org)][1],
                "count": line.count,
                "minutes": line.minutes,
                "unit": line.rate.unit if line.rate else None,
                "rate_fen": line.rate.fen if line.rate else None,
                "version": line.version,
                "starts_on": starts.get(line.version or 0),
                "fen": line.fen if line.rate else None,
                "said": _said(line),
            }
            for line in found.lines
        ],
        "saved": [
            {"kind": kind, "formula": formula, "fen": each.fen, "minutes": each.minutes,
             "said": _saved(each)}
            for kind, formula, each in (
                ("merge", MERGE_METHOD, found.merged), ("self", SELF_METHOD, found.spot),
            )
            if each is not None
        ],
    }  # fmt: skip


def _said(line: Priced) -> T:
    """The line as a sum people can do again."""
    name = BY_CODE[line.activity].name
    if line.version is None:
        return T(
            "{name} {count} 次：当天还没有标准", "{name} × {count}: no rates held that day"
        ).fill(name=name, count=line.count)
    if line.rate is None:
        return T(
            "{name} {count} 次：没有设标准，不计", "{name} × {count}: no rate was set, not counted"
        ).fill(name=name, count=line.count)
    values = {"name": name, "rate": yuan(line.rate.fen), "sum": yuan(line.fen)}
    if line.rate.unit == "hour":
        hours = f"{(line.minutes or 0) / 60:.2f}".rstrip("0").rstrip(".")
        return T(
            "{name} {hours} 小时 × {rate} 元 = {sum} 元", "{name} {hours} h × {rate} = {sum} CNY"
        ).fill(**values, hours=hours)
    return T(
        "{name} {count} 次 × {rate} 元 = {sum} 元", "{name} {count} × {rate} = {sum} CNY"
    ).fill(**values, count=line.count)


def _saved(each: Saved) -> T:
    values = {
        "gross": yuan(each.gross), "percent": each.percent, "less": yuan(each.less),
        "sum": yuan(each.fen),
    }  # fmt: skip
    if each.less:
        return T(
            "{gross} 元 × {percent}% − {less} 元 = {sum} 元",
            "{gross} × {percent}% − {less} = {sum} CNY",
        ).fill(**values)
    return T("{gross} 元 × {percent}% = {sum} 元", "{gross} × {percent}% = {sum} CNY").fill(
        **values
    )
