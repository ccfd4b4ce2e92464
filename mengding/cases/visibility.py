"""Who sees which cases: the same rule as a SQL condition and in memory (policy.sees)."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mengding.cases.models import Case, WorkOrder
from mengding.cases.stages import LIVE
from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.policy.permissions import ROLES, Bearings

_AREA = {
    Level.DISTRICT: "district_id",
    Level.TOWN: "town_id",
    Level.VILLAGE: "village_id",
    Level.GRID: "grid_id",
}
NOTHING = Q(pk__in=[])


def visible_to(actor: Actor) -> Q:
    """The condition on `Case` rows for what `actor` may see: area, department and role."""
    if departments(actor) is not None:
        return Q(Exists(_live_orders(actor).filter(case=OuterRef("pk"))))
    place = area(actor)
    if place is None:
        return NOTHING
    if actor.kind is ActorKind.SYSTEM or actor.role is Role.MEDIATOR:
        return Q(**place)
    open_to_all = Q(confidential=False) | Q(confidential=True, received_by=actor.account_id or 0)
    return Q(**place) & open_to_all


def visible_by_row(actor: Actor) -> Q:
    """The same from each case's row alone: for what reads many cases in an index of their own.

    Where few are to be found among all, the orders of `visible_to` find them quicker.
    """
    orgs = departments(actor)
    return visible_to(actor) if orgs is None else Q(order_org_ids__overlap=orgs)


def departments(actor: Actor) -> list[int] | None:
    """The organisations whose live orders say what `actor` sees; None where seeing is no matter of
    orders."""
    if actor.role is not Role.HANDLER or not _may_read(actor):
        return None
    return sorted(actor.org_ids)


def ids_visible_to(actor: Actor) -> QuerySet[Any, int]:
    """The ids of the cases of `visible_to`, to be joined: of a department those of its orders,
    without the cases themselves."""
    if departments(actor) is not None:
        return _live_orders(actor).values_list("case_id", flat=True)
    return Case.objects.filter(visible_to(actor)).values_list("pk", flat=True)


def _live_orders(actor: Actor) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.filter(organisation__in=sorted(actor.org_ids), status__in=sorted(LIVE))


def area(actor: Actor) -> dict[str, int] | None:
    """The division of which `actor` sees every case, confidential ones left aside, as a column
    and its value; nothing in it for all there is. None where seeing is no matter of place."""
    if actor.kind is ActorKind.SYSTEM:
        return {}
    if not _may_read(actor) or actor.role is Role.HANDLER:
        return None
    if actor.region_id is None or actor.level is None:
        return None
    return {_AREA[actor.level]: actor.region_id}


def _may_read(actor: Actor) -> bool:
    if actor.kind is ActorKind.SYSTEM:
        return True
    if actor.role is None or actor.role not in ROLES["case.read"]:
        return False
    return actor.scopes is None or bool({"case.read", "case.*"} & actor.scopes)


def bearings(case: Case) -> Bearings:
    """What policy needs to know of one case; no query."""
    return Bearings(
        district_id=case.district_id,
        town_id=case.town_id,
        village_id=case.village_id,
        grid_id=case.grid_id,
        confidential=case.confidential,
        assigned_org_ids=frozenset(case.order_org_ids),
        received_by_account_id=case.received_by,
    )


BEARING_COLUMNS = (
    "district_id, town_id, village_id, grid_id, confidential, order_org_ids, received_by"
)


def bearings_from_row(row: dict[str, Any]) -> Bearings:
    """Bearings from a row read with `BEARING_COLUMNS` (the live stream reads no models)."""
    return Bearings(
        district_id=row["district_id"],
        town_id=row["town_id"],
        village_id=row["village_id"],
        grid_id=row["grid_id"],
        confidential=row["confidential"],
        assigned_org_ids=frozenset(row["order_org_ids"]),
        received_by_account_id=row["received_by"],
    )
