"""`mengding check costs`: are the counts kept ready those of the rows of cases?

A month at a time each row is added up one by one; making counts anew (`rollup.sum_up`) is SQL and
shares nothing with it but the list of cuts. The last line ends with `mismatches=…`.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from mengding.core.moment import one_moment
from mengding.costs import actions, rollup
from mengding.costs.models import CaseCost, Cell
from mengding.costs.packing import pairs
from mengding.indicators.spans import months_on

_SHOWN = 50


@dataclass(slots=True)
class Compared:
    """`different`: a sentence each, at most as many as were asked for; `mismatches`: all."""

    cases: int = 0
    counts: int = 0
    mismatches: int = 0
    different: list[str] = field(default_factory=list)


def compare(most: int = _SHOWN) -> Compared:
    """Add up every row of cases and compare each count."""
    found = Compared()
    with one_moment():  # for both sides, while the follower goes on outside
        for month in rollup.months():
            ours: rollup.Deltas = defaultdict(Counter)
            rows = CaseCost.objects.filter(day__gte=month, day__lt=months_on(month, 1))
            for row in rows.iterator(chunk_size=5000):
                rollup.add(ours, row, 1)
                found.cases += 1
            kept = {
                rollup.Key(*key): _counter(unrated, bytes(packed))
                for *key, unrated, packed in Cell.objects.filter(day=month).values_list(
                    *rollup.Key._fields, "unrated", "patterns"
                )
            }
            found.counts += len(kept)
            for key in ours.keys() | kept.keys():
                if ours.get(key) != kept.get(key):
                    found.mismatches += 1
                    found.different.append(f"{key}: {kept.get(key)}, cases {ours.get(key)}")
            del found.different[most:]
    return found


def _counter(unrated: int, packed: bytes) -> Counter[int | None]:
    found: Counter[int | None] = Counter()
    for pattern, cases in pairs(packed).tolist():
        found[pattern] += cases
    if unrated:
        found[None] = unrated
    return found


def run(arguments: list[str]) -> int:
    """Returns the exit code: 0 when there is no mismatch."""
    actions.catch_up()
    found = compare()
    for sentence in found.different:
        print(f"  {sentence}")
    print(f"cases={found.cases} counts={found.counts} mismatches={found.mismatches}")
    return 1 if found.mismatches else 0
