"""From the ledger to watches: a clock that starts is frozen with its chain, one that is paused,
extended or resumed has its steps moved, one that stops ends its watch.

What an event says is only which clocks to look at: they are read as they are now, so that events
may come late, twice or in another order.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction

from mengding.cases.models import Case
from mengding.clocks.models import Clock, ClockState
from mengding.core import clock as time
from mengding.escalation import frozen
from mengding.escalation.models import ChainSet, State, Watch
from mengding.ledger import feed

READER = "escalation"
OLD = timedelta(days=7)  # imports tell of clocks of long ago, which nobody escalates
LIVE = (ClockState.RUNNING, ClockState.PAUSED)


def follow(limit: int = 100) -> int:
    """Read the ledger on; returns how many events were read."""
    return feed.follow(READER, limit, look)


@transaction.atomic
def look(events: list[dict[str, Any]]) -> None:
    """Bring the watches of the clocks these events name up to date."""
    ids = {
        row["id"]
        for event in events
        if event["subject_kind"] == "case"
        for row in event["after"].get("clocks", ())
    }
    if not ids:
        return
    clocks = Clock.objects.in_bulk(sorted(ids))
    freeze([clock for _, clock in sorted(clocks.items())])
    # Locked in the order of their ids; a worker that holds one is waited for.
    for watch in Watch.objects.select_for_update().filter(clock_id__in=clocks).order_by("pk"):
        # Read again under the lock: a later event may have been handled by another worker.
        aim(watch, Clock.objects.get(pk=watch.clock_id))


def freeze(clocks: list[Clock]) -> None:
    """Make the watches that are missing, each with the chains in force when its clock started."""
    known = set(
        Watch.objects.filter(clock_id__in=[clock.pk for clock in clocks]).values_list(
            "clock_id", flat=True
        )
    )
    new = [
        clock
        for clock in clocks
        if clock.pk not in known and clock.state in LIVE and clock.started_at > time.now() - OLD
    ]
    cases = Case.objects.in_bulk({clock.case_id for clock in new})
    sets = list(ChainSet.objects.order_by("-version").values_list("pk", "created_at"))
    rows = []
    for clock in new:
        chains = next((pk for pk, since in sets if since <= clock.started_at), None)
        if chains is not None:
            rows.append(made(cases[clock.case_id], clock, chains))
    Watch.objects.bulk_create(rows, ignore_conflicts=True)


def made(case: Case, clock: Clock, chains: int) -> Watch:
    """A watch on a clock, frozen with a version; not saved."""
    chain = frozen.document(chains).chain_for(
        class_code=case.class_code, grade=case.grade, tier=frozen.tier(case), clock=clock.kind
    )
    return Watch(
        case=case,
        clock_id=clock.pk,
        kind=clock.kind,
        chains_id=chains,
        chain=chain.code if chain else "",
        urgent=case.grade == "urgent",
        state=State.RUNNING,
        shape=frozen.shape(clock),
        started_at=clock.started_at,
    )


def aim(watch: Watch, clock: Clock) -> None:
    """Set when the next step is due from the clock as it is; the watch is locked."""
    if clock.state not in LIVE:
        watch.state, watch.ended_at = State.ENDED.value, clock.stopped_at or time.now()
        watch.next_at = watch.try_at = None
    else:
        shape = frozen.shape(clock)
        if shape != watch.shape:
            watch.shape, watch.aimed_at = shape, time.now()
        watch.state, watch.ended_at = State.RUNNING.value, None
        rest = frozen.left(watch, clock)
        watch.next_at = watch.try_at = rest[0].at if rest else None
        watch.failures, watch.error = 0, ""
    watch.fence += 1
    watch.save()
