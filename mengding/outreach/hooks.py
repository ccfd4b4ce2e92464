"""What the evidence store asks about material."""

from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotFound
from mengding.outreach import queries
from mengding.policy.permissions import holds, in_area


def may_read(actor: Actor, material_id: int) -> bool:
    """Whoever the material is for."""
    if not holds(actor, "outreach.read"):
        return False
    try:
        queries.material(actor, material_id)
    except NotFound:
        return False
    return True


def may_write(actor: Actor, material_id: int) -> bool:
    """Whoever keeps the material of its area."""
    if not holds(actor, "outreach.send") or not may_read(actor, material_id):
        return False
    row = queries.material(actor, material_id)
    return actor.kind is ActorKind.SYSTEM or in_area(actor, row)
