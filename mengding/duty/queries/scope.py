"""What of duty an actor sees: their area for who manages, their own teams for everybody."""

from django.db.models import Q, QuerySet

from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.duty.models import Team
from mengding.people import queries as people
from mengding.policy.permissions import holds, require


def below(actor: Actor) -> frozenset[int]:
    """The regions of the actor's area; none without one."""
    if actor.region_id is None:
        return frozenset()
    return people.tree().regions_below(actor.region_id)


def teams(actor: Actor) -> QuerySet[Team]:
    """Teams the actor may see: in the area with `duty.read`, else those they belong to."""
    require(actor, "duty.own")
    rows = Team.objects.all()
    if actor.kind is ActorKind.SYSTEM:
        return rows
    own = Team.objects.filter(members__post__account=actor.account_id or 0).values("pk")
    visible = Q(pk__in=own)
    if holds(actor, "duty.read"):
        visible |= Q(region__in=below(actor))
    return rows.filter(visible)


def team(actor: Actor, pk: int) -> Team:
    """One of them, or `NotFound`."""
    found = teams(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("team_not_found", T("没有这支队伍。", "No such team."), field="team")
    return found
