"""Daily work that belongs to no case: inspections and tasks done, counted for an area."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet

from mengding.costs.activities import ACTIVITIES
from mengding.costs.rates import Version, version_on
from mengding.costs.reckon import price
from mengding.indicators.facts import ZONE
from mengding.indicators.queries.scope import COLUMN, Filters, Scope
from mengding.indicators.spans import Span
from mengding.ledger.models import Event
from mengding.tasks.models import Inspection, Task

# When each piece was done.
MOMENT = {"inspection": "at", "task": "done_at"}


def beside_cases(
    scope: Scope, filters: Filters, days: Span, versions: list[Version]
) -> list[dict[str, Any]]:
    """How often and how much; nothing where numbers are narrowed to what such work has not.

    Each piece is priced by itself, so that a sum is that of the pieces listed behind it.
    """
    if _apart(filters):
        return []
    found = []
    for each in ACTIVITIES:
        if not each.beside:
            continue
        count = fen = minutes = without = 0
        for part, version in _parts(days, versions):
            n = pieces(each.code, scope, filters, part).count()
            cost, spent = piece_price(each.code, version)
            count += n
            if cost is None:
                without += n
                continue
            fen, minutes = fen + n * cost, minutes + n * (spent or 0)
        found.append(
            {
                "code": each.code,
                "name": each.name,
                "count": count,
                "fen": fen,
                "minutes": minutes,
                "without_rate": without,
            }
        )
    return found


def pieces(code: str, scope: Scope, filters: Filters, days: Span) -> QuerySet[Any]:
    """The inspections or tasks that are counted, by `code` of the activity."""
    where = Q() if scope.place is None else Q(**{COLUMN[scope.level]: scope.place})
    if scope.loose and scope.level < len(COLUMN) - 1:
        where &= Q(**{COLUMN[scope.level + 1]: None})
    rows: QuerySet[Any] = Inspection.objects.filter(where)
    if code == "task":  # an inspection that was a task counts once, as an inspection
        seen = Event.objects.filter(
            subject_kind="inspection", subject_id__in=_in(rows, "inspection", days).values("pk")
        )
        rows = Task.objects.filter(where, status="completed").exclude(
            done_event__in=seen.values("pk")
        )
    rows = _in(rows, code, days)
    return rows.none() if _apart(filters) else rows


def piece_price(code: str, version: Version | None) -> tuple[int | None, int | None]:
    """(fen, minutes) of one piece; no fen where there is no rate."""
    rate = version.rate(code) if version else None
    return price(rate, 1, None) if rate else (None, None)


def _apart(filters: Filters) -> bool:
    """Whether the filters ask for what daily work has not."""
    asked = filters.class_code or filters.channel or filters.tier
    return bool(asked) or filters.org is not None


def _in(rows: QuerySet[Any], code: str, days: Span) -> QuerySet[Any]:
    moment = MOMENT[code]
    return rows.filter(
        **{f"{moment}__gte": _start(days.since), f"{moment}__lt": _start(days.until)}
    )


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _parts(days: Span, versions: list[Version]) -> list[tuple[Span, Version | None]]:
    """The days cut where another version begins."""
    cuts = sorted(
        {days.since, *(v.starts_on for v in versions if days.since < v.starts_on < days.until)}
    )
    ends = [*cuts[1:], days.until]
    return [(Span(a, b), version_on(versions, a)) for a, b in zip(cuts, ends, strict=True)]
