"""Closed periods: what was kept, and what has changed since."""

from typing import Any

from django.db import connection

from mengding.cases.models import Case
from mengding.cases.visibility import visible_to
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.indicators import rollup
from mengding.indicators.models import Period, Touched
from mengding.indicators.queries.drill import codes_of
from mengding.indicators.queries.scope import Filters, Scope, scope_of, where
from mengding.indicators.spans import Span, called, kind_of
from mengding.people import queries as people
from mengding.policy.permissions import require

_MOST = 200
_LISTED = 51  # three years of months, quarters and years


def _district(scope: Scope) -> int | None:
    if scope.place is None:
        return None
    *_, district = people.tree().chain(scope.place)
    return district


def periods(actor: Actor) -> list[dict[str, Any]]:
    """The closed periods of the actor's district, newest first, longer before shorter, with how
    many of the facts the actor sees have changed since."""
    require(actor, "indicators.read")
    scope = scope_of(actor, Filters())
    rows = Period.objects.order_by("-until", "since")
    if (district := _district(scope)) is not None:
        rows = rows.filter(district=district)
    return [_one(row) | {"corrections": _changed(scope, row, count=True)} for row in rows[:_LISTED]]


def _one(row: Period) -> dict[str, Any]:
    days = Span(row.since, row.until)
    return {
        "id": row.pk,
        "kind": kind_of(days),
        "called": called(days),
        "since": row.since,
        "until": row.until,
        "frozen_at": row.frozen_at,
        "digest": row.digest,
    }


def period(actor: Actor, period_id: int) -> Period:
    """A closed period of the actor's district; NotFound otherwise."""
    scope = scope_of(actor, Filters())
    row = Period.objects.filter(pk=period_id).first()
    district = _district(scope)
    if row is None or (district is not None and row.district_id != district):
        raise NotFound("period_not_found", T("没有这个期间。", "There is no such period."))
    return row


def corrections(actor: Actor, period_id: int) -> dict[str, Any]:
    """What changed after a period was closed: each case with what it counted for then and now.

    `hidden`: changed facts of cases the reader may not open (any more).
    """
    row = period(actor, period_id)
    found = _changed(scope_of(actor, Filters()), row)
    seen = Case.objects.filter(visible_to(actor), pk__in={case for case, *_ in found})
    numbers = {pk: number or f"#{pk}" for pk, number in seen.values_list("pk", "number")}
    items = [
        {
            "case_id": case,
            "number": numbers[case],
            "kind": kind,
            "then": codes_of(before or 0),
            "now": codes_of(after or 0),
            "moved": before == after,
        }
        for case, kind, _, before, after in found
        if case in numbers
    ]
    return _one(row) | {
        "corrections": len(found),
        "hidden": len(found) - len(items),
        "items": items[:_MOST],
    }


def _changed(scope: Scope, row: Period, *, count: bool = False) -> Any:
    """Facts that differ from the kept ones: (case, kind, order, bits then, bits now)."""
    condition, values = where(scope)
    what = "count(*)" if count else "case_id, kind, order_id, k.bits, o.bits"
    order = "" if count else " ORDER BY case_id DESC, kind, order_id"
    # An array and not a subquery: these few are read by their key, whatever the planner thinks.
    narrow = f"case_id = ANY(%s) AND {condition}"
    touched = list(Touched.objects.filter(period=row).values_list("case_id", flat=True))
    values = [touched, *values]
    with connection.cursor() as cursor:
        cursor.execute(
            rollup.changed(what, narrow) + order,
            [row.pk, row.since, *values, row.district_id, row.since, row.until, *values],
        )
        if count:
            (number,) = cursor.fetchone() or (0,)
            return number
        return cursor.fetchall()


def names(ids: set[int]) -> dict[int, str]:
    """Closed periods by id, for the ledger: 2026-11 名山区, 2026-Q4 名山区."""
    rows = Period.objects.filter(pk__in=ids).select_related("district")
    return {row.pk: f"{called(Span(row.since, row.until))} {row.district.name}" for row in rows}
