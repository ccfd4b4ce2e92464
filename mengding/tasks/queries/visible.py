"""Who sees which tasks, places, inspections and consents: stated once.

A grid worker sees what is bound to the own post or team and what the workers of the own village
(or grid) share. Whoever oversees sees the area of the post.
"""

from typing import Any

from django.db.models import Q

from mengding.core.actor import Actor, ActorKind, Level
from mengding.duty.models import Member
from mengding.policy.permissions import holds
from mengding.regions import locate

COLUMN = {
    Level.DISTRICT: "district",
    Level.TOWN: "town",
    Level.VILLAGE: "village",
    Level.GRID: "grid",
}
NOTHING = Q(pk__in=[])


def in_area(actor: Actor, prefix: str = "") -> Q:
    """Rows in the area of the actor's post."""
    if actor.kind is ActorKind.SYSTEM:
        return Q()
    if actor.region_id is None or actor.level is None:
        return NOTHING
    return Q(**{f"{prefix}{COLUMN[actor.level]}": actor.region_id})


def around(actor: Actor) -> Q:
    """Rows of the actor's area; for a grid, also what its whole village shares."""
    if actor.level is not Level.GRID or actor.region_id is None:
        return in_area(actor)
    village = locate.chain(actor.region_id).village_id
    return Q(grid=actor.region_id) | Q(grid=None, village=village)


def doable(actor: Actor) -> Q:
    """The tasks the actor may complete."""
    if not holds(actor, "tasks.do"):
        return NOTHING
    own = Q(post=actor.post_id or 0)
    if teams := teams_of(actor):
        own |= Q(team_id__in=teams)
    if holds(actor, "inspections.do"):
        own |= Q(post=None, team_id=None) & around(actor)
    return own


def seen(actor: Actor) -> Q:
    """The tasks the actor may look at."""
    found = doable(actor)
    return found | in_area(actor) if holds(actor, "tasks.oversee") else found


def places(actor: Actor) -> Q:
    """The places the actor may look at."""
    return around(actor) if holds(actor, "places.read") else NOTHING


def inspections(actor: Actor) -> Q:
    """The inspections and findings the actor may look at."""
    return around(actor) if holds(actor, "inspections.read") else NOTHING


def consents(actor: Actor) -> Q:
    """The consents to care visits the actor may look at."""
    return around(actor) if holds(actor, "care.read") else NOTHING


def can_see(actor: Actor, rule: Any, row: Any) -> bool:
    """Whether a row is among those a rule gives the actor."""
    return bool(type(row).objects.filter(rule(actor), pk=row.pk).exists())


def teams_of(actor: Actor) -> list[int]:
    """Ids of the patrol teams the actor belongs to."""
    rows = Member.objects.filter(post=actor.post_id or 0, team__active=True)
    return list(rows.values_list("team", flat=True))
