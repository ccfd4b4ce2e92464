"""What the public may see of cases. `public` alone decides which reports those are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from mengding.cases.models import Report
from mengding.ledger.models import Event

COLUMNS = (
    "id", "case_id", "description", "received_at", "address", "lon", "lat", "media_url",
    "case__case_class_id", "case__condition_id", "case__lead_org_id", "case__closed_at",
    "case__updated_at", "case__due_at", "case__handle_due_at", "case__district_id",
    "case__town_id", "case__village_id", "case__grid_id", "case__reply__text",
)  # fmt: skip


def public() -> Q:
    """The condition on `Report` rows that anybody may read: of a public class, not confidential,
    not erased."""
    return Q(
        erased_at__isnull=True,
        case__public=True,
        case__confidential=False,
        case__case_class__isnull=False,
    )


@dataclass(frozen=True, slots=True)
class PublicFilters:
    """What a list is narrowed by; both ends of a span belong to it.

    `bbox`: (west, south, east, north) in WGS-84 degrees. `open`: None for either.
    """

    ids: tuple[int, ...] | None = None
    class_codes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    open: bool | None = None
    bbox: tuple[float, float, float, float] | None = None


def public_reports(filters: PublicFilters, *, offset: int, limit: int) -> list[dict[str, Any]]:
    """Reports with what their case says of them, newest first; one query."""
    rows = Report.objects.filter(public())
    if filters.ids is not None:
        rows = rows.filter(pk__in=filters.ids)
    if filters.class_codes:
        rows = rows.filter(case__class_code__in=filters.class_codes)
    for name, value in (
        ("received_at__gte", filters.since),
        ("received_at__lte", filters.until),
        ("case__updated_at__gte", filters.updated_since),
        ("case__updated_at__lte", filters.updated_until),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    if filters.open is not None:
        rows = rows.filter(case__closed_at__isnull=filters.open)
    if filters.bbox is not None:
        west, south, east, north = filters.bbox
        rows = rows.filter(lon__range=(west, east), lat__range=(south, north))
    rows = rows.order_by("-received_at", "-pk")
    return list(rows.values(*COLUMNS)[offset : offset + limit])


def public_report(report_id: int) -> dict[str, Any] | None:
    """One report, None when the public may not see it."""
    row: dict[str, Any] | None = (
        Report.objects.filter(public(), pk=report_id).values(*COLUMNS).first()
    )
    return row


def public_case_of(report_id: int) -> int | None:
    """The case of a public report."""
    return Report.objects.filter(public(), pk=report_id).values_list("case_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """A change of stage or a public reply (`words`; empty once erased), seen from one report."""

    event_id: int
    report_id: int
    at: datetime
    stage: str
    words: str | None


# As the index `open311_updates` says it; see the migration of open311.
_PUBLIC_EVENTS = (
    Q(subject_kind="case")
    & (Q(after__has_key="stage") | Q(action="case.reply"))
    & ~Q(action="case.receive")
)


def public_updates(
    since: datetime | None,
    until: datetime | None,
    report_ids: Sequence[int] | None,
    *,
    offset: int,
    limit: int,
) -> list[PublicUpdate]:
    """What happened in the span to public reports, newest first.

    `offset` and `limit` count events: one on a case of three reports gives three updates. What
    happened before a report came in (or was merged) is not its history.
    """
    reports = Report.objects.filter(public())
    if report_ids is not None:
        reports = reports.filter(pk__in=report_ids)
    events = _events(reports)
    if report_ids is not None:
        # Asked first: given the ids, the planner walks the few chains and not the whole ledger.
        events = events.filter(subject_id__in=list(reports.values_list("case_id", flat=True)))
    if since is not None:
        events = events.filter(at__gte=since)
    if until is not None:
        events = events.filter(at__lte=until)
    page = list(
        events.order_by("-at", "-pk").values_list(
            "pk", "subject_id", "at", "action", "stage_then", "words__text"
        )[offset : offset + limit]
    )
    of_case: dict[int, list[tuple[int, datetime]]] = {}
    cases = {case_id for _, case_id, *_ in page}
    rows = reports.filter(case_id__in=cases).order_by("pk")
    for report_id, case_id, received_at in rows.values_list("pk", "case_id", "received_at"):
        of_case.setdefault(case_id, []).append((report_id, received_at))
    return [
        PublicUpdate(event_id, report_id, at, stage, words if action == "case.reply" else None)
        for event_id, case_id, at, action, stage, words in page
        for report_id, received_at in of_case[case_id]
        if received_at <= at
    ]


def _events(reports: QuerySet[Report]) -> Any:
    """Public events of the reports' cases, each with the stage it left the case in."""
    stage = (
        Event.objects.filter(
            subject_kind="case",
            subject_id=OuterRef("subject_id"),
            seq__lte=OuterRef("seq"),
            after__has_key="stage",
        )
        .order_by("-seq")
        .annotate(stage=KeyTextTransform("stage", "after"))
        .values("stage")[:1]
    )
    told = reports.filter(case_id=OuterRef("subject_id"), received_at__lte=OuterRef("at"))
    return Event.objects.filter(_PUBLIC_EVENTS, Exists(told)).annotate(stage_then=Subquery(stage))
