"""Whatever happens to cases, the counts kept ready are those of their rows, and so is each number.

Small random tables quickly, then the random lives of real cases (`cases`, `indicators`): every move
by anybody while time passes, reopen, void, merge, split, reclassify, followed in pieces and out of
order, with rates that come late. `MENGDING_EXAMPLES=200` tries more than the ordinary run.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from itertools import product
from statistics import median
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from mengding.cases.stages import Stage
from mengding.cases.tests.made import who
from mengding.cases.tests.test_machine import Life, rolled_back
from mengding.core import clock
from mengding.core.actor import Actor, Level
from mengding.costs import actions, queries, rollup
from mengding.costs.check import compare
from mengding.costs.models import CaseCost, Cell, Pattern
from mengding.costs.packing import PAIR, BelowZero, changed, pairs
from mengding.costs.queries.counts import BYS, ENDINGS
from mengding.costs.queries.sums import sums
from mengding.costs.reckon import half_up
from mengding.costs.tests.before import answer, numbers_of
from mengding.costs.tests.test_costs import RATES
from mengding.http.paging import decode_cursor
from mengding.indicators.queries.scope import Filters
from mengding.indicators.spans import Span
from mengding.indicators.tests.test_machine import NAMED, Counted
from mengding.people.models import Organisation
from mengding.regions.models import Region

EXAMPLES = int(os.environ.get("MENGDING_EXAMPLES", "25"))
FIRST = date(2025, 12, 30)
DAYS = st.integers(0, 70).map(lambda n: FIRST + timedelta(days=n))
SPANS = st.tuples(DAYS, st.integers(1, 75)).map(lambda s: Span(s[0], s[0] + timedelta(days=s[1])))
QUICK = [phase for phase in Phase if phase is not Phase.shrink]  # each try takes long
world = pytest.mark.usefixtures("fresh_world")


# Packed pairs

COUNTS = st.dictionaries(st.integers(1, 2**31 - 1), st.integers(1, 2**20), max_size=8)


@given(COUNTS, COUNTS)
def test_adding_and_taking_out_again(first: dict[int, int], second: dict[int, int]) -> None:
    one = changed(b"", first)
    assert dict(pairs(one).tolist()) == first
    both = changed(one, second)
    assert dict(pairs(both).tolist()) == dict(Counter(first) + Counter(second))
    assert [*pairs(both)["pattern"]] == sorted(first.keys() | second.keys())
    assert changed(both, {pattern: -n for pattern, n in second.items()}) == one


def test_what_was_never_there_cannot_be_taken_out() -> None:
    with pytest.raises(BelowZero):
        changed(changed(b"", {7: 1}), {7: -2})


@world
@pytest.mark.django_db
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 9)), min_size=1, max_size=8))
def test_mean_and_median_of_packed_counts(counted: list[tuple[int, int]]) -> None:
    with rolled_back():
        made = [_pattern(fen, fen % 7) for fen, _ in counted]
        some = np.array([(each.pk, n) for each, (_, n) in zip(made, counted, strict=True)], PAIR)
        _, whole = sums({"a": some[:3].tobytes(), "b": some[3:].tobytes()})
        values = [fen for fen, n in counted for _ in range(n)]
        found = whole.shown(1)
    assert found["cases"] == len(values)
    assert found["fen"] == sum(values)
    assert found["mean"] == half_up(sum(values), len(values))
    assert found["median"] == half_up(round(2 * median(values)), 2)
    assert found["minutes"] == sum(fen % 7 for fen in values)


_made = iter(range(10**9))


def _pattern(fen: int, minutes: int, **given: Any) -> Pattern:
    lines = given.pop("lines", [["call", 1, minutes, fen]])
    digest = f"{next(_made):064}"
    return Pattern.objects.create(digest=digest, fen=fen, minutes=minutes, lines=lines, **given)


# Random tables


class Table:
    """A small world to put rows into: two towns, two villages, departments, classes, patterns."""

    def __init__(self) -> None:
        regions = dict(Region.objects.values_list("code", "pk"))
        self.district = regions["511803"]
        self.towns = [regions["511803102"], regions["511803104"], 0]
        self.villages = [regions["511803102201"], 0]  # of the first town
        self.orgs = [*Organisation.objects.order_by("pk").values_list("pk", flat=True)[:2], 0]
        saved: dict[str, Any] = {"merged": [2, 900, 30], "spot": [1, -50, 5]}
        lines = [["call", 1, 6, 350], ["handle", 2, None, 7000], ["material", 1, None, None]]
        self.patterns = [
            _pattern(fen, fen % 11, lines=lines[: 1 + n % 3], **(saved if n % 2 else {}))
            for n, fen in enumerate([100, 100, 101, 2500, 90000])
        ]

    def row(self, draw: Any, case: int) -> CaseCost:
        """Any row; most are of the kind numbers are asked for."""
        some = draw(st.randoms(use_true_random=False))
        town = some.choice(self.towns)
        return CaseCost(
            case_id=case,
            day=draw(DAYS),
            ending=some.choice(("closed", "closed", *ENDINGS)),
            whole=some.random() < 0.8,
            pattern=some.choice(self.patterns),
            confidential=some.random() < 0.15,
            district=self.district,
            town=town,
            village=some.choice(self.villages) if town == self.towns[0] else 0,
            grid=0,
            org=some.choice(self.orgs),
            class_code=some.choice(("C0101", "C0102", "E0110", "")),
            channel=some.choice(("phone", "grid")),
            tier="district",
        )

    def filters(self, draw: Any) -> Filters:
        """Up to three filters at once: more than any cut answers."""
        return Filters(
            region=draw(st.sampled_from(["", "", "511803102", "511803-", "511803102201"])),
            org=draw(st.sampled_from([None, None, *self.orgs])),
            class_code=draw(st.sampled_from(["", "", "C01", "E0110", "-"])),
            channel=draw(st.sampled_from(["", "", "phone"])),
        )


ALL = Filters()


def _of_town() -> Actor:
    """A supervisor of a town; the demo has only those of the district."""
    town = Region.objects.get(code="511803102").pk
    return replace(who("supervise"), level=Level.TOWN, region_id=town)


def _agree(actor: Actor, span: Span, filters: Filters, by: str, ending: str) -> int:
    """Both ways of counting say the same; returns how many cases that were."""
    others = {"before": Span(span.since - timedelta(days=span.days), span.since)}
    asked: dict[str, Any] = {"by": by, "ending": ending, "others": others}
    found = queries.values(actor, span, filters, **asked)
    assert numbers_of(found) == answer(actor, span, filters, **asked)
    return int(found["total"]["cases"])


@world
@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None, phases=QUICK
)
@given(data=st.data())
def test_counts_follow_any_rows(data: st.DataObject) -> None:
    """Batches of endings, reopenings, changes of everything, in any order; then any question."""
    with rolled_back():
        actions.publish(who("supervise"), date(2025, 1, 1), {**RATES, "fewest": 3}, 0)
        table = Table()
        for _ in range(data.draw(st.integers(1, 5))):
            ids = data.draw(st.lists(st.integers(1, 40), unique=True, min_size=1, max_size=25))
            kept = [pk for pk in ids if data.draw(st.integers(0, 3))]
            rollup.refresh([table.row(data.draw, pk) for pk in kept], ids)
            assert compare().different == []
        for actor, filters in ((who("supervise"), table.filters(data.draw)), (_of_town(), ALL)):
            by, ending = data.draw(st.sampled_from(BYS)), data.draw(st.sampled_from(("", *ENDINGS)))
            _agree(actor, data.draw(SPANS), filters, by, ending)
        before = _cells()
        rollup.rebuild()
        assert _cells() == before


def _cells() -> set[tuple[Any, ...]]:
    rows = Cell.objects.values_list(*rollup.Key._fields, "unrated", "patterns")
    return {(*row[:-1], bytes(row[-1])) for row in rows}


@world
@pytest.mark.django_db
def test_every_question_over_one_table() -> None:
    """Each grouping with each single filter, over a month, parts of months and more than both."""
    actions.publish(who("supervise"), date(2025, 1, 1), {**RATES, "fewest": 3}, 0)
    table, dice = Table(), random.Random(4)

    def draw(strategy: Any) -> Any:
        if strategy is DAYS:
            return FIRST + timedelta(days=dice.randrange(70))
        return dice

    rollup.refresh([table.row(draw, pk) for pk in range(1, 600)], range(1, 600))
    spans = [
        Span(date(2026, 1, 1), date(2026, 2, 1)),
        Span(date(2026, 1, 10), date(2026, 1, 20)),
        Span(date(2025, 12, 31), date(2026, 3, 3)),
    ]
    narrowed = [
        Filters(), Filters(region="511803102"), Filters(region="511803-"), Filters(class_code="C"),
        Filters(class_code="-"), Filters(org=table.orgs[0]), Filters(org=0),
        Filters(channel="grid"), Filters(region="511803102", class_code="C0101", channel="phone"),
    ]  # fmt: skip
    cases = 0
    for span, filters, by in product(spans, narrowed, BYS):
        for ending in ("closed", ""):
            cases += _agree(who("supervise"), span, filters, by, ending)
        cases += _agree(who("sysadmin"), span, filters, by, "declined")
        if not filters.region:
            cases += _agree(_of_town(), span, filters, by, "closed")
    assert cases > 10_000
    assert compare().different == []
    kept = _cells()
    Cell.objects.all().delete()
    first = import_module("mengding.costs.migrations.0004_counts_of_what_there_is")
    later = import_module("mengding.costs.migrations.0006_towns_by_department_and_class")
    with connection.cursor() as cursor:  # what an upgrade makes of the rows it finds
        first.fill(None, cursor)
        cursor.execute(later.FILL)
    assert _cells() == kept


@world
@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 4])
@pytest.mark.parametrize("order", ["day", "cost"])
def test_pages_behind_a_number_leave_nothing_out(order: str, limit: int) -> None:
    """By the places of the pages, as no case stands behind these rows."""
    table, dice = Table(), random.Random(9)

    def draw(strategy: Any) -> Any:
        return FIRST + timedelta(days=dice.randrange(70)) if strategy is DAYS else dice

    rollup.refresh([table.row(draw, pk) for pk in range(1, 120)], range(1, 120))
    days = Span(date(2026, 1, 3), date(2026, 2, 27))
    rows = CaseCost.objects.filter(
        day__gte=days.since, day__lt=days.until, whole=True, confidential=False, ending="closed"
    )
    column = "day" if order == "day" else "pattern__fen"
    wanted = [*rows.order_by(f"-{column}", "-case_id").values_list(column, "case_id")]
    found, cursor = [], None
    while True:
        page = queries.behind(
            who("supervise"), days, Filters(), order=order, cursor=cursor, limit=limit
        )
        assert page["total"] == len(wanted) > 20
        if page["next"] is None:
            break
        cursor = page["next"]
        found.append(decode_cursor(cursor, order, str))
    assert found == [(str(value), case) for value, case in wanted[limit - 1 :: limit]][: len(found)]
    assert len(found) == (len(wanted) - 1) // limit


@world
@pytest.mark.django_db
def test_the_check_sees_what_is_wrong_and_rebuilding_mends_it() -> None:
    row = Table().row(lambda _: random.Random(1), 1)
    row.day, row.confidential, row.whole = FIRST, False, True
    rollup.refresh([row], [1])
    assert compare().mismatches == 0
    kept = _cells()
    wrong = Cell.objects.filter(cut=2)
    wrong.update(patterns=changed(b"", {row.pattern_id: 2}))
    Cell.objects.filter(cut=0).delete()
    assert compare().mismatches == 2
    with pytest.raises(BelowZero), transaction.atomic():  # and whoever writes on is stopped by it
        rollup.refresh([], [1])

    rollup.rebuild()
    assert _cells() == kept


# Lives of real cases


class Priced(Counted):
    """Lives whose costs are counted while they go on."""

    agreed: Counter[str] = Counter()

    @rule(data=st.data())
    def some_are_followed(self, data: st.DataObject) -> None:
        """A batch of the feed: some of the cases that changed, in any order."""
        self.look()
        if self.pending:
            some = data.draw(st.lists(st.sampled_from(sorted(self.pending)), unique=True))
            with clock.at(self.now):
                actions.take_in(some)
            self.pending -= set(some)

    @rule(back=st.sampled_from([8, 60]))
    def rates(self, back: int) -> None:
        """Rates come late, for what happened before too; or a second version."""
        found = queries.rates_page(who("supervise"))["items"]
        with clock.at(self.now):
            day = self.now.date()
            begin = day + timedelta(days=1) if found else day - timedelta(days=back)
            rates = {**RATES["rates"], "decide": {"fen": 100 + len(found)}}
            actions.publish(who("supervise"), begin, {**RATES, "rates": rates}, len(found))
            actions.recount()

    @invariant()
    def sums_are_those_of_the_tables(self) -> None:
        """Once the rest is followed."""
        self.look()
        with clock.at(self.now):
            actions.take_in(sorted(self.pending))
            self.pending.clear()
            self.agree()

    def agree(self) -> None:
        """The counts are those of the rows, each number that of the slow way, and taking
        everything in once more changes nothing."""
        assert compare().different == []
        until = self.now.date() + timedelta(days=2)
        for by, ending in product(BYS, ("closed", "")):
            days = Span(until - timedelta(days=75), until)
            Priced.agreed[ending] += _agree(who("supervise"), days, Filters(), by, ending)
        kept = set(CaseCost.objects.values_list())
        actions.take_in(sorted(self.cases))
        assert set(CaseCost.objects.values_list()) == kept


@world
@pytest.mark.django_db
def test_counts_follow_every_life() -> None:
    Life.people.clear()
    Counted.seen.clear()
    Priced.agreed.clear()
    run_state_machine_as_test(
        Priced,
        settings=settings(
            max_examples=max(4, EXAMPLES // 6),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=QUICK,
        ),
    )
    print(sorted(Counted.seen), Priced.agreed)
    assert len(Counted.seen) > 10


@world
@pytest.mark.django_db
@settings(
    max_examples=max(3, EXAMPLES // 8),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=QUICK,
)
@given(order=st.permutations([*NAMED, *NAMED, "rates", "rates", "import"]), data=st.data())
def test_none_of_the_named_events_breaks_the_counts(order: list[str], data: st.DataObject) -> None:
    """Endings, reopenings, voids, merges, splits, reclassifications and rates, in any order."""
    Life.people.clear()
    Counted.happened.clear()
    Priced.agreed.clear()
    life = Priced()
    try:
        life.begin([(Stage.CLOSED, True), (Stage.HANDLING, True), (Stage.FILED, False)])
        life.sums_are_those_of_the_tables()
        for how in order:
            life.now += timedelta(hours=31)
            if how == "rates":
                life.rates(60)
            elif how == "import":
                life.imported((Stage.CLOSED, False), 40)
            else:
                life.event(how, lambda some: data.draw(st.sampled_from(some)))
            life.sums_are_those_of_the_tables()
        assert {how: Counted.happened[how] for how in order if how != "rates"} == {
            how: order.count(how) for how in order if how != "rates"
        }
        assert Priced.agreed["closed"]
    finally:
        life.teardown()
