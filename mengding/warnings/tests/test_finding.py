"""The finder without a database: the preview's replay is the hourly look, day by day."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from mengding.regions import cells
from mengding.warnings.facts import Facts, Recheck, Row, start_of
from mengding.warnings.finding import everything, replayed
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import SHIPPED, Rules
from mengding.warnings.stats import episodes

DISTRICT, TODAY = 1, date(2026, 11, 30)
TOWNS = 3


def _district(seed: int = 4) -> Facts:
    """Three towns, some classes, and in the last weeks a storm and a burst of one square."""
    dice = np.random.default_rng(seed)
    rows: list[Row] = []

    def add(code: str, village: int, back: int, near: float = 0.02) -> None:
        lon = 103.1 + 0.05 * village + float(dice.normal(0, near))
        lat = 30.1 + float(dice.normal(0, near))
        day = TODAY - timedelta(days=back)
        place = cells.cell(lon, lat)
        rows.append(Row(len(rows) + 1, code, 10 + village % TOWNS, 100 + village, place, day))

    for code in ("C0101", "C0137", "E0110", "E0503"):
        for back in range(1, 170):
            for _ in range(dice.poisson(0.9)):
                add(code, int(dice.integers(6)), back)
    for back in (12, 12, 12, 12, 12, 12, 11, 11, 11, 11, 11, 11, 11, 10, 10):
        add("E0503", 2, back)
    for back in (5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3):
        add("C0137", 4, back, near=0.003)
    for back in (20, 14, 9, 8, 2):
        add("E0110", 1, back, near=0)
    late = Recheck(7, 100, "E0703", start_of(TODAY - timedelta(days=9)), None)
    mended = Recheck(
        8, 100, "E0703", start_of(TODAY - timedelta(days=30)), start_of(TODAY - timedelta(days=20))
    )
    return Facts(DISTRICT, rows, (late, mended))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CROWD])
def test_a_replay_counts_what_the_look_of_every_midnight_would_have_raised(kind: Kind) -> None:
    facts = _district()
    rules = Rules(on=frozenset({kind}))
    hits = []
    for n, back in enumerate(range(25, -1, -1)):
        day = TODAY - timedelta(days=back)
        # As it stood then: nothing of that day or later is known.
        known = replace(facts, rows=[row for row in facts.rows if row.day < day])
        for found in everything(known, rules, start_of(day)):
            squares = frozenset(int(cell) for cell in found.detail.get("cells", []))
            name = found.detail.get("big", found.key)
            hits.append((n, name, squares))
    assert hits, "the district has something of every kind"
    assert replayed(kind, facts, rules, TODAY, 25) == episodes.count_all(hits)


def test_what_was_put_in_is_found_with_its_figures() -> None:
    facts = _district()
    now = start_of(TODAY - timedelta(days=10))
    found = everything(facts, SHIPPED, now)
    (storm,) = (one for one in found if one.kind is Kind.SPIKE and one.region != DISTRICT)
    assert (storm.class_code, storm.region) == ("E0503", 12)
    assert storm.observed >= storm.threshold > storm.expected
    assert storm.chance is not None
    assert storm.chance <= storm.detail["alpha"]
    assert storm.detail["false_a_week"] <= 1.0
    days = {row.pk: row.day for row in facts.rows}
    assert {days[pk] for pk in storm.case_ids} <= {
        TODAY - timedelta(days=back) for back in range(11, 18)
    }
    later = everything(facts, SHIPPED, start_of(TODAY))
    burst = next(one for one in later if one.kind is Kind.CLUSTER)
    assert burst.detail["big"] == "C01"
    assert {one.key for one in later if one.kind is Kind.OVERDUE} == {"finding:7"}


def test_what_a_district_takes_out_is_not_looked_at() -> None:
    facts = _district()
    without = Rules(without=frozenset({"E0503", "C0137"}))
    found = everything(facts, without, start_of(TODAY - timedelta(days=10)))
    assert not {one.class_code for one in found} & {"E0503", "C0137"}


@pytest.mark.parametrize("kind", [Kind.SPIKE, Kind.SERIES])
def test_a_look_needs_no_more_days_than_the_rules_say(kind: Kind) -> None:
    facts = _district()
    first = TODAY - timedelta(days=169)
    older = [row._replace(day=first - timedelta(days=n % 90)) for n, row in enumerate(facts.rows)]
    whole = replace(facts, rows=sorted([*facts.rows, *older], key=lambda row: row.day))
    rules = Rules(on=frozenset({kind}))
    seen = 0
    for back in range(14):
        today = TODAY - timedelta(days=back)
        since = today - timedelta(days=rules.past_days)
        enough = replace(whole, rows=[row for row in whole.rows if since <= row.day])
        found = everything(whole, rules, start_of(today))
        assert found == everything(enough, rules, start_of(today))
        seen += len(found)
    assert seen, "something is found"


@pytest.mark.parametrize(
    ("kind", "known", "tried"),
    [
        (Kind.SPIKE, 169, True),
        (Kind.SPIKE, 55, False),
        (Kind.SERIES, 169, True),
        (Kind.SERIES, 75, False),
    ],
)
def test_days_before_a_districts_first_case_are_no_quiet_days(
    kind: Kind, known: int, tried: bool
) -> None:
    facts = _district()
    rows = [row for row in facts.rows if row.day >= TODAY - timedelta(days=known)]
    burst = Row(0, "C0101", 11, 104, None, TODAY - timedelta(days=12))
    rows += [burst._replace(pk=10_000 + n) for n in range(30)]
    rules, now = Rules(on=frozenset({kind})), start_of(TODAY - timedelta(days=10))
    found = everything(replace(facts, rows=rows), rules, now)
    assert found
    assert {one.detail["false_a_week"] is not None for one in found} == {tried}


def test_a_district_whose_first_case_is_of_today_has_nothing_to_say() -> None:
    row = Row(1, "C0101", 10, 100, None, TODAY)
    facts = Facts(DISTRICT, [row])
    rules = Rules(on=frozenset({Kind.SPIKE, Kind.SERIES}))
    assert everything(facts, rules, start_of(TODAY) + timedelta(hours=8)) == []
    assert everything(Facts(DISTRICT, []), rules, start_of(TODAY)) == []
    assert [replayed(kind, facts, rules, TODAY, 20) for kind in rules.on] == [0, 0]
