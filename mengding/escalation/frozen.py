"""A stored version as a document, and a stored clock as steps see it."""

from collections.abc import Iterable
from functools import lru_cache

from mengding.cases.models import Case
from mengding.clocks import queries as clocks
from mengding.clocks.models import Clock
from mengding.core.actor import Level
from mengding.core.cache import on_forget_everything
from mengding.escalation.document import Chain, Document, read
from mengding.escalation.models import ChainSet, StepRun, Watch
from mengding.escalation.steps import Occurrence, Ran, Timing, occurrences, outstanding
from mengding.people import queries as people


@lru_cache(maxsize=64)
def document(chains_id: int) -> Document:
    """One version, read once: the database refuses to change it."""
    return read(ChainSet.objects.values_list("document", flat=True).get(pk=chains_id))


on_forget_everything(document.cache_clear)


def timing(clock: Clock, *, urgent: bool) -> Timing:
    """The clock as steps see it."""
    return Timing(
        start=clock.started_at,
        limit=clocks.limit_of(clock),
        calendar=clocks.calendar(clock.calendar_id),
        pauses=clocks.pauses_of(clock),
        urgent=urgent,
    )


def shape(clock: Clock) -> str:
    """What moves the instants: extension and pauses, as a short text."""
    last = f"{clock.pauses[-1].timestamp():.6f}" if clock.pauses else ""
    return f"{clock.extra}|{len(clock.pauses)}|{last}"


def tier(case: Case) -> str:
    """The level of the centre that owns the case."""
    owner = people.organisation(case.owner_org_id)
    region = owner.region_id if owner else None
    if region is not None and region == case.village_id:
        return Level.VILLAGE.value
    if region is not None and region == case.town_id:
        return Level.TOWN.value
    return Level.DISTRICT.value


def chain_of(watch: Watch) -> Chain | None:
    """The chain the clock was frozen with; None where none fitted."""
    return document(watch.chains_id).chain(watch.chain) if watch.chain else None


def all_of(watch: Watch, clock: Clock) -> list[Occurrence]:
    """Everything the chain asks for on this clock as it stands now."""
    chain = chain_of(watch)
    return occurrences(chain.steps, timing(clock, urgent=watch.urgent)) if chain else []


def left(watch: Watch, clock: Clock, runs: Iterable[StepRun] | None = None) -> list[Occurrence]:
    """What has still to run, in order of time."""
    if runs is None:
        runs = StepRun.objects.filter(watch=watch)
    ran = [Ran(run.step, run.nth, run.due_at) for run in runs]
    return outstanding(all_of(watch, clock), ran, watch.aimed_at)
