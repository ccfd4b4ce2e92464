"""Cases as open data counts them: of public classes, never confidential, no words, no number."""

from datetime import datetime
from typing import Any

from mengding.cases.models import Case
from mengding.cases.stages import Stage

COLUMNS = (
    "class_code", "case_class_id", "district_id", "town_id", "cell", "stage",
    "reported_at", "closed_at", "handled_late",
)  # fmt: skip


def published(since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Rows of `COLUMNS`, reported in [since, until), by day and class: no order of arrival.

    Void and merged cases are no matters of their own.
    """
    rows = (
        Case.objects.filter(
            reported_at__gte=since,
            reported_at__lt=until,
            public=True,
            confidential=False,
            case_class__isnull=False,
        )
        .exclude(stage__in=[Stage.VOID, Stage.MERGED])
        .values(*COLUMNS)
    )
    return list(rows)


def first_published() -> datetime | None:
    """When the oldest of them was reported."""
    return (
        Case.objects.filter(public=True, confidential=False)
        .order_by("reported_at")
        .values_list("reported_at", flat=True)
        .first()
    )
