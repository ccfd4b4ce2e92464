"""Second looks at closed cases: tasks, draws and their progress."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from mengding.cases.facts import stand
from mengding.cases.guards import NO_RECHECK
from mengding.cases.models import Callback, Case, Draw, Recheck
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions import locate


def _visible(actor: Actor) -> QuerySet[Recheck]:
    require(actor, "rechecks.read")
    seen = Case.objects.filter(visible_to(actor), pk=OuterRef("case_id"))
    return Recheck.objects.filter(Exists(seen))


def rechecks(
    actor: Actor,
    *,
    open_only: bool = True,
    kind: str = "",
    draw_id: int | None = None,
    mine: bool = False,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Rechecks of visible cases, oldest first; `mine`: those the actor could take up."""
    rows = _visible(actor)
    if open_only:
        rows = rows.filter(result="")
    if kind:
        rows = rows.filter(kind=kind)
    if draw_id is not None:
        rows = rows.filter(draw_id=draw_id)
    if mine:
        account = actor.account_id or 0
        rows = rows.filter(Q(assigned_to=account) | Q(assigned_to=None))
        rows = rows.exclude(closed_by=account).exclude(
            case__order_org_ids__contains=[actor.org_id or 0]
        )
    rows = rows.select_related("words", "callback__words", "case")
    found, following = paginate(rows, "id", int, cursor=cursor, limit=limit)
    return _shown(actor, found), following


def _shown(actor: Actor, found: list[Recheck]) -> list[dict[str, Any]]:
    ids = {row.assigned_to for row in found} | {row.closed_by for row in found}
    names = people.account_names(ids | {row.decided_by for row in found})
    now = clock.now()
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "draw_id": row.draw_id,
            "made_at": row.made_at,
            "closed_by_name": names.get(row.closed_by),
            "assigned_to_name": names.get(row.assigned_to),
            "result": row.result or None,
            "finding": row.words.text if row.words else "",
            "decided_at": row.decided_at,
            "decided_by_name": names.get(row.decided_by),
            "callback": _callback(row.callback),
            "barred": _barred(actor, row),
            "case": listed({name: getattr(row.case, name) for name in COLUMNS}, now),
        }
        for row in found
    ]


def _barred(actor: Actor, row: Recheck) -> T | None:
    """Why the actor may not take it up, or None."""
    if row.result:
        return T("已有结论。", "It is decided.")
    if actor.role is not Role.VERIFIER:
        return NO_RECHECK["unneeded"]
    code = stand(actor, row, row.case.order_org_ids)
    return None if code == "yours" else NO_RECHECK[code]


def _callback(made: Callback | None) -> dict[str, Any] | None:
    if made is None:
        return None
    return {
        "satisfaction": made.satisfaction,
        "resolved": made.resolved,
        "words": made.words.text if made.words else "",
        "at": made.at,
    }


def after_closing(case_id: int) -> dict[str, list[dict[str, Any]]]:
    """Call-backs and rechecks of one case, which the caller may see."""
    callbacks = Callback.objects.filter(case_id=case_id).select_related("words").order_by("pk")
    rows = Recheck.objects.filter(case_id=case_id).select_related("words").order_by("pk")
    return {
        "callbacks": [shown for each in callbacks if (shown := _callback(each))],
        "rechecks": [
            {
                "id": row.pk,
                "kind": row.kind,
                "made_at": row.made_at,
                "result": row.result or None,
                "finding": row.words.text if row.words else "",
                "decided_at": row.decided_at,
            }
            for row in rows
        ],
    }


def draws(
    actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Draws of the actor's area, newest first, with their progress."""
    require(actor, "rechecks.read")
    found, following = paginate(_draws(actor), "-id", int, cursor=cursor, limit=limit)
    return [_draw(row) for row in found], following


def draw_detail(actor: Actor, draw_id: int) -> dict[str, Any]:
    """A draw with its seed and population: all that is needed to repeat it."""
    require(actor, "rechecks.read")
    row = _draws(actor, whole=True).filter(pk=draw_id).first()
    if row is None:
        raise NotFound("draw_not_found", T("没有这次抽查。", "There is no such draw."))
    drawn = list(row.rechecks.order_by("pk").values("case_id", "stratum"))
    return _draw(row) | {"population": row.population, "cases": drawn}


def _draws(actor: Actor, *, whole: bool = False) -> QuerySet[Draw]:
    inside = people.tree().regions_below(actor.region_id) if actor.region_id else ()
    rows = Draw.objects.filter(region__in=inside).select_related("region")
    rows = rows.annotate(
        drawn=Count("rechecks"),
        upheld=Count("rechecks", filter=Q(rechecks__result="upheld")),
        reopened=Count("rechecks", filter=Q(rechecks__result="reopened")),
    )
    return rows if whole else rows.defer("population")


def _draw(row: Any) -> dict[str, Any]:
    names = people.account_names({row.made_by})
    return {
        "id": row.pk,
        "seed": row.seed,
        "region": row.region.code,
        "region_name": locate.names(row.region_id)[-1],
        "since": row.since,
        "until": row.until,
        "stratified_by": row.stratified_by,
        "size": row.size,
        "digest": row.digest,
        "strata": [
            each | {"name": _stratum(row.stratified_by, each["key"])} for each in row.strata
        ],
        "made_at": row.made_at,
        "made_by_name": names.get(row.made_by),
        "drawn": row.drawn,
        "upheld": row.upheld,
        "reopened": row.reopened,
    }


def _stratum(by: str, key: str) -> Any:
    if not key:
        return None
    if by == "town":
        return locate.names(int(key))[-1]
    org = people.organisation(int(key))
    return T(org.name, org.name_en or org.name) if org else key
