"""Counting: what should be on the server once, against what is. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost`: expected and not there; `doubled`: there more often than once, or unexpected."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]


def judge(expected: Iterable[str], found: Mapping[str, int]) -> Verdict:
    """Compare names. A name expected twice is expected once: it is the same thing.

    What is there three times counts as doubled twice; what nobody queued counts as often as it
    is there.
    """
    wanted = set(expected)
    lost = [name for name in wanted if not found.get(name)]
    doubled: list[str] = []
    for name, count in found.items():
        doubled += [name] * (count - (1 if name in wanted else 0))
    return Verdict(tuple(sorted(lost)), tuple(sorted(doubled)))


def last_line(faults: int, verdict: Verdict) -> str:
    """What `make faults` ends with."""
    return f"faults={faults} lost={len(verdict.lost)} doubled={len(verdict.doubled)}"


def tally(names: Iterable[str]) -> Counter[str]:
    """How often each name is there."""
    return Counter(names)
