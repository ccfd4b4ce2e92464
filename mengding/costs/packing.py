"""Counts by pattern in one value: pairs of (pattern, cases), sorted by pattern. Pure: no Django.

A district has thousands of patterns and a month tens of thousands of ended cases: one row a
pattern would be nearly as many rows as there are cases, in every cut. PostgreSQL packs the same way
with `int4send`, whose numbers begin with the highest byte.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIR = np.dtype([("pattern", ">i4"), ("cases", ">i4")])
Pairs = NDArray[np.void]
Numbers = NDArray[np.int64]


class BelowZero(Exception):
    """More cases were taken out than there had been: what is kept is wrong."""


def pairs(packed: bytes) -> Pairs:
    """What is in a value, or in several put behind one another (patterns then come again)."""
    return np.frombuffer(packed, PAIR)


def together(patterns: NDArray[Any], cases: NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Each pattern once, in order, and its cases."""
    listed, at = np.unique(patterns.astype(np.int64), return_inverse=True)
    sums = np.zeros(len(listed), np.int64)
    np.add.at(sums, at, cases)
    return listed, sums


def changed(packed: bytes, by: Mapping[int, int]) -> bytes:
    """The value with so many cases more (less) of each pattern; none left: not listed."""
    more = np.array([*by.items()], np.int64).reshape(-1, 2)
    kept = pairs(packed)
    listed, sums = together(
        np.concatenate([kept["pattern"], more[:, 0]]), np.concatenate([kept["cases"], more[:, 1]])
    )
    if (sums < 0).any():
        raise BelowZero
    made = np.empty(np.count_nonzero(sums), PAIR)
    made["pattern"], made["cases"] = listed[sums > 0], sums[sums > 0]
    return made.tobytes()
