"""反查: what a figure of field work counts, exactly that. No names of persons in it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.http.paging import decode_cursor, encode_cursor, paginate
from mengding.indicators import queries as indicators
from mengding.indicators.spans import Span
from mengding.regions.models import Region
from mengding.scores import fieldwork
from mengding.scores.fieldwork import BY_CODE, Figure, Thing
from mengding.tasks.models import Answer, Inspection, Task
from mengding.tasks.queries import editions, work
from mengding.tasks.queries.tasks import item_text

# Order, and the type of what is ordered by.
_ORDERS: Mapping[Thing, tuple[str, type[Any]]] = {
    Thing.TASK: ("due_at", datetime),
    Thing.INSPECTION: ("-at", datetime),
    Thing.ITEM: ("-pk", int),
}
_SAID = {
    Thing.VILLAGE: (T("去过", "visited"), T("没人去过", "nobody was there")),
    Thing.DAY: (T("有人在岗", "on duty"), T("无人在岗", "nobody on duty")),
}
Rows = list[dict[str, Any]]


def behind(
    actor: Actor,
    code: str,
    days: Span,
    region: str = "",
    *,
    part: str = "counts",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A page of what a figure counts. `total` is the figure itself.

    `part` of a rate: `counts` (above the line), `over` (below it) or `rest` (below, not above).
    Each row: `what`, `where`, `at` (of a task its deadline), how it stands, and whether it is
    above the line.
    """
    place = fieldwork.place_of(actor, days, region)
    figure = BY_CODE.get(code)
    if figure is None:
        raise NotFound("figure_unknown", T("没有这个数字。", "There is no such figure."))
    if part not in ("counts", "over", "rest") or (part != "counts" and not figure.rate):
        raise Invalid("part_unknown", T("没有这一部分。", "No such part."), field="part")
    if figure.thing is Thing.CASE:
        found = _cases(actor, place, days, cursor, limit)
    elif figure.thing in _SAID:
        found = _listed(figure, _villages(figure, actor, place, days), part, cursor, limit)
    else:
        found = _records(figure, actor, place, days, part, cursor, limit)
    return {"thing": figure.thing, **found}


def _cases(
    actor: Actor, place: Region, days: Span, cursor: str | None, limit: int
) -> dict[str, Any]:
    """As the indicators list them."""
    found = indicators.cases_of(
        actor, "received", days.since, days.until, fieldwork.by_grid(place),
        cursor=cursor, limit=limit,
    )  # fmt: skip
    items = [
        {
            "id": row["id"],
            "what": row["number"] or f"#{row['id']}",
            "about": row["class_name"] or "",
            "where": " ".join(row["place"][1:]),
            "at": row["day"],
            "state": "",
            "stage": row["stage"],
            "counts": True,
        }
        for row in found.items
    ]
    return {"total": found.total, "items": items, "next": found.next}


def _records(
    figure: Figure, actor: Actor, place: Region, days: Span, part: str,
    cursor: str | None, limit: int,
) -> dict[str, Any]:  # fmt: skip
    rows, conditions = fieldwork.recorded(figure.thing, actor, place, days)
    counts = conditions[figure.counts]
    wanted: Q = {
        "counts": lambda: counts,
        "over": lambda: conditions[figure.over],
        "rest": lambda: conditions[figure.over] & ~counts,
    }[part]()
    rows = rows.filter(wanted)
    order, kind = _ORDERS[figure.thing]
    page, following = paginate(_with_names(rows), order, kind, cursor=cursor, limit=limit)
    above = set(rows.filter(counts, pk__in=[row.pk for row in page]).values_list("pk", flat=True))
    shown = [{**each, "counts": each["id"] in above} for each in _SHOWN[figure.thing](page)]
    return {"total": rows.count(), "items": shown, "next": following}


def _with_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    if rows.model is Answer:
        return rows.select_related("inspection__place", "inspection__village", "inspection__town")
    return rows.select_related(*(work.TASK_NAMES if rows.model is Task else work.INSPECTION_NAMES))


def _tasks(page: Sequence[Task]) -> Rows:
    found = zip(work.tasks(page), page, strict=True)
    return [{**each, "at": row.due_at} for each, row in found]


def _inspections(page: Sequence[Inspection]) -> Rows:
    found = zip(work.inspections(page), page, strict=True)
    return [{**each, "at": row.at} for each, row in found]


def _items(page: Sequence[Answer]) -> Rows:
    known = {pk: editions.catalogue(pk) for pk in {row.inspection.edition_id for row in page}}
    return [
        {
            "id": row.pk,
            "inspection": row.inspection_id,
            "what": item_text(known[row.inspection.edition_id], row.inspection.checklist, row.item),
            "about": row.inspection.place.name,
            "where": work.where(row.inspection.town, row.inspection.village),
            "at": row.inspection.at,
            "state": work.FAILED,
        }
        for row in page
    ]


_SHOWN: Mapping[Thing, Any] = {
    Thing.TASK: _tasks, Thing.INSPECTION: _inspections, Thing.ITEM: _items,
}  # fmt: skip


def _villages(
    figure: Figure, actor: Actor, place: Region, days: Span
) -> list[tuple[int, date | None, bool]]:
    """Villages by code (each with its days, where days are counted), and whether each counts."""
    villages = fieldwork.villages_of(place)
    if figure.thing is Thing.VILLAGE:
        been = fieldwork.visited(actor, place, days)
        return [(village, None, village in been) for village in villages]
    covered = fieldwork.on_duty(place, days)
    gone = fieldwork.gone(days)
    return [(village, day, day in covered[village]) for village in villages for day in gone]


def _listed(
    figure: Figure, found: Sequence[tuple[int, date | None, bool]], part: str,
    cursor: str | None, limit: int,
) -> dict[str, Any]:  # fmt: skip
    rows = [each for each in found if part == "over" or each[2] == (part == "counts")]
    begin = max(0, decode_cursor(cursor, figure.code, int)[0]) if cursor else 0
    following = begin + limit
    page = rows[begin:following]
    named = Region.objects.select_related("parent").defer("boundary", "parent__boundary")
    regions = named.in_bulk({village for village, _, _ in page})
    return {
        "total": len(rows),
        "items": [
            {
                "id": village,
                "what": work.where(regions[village]),
                "about": "",
                "where": work.where(regions[village].parent),
                "at": day,
                "state": _SAID[figure.thing][0 if counts else 1],
                "counts": counts,
            }
            for village, day, counts in page
        ],
        "next": encode_cursor(figure.code, following, 0) if following < len(rows) else None,
    }
