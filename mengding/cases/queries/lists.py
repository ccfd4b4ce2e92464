"""Pages of cases, filtered and sorted on the case row alone."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.queries.filtering import Filters, filtered
from mengding.cases.visibility import visible_to
from mengding.catalogue import queries as catalogue
from mengding.clocks.queries import colour
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.paging import decode_cursor, encode_cursor, paginate
from mengding.people import queries as people
from mengding.regions import locate
from mengding.search.queries import newest

COLUMNS = (
    "id", "number", "stage", "stage_since", "version", "channel", "case_class_id", "class_code",
    "grade", "confidential", "description", "address", "lon", "lat", "district_id", "town_id",
    "village_id", "grid_id", "owner_org_id", "lead_org_id", "proposed_org_id", "reported_at",
    "due_at", "yellow_at", "closed_at", "updated_at", "outcome", "reports_count", "rework_count",
    "supervised",
)  # fmt: skip

# Each has an index behind it. What has no such value is not in the list: sorted by deadline it
# shows open cases only, by its end ended ones, by number those that were filed.
ORDERS: dict[str, type[Any]] = {
    "-reported_at": datetime, "reported_at": datetime, "due_at": datetime, "-due_at": datetime,
    "-closed_at": datetime, "closed_at": datetime, "-updated_at": datetime,
    "number": str, "-number": str,
}  # fmt: skip
_HAVING = {
    "due_at": Q(due_at__isnull=False, closed_at__isnull=True),
    "closed_at": Q(closed_at__isnull=False),
    "number": Q(number__isnull=False),
}
MOST_SKIPPED = 1000


def in_order(actor: Actor, filters: Filters, order: str) -> QuerySet[Case]:
    """The filtered cases that have a place in the order; raises `Invalid` naming `sort`."""
    if order not in ORDERS:
        raise Invalid(
            "sort_unknown",
            T("不支持的排序：{given}。", "Sort by one of {known}.").fill(
                given=order[:40], known=", ".join(ORDERS)
            ),
            field="sort",
        )
    return filtered(actor, filters).filter(_HAVING.get(order.lstrip("-"), Q()))


def case_page(
    actor: Actor,
    filters: Filters,
    *,
    order: str,
    cursor: str | None,
    limit: int,
    skip: int = 0,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page as dicts ready to send, and the cursor of the next (None at the end).

    `skip` rows behind the cursor are left out, up to `MOST_SKIPPED`.
    """
    rows = in_order(actor, filters, order)
    by_text = filters.text.strip() and order == "-reported_at"
    page = _newest_hits(actor, filters, cursor, skip + limit) if by_text else None
    following: str | None = None
    if page is None:
        # What is skipped need not be read but for its place.
        columns = (order.lstrip("-"), "id") if skip else COLUMNS
        page, following = paginate(
            rows.values(*columns), order, ORDERS[order], cursor=cursor, limit=limit, skip=skip
        )
        if skip:
            whole = Case.objects.filter(visible_to(actor), pk__in=[row["id"] for row in page])
            by_id = {row["id"]: row for row in whole.values(*COLUMNS)}
            page = [by_id[row["id"]] for row in page if row["id"] in by_id]
    else:
        page = page[skip:]
        if len(page) > limit:
            page = page[:limit]
            following = encode_cursor(order, page[-1]["reported_at"], page[-1]["id"])
    now = clock.now()
    return [listed(row, now) for row in page], following


def head_of(page: list[dict[str, Any]], order: str) -> str | None:
    """A cursor right before a page's first row: reading from it, rows that come later on top do
    not move the ones below."""
    if not page:
        return None
    first = page[0]
    before = first["id"] + (1 if order.startswith("-") else -1)
    return encode_cursor(order, first[order.lstrip("-")], before)


# How many hits are looked at first, and then, before the database joins all of them.
_FEW, _MANY = 400, 4000


def _newest_hits(
    actor: Actor, filters: Filters, cursor: str | None, limit: int
) -> list[dict[str, Any]] | None:
    """Up to `limit` + 1 rows from the newest hits of the text, or None when those few do not
    decide it (most hits lie outside what the actor sees or filters for)."""
    before = decode_cursor(cursor, "-reported_at", datetime) if cursor else None
    narrowed = filtered(actor, replace(filters, text=""))
    found: list[dict[str, Any]] = []
    for size in (max(_FEW, limit + 1), _MANY):
        hits = newest(filters.text, before, size)
        rows = narrowed.filter(pk__in=[case_id for _, case_id in hits])
        found += rows.order_by("-reported_at", "-pk").values(*COLUMNS)[: limit + 1 - len(found)]
        if len(found) > limit or len(hits) < size:
            return found
        before = hits[-1]
    return None


def listed(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A row as the API shows it: names beside ids, the light, a short description."""
    class_id = row.pop("case_class_id")
    chosen = catalogue.class_by_id(class_id) if class_id else None
    row["class_name"] = chosen.name if chosen else None
    row["description"] = row["description"][:160]
    for name in ("owner_org", "lead_org", "proposed_org"):
        org = people.organisation(row[f"{name}_id"]) if row[f"{name}_id"] else None
        row[name] = org_name(org)
    place = row["grid_id"] or row["village_id"] or row["town_id"] or row["district_id"]
    row["place"] = locate.names(place)
    yellow_at = row.pop("yellow_at")
    row["colour"] = None if row["closed_at"] else colour(yellow_at, row["due_at"], now)
    return row


def org_name(org: Any) -> T | None:
    """An organisation's name in both languages."""
    return T(org.name, org.name_en or org.name) if org else None


def capped_count(actor: Actor, filters: Filters, cap: int) -> int:
    """How many cases fit, counted no further than `cap`."""
    return filtered(actor, filters).order_by().values("pk")[:cap].count()


def case_counts(actor: Actor, filters: Filters) -> dict[str, Any]:
    """Open cases by stage and by light, within the filters."""
    now = clock.now()
    rows = filtered(actor, filters).filter(closed_at__isnull=True)
    by_stage = dict(rows.order_by().values_list("stage").annotate(n=Count("pk")))
    lights = rows.aggregate(
        red=Count("pk", filter=Q(due_at__lt=now)),
        yellow=Count("pk", filter=Q(due_at__gte=now, yellow_at__lt=now)),
        green=Count("pk", filter=Q(yellow_at__gte=now)),
        grey=Count("pk", filter=Q(due_at__isnull=True)),
    )
    return {"by_stage": by_stage, "by_colour": lights, "open": sum(by_stage.values())}
