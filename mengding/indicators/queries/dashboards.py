"""Dashboards: several tables of one scope and period in one answer, and the same as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.text import T
from mengding.indicators.facts import local_day
from mengding.indicators.queries.labels import labels, place_name
from mengding.indicators.queries.once import together
from mengding.indicators.queries.scope import COLUMN, Filters, scope_of
from mengding.indicators.queries.table import Asked, tables
from mengding.indicators.queries.values import measure
from mengding.indicators.spans import Kind, Span, compared, months_on
from mengding.regions.models import Region

_BIG = (
    "received", "ended", "open", "in_time_rate", "overdue", "closed_rate", "rework_rate",
    "satisfied_rate",
)  # fmt: skip
_DEPARTMENT = (
    "to_handle", "handled_rate", "in_time_rate", "overdue", "closed_rate", "rework_rate",
    "return_rate", "satisfied_rate",
)  # fmt: skip
_SIDE = (
    "received", "open", "to_handle", "in_time_rate", "overdue", "closed_rate", "rework_rate",
    "missed_rate", "satisfied_rate",
)  # fmt: skip
_PARTS = ("received", "in_time", "late_done", "overdue")
_MONTHS = 6  # of the small multiples, the last one of the period included
_MULTIPLES = 24  # small charts
_CLASSES = 10  # bars of one chart


@dataclass(frozen=True, slots=True)
class Layout:
    """What a page shows. `dim`: what stands side by side, of which one can be chosen; `parts`:
    what the chosen one, or everything, is broken down by; `trend`: the rate of the multiples."""

    name: T
    dim: str
    big: tuple[str, ...]
    side: tuple[str, ...]
    parts: tuple[str, ...]
    trend: str = "in_time_rate"


# fmt: off
PAGES: dict[str, Layout] = {
    "overview": Layout(T("总览", "Overview"), "", _BIG, (), ("org", "region", "class", "channel")),
    "department": Layout(T("部门", "Departments"), "org", _DEPARTMENT, _DEPARTMENT,
                         ("class", "region", "channel")),
    "region": Layout(T("区域", "Areas"), "region", _BIG, _SIDE, ("class", "org", "channel")),
    "class": Layout(T("类别", "Classes"), "class", _BIG, _SIDE, ("org", "region", "channel")),
    "channel": Layout(T("来源", "Channels"), "channel", _BIG, _SIDE,
                      ("class", "region", "org"), "satisfied_rate"),
}
# fmt: on
_FIELD = {"org": "org", "region": "region", "class": "class_code", "channel": "channel"}
_NOBODY: dict[str, Any] = {"org": None, "region": "", "class": "", "channel": ""}


def dashboard(
    actor: Actor, page: str, kind: Kind, days: Span, filters: Filters, *, frozen: bool = True,
    whole: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """All of a page: `{page, name, scope, dim, chosen, choices, total, flow, side, parts, trend}`.

    `total`, `side` and `parts` stand beside the period before and the one a year before; `side` is
    None once one of what stands side by side is chosen (of divisions, those below it follow).
    `flow`: in, out and open by step; `trend`: one rate by month. Both are as things stand now,
    also in a closed period. Of more classes than a chart has bars, and of more rates than there are
    small charts, those with most to count are told, unless `whole`.
    """
    with together():
        return _dashboard(actor, page, kind, days, filters, frozen, whole)


def _dashboard(
    actor: Actor, page: str, kind: Kind, days: Span, filters: Filters, frozen: bool, whole: bool
) -> dict[str, Any]:
    layout = PAGES[page]
    before, earlier = compared(kind, days, local_day(clock.now()))
    others = {"before": before, "earlier": earlier}
    chosen = _chosen(layout, filters)
    deepest = scope_of(actor, filters).level == len(COLUMN) - 1
    dim = layout.dim
    if (chosen and dim != "region") or (dim == "region" and deepest):
        dim = ""

    def beside(codes: tuple[str, ...], by: str, most: int | None = None) -> Asked:
        return Asked(codes, by, days, "", frozen, others, most)

    parts = [by for by in layout.parts if not (by == "region" and deepest)]
    first = months_on((days.until - timedelta(days=1)).replace(day=1), 1 - _MONTHS)
    total, flow, trend, *some = tables(
        actor,
        [
            beside(layout.big, ""),
            Asked(["received", "ended", "open"], "", days, _step(days)),
            Asked(
                [layout.trend], dim or ("" if chosen else "org"), Span(first, days.until), "month",
                most=None if whole else _MULTIPLES,
            ),
            *(beside(_PARTS, by, _CLASSES if by == "class" and not whole else None)
              for by in parts),
            *([beside(layout.side, dim)] if dim else ()),
        ],
        filters,
    )  # fmt: skip
    side = some.pop() if dim else None
    return {
        "page": page,
        "name": layout.name,
        "scope": _scope_name(actor, filters),
        "dim": layout.dim,
        "chosen": chosen,
        "choices": _choices(actor, layout, days, filters, side),
        "total": total,
        "flow": flow,
        "side": side,
        "parts": dict(zip(parts, some, strict=True)),
        "trend": trend,
    }


def _scope_name(actor: Actor, filters: Filters) -> T:
    """Whose numbers these are: a division, or the department of the reader."""
    scope = scope_of(actor, replace(filters, org=None))
    if scope.orgs is not None and actor.org_id is not None:
        return labels("org", {str(actor.org_id)})[str(actor.org_id)][1]
    return place_name(scope.place)


def _step(days: Span) -> str:
    """Days of up to two months, weeks of up to half a year, otherwise months."""
    return "day" if days.days <= 62 else "week" if days.days <= 184 else "month"


def _chosen(layout: Layout, filters: Filters) -> dict[str, Any] | None:
    """Which one of what stands side by side is asked for."""
    if not layout.dim:
        return None
    asked = getattr(filters, _FIELD[layout.dim])
    if asked == _NOBODY[layout.dim]:
        return None
    key = str(asked)
    if layout.dim == "region":
        row = Region.objects.filter(code=key.removesuffix("-")).values_list("pk", flat=True)
        key = str(row[0]) if row else "0"
    code, name = labels(layout.dim, {key})[key]
    return {"key": key, "code": code or key, "name": name}


def _choices(
    actor: Actor, layout: Layout, days: Span, filters: Filters, side: dict[str, Any] | None
) -> list[dict[str, Any]]:  # fmt: skip
    """What can be chosen: whatever has a number in the period, by code; what stands side by side,
    while nothing is chosen."""
    if not layout.dim:
        return []
    if side is not None and _chosen(layout, filters) is None:
        return [{name: row[name] for name in ("key", "code", "name")} for row in side["rows"]]
    wide = replace(filters, **{_FIELD[layout.dim]: _NOBODY[layout.dim]})
    if layout.dim == "region" and scope_of(actor, wide).level == len(COLUMN) - 1:
        return []
    rows = measure(actor, layout.side[:2], layout.dim, days.since, days.until, wide).rows
    named = labels(layout.dim, {row.key for row in rows})
    found = [{"key": key, "code": code, "name": name} for key, (code, name) in named.items()]
    return sorted(found, key=lambda each: (not each["code"], each["code"]))


def sheets(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables of a dashboard with what each is called, as they stand on the page."""
    yield T("合计", "Total").said(), answer["total"]
    yield T("收办趋势", "In and out").said(), answer["flow"]
    if answer["side"] is not None:
        yield PAGES[answer["page"]].name.said(), answer["side"]
    for by, part in answer["parts"].items():
        yield T("按{by}", "By {by}").fill(by=_BY[by]).said(), part
    yield T("近六个月", "Six months").said(), answer["trend"]


_BY = {
    "org": T("部门", "department"),
    "region": T("区域", "area"),
    "class": T("类别", "class"),
    "channel": T("来源", "channel"),
}
