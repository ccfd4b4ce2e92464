"""Chances of counts that vary more than a Poisson's: the negative binomial. Pure."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_POISSON = 1.01  # below this variance / mean it is a Poisson
_EXACT = 1e-9  # of the sum, from where on what is left does not matter
_lgamma = np.vectorize(math.lgamma, otypes=[float])


def tails(least: "NDArray[Any]", mean: Floats, phi: Floats) -> Floats:
    """The chance of `least` or more for each of equally many means above 0, with variance
    `phi` × mean. Added up from `least` on, so nothing far out is lost in rounding."""
    k = np.asarray(least, dtype=float)
    poisson = phi < _POISSON
    safe = np.where(poisson, 2.0, phi)
    size = mean / (safe - 1)
    # Each chance is the one before it times (base + step × k) / (k + 1).
    step = np.where(poisson, 0.0, 1 - 1 / safe)
    base = np.where(poisson, mean, size * step)
    start = np.where(
        poisson,
        k * np.log(mean) - mean,
        _lgamma(k + size) - _lgamma(size) - size * np.log(safe) + k * np.log1p(-1 / safe),
    )
    term = np.exp(start - _lgamma(k + 1))
    total = term.copy()
    going = np.arange(len(term))
    while len(going):
        term = term * (base[going] + step[going] * k[going]) / (k[going] + 1)
        total[going] += term
        k[going] += 1
        # Below the mean they still grow.
        more = (term > _EXACT * total[going]) | (k[going] < mean[going])
        going, term = going[more], term[more]
    # So far below the mean that its own chance is 0: nearly everything is more.
    sure = (np.asarray(least) <= 0) | ((start < -700) & (np.asarray(least) < mean))
    return np.where(sure, 1.0, np.minimum(1.0, total))


def tail(least: int, mean: float, phi: float) -> float:
    """The chance of `least` or more of one mean."""
    return float(tails(np.array([least]), np.array([mean]), np.array([phi]))[0])


def chance(k: int, mean: float, phi: float) -> float:
    """The chance of exactly `k`."""
    if mean <= 0:
        return 1.0 if k == 0 else 0.0
    if phi < _POISSON:
        return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
    size = mean / (phi - 1)
    return math.exp(
        math.lgamma(k + size)
        - math.lgamma(size)
        - math.lgamma(k + 1)
        - size * math.log(phi)
        + k * math.log1p(-1 / phi)
    )


def threshold(mean: float, phi: float, alpha: float) -> int:
    """The smallest count whose chance is at most `alpha`."""
    rest, k = 1.0, 0
    while rest > alpha and k < 100_000:
        rest -= chance(k, mean, phi)
        k += 1
    return k
