"""One case as one actor finds it, read lazily: a guard that does not ask costs no query."""

from functools import cached_property

from mengding.cases.appeals import standing
from mengding.cases.models import Approval, Case, Recheck, WorkOrder
from mengding.cases.stages import LIVE, OrderKind, OrderStatus
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.people import queries as people


class CaseFacts:
    """The facts of `lifecycle.Facts`, from the database."""

    def __init__(self, actor: Actor, case: Case) -> None:
        self.actor = actor
        self.case = case

    @cached_property
    def orders(self) -> list[WorkOrder]:
        """Live work orders, lead first."""
        if not self.case.order_org_ids:
            return []
        return list(
            WorkOrder.objects.filter(case_id=self.case.pk, status__in=sorted(LIVE)).order_by(
                "-kind", "pk"
            )
        )

    @cached_property
    def own(self) -> WorkOrder | None:
        """The live order of the actor's organisation (or of one below it), lead first.

        自办: a grid worker's is that of the village centre itself, in its own village.
        """
        mine: frozenset[int] = self.actor.org_ids
        if self.actor.role is Role.COLLECTOR:
            station = people.organisation(self.actor.org_id or 0)
            village = self.case.village_id
            own = station is not None and station.region_id == village is not None
            mine = frozenset({station.pk}) if own and station else frozenset()
        for order in self.orders:
            if order.organisation_id in mine:
                return order
        return None

    @property
    def own_order(self) -> tuple[str, str] | None:
        return (self.own.kind, self.own.status) if self.own else None

    @property
    def arrived(self) -> bool:
        return self.own is not None and self.own.arrived_at is not None

    @property
    def help_asked(self) -> bool:
        return self.case.help_asked_at is not None

    @property
    def open_assists(self) -> int:
        return sum(
            order.kind == OrderKind.ASSIST and order.status != OrderStatus.DONE
            for order in self.orders
        )

    @cached_property
    def pending(self) -> Approval | None:
        """The application waiting for a decision."""
        return Approval.objects.filter(case_id=self.case.pk, status="pending").first()

    @property
    def pending_approval(self) -> str | None:
        return self.pending.kind if self.pending else None

    @property
    def has_class(self) -> bool:
        return bool(self.case.class_code)

    @property
    def owner_level(self) -> Level:
        owner = people.organisation(self.case.owner_org_id)
        region = owner.region_id if owner else None
        if region is not None and region == self.case.town_id:
            return Level.TOWN
        if region is not None and region == self.case.village_id:
            return Level.VILLAGE
        return Level.DISTRICT

    @property
    def actor_level(self) -> Level | None:
        return None if self.actor.kind is ActorKind.SYSTEM else self.actor.level or Level.GRID

    @property
    def extensions(self) -> int:
        return self.case.extension_count

    @property
    def suspensions(self) -> int:
        return self.case.suspension_count

    @property
    def handle_overdue(self) -> bool:
        due = self.case.handle_due_at
        return due is not None and clock.now() > due

    @property
    def place_id(self) -> int:
        """The deepest known region of the case."""
        case = self.case
        return case.grid_id or case.village_id or case.town_id or case.district_id

    @property
    def has_centre_above(self) -> bool:
        return people.centre_above(self.case.owner_org_id) is not None

    @property
    def has_centre_below(self) -> bool:
        return people.centre_below(self.case.owner_org_id, self.place_id) is not None

    @property
    def reports(self) -> int:
        return self.case.reports_count

    @property
    def appeal(self) -> str:
        return standing(self.case, self.own).state

    @cached_property
    def rechecks(self) -> list[Recheck]:
        """The open rechecks of the case."""
        return list(Recheck.objects.filter(case_id=self.case.pk, result="").order_by("pk"))

    @property
    def recheck(self) -> str:
        if self.actor.role is not Role.VERIFIER:
            return "unneeded"
        stands = [stand(self.actor, each, self.case.order_org_ids) for each in self.rechecks]
        return "yours" if "yours" in stands else stands[0] if stands else "none"


def stand(actor: Actor, recheck: Recheck, order_org_ids: list[int]) -> str:
    """How a verifier stands to one open recheck: as `guards.Facts.recheck`."""
    if actor.org_id in order_org_ids:
        return "handled"
    if actor.account_id is None or recheck.closed_by == actor.account_id:
        return "closer"
    if recheck.assigned_to not in {None, actor.account_id}:
        return "assigned"
    return "yours"
