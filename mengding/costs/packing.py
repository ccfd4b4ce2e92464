"""Counts by pattern in one value: pairs of (pattern, cases), sorted by pattern. Pure: no Django.

A district has thousands of patterns and a month tens of thousands of ended cases: one row a
pattern would be nearly as many rows as there are cases, in every cut. PostgreSQL packs the same way
with `int4send`, whose numbers begin with the highest byte.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

PAIR = np.dtype([("pattern", ">i4"), ("cases", ">i4")])
Pairs = NDArray[np.void]


class BelowZero(Exception):
    """More cases were taken out than there had been: what is kept is wrong."""


def pairs(packed: bytes) -> Pairs:
    """What is in a value, or in several put behind one another (patterns then come again)."""
    return np.frombuffer(packed, PAIR)


def changed(packed: bytes, by: Mapping[int, int]) -> bytes:
    """The value with so many cases more (less) of each pattern; none left: not listed."""
    kept = pairs(packed)
    patterns = np.concatenate([kept["pattern"].astype(np.int64), np.array([*by], np.int64)])
    cases = np.concatenate([kept["cases"].astype(np.int64), np.array([*by.values()], np.int64)])
    listed, at = np.unique(patterns, return_inverse=True)
    sums = np.zeros(len(listed), np.int64)
    np.add.at(sums, at, cases)
    if (sums < 0).any():
        raise BelowZero
    made = np.empty(np.count_nonzero(sums), PAIR)
    made["pattern"], made["cases"] = listed[sums > 0], sums[sums > 0]
    return made.tobytes()
