"""From work and rates to money: the reckoning of a case, line by line. Pure: no Django."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from mengding.costs.activities import ACTIVITIES, AGAIN, SPARED
from mengding.costs.rates import Rate, Version, version_on
from mengding.costs.work import Line, Work

HOUR = 60
_ORDER = {each.code: place for place, each in enumerate(ACTIVITIES)}


@dataclass(frozen=True, slots=True)
class Priced:
    """Work of one kind at one rate. `minutes`: recorded, or by the rate's estimate; None: neither.

    `version` None: no rates held on that day. `rate` None: rates held, but none for this.
    """

    activity: str
    org: int
    count: int
    minutes: int | None
    version: int | None
    rate: Rate | None
    fen: int


@dataclass(frozen=True, slots=True)
class Saved:
    """An estimate. `times`: reports that joined, or 1 for dealing with it on the spot; `gross`:
    before the factor, in fen; `less`: what merging itself cost."""

    times: int
    percent: int
    gross: int
    less: int
    fen: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Reckoning:
    """`whole`: rates held on every day there was work; otherwise the sum is too small."""

    lines: tuple[Priced, ...]
    fen: int
    minutes: int
    whole: bool
    merged: Saved | None
    spot: Saved | None


def half_up(numerator: int, denominator: int) -> int:
    """A quotient as a whole number, halves away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def price(rate: Rate, count: int, minutes: int | None) -> tuple[int, int | None]:
    """(fen, minutes) of so many events; `minutes`: recorded, None where they are not."""
    spent = minutes
    if spent is None and rate.minutes is not None:
        spent = rate.minutes * count
    if rate.unit == "event":
        return rate.fen * count, spent
    return half_up(rate.fen * (spent or 0), HOUR), spent


def reckon(work: Work, versions: Sequence[Version], closed_on: date | None = None) -> Reckoning:
    """The reckoning of one case. `closed_on`: the day it was closed; savings are counted then."""
    groups: defaultdict[tuple[str, int, int | None], list[Line]] = defaultdict(list)
    by_number: dict[int | None, Version] = {each.number: each for each in versions}
    for line in work.lines:
        held = version_on(versions, line.day)
        groups[line.activity, line.org, held.number if held else None].append(line)
    lines = tuple(
        _priced(activity, org, by_number.get(number), some)
        for (activity, org, number), some in sorted(
            groups.items(), key=lambda each: (_ORDER[each[0][0]], each[0][1], each[0][2] or 0)
        )
    )
    at_end = version_on(versions, closed_on) if closed_on else None
    return Reckoning(
        lines,
        sum(line.fen for line in lines),
        sum(line.minutes or 0 for line in lines),
        all(line.version is not None for line in lines),
        _merged(lines, work.joined, at_end) if at_end else None,
        _spot(work.spot, at_end) if at_end else None,
    )


def _priced(activity: str, org: int, version: Version | None, some: list[Line]) -> Priced:
    recorded = [line.minutes for line in some if line.minutes is not None]
    if version is not None:
        recorded = [min(each, version.most_hours * HOUR) for each in recorded]
    minutes = sum(recorded) if recorded else None
    rate = version.rate(activity, org) if version else None
    fen = 0
    if rate is not None:
        fen, minutes = price(rate, len(some), minutes)
    number = version.number if version else None
    return Priced(activity, org, len(some), minutes, number, rate, fen)


def _merged(lines: Iterable[Priced], joined: int, version: Version) -> Saved | None:
    """并案: each report that joined did not need these steps of its own."""
    if not joined:
        return None
    again = [line for line in lines if line.activity in AGAIN]
    less = [line for line in lines if line.activity == "merge"]
    gross = joined * sum(line.fen for line in again)
    percent = version.merge_percent
    minutes = joined * sum(line.minutes or 0 for line in again)
    cost = sum(line.fen for line in less)
    return Saved(
        joined,
        percent,
        gross,
        cost,
        half_up(gross * percent, 100) - cost,
        half_up(minutes * percent, 100) - sum(line.minutes or 0 for line in less),
    )


def _spot(org: int | None, version: Version) -> Saved | None:
    """自办: nobody had to decide, dispatch and drive out."""
    if org is None:
        return None
    found = [price(rate, 1, None) for code in SPARED if (rate := version.rate(code, org))]
    gross, minutes = sum(fen for fen, _ in found), sum(spent or 0 for _, spent in found)
    percent = version.self_percent
    return Saved(
        1, percent, gross, 0, half_up(gross * percent, 100), half_up(minutes * percent, 100)
    )
