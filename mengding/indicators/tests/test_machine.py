"""Whatever happens to cases, the sums kept equal a recomputation from the tables.

The random lives of `cases` (every move, legal and not, by anybody, while time passes: reopen, void,
merge, split, reclassify, rework, reassign, appeals), followed by the roll-ups in pieces and out of
order, with cases taken in late and dated back.

`MENGDING_EXAMPLES=200` walks longer than the ordinary run.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from mengding.cases import actions as cases
from mengding.cases.models import Case, Report
from mengding.cases.stages import Channel, Stage
from mengding.cases.tests.made import TRIES, case_at, report
from mengding.cases.tests.test_machine import BEGIN, MOST_CASES, Life
from mengding.core import clock
from mengding.indicators import actions
from mengding.indicators.check import compare
from mengding.ledger.models import Event


def _reopen(life: Life, pk: int) -> None:
    cases.reopen(life.people["supervise"], pk, reason="又坏了")


def _void(life: Life, pk: int) -> None:
    cases.request_void(life.people["desk"], pk, reason="录错了")
    cases.grant(life.people["supervise"], pk)


def _merge(life: Life, pk: int) -> None:
    other = report(class_code="C0101").case
    life.cases.append(other.pk)
    cases.merge(life.people["desk"], other.pk, into_id=pk)


def _split(life: Life, pk: int) -> None:
    cases.join(life.people["desk"], pk, cases.Message(text="另一处也坏了", channel=Channel.GRID))
    second = Report.objects.filter(case_id=pk).latest("pk")
    made = cases.split(
        life.people["desk"], pk, report_ids=[second.pk], description="另一处",
        class_code="E0110",
    )  # fmt: skip
    life.cases.append(made.pk)


def _reclassify(life: Life, pk: int) -> None:
    code = Case.objects.values_list("class_code", flat=True).get(pk=pk)
    cases.amend(life.people["desk"], pk, class_code="E0110" if code == "C0101" else "C0101")


# What must not break the sums, by name: where a case has to stand, and how it happens.
NAMED: dict[str, tuple[Stage, Callable[[Any, int], object]]] = {
    "reopen": (Stage.CLOSED, _reopen),
    "void": (Stage.HANDLING, _void),
    "merge": (Stage.HANDLING, _merge),
    "split": (Stage.FILED, _split),
    "reclassify": (Stage.RECEIVED, _reclassify),
}


class Counted(Life):
    """Lives that are counted while they go on."""

    compared = 0
    seen: set[str] = set()
    happened: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.read = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.pending: set[int] = set()
        self.changed = True

    @rule(data=st.data())
    def some_are_followed(self, data: st.DataObject) -> None:
        """A batch of the feed: some of the cases that changed, in any order."""
        self.look()
        if self.pending:
            some = data.draw(st.lists(st.sampled_from(sorted(self.pending)), unique=True))
            with clock.at(self.now):
                actions.take_in(some)
            self.pending -= set(some)

    @rule(stage=st.sampled_from(BEGIN), days=st.sampled_from([1, 8, 40, 400]))
    def import_of_the_past(self, stage: Any, days: int) -> None:
        """A case that was over before this began, while there are few."""
        if len(self.cases) < MOST_CASES:
            self.imported(stage, days)

    def imported(self, stage: Any, days: int) -> None:
        """Taken in late and dated back."""
        with clock.at(self.now - timedelta(days=days)):
            self.cases.append(case_at(stage[0], assist=stage[1]).pk)
        self.touched.add(self.cases[-1])
        Counted.happened["import"] += 1

    @rule(data=st.data(), code=st.sampled_from(["C0102", "E0110", "S0102"]))
    def reclassify(self, data: st.DataObject, code: str) -> None:
        """Another class, confidential ones too, before it is filed."""
        pk, stage = self.some_case(data)
        if stage == "received":
            self.attempted(pk, lambda: cases.amend(self.people["desk"], pk, class_code=code))

    @rule(data=st.data(), how=st.sampled_from(sorted(NAMED)))
    def named(self, data: st.DataObject, how: str) -> None:
        """One of the events that the roll-ups must survive, by who may, on a case that allows it.

        Where no case stands so far, one is made; otherwise some of these would hardly ever happen.
        """
        if len(self.cases) < 2 * MOST_CASES:
            self.event(how, lambda some: data.draw(st.sampled_from(some)))

    def event(self, how: str, choose: Any) -> None:
        """Make it happen, and count it."""
        stage, make = NAMED[how]
        fit = Case.objects.filter(pk__in=self.cases, stage=stage, confidential=False)
        found = list(fit.order_by("pk").values_list("pk", flat=True))
        if not found:
            with clock.at(self.now):
                found = [case_at(stage).pk]
            self.cases += found
        pk = choose(found)
        self.touched.add(pk)
        events = Event.objects.count()
        self.attempted(pk, lambda: make(self, pk))
        if Event.objects.count() > events:
            Counted.happened[how] += 1

    @rule(data=st.data())
    def rework(self, data: st.DataObject) -> None:
        """The check fails."""
        pk, stage = self.some_case(data)
        if stage == "checking":
            who = self.people[TRIES["rework"].by]
            self.attempted(pk, lambda: TRIES["rework"].make(who, pk, None))

    def attempted(self, pk: int, make: Any) -> None:
        """Make a move that may be refused."""
        from django.db import transaction

        from mengding.core.errors import DomainError

        try:
            with clock.at(self.now), transaction.atomic():
                make()
        except DomainError:
            return
        self.touched.add(pk)

    def look(self) -> None:
        """What the feed would tell of: cases with new events."""
        rows = Event.objects.filter(pk__gt=self.read).order_by("pk")
        for pk, kind, subject, action in rows.values_list(
            "pk", "subject_kind", "subject_id", "action"
        ):
            self.read = pk
            Counted.seen.add(action)
            if kind == "case":
                self.pending.add(subject)
                self.changed = True

    @invariant()
    def sums_are_those_of_the_tables(self) -> None:
        """Once the rest is followed and the limits have run out."""
        self.look()
        with clock.at(self.now):
            actions.take_in(sorted(self.pending))
            while not actions.tick():
                pass
            self.pending.clear()
            found = compare()
        assert found.different == []
        assert found.cases == Case.objects.count()
        Counted.compared += found.facts


@pytest.mark.usefixtures("fresh_world")
@pytest.mark.django_db
def test_sums_follow_every_life() -> None:
    Life.people.clear()
    Counted.seen.clear()
    Counted.happened.clear()
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=int(os.environ.get("MENGDING_EXAMPLES", "6")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(sorted(Counted.seen), Counted.compared)
    # The walk went somewhere: otherwise nothing was compared.
    assert len(Counted.seen) > 12
    assert Counted.compared > 300


@pytest.mark.usefixtures("fresh_world")
@pytest.mark.django_db
@settings(
    max_examples=int(os.environ.get("MENGDING_EXAMPLES", "4")),
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.shrink],  # each try takes seconds
)
@given(order=st.permutations([*NAMED, *NAMED, "import"]), data=st.data())
def test_none_of_the_named_events_breaks_the_sums(order: list[str], data: st.DataObject) -> None:
    """Reopen, void, merge, split, reclassify (twice each) and an import of the past, in any
    order, on cases that met the others before: each truly happens, and the sums hold."""
    Life.people.clear()
    Counted.happened.clear()
    life = Counted()
    try:
        life.begin([(Stage.CLOSED, True), (Stage.HANDLING, True), (Stage.FILED, False)])
        life.sums_are_those_of_the_tables()
        for how in order:
            life.now += timedelta(hours=7)
            if how == "import":
                life.imported((Stage.CHECKING, False), 40)
            else:
                life.event(how, lambda some: data.draw(st.sampled_from(some)))
            life.sums_are_those_of_the_tables()
        assert {how: Counted.happened[how] for how in order} == dict(Counter(order))
        actions_seen = {"case.reopen", "case.merge", "case.split", "case.amend"}
        assert actions_seen <= Counted.seen
    finally:
        life.teardown()
