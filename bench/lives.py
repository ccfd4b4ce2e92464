"""Made-up lives of ended cases, priced by the product's rules; for `bench.costs`.

Two years with a second version of rates after the first. Skewed as life is: a few classes and towns
make up most; most cases go the short way; hours on site have a long tail that differs by class.
What nobody measured is guessed: shares are written here, where they can be argued about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mengding.costs.reckon import Reckoning, reckon
from mengding.costs.work import QUARTER, Line, Work

YEARS_DAYS = 730
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Lives:
    """`way`: which of `reckonings` each came to; `columns`: the rest of its row, as numbers."""

    reckonings: list[Reckoning]
    way: Numbers
    columns: dict[str, list[Any]]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows without their number and pattern."""
        names = [*self.columns]
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def lives(count: int) -> Lives:
    """So many lives, always the same."""
    from django.db import connection

    from mengding.core import clock
    from mengding.costs.queries.rates import series
    from mengding.demo.stories import actor_of
    from mengding.indicators.facts import local_day

    today = local_day(clock.now())
    dice = np.random.default_rng(511803)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (c.code) c.code, coalesce(o.id, 0) FROM catalogue_caseclass c"
            " LEFT JOIN people_organisation o ON o.code = 'dept-' || c.default_department"
            " WHERE NOT c.confidential ORDER BY c.code"
        )
        classes = cursor.fetchall()
        cursor.execute(
            "SELECT v.id, t.id, d.id FROM regions_region v JOIN regions_region t"
            " ON t.id = v.parent_id JOIN regions_region d ON d.id = t.parent_id"
            " WHERE v.level = 'village' ORDER BY v.code"
        )
        places = cursor.fetchall()
    district = places[0][2]
    if len(series(district)) < 2:
        _second_rates(actor_of("supervise"), today)
    versions = series(district)

    def some(odds: dict[Any, float]) -> NDArray[Any]:
        shares = np.array([*odds.values()], float)
        return dice.choice(np.array([*odds]), count, p=shares / shares.sum())

    kind = _skewed(dice, len(classes), count, 0.9)
    place = _skewed(dice, len(places), count, 0.6)
    day = np.sort(dice.integers(0, YEARS_DAYS, count))  # as they ended
    org = np.array([each[1] for each in classes])[kind]
    channel = some({"phone": 45, "grid": 33, "web": 8, "walk_in": 6, "open311": 4, "transfer": 4})
    ending = some({"closed": 89, "merged": 4, "declined": 4, "void": 3})
    usual = dice.lognormal(0, 0.5, len(classes))[kind]  # some matters take longer
    quarters = np.clip(np.ceil(dice.lognormal(0.9, 0.6, count) * usual), 1, 32).astype(int)
    drawn = {
        "version": (day >= YEARS_DAYS // 2).astype(int),
        "channel": channel,
        "ending": ending,
        "own": np.where(np.isin(org, [*versions[0].departments]), org, 0),
        "spot": (channel == "grid") & (dice.random(count) < 0.25) & (ending == "closed"),
        "joined": some({0: 93, 1: 5, 2: 1.3, 3: 0.5, 4: 0.2}),
        "verify": some({0: 85, 1: 15}),
        "sent": some({1: 88, 2: 10, 3: 2}),
        "quarters": np.where(dice.random(count) < 0.7, quarters, 0),
        "again": some({0: 94, 1: 6}),
        "reply": some({0: 40, 1: 48, 2: 12}),
        "approve": some({0: 92, 1: 8}),
        "supervise": some({0: 97, 1: 3}),
        "call_back": some({0: 70, 1: 30}),
    }
    known: dict[tuple[Any, ...], int] = {}
    way = np.array(
        [known.setdefault(each, len(known)) for each in zip(*(c.tolist() for c in drawn.values()),
                                                          strict=True)]
    )  # fmt: skip
    on = [today - timedelta(days=YEARS_DAYS - 1), today]
    reckonings = [_reckoned(dict(zip(drawn, each, strict=True)), on, versions) for each in known]
    nowhere = dice.random(count) < 0.02
    return Lives(
        reckonings,
        way,
        {
            "day": [on[0] + timedelta(days=int(each)) for each in day],
            "ending": ending.tolist(),
            "whole": (dice.random(count) > 0.005).tolist(),
            "confidential": (dice.random(count) < 0.01).tolist(),
            "district": [district] * count,
            "town": np.array([each[1] for each in places])[place].tolist(),
            "village": np.where(nowhere, 0, np.array([e[0] for e in places])[place]).tolist(),
            "grid": [0] * count,
            "org": np.where(np.isin(ending, ["closed"]), org, 0).tolist(),
            "class_code": np.array([each[0] for each in classes])[kind].tolist(),
            "channel": channel.tolist(),
            "tier": some({"district": 60, "town": 40}).tolist(),
        },
    )


def _second_rates(boss: Any, today: date) -> None:
    """From the second year on everything costs a little more."""
    from mengding.core import clock
    from mengding.costs import actions
    from mengding.demo.costs import EXAMPLE

    begin = today - timedelta(days=YEARS_DAYS // 2 - 1)
    dearer = {
        code: {**rate, "fen": rate["fen"] * 106 // 100}
        for code, rate in dict(EXAMPLE["rates"]).items()  # type: ignore[call-overload]
    }
    with clock.at(clock.now() - timedelta(days=YEARS_DAYS // 2)):
        actions.publish(boss, begin, {**EXAMPLE, "rates": dearer}, 1)


def _skewed(dice: np.random.Generator, kinds: int, count: int, power: float) -> Numbers:
    """Kinds by rank: the first is the most frequent."""
    shares = 1 / np.arange(1, kinds + 1) ** power
    order = dice.permutation(kinds)
    found: Numbers = order[dice.choice(kinds, count, p=shares / shares.sum())]
    return found


_INTAKE = {"phone": "call", "grid": "found", "walk_in": "visit"}


def _reckoned(drawn: dict[str, Any], on: list[date], versions: Any) -> Reckoning:
    day, org = on[drawn["version"]], int(drawn["own"]) or 1
    lines: list[Line] = []

    def add(activity: str, times: int = 1, minutes: int | None = None) -> None:
        lines.extend([Line(activity, day, org, minutes)] * int(times))

    add(_INTAKE.get(drawn["channel"], "written"))
    add("verify", drawn["verify"])
    closed = drawn["ending"] == "closed"
    if drawn["spot"]:
        add("self_handle")
        add("check")
        return reckon(Work(tuple(lines), 0, org), versions, day)
    if drawn["ending"] in ("closed", "declined"):
        add("decide")
    if drawn["ending"] == "void":
        add("approve")
    if closed:
        add("call", drawn["joined"])
        add("merge", drawn["joined"])
        add("dispatch", drawn["sent"])
        add("material", 1 + drawn["again"])
        add("check", 1 + drawn["again"])
        add("handle_plain", drawn["again"] + (drawn["quarters"] == 0))
        if drawn["quarters"]:
            add("travel")
            add("handle", 1, int(drawn["quarters"]) * QUARTER)
        for name in ("reply", "approve", "supervise", "call_back"):
            add(name, drawn[name])
    joined = drawn["joined"] if closed else 0
    return reckon(Work(tuple(lines), joined, None), versions, day if closed else None)
