"""Daily work that belongs to no case: inspections and tasks done, counted for an area."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet

from mengding.core.text import T
from mengding.costs.activities import ACTIVITIES
from mengding.costs.rates import Version, version_on
from mengding.costs.reckon import price
from mengding.indicators.facts import ZONE
from mengding.indicators.queries.scope import COLUMN, Filters, Scope
from mengding.indicators.spans import Span
from mengding.ledger.models import Event
from mengding.tasks.models import Inspection, Task


def beside_cases(
    scope: Scope, filters: Filters, days: Span, versions: list[Version]
) -> list[dict[str, Any]]:
    """How often and how much; nothing where numbers are narrowed to what such work has not."""
    if filters.class_code or filters.channel or filters.tier or filters.org is not None:
        return []
    where = Q() if scope.place is None else Q(**{COLUMN[scope.level]: scope.place})
    rows: dict[str, tuple[QuerySet[Any], str]] = {
        "inspection": (Inspection.objects.filter(where), "at"),
        # An inspection that was a task counts once, as an inspection.
        "task": (
            Task.objects.filter(where, status="completed").exclude(
                done_event__in=_inspecting(where, days)
            ),
            "done_at",
        ),
    }
    found = []
    for each in ACTIVITIES:
        if not each.beside:
            continue
        query, moment = rows[each.code]
        count = fen = minutes = without = 0
        for since, until, version in _parts(days, versions):
            n = query.filter(
                **{f"{moment}__gte": _start(since), f"{moment}__lt": _start(until)}
            ).count()
            rate = version.rate(each.code) if version else None
            count += n
            if rate is None:
                without += n
                continue
            cost, spent = price(rate, n, None)
            fen, minutes = fen + cost, minutes + (spent or 0)
        name: T = each.name
        found.append(
            {
                "code": each.code,
                "name": name,
                "count": count,
                "fen": fen,
                "minutes": minutes,
                "without_rate": without,
            }
        )
    return found


def _inspecting(where: Q, days: Span) -> QuerySet[Any]:
    inspections = Inspection.objects.filter(
        where, at__gte=_start(days.since), at__lt=_start(days.until)
    ).values("pk")
    return Event.objects.filter(subject_kind="inspection", subject_id__in=inspections).values("pk")


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _parts(days: Span, versions: list[Version]) -> list[tuple[date, date, Version | None]]:
    """The days cut where another version begins."""
    cuts = sorted(
        {days.since, *(v.starts_on for v in versions if days.since < v.starts_on < days.until)}
    )
    ends = [*cuts[1:], days.until]
    return [(a, b, version_on(versions, a)) for a, b in zip(cuts, ends, strict=True)]
