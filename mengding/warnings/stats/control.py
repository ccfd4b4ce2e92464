"""A control chart for counts: is today's number too many for this class and place? Pure.

Method. The expected number of a day is the mean of the `WEEKS` weeks before it (a gap of
`GUARD` days keeps an outbreak from hiding itself) times a factor of its weekday. Weekday factors
are learnt from the whole class, since one town has too few; they are shrunk towards 1. Counts vary
more than a Poisson's, so their variance is `phi` times the mean, estimated from the residuals: a
negative binomial, or a Poisson where phi is 1. A window of 1 or 7 days warns when the chance of
that many or more is at most `alpha`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WEEKS = 8
GUARD = 7  # days before the window that do not count as past
WINDOWS = (1, 7)
LEAST = 3  # fewer cases are no spike, however rare
_SHRINK = 20.0  # cases' worth of "every weekday is alike"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was expected of a window, and how widely it varies (variance / mean, at least 1)."""

    mean: float
    phi: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One window: what was counted against what was expected. `chance`: of that many or more."""

    window: int
    observed: int
    expected: float
    threshold: int
    chance: float
    phi: float

    @property
    def warns(self) -> bool:
        """Whether it is too many."""
        return self.observed >= self.threshold


def weekday_factors(counts: Sequence[int], first_weekday: int) -> tuple[float, ...]:
    """Factors for Monday to Sunday from a long series of the class; their mean is 1."""
    total = sum(counts)
    days = [0] * 7
    found = [0.0] * 7
    for index, count in enumerate(counts):
        days[(first_weekday + index) % 7] += 1
        found[(first_weekday + index) % 7] += count
    if not total or not all(days):
        return (1.0,) * 7
    mean = total / len(counts)
    raw = [(found[day] + _SHRINK) / (mean * days[day] + _SHRINK) for day in range(7)]
    level = sum(raw) / 7
    return tuple(each / level for each in raw)


def baseline(
    past: Sequence[int], weekdays: Sequence[int], factors: Sequence[float], target: Sequence[int]
) -> Baseline:
    """Of the days whose weekdays are `target`, from past daily counts and their weekdays."""
    weight = sum(factors[day] for day in weekdays)
    # Half a case keeps what never happened from being expected never to happen.
    level = (sum(past) + 0.5) / weight if weight else 0.0
    mean = level * sum(factors[day] for day in target)
    spread, known = 0.0, 0
    for count, day in zip(past, weekdays, strict=True):
        expected = level * factors[day]
        if expected > 0:
            spread += (count - expected) ** 2 / expected
            known += 1
    phi = spread / (known - 1) if known > 1 else 1.0
    return Baseline(mean, max(1.0, phi))


def tail(least: int, mean: float, phi: float) -> float:
    """The chance of `least` or more."""
    if least <= 0:
        return 1.0
    below = sum(_chance(k, mean, phi) for k in range(least))
    return max(0.0, 1.0 - below)


def _chance(k: int, mean: float, phi: float) -> float:
    if mean <= 0:
        return 1.0 if k == 0 else 0.0
    if phi < 1.01:
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
    """The smallest count whose chance is at most `alpha`, and at least `LEAST`."""
    rest, k = 1.0, 0
    while rest > alpha and k < 100_000:
        rest -= _chance(k, mean, phi)
        k += 1
    return max(LEAST, k)


def judge(
    series: Sequence[int], first_weekday: int, factors: Sequence[float], alpha: float
) -> list[Verdict]:
    """The windows that end with the last day of a daily series; needs two weeks of past."""
    found = []
    for window in WINDOWS:
        end = len(series) - window - GUARD
        begin = max(0, end - 7 * WEEKS)
        if end - begin < 14:
            continue
        past = series[begin:end]
        weekdays = [(first_weekday + n) % 7 for n in range(begin, end)]
        target = [(first_weekday + n) % 7 for n in range(len(series) - window, len(series))]
        known = baseline(past, weekdays, factors, target)
        observed = sum(series[-window:])
        limit = threshold(known.mean, known.phi, alpha)
        found.append(
            Verdict(
                window,
                observed,
                known.mean,
                limit,
                tail(observed, known.mean, known.phi),
                known.phi,
            )
        )
    return found


def alpha_for(series: int, a_week: float) -> float:
    """The chance of one test that makes `a_week` false alarms a week over so many series."""
    return min(0.01, a_week / (max(1, series) * 7 * len(WINDOWS)))


def expected_false(verdicts: Sequence[Verdict]) -> float:
    """False alarms to be expected of these tests: counts are whole, so fewer than alpha each."""
    return sum(tail(each.threshold, each.expected, each.phi) for each in verdicts)
