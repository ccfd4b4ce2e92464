"""What the numbers of the last days say: repeats, spikes, clusters, components in series, hazards
not looked at again. Pure: the hourly look, the preview of other settings and the bench run this.

A watch is set up once over the days it will be asked about, and then says of any moment among
them what was so, from what was known then: the hourly look asks once, the preview for 90 days.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

from mengding.warnings.facts import LOCAL, Facts, Found, start_of
from mengding.warnings.finding.clusters import Clusters
from mengding.warnings.finding.overdue import Overdue
from mengding.warnings.finding.repeats import Repeats
from mengding.warnings.finding.series import Series
from mengding.warnings.finding.spikes import Spikes
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules
from mengding.warnings.stats import episodes


class Watch(Protocol):
    """One kind over some days."""

    def found(self, now: datetime) -> Iterator[Found]:
        """What is so, with the figures of its method."""

    def keys(self, now: datetime) -> Iterable[tuple[str, frozenset[int]]]:
        """The same in short: what it is about, and the cells of a cluster."""


# `since`, `until`: the first and the last day that is asked about.
WATCHES: dict[Kind, Callable[[Facts, Rules, date, date], Watch]] = {
    Kind.SPIKE: Spikes,
    Kind.REPEAT: Repeats,
    Kind.SERIES: Series,
    Kind.CLUSTER: Clusters,
    Kind.OVERDUE: Overdue,
}


def everything(facts: Facts, rules: Rules, now: datetime) -> list[Found]:
    """All that is so now of the kinds that are on; crowds come by their counters."""
    today = now.astimezone(LOCAL).date()
    facts = _taking_part(facts, rules)
    found: list[Found] = []
    for kind, watch in WATCHES.items():
        if kind in rules.on:
            found += watch(facts, rules, today, today).found(now)
    return found


def replayed(
    kind: Kind,
    facts: Facts,
    rules: Rules,
    today: date,
    days: int,
    tick: Callable[[], object] = lambda: None,
) -> int:
    """How many warnings of one kind the finder would have raised over the last days, had it
    looked at every midnight: what lasts without a week of quiet between counts once. `tick`: told
    of each of the `days` + 1 looks."""
    since = today - timedelta(days=days)
    watch = WATCHES[kind](_taking_part(facts, rules), rules, since, today)
    hits = []
    for n in range(days + 1):
        hits += [(n, *hit) for hit in watch.keys(start_of(since + timedelta(days=n)))]
        tick()
    return episodes.count_all(hits)


def _taking_part(facts: Facts, rules: Rules) -> Facts:
    if not rules.without:
        return facts
    return replace(facts, rows=[row for row in facts.rows if rules.takes_part(row.code)])
