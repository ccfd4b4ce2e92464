"""Whatever happens to cases, the sums kept equal a recomputation from the tables.

The random lives of `cases` (every move, legal and not, by anybody, while time passes: reopen, void,
merge, split, reclassify, rework, reassign, appeals), followed by the roll-ups in pieces and out of
order, with cases taken in late and dated back.

`MENGDING_EXAMPLES=200` walks longer than the ordinary run.
"""

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from mengding.cases.models import Case
from mengding.cases.tests.made import TRIES, case_at
from mengding.cases.tests.test_machine import BEGIN, MOST_CASES, Life
from mengding.core import clock
from mengding.indicators import actions
from mengding.indicators.check import compare
from mengding.ledger.models import Event


class Counted(Life):
    """Lives that are counted while they go on."""

    compared = 0
    seen: set[str] = set()

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
        """A case that was over before this began."""
        if len(self.cases) < MOST_CASES:
            with clock.at(self.now - timedelta(days=days)):
                self.cases.append(case_at(stage[0], assist=stage[1]).pk)
            self.touched.add(self.cases[-1])

    @rule(data=st.data(), code=st.sampled_from(["C0102", "E0110", "S0102"]))
    def reclassify(self, data: st.DataObject, code: str) -> None:
        """Another class, confidential ones too, before it is filed."""
        pk, stage = self.some_case(data)
        if stage == "received":
            from mengding.cases import actions as cases

            self.attempted(pk, lambda: cases.amend(self.people["desk"], pk, class_code=code))

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
