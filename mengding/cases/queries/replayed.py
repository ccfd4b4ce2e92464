"""Whether a case's rows say what its events say."""

from mengding.cases.models import Case, WorkOrder
from mengding.cases.replay import TRACKED, ClockState, Order, replay
from mengding.clocks.models import Clock
from mengding.ledger.models import Event


def differences(case_id: int) -> list[str]:
    """Each column, order or clock in which the rows and the replayed ledger differ; [] when none.

    For checks and tests: it reads without regard to who may see the case.
    """
    events = Event.objects.filter(subject_kind="case", subject_id=case_id).order_by("seq")
    try:
        told = replay(events.values_list("after", flat=True))
    except ValueError as error:
        return [str(error)]
    case = Case.objects.get(pk=case_id)
    found = []
    if told.version != case.version:
        found.append(f"version: {case.version}, the ledger says {told.version}")
    for name in TRACKED:
        here = getattr(case, name)
        if here != told.fields[name]:
            found.append(f"{name}: {here!r}, the ledger says {told.fields[name]!r}")
    orders = {
        order.pk: Order(order.organisation_id, order.kind, order.status)
        for order in WorkOrder.objects.filter(case_id=case_id)
    }
    if orders != told.orders:
        found.append(f"orders: {orders!r}, the ledger says {told.orders!r}")
    clocks = {
        clock.pk: ClockState(
            clock.kind, clock.order_id, clock.state, clock.due_at, clock.late, clock.exempted
        )
        for clock in Clock.objects.filter(case_id=case_id)
    }
    if clocks != told.clocks:
        found.append(f"clocks: {clocks!r}, the ledger says {told.clocks!r}")
    return found
