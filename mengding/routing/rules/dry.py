"""What a changed rule set would have done with past cases."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mengding.routing.rules.match import Index, route
from mengding.routing.rules.parts import Facts, Rule, Tier


class Destination(NamedTuple):
    """Where a case goes, as far as the rules decide it."""

    department: str
    tier: Tier
    emergency: bool


class Sample(NamedTuple):
    """One past case that would go elsewhere, with the rule (None: none) on either side."""

    case_id: int
    old_rule: str | None
    new_rule: str | None
    old: Destination
    new: Destination
    class_code: str = ""


@dataclass(slots=True)
class DryRun:
    """The outcome. `hits` counts cases by new rule (None: no rule matched); `samples` holds the
    first few changed cases of each pair in `by`. `stopped`: there were more cases than were
    looked at."""

    total: int = 0
    stopped: bool = False
    changed: int = 0
    by: Counter[tuple[Destination, Destination]] = field(default_factory=Counter)
    hits: Counter[str | None] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)


def dry_run(
    old_rules: Index | Sequence[Rule],
    new_rules: Index | Sequence[Rule],
    cases: Iterable[tuple[int, Facts]],
    *,
    samples_each: int = 5,
    most: int | None = None,
) -> DryRun:
    """Route every case by both rule sets and count what changes.

    `most`: how many cases to look at. `cases` yields (case id, facts) and is read once, one at a
    time, so a year may stream through. A case counts as changed when its department, tier or
    emergency flag does, not when merely another rule sends it to the same place.
    """
    old_index = old_rules if isinstance(old_rules, Index) else Index(old_rules)
    new_index = new_rules if isinstance(new_rules, Index) else Index(new_rules)
    run = DryRun(hits=Counter({rule.code: 0 for rule in new_index.rules}))
    for case_id, facts in cases:
        if run.total == most:
            run.stopped = True
            break
        before, after = route(old_index, facts), route(new_index, facts)
        old = Destination(before.department, before.tier, before.emergency)
        new = Destination(after.department, after.tier, after.emergency)
        run.total += 1
        run.hits[after.rule_code] += 1
        if old == new:
            continue
        run.changed += 1
        run.by[old, new] += 1
        if run.by[old, new] <= samples_each:
            sample = Sample(case_id, before.rule_code, after.rule_code, old, new, facts.class_code)
            run.samples.append(sample)
    return run
