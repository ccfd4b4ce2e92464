"""Turning what somebody typed into a condition on cases."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import BooleanField, Exists, F, FloatField, Func, OuterRef, Q, Value

from mengding.search.models import Entry
from mengding.search.text import bigrams, query


def newest(
    typed: str, before: tuple[datetime, int] | None, limit: int
) -> list[tuple[datetime, int]]:
    """(reported_at, case id) of the newest hits behind `before`, whoever may see them.

    For callers that filter by visibility next; from the index's own table, so that a phrase in
    a hundred thousand cases costs one sort and not as many look-ups.
    """
    rows = Entry.objects.filter(_hit(str(query(typed))))
    if before is not None:
        at, case_id = before
        behind = Q(reported_at__lt=at) | Q(reported_at=at, case_id__lt=case_id)
        rows = rows.filter(behind, reported_at__lte=at)
    ordered = rows.order_by("-reported_at", "-case_id")
    return list(ordered.values_list("reported_at", "case_id")[:limit])


def matches(typed: str) -> Exists | None:
    """An EXISTS on the case id, or None when nothing searchable was typed."""
    tsquery = query(typed)
    if tsquery is None:
        return None
    return Exists(Entry.objects.filter(_hit(tsquery), case_id=OuterRef("pk")))


def most_alike(words: str, case_ids: Sequence[int], limit: int) -> list[int]:
    """Of the cases named, those that share pairs of characters with `words`, most shared first.

    For callers that have narrowed by place and visibility: each document is read by its key.
    """
    either = " | ".join(f"'{token}'" for token in sorted(bigrams(words)))
    if not either or not case_ids:
        return []
    tsquery = Func(Value(either), template="%(expressions)s::tsquery")
    ranked = Entry.objects.filter(_hit(either), case_id__in=case_ids).annotate(
        rank=Func(F("document"), tsquery, function="ts_rank", output_field=FloatField())
    )
    return list(ranked.order_by("-rank", "-case_id").values_list("case_id", flat=True)[:limit])


def _hit(tsquery: str) -> Func:
    return Func(
        F("document"),
        Func(Value(tsquery), template="%(expressions)s::tsquery"),
        template="%(expressions)s",
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )
