"""Reading places, inspections and findings."""

from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mengding.cases.models import Case
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.evidence import queries as evidence
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.tasks.models import Finding, FindingCase, Inspection, Place
from mengding.tasks.queries import editions, visible
from mengding.tasks.queries.overview import overdue, waiting
from mengding.tasks.queries.tasks import below, item_text

MOST_ON_MAP = 3000


def _places(actor: Actor) -> QuerySet[Place]:
    require(actor, "places.read")
    open_ones = (
        Finding.objects.filter(place=OuterRef("pk"))
        .exclude(state="resolved")
        .order_by()
        .values("place")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Place.objects.filter(visible.places(actor))
        .select_related("village", "town", "contact_post__account", "contact_post__organisation")
        .annotate(findings=Coalesce(Subquery(open_ones), 0))
    )


def places(
    actor: Actor,
    *,
    kind: str = "",
    words: str = "",
    region: int | None = None,
    waiting_only: bool = False,
    failing: bool = False,
    active: bool | None = True,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of places by code."""
    rows = _narrowed(actor, kind, words, region, waiting_only, failing, active)
    found, following = paginate(rows, "code", str, cursor=cursor, limit=limit)
    return [place_facts(row) for row in found], following


def on_map(actor: Actor, **narrow: Any) -> list[dict[str, Any]]:
    """The same places, those of the map: at most `MOST_ON_MAP`, without what only a list shows."""
    rows = _narrowed(actor, **narrow).order_by("code")[:MOST_ON_MAP]
    now = clock.now()
    return [
        {
            "id": row.pk,
            "name": row.name,
            "kind": row.kind,
            "lon": row.lon,
            "lat": row.lat,
            "findings": row.findings,
            "waiting": _waits(row, now),
        }
        for row in rows
    ]


def _narrowed(
    actor: Actor, kind: str, words: str, region: int | None, waiting_only: bool, failing: bool,
    active: bool | None,
) -> Any:  # fmt: skip
    rows: Any = _places(actor)  # each with its `findings`
    if active is not None:
        rows = rows.filter(active=active)
    if kind:
        rows = rows.filter(kind=kind)
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(address__icontains=words) | Q(code__istartswith=words)
        )
    if region is not None:
        rows = rows.filter(below(region))
    if waiting_only:
        rows = rows.filter(waiting(clock.now()))
    return rows.filter(findings__gt=0) if failing else rows


def _waits(row: Place, now: datetime) -> bool:
    if row.inspected_at is None:
        return True
    return (now - row.inspected_at).total_seconds() > row.every_days * 86400


def place_facts(row: Any) -> dict[str, Any]:
    """A place as answers carry it."""
    post = row.contact_post
    return {
        "id": row.pk,
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        "lon": row.lon,
        "lat": row.lat,
        "village": row.village.name if row.village else None,
        "town": row.town.name if row.town else None,
        "region": row.region_id,
        "contact_post": row.contact_post_id,
        "contact": f"{post.organisation.name} {post.account.name}" if post else None,
        "every_days": row.every_days,
        "inspected_at": row.inspected_at,
        "waiting": _waits(row, clock.now()),
        "findings": row.findings,
        "active": row.active,
        "version": row.version,
    }


def place(actor: Actor, place_id: int) -> dict[str, Any]:
    """One place with its unresolved findings and last inspections; `NotFound`."""
    row = _places(actor).filter(pk=place_id).first()
    if row is None:
        raise NotFound("place_not_found", T("没有这个场所。", "There is no such place."))
    facts = place_facts(row)
    facts["open_findings"] = facts["inspections"] = []
    if visible.inspections(actor) != visible.NOTHING:
        facts["open_findings"] = _findings(
            Finding.objects.filter(place=row).exclude(state="resolved").order_by("found_at")
        )
        facts["inspections"] = _inspections(
            Inspection.objects.filter(place=row).order_by("-at", "-pk")[:20]
        )
    return facts


def inspections(
    actor: Actor, *, place: int | None, failed: bool, region: int | None,
    cursor: str | None, limit: int,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """One page of inspections, newest first."""
    require(actor, "inspections.read")
    rows = Inspection.objects.filter(visible.inspections(actor))
    if place is not None:
        rows = rows.filter(place=place)
    if failed:
        rows = rows.filter(passed=False)
    if region is not None:
        rows = rows.filter(below(region))
    found, following = paginate(
        rows.select_related("place"), "-at", datetime, cursor=cursor, limit=limit
    )
    return _inspections(found), following


def _inspections(rows: Any) -> list[dict[str, Any]]:
    found = list(rows)
    names = people.account_names({row.account_id for row in found})
    return [
        {
            "id": row.pk,
            "place": row.place_id,
            "place_name": row.place.name,
            "checklist": row.checklist,
            "edition": row.edition_id,
            "at": row.at,
            "received_at": row.received_at,
            "by": names.get(row.account_id, ""),
            "passed": row.passed,
        }
        for row in found
    ]


def inspection(actor: Actor, inspection_id: int) -> dict[str, Any]:
    """One inspection with its answers and pictures; `NotFound`."""
    require(actor, "inspections.read")
    row = (
        Inspection.objects.filter(visible.inspections(actor), pk=inspection_id)
        .select_related("place")
        .first()
    )
    if row is None:
        raise NotFound("inspection_not_found", T("没有这次检查。", "There is no such inspection."))
    known = editions.catalogue(row.edition_id)
    pictures = {
        each.blob_id: each.pk
        for each in evidence.of_subjects("inspection", [row.pk]).get(row.pk, [])
    }
    answers = list(row.answers.select_related("note", "finding").order_by("pk"))
    current = _current_cases({a.finding_id for a in answers if a.finding_id})
    return {
        **_inspections([row])[0],
        "answers": [
            {
                "item": each.item,
                "text": item_text(known, row.checklist, each.item),
                "answer": each.answer,
                "note": each.note.text if each.note else "",
                "photos": [pictures[one] for one in each.photos if one in pictures],
                "finding": each.finding_id,
                "state": each.finding.state if each.finding else None,
                "case": current.get(each.finding_id, (None, None))[0],
                "case_number": current.get(each.finding_id, (None, None))[1],
            }
            for each in answers
        ],
    }


def findings(
    actor: Actor, *, state: str, overdue_only: bool, region: int | None, place: int | None,
    cursor: str | None, limit: int,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """One page of findings, oldest first; without a state the unresolved."""
    require(actor, "inspections.read")
    rows = Finding.objects.filter(visible.inspections(actor))
    rows = rows.filter(state=state) if state else rows.exclude(state="resolved")
    if overdue_only:
        rows = rows.filter(overdue(clock.now()))
    if region is not None:
        rows = rows.filter(below(region))
    if place is not None:
        rows = rows.filter(place=place)
    found, following = paginate(rows, "found_at", datetime, cursor=cursor, limit=limit)
    return _findings(found), following


def overdue_rechecks(actor: Actor, region: int | None = None) -> QuerySet[Finding]:
    """Findings whose re-inspection is overdue, in the actor's area (for counts elsewhere)."""
    rows = Finding.objects.filter(visible.inspections(actor)).filter(overdue(clock.now()))
    return rows.filter(below(region)) if region is not None else rows


def _findings(rows: Any) -> list[dict[str, Any]]:
    found = list(rows)
    known = editions.catalogue() if found else None
    current = _current_cases({row.pk for row in found})
    names = dict(Place.objects.filter(pk__in={r.place_id for r in found}).values_list("pk", "name"))
    now = clock.now()
    return [
        {
            "id": row.pk,
            "place": row.place_id,
            "place_name": names[row.place_id],
            "item": row.item,
            "text": item_text(known, row.checklist, row.item) if known else row.item,
            "class_code": row.class_code,
            "state": row.state,
            "turn": row.turn,
            "found_at": row.found_at,
            "recheck_due_at": row.recheck_due_at,
            "overdue": row.recheck_due_at is not None and row.recheck_due_at < now,
            "resolved_at": row.resolved_at,
            "case": current.get(row.pk, (None, None))[0],
            "case_number": current.get(row.pk, (None, None))[1],
        }
        for row in found
    ]


def _current_cases(found: set[int]) -> dict[int | None, tuple[int | None, str | None]]:
    """Finding → (id, number) of its newest case."""
    rows = FindingCase.objects.filter(finding__in=found).order_by("turn")
    newest = dict(rows.values_list("finding", "case"))
    numbers = dict(Case.objects.filter(pk__in=newest.values()).values_list("pk", "number"))
    return {pk: (case, numbers.get(case)) for pk, case in newest.items()}
