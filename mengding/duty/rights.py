"""Who manages a team: asked by reads and writes alike."""

from mengding.core.actor import Actor, ActorKind
from mengding.duty.models import Team
from mengding.policy.permissions import can, holds
from mengding.regions import locate


def manages(actor: Actor, team: Team) -> bool:
    """Whether the actor decides for a team: dispatchers and supervisors of the area, its leader."""
    if can(actor, "duty.arrange", locate.chain(team.region_id)):
        return True
    return leads(actor, team)


def leads(actor: Actor, team: Team) -> bool:
    """Whether the actor is the team's leader, in that post."""
    return (
        holds(actor, "duty.own")
        and team.leader_id is not None
        and team.leader_id == actor.post_id
        and actor.kind is not ActorKind.SYSTEM
    )
