"""How good the warnings are, on a real series: `python -m bench.warnings --file FILE`.

FILE is the 311 archive of the City of Boston (CSV, or a ZIP with one; see docs/import.md). Nothing
of it is kept. The product's own arithmetic (`mengding.warnings.stats`) looks at every day of it, by
class and ward and by class alone, as the hourly look does; no database is needed.

Printed:

* false alarms: how many warnings a year the series as it stands gives (real storms among them),
  how many after its days were shuffled among those of the same kind, within three weeks and over
  the whole time (then nothing is left to find), and what the calibration said of itself. What
  lasts without a week of quiet between is one warning;
* detection: spikes of x1.5, x2 and x3 over a week are put into random series at random hours,
  and the share found before the week after it ended, with the delay from the first hour of the
  spike, by how much happens there normally. Where there was a warning anyhow none is put. For
  small series spikes of four weeks besides;
* series of components: the same for the chart of 14 days, with x2 and x3 over 14 and 28 days;
* clusters: the same for the space-time scan, with its days shuffled as wholes and square by
  square, and with cases put into one square within three days.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from bench.clusters import ONCE_ZOOM, clusters, say
from bench.components import Past, components
from mengding.imports.boston.plan import rows
from mengding.imports.boston.request import read
from mengding.imports.rows import Reject
from mengding.regions import cells
from mengding.warnings.stats import control, episodes, spikes
from mengding.warnings.stats.calibrate import Calibration

# Days off in Massachusetts in the half-year of the archive.
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2011-07-04", "2011-09-05", "2011-10-10"),
        *("2011-11-11", "2011-11-24", "2011-12-26"),
    )
)
SPIKE_DAYS, AFTER = 7, 7
SIZES = (1.5, 2.0, 3.0)
BANDS = ((0, 1), (1, 7), (7, 35), (35, 10_000))  # cases a week


@dataclass(frozen=True, slots=True)
class Archive:
    """Daily counts: rows are series (class in a ward, or in the whole city), columns days."""

    first: date
    names: list[tuple[str, int]]
    classes: list[int]
    counts: "NDArray[np.int64]"

    @property
    def kinds(self) -> list[int]:
        """Of each day."""
        works = lambda day: day.weekday() < 5 and day not in HOLIDAYS  # noqa: E731
        return control.kinds_of_day(self.first, self.counts.shape[1], works)


@dataclass(frozen=True, slots=True)
class Request:
    """One line, as far as warnings read it."""

    day: date
    big: str
    kind: str
    ward: int
    place: tuple[float, float] | None


def requests(path: Path) -> Iterator[Request]:
    """The lines that can be read."""
    for row in rows(path):
        try:
            found = read(row)
        except Reject:
            continue
        place = None if found.lon is None or found.lat is None else (found.lon, found.lat)
        yield Request(found.opened.date(), found.reason, found.type, found.ward or 0, place)


def archive(found: list[Request]) -> Archive:
    """The series of everything that happened at least once."""
    first, last = min(each.day for each in found), max(each.day for each in found)
    types = {name: n for n, name in enumerate(sorted({each.kind for each in found}))}
    keys = sorted({(each.kind, each.ward) for each in found} | {(each.kind, 0) for each in found})
    at = {key: n for n, key in enumerate(keys)}
    counts = np.zeros((len(keys), (last - first).days + 1), dtype=np.int64)
    # What is reported at one place on one day counts once, as in the product.
    for kind, ward, _, day in {(e.kind, e.ward, _square(e.place), e.day) for e in found}:
        for key in {(kind, ward), (kind, 0)}:
            counts[at[key], (day - first).days] += 1
    # The whole city is a group of its own: it scatters otherwise than its wards.
    classes = [2 * types[name] + (ward == 0) for name, ward in keys]
    return Archive(first, keys, classes, counts)


def _square(place: tuple[float, float] | None) -> int | None:
    return None if place is None else cells.parent(cells.cell(*place), ONCE_ZOOM)


def warned(data: Archive, counts: "NDArray[np.int64]", tuning: control.Tuning) -> Counter[int]:
    """(series, day) as series × days + day → 1, for every look that warned."""
    found: Counter[int] = Counter()
    days = counts.shape[1]
    for end in range(tuning.past, days + 1):
        for verdict in look(data, counts, tuning, end):
            found[verdict.series * days + end - 1] = 1
    return found


def look(
    data: Archive, counts: "NDArray[np.int64]", tuning: control.Tuning, end: int
) -> list[control.Verdict]:
    """What a look after `end` days says."""
    begin = max(0, end - tuning.past)
    some = spikes.kept(counts[:, begin:end], data.classes, tuning)
    found = control.charts(
        counts[some.rows, begin:end], some.classes, data.kinds[begin:end], tuning
    )
    alpha = tried(data, counts, tuning, end).alpha
    return [
        replace(verdict, series=int(some.rows[verdict.series]))
        for verdict in control.verdicts(found, alpha, tuning.least)
    ]


def tried(
    data: Archive, counts: "NDArray[np.int64]", tuning: control.Tuning, end: int
) -> Calibration:
    """What the look after `end` days reckons with."""
    until = spikes.calibrated_at(data.first + timedelta(days=end))
    past = max(0, (until - data.first).days)
    return spikes.calibration(counts[:, :past], data.classes, data.kinds[:past], tuning)


def shuffled(data: Archive, dice: np.random.Generator, weeks: int) -> "NDArray[np.int64]":
    """Days exchanged with days of the same kind within so many weeks, each series by itself."""
    counts = data.counts.copy()
    kinds = np.array(data.kinds)
    for kind in range(7):
        days = np.flatnonzero(kinds == kind)
        for begin in range(0, len(days), weeks):
            some = days[begin : begin + weeks]
            counts[:, some] = dice.permuted(counts[:, some], axis=1)
    return counts


def false_alarms(data: Archive, tuning: control.Tuning, dice: np.random.Generator) -> Counter[int]:
    """Prints how often nothing, or nothing known, was warned of; returns what was."""
    days = data.counts.shape[1]
    looked = days - tuning.past + 1
    real: Counter[int] = Counter()
    for name, counts in (
        ("as it stands", data.counts),
        ("days of 3 weeks shuffled", shuffled(data, dice, 3)),
        ("all days shuffled", shuffled(data, dice, 53)),
    ):
        found = warned(data, counts, tuning)
        real = real or found
        n = sum(
            episodes.count([key % days for key in sorted(found) if key // days == series])
            for series in {key // days for key in found}
        )
        said = [tried(data, counts, tuning, end) for end in range(tuning.past, days + 1)]
        rates = [each.a_week for each in said if each.a_week is not None]
        print(
            f"  {name:26} {n:4} warnings in {looked} days = {n / looked * 365:6.1f} a year;"
            f" the calibration says {52 * fmean(rates):5.1f}, alpha {said[0].alpha:.1e} to"
            f" {said[-1].alpha:.1e}",
            flush=True,
        )
    seen = int(control.enough(data.counts[:, -tuning.past :], tuning).sum())
    print(
        f"  promised at most {tuning.false_a_week * 52:.0f} a year; series={seen}, alpha of the"
        f" model alone {control.alpha_for(seen, tuning.false_a_week):.1e}"
    )
    return real


def detection(
    data: Archive, tuning: control.Tuning, dice: np.random.Generator, real: Counter[int], each: int,
    length: int = SPIKE_DAYS, bands: tuple[tuple[int, int], ...] = BANDS,
) -> None:  # fmt: skip
    """Prints the share found and the delay, by size and by how much happens there."""
    days = data.counts.shape[1]
    weekly = data.counts.mean(axis=1) * 7
    alphas = {n: tried(data, data.counts, tuning, n).alpha for n in range(tuning.past, days + 1)}
    for low, high in bands:
        some = np.flatnonzero((weekly >= low) & (weekly < high))
        if not len(some):
            continue
        for size in SIZES:
            delays: list[float] = []
            n = 0
            while n < each:
                series = int(dice.choice(some))
                start = int(dice.integers(tuning.past, days - length - AFTER))
                if any(real[series * days + d] for d in range(start, start + length + AFTER)):
                    continue
                n += 1
                delay = _found(data, tuning, dice, series, start, size, length, alphas)
                if delay is not None:
                    delays.append(delay)
            say(f"{low}-{high} a week, x{size:g}", delays, n)


def _found(
    data: Archive, tuning: control.Tuning, dice: np.random.Generator, series: int, start: int,
    size: float, length: int, alphas: dict[int, float],
) -> float | None:  # fmt: skip
    """Hours from the first hour of the spike to the midnight it was seen at."""
    hour = int(dice.integers(24))
    around = data.counts[series, start - 28 : start].mean() + 1 / 28
    put = dice.poisson((size - 1) * around, length + 1)
    put[0] = dice.binomial(put[0], 1 - hour / 24)
    put[-1] = dice.binomial(put[-1], hour / 24)
    counts = data.counts.copy()
    counts[series, start : start + length + 1] += put
    same = [n for n, group in enumerate(data.classes) if group == data.classes[series]]
    kinds = data.kinds
    # Only its class has to be looked at: factors and dispersion come from there.
    for end in range(start + 1, start + length + AFTER + 1):
        begin = max(0, end - tuning.past)
        charts = control.charts(counts[same, begin:end], [0] * len(same), kinds[begin:end], tuning)
        for verdict in control.verdicts(charts, alphas[end], tuning.least):
            if same[verdict.series] == series:
                return (end - start) * 24.0 - hour
    return None


def main(arguments: list[str]) -> int:
    """Read, look, put spikes in, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.warnings", description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--each", type=int, default=150, help="spikes of each size and band")
    parser.add_argument("--seed", type=int, default=511803)
    parser.add_argument("--a-week", type=float, default=1.0, help="false alarms accepted")
    given = parser.parse_args(arguments)
    dice = np.random.default_rng(given.seed)
    started = time.perf_counter()
    found = list(requests(given.file))
    data = archive(found)
    tuning = control.Tuning(false_a_week=given.a_week)
    until = data.first + timedelta(days=data.counts.shape[1] - 1)
    print(f"{len(found):,} requests, {data.first} to {until}, {len(data.names)} series")
    print("false alarms")
    real = false_alarms(data, tuning, dice)
    print("spikes of a week")
    detection(data, tuning, dice, real, given.each)
    print("spikes of four weeks")
    detection(data, tuning, dice, real, given.each // 3, 28, ((1, 7),))
    print("series of components, 14 days")
    wards = np.flatnonzero([ward > 0 for _, ward in data.names])
    classes = [data.classes[row] for row in wards.tolist()]
    components(Past(data.first, data.counts[wards], classes, data.kinds), dice, given.each)
    print("clusters")
    clusters(found, dice, max(20, given.each // 5))
    print(f"{time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
