"""The area of a post as a condition on rows that carry their chain of divisions."""

from typing import Any

from django.db.models import Q

from mengding.core.actor import Actor, ActorKind, Level

_COLUMN = {
    Level.DISTRICT: "district_id",
    Level.TOWN: "town_id",
    Level.VILLAGE: "village_id",
    Level.GRID: "grid_id",
}


def mine(actor: Actor, *, before: str = "") -> Q:
    """Rows whose chain (district, town, village, grid) lies in the actor's area.

    `before` leads to the row ("resource__"). The same rule as `policy.permissions.in_area`.
    """
    if actor.kind is ActorKind.SYSTEM:
        return Q()
    if actor.region_id is None or actor.level is None:
        return Q(pk__in=[])
    wanted: dict[str, Any] = {f"{before}{_COLUMN[actor.level]}": actor.region_id}
    return Q(**wanted)
