"""What the apps below ask of tasks."""

from django.db.models import Q

from mengding.core import dependents
from mengding.core.actor import Actor
from mengding.core.dependents import NAMED, Dependents
from mengding.core.text import T
from mengding.evidence import subjects
from mengding.ledger import naming
from mengding.policy.permissions import can
from mengding.tasks.models import Inspection, Place
from mengding.tasks.queries import visible


def _place_names(numbers: set[int]) -> dict[int, str]:
    return dict(Place.objects.filter(pk__in=numbers).values_list("pk", "name"))


def _find_place(name: str) -> int | None:
    return Place.objects.filter(code=name).values_list("pk", flat=True).first()


def places_of_region(pk: int) -> Dependents | None:
    """Places in a division: they are found anew by their coordinates when it is redrawn."""
    rows = Place.objects.filter(
        Q(district=pk) | Q(town=pk) | Q(village=pk) | Q(grid=pk), active=True
    )
    count = rows.count()
    if not count:
        return None
    names = tuple(rows.order_by("code").values_list("name", flat=True)[:NAMED])
    text = T("{n} 个检查场所", "places to inspect: {n}").fill(n=count)
    return Dependents("places", text, count, names, blocks=False)


def may_read(actor: Actor, inspection: int) -> bool:
    """Whether the actor may look at the pictures of an inspection."""
    rows = Inspection.objects.filter(visible.inspections(actor), pk=inspection)
    return bool(rows.exists())


def may_attach(actor: Actor, inspection: int) -> bool:
    """Only who made it adds pictures to it."""
    rows = Inspection.objects.filter(
        visible.inspections(actor), pk=inspection, account_id=actor.account_id or 0
    )
    return bool(rows.exists())


def may_erase(actor: Actor, inspection: int) -> bool:
    """By place: who erases personal data does not read inspections."""
    row = Inspection.objects.filter(pk=inspection).first()
    return row is not None and can(actor, "evidence.erase", row)


def register() -> None:
    """Called once, when the app is ready."""
    naming.register("place", _place_names, _find_place)
    dependents.register("region", "places", places_of_region)
    subjects.register_subject(
        "inspection", can_read=may_read, can_write=may_attach, can_erase=may_erase
    )
