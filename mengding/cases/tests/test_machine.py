"""Random people make random moves, legal and not, while time passes; nothing may break.

`MENGDING_EXAMPLES=500` walks longer than the ordinary run.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mengding.cases import actions
from mengding.cases.lifecycle import TABLE
from mengding.cases.models import Approval, Case, Report
from mengding.cases.stages import ApprovalKind, Channel, Outcome, Stage
from mengding.cases.tests.invariants import CARRIES_OUT, faults, snapshot
from mengding.cases.tests.made import ASSIST, LEAD, TRIES, case_at, org, report, who
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import DomainError
from mengding.demo.roster import PEOPLE
from mengding.ledger.models import Event
from mengding.ledger.verify import verify

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
MOST_CASES = 5
Draw = Callable[[st.SearchStrategy[Any]], Any]

ACTIONS = st.sampled_from([row.action for row in TABLE] + ["join"])
PERSON = st.sampled_from([person.username for person in PEOPLE] + [""])
WORDS = st.sampled_from(["已处理", "重复", " ", "x"])
CLASSES = st.sampled_from(["C0101", "E0110", "S0102", "C9999", ""])
DEPARTMENTS = st.sampled_from(
    [LEAD, ASSIST, "dept-urban_management-511803102", "centre-511803102", "dept-gas"]
)
# Seconds to days; long enough that limits run out and suspensions end.
PASSING = st.sampled_from([1, 60, 600, 3600, 4 * 3600, 86400, 3 * 86400, 30 * 86400])


# Where cases are when a walk begins, and whether with an assisting department.
BEGIN = [
    (Stage.RECEIVED, False),
    (Stage.FILED, False),
    (Stage.DISPATCHED, True),
    (Stage.HANDLING, False),
    (Stage.HANDLING, True),
    (Stage.SUSPENDED, True),
    (Stage.CHECKING, False),
    (Stage.CLOSED, True),
]
MAIN_WAY = {
    Stage.RECEIVED: "file",
    Stage.PRECHECKING: "report_check",
    Stage.FILED: "dispatch",
    Stage.DISPATCHED: "accept",
    Stage.HANDLING: "feed_back",
    Stage.SUSPENDED: "resume",
    Stage.FED_BACK: "start_check",
    Stage.CHECKING: "close",
    Stage.CLOSED: "reopen",
}


class Life(RuleBasedStateMachine):
    """A handful of cases in the demo district."""

    people: ClassVar[dict[str, Actor]] = {}
    counts: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        self.held.enter_context(rolled_back())
        self.now = MONDAY
        self.cases: list[int] = []
        self.numbers: dict[int, str] = {}
        self.touched: set[int] = set()
        if not Life.people:
            Life.people |= {person.username: who(person.username) for person in PEOPLE}
            Life.people[""] = SYSTEM

    def teardown(self) -> None:
        """Constraints that wait for the commit are checked; then all of it is undone."""
        try:
            connection.check_constraints()
            known = set(self.cases)
            assert [fault for fault in verify()[1] if fault.subject in known] == []
        finally:
            self.held.close()

    @initialize(stages=st.lists(st.sampled_from(BEGIN), min_size=2, max_size=3))
    def begin(self, stages: list[tuple[Stage, bool]]) -> None:
        """Cases to work on, some of them on their way already."""
        for stage, assist in stages:
            with clock.at(self.now):
                self.cases.append(case_at(stage, assist=assist).pk)
        self.touched |= set(self.cases)

    @rule(seconds=PASSING)
    def time_passes(self, seconds: int) -> None:
        """The simulated clock moves on."""
        self.now += timedelta(seconds=seconds)

    @rule(class_code=st.sampled_from(["C0101", "E0110", ""]))
    def receive(self, class_code: str) -> None:
        """One more case, up to a few."""
        if len(self.cases) < MOST_CASES:
            with clock.at(self.now):
                self.cases.append(report(class_code=class_code).case_id)
            self.touched.add(self.cases[-1])

    @rule(data=st.data())
    def onward(self, data: st.DataObject) -> None:
        """The next step of the main way, by the right person."""
        pk, stage = self.some_case(data)
        if action := MAIN_WAY.get(stage):
            self.attempt(data, pk, action, TRIES[action].by, plain=True)

    @rule(data=st.data())
    def sideways(self, data: st.DataObject) -> None:
        """Any move that starts from the stage the case is in, by somebody in the right post."""
        pk, stage = self.some_case(data)
        rows = [row.action for row in TABLE if stage in row.start and not row.by_approval]
        action = data.draw(st.sampled_from(rows))
        self.attempt(data, pk, action, TRIES[action].by)

    @rule(data=st.data(), kind=st.sampled_from(ApprovalKind))
    def ask(self, data: st.DataObject, kind: ApprovalKind) -> None:
        """An application."""
        pk, _ = self.some_case(data)
        action = f"request_{kind}"
        self.attempt(data, pk, action, TRIES[action].by, plain=True)

    @rule(data=st.data(), granted=st.booleans())
    def decide(self, data: st.DataObject, granted: bool) -> None:
        """The decision on what waits for one."""
        waiting = Approval.objects.filter(case_id__in=self.cases, status="pending")
        if found := list(waiting.order_by("pk")):
            one = data.draw(st.sampled_from(found))
            action = CARRIES_OUT[one.kind] if granted else "refuse"
            self.attempt(data, one.case_id, action, "supervise")

    def some_case(self, data: st.DataObject) -> tuple[int, Stage]:
        """One of the cases and where it stands."""
        pk = data.draw(st.sampled_from(self.cases))
        return pk, Stage(Case.objects.values_list("stage", flat=True).get(pk=pk))

    @rule(data=st.data(), action=ACTIONS, person=PERSON)
    def anything(self, data: st.DataObject, action: str, person: str) -> None:
        """Anybody tries anything."""
        self.attempt(data, data.draw(st.sampled_from(self.cases)), action, person)

    def attempt(
        self, data: st.DataObject, pk: int, action: str, person: str, *, plain: bool = False
    ) -> None:
        """Make the move; refused, it must have changed nothing; made, exactly one version.

        `plain`: with arguments that are right.
        """
        other = pk if plain else data.draw(st.sampled_from(self.cases))
        if plain and action == "file":
            code = Case.objects.values_list("class_code", flat=True).get(pk=pk)
            make: Callable[[Actor], object] = lambda who: actions.file(  # noqa: E731
                who, pk, condition_code=f"{code}-1"
            )
        elif plain:
            make = lambda who: TRIES[action].make(who, pk, None)  # noqa: E731
        else:
            make = self.chosen(data.draw, action, pk, other)
        before = {case: snapshot(case) for case in {pk, other}}
        events = Event.objects.count()
        told = f"{action} on {pk} by {person or 'the system'}"
        with clock.at(self.now):
            try:
                made = make(self.people[person])
            except DomainError as refusal:
                note(f"{told}: {type(refusal).__name__} {refusal}")
                self.count("refused")
                assert {case: snapshot(case) for case in before} == before
                assert Event.objects.count() == events
                return
        note(f"{told}: done")
        self.count(action)
        if action == "split":
            assert isinstance(made, Case)
            self.cases.append(made.pk)
            self.touched.add(made.pk)
        assert Case.objects.get(pk=pk).version == before[pk]["case"]["version"] + 1
        for case in before:
            rise = Case.objects.get(pk=case).version - before[case]["case"]["version"]
            told_of = Event.objects.filter(subject_kind="case", subject_id=case).count()
            assert rise == told_of - before[case]["events"]
        self.touched |= {pk, other}

    def chosen(self, draw: Draw, action: str, pk: int, other: int) -> Callable[[Actor], object]:
        """The call, with arguments that are sometimes wrong."""
        a = actions
        words = partial(draw, WORDS)
        version = None
        if draw(st.integers(0, 9)) == 0:
            version = draw(st.integers(1, 6))
        match action:
            case "amend":
                code = draw(st.none() | CLASSES)
                text = draw(st.none() | st.just("改过的描述"))
                return lambda who: a.amend(
                    who, pk, class_code=code, description=text, version=version
                )
            case "file":
                code = draw(st.none() | CLASSES)
                condition = draw(st.sampled_from(["C0101-1", "E0110-1", "C0101-9"]))
                return lambda who: a.file(
                    who, pk, class_code=code, condition_code=condition, version=version
                )
            case "dispatch" | "reassign":
                lead, helpers = draw(DEPARTMENTS), draw(st.lists(DEPARTMENTS, max_size=2))
                orgs = [org(code) for code in helpers]
                if action == "dispatch":
                    return lambda who: a.dispatch(
                        who, pk, lead_org_id=org(lead), assist_org_ids=orgs, version=version
                    )
                why = words()
                return lambda who: a.reassign(
                    who, pk, lead_org_id=org(lead), assist_org_ids=orgs, reason=why,
                    version=version,
                )  # fmt: skip
            case "answer_help":
                helpers = draw(st.lists(DEPARTMENTS, max_size=2))
                said = words()
                return lambda who: a.answer_help(
                    who, pk, assist_org_ids=[org(code) for code in helpers], note=said,
                    version=version,
                )  # fmt: skip
            case "request_extension":
                amount = draw(st.sampled_from([0, 1, 2, 1000]))
                return lambda who: a.request_extension(
                    who, pk, amount=amount, reason="缺料", version=version
                )
            case "request_suspension":
                until = self.now + timedelta(days=draw(st.sampled_from([-1, 1, 30, 366])))
                return lambda who: a.request_suspension(
                    who, pk, until=until, reason="等待", version=version
                )
            case "close":
                outcome, met = draw(st.sampled_from(Outcome)), draw(st.booleans())
                return lambda who: a.close(
                    who, pk, outcome=outcome, finding="查过", condition_met=met, version=version
                )
            case "merge":
                return lambda who: a.merge(who, pk, into_id=other, version=version)
            case "link":
                return lambda who: a.link(who, pk, other_id=other, version=version)
            case "split":
                mine = list(Report.objects.filter(case_id=pk).values_list("pk", flat=True))
                some = draw(st.lists(st.sampled_from(mine or [0]), max_size=2, unique=True))
                code = draw(st.none() | st.sampled_from(["E0110", "C9999"]))
                return lambda who: a.split(
                    who, pk, report_ids=some, description="另一处", class_code=code,
                    version=version,
                )  # fmt: skip
            case "join":
                return lambda who: a.join(
                    who, pk, actions.Message(text="我也看到了", channel=Channel.GRID)
                )
        return lambda who: TRIES[action].make(who, pk, version)

    @invariant()
    def all_is_well(self) -> None:
        """What holds for every case, checked where something may have changed."""
        for pk in sorted(self.touched):
            assert faults(pk) == [], (pk, faults(pk))
            number = Case.objects.values_list("number", flat=True).get(pk=pk)
            if pk in self.numbers:
                assert number == self.numbers[pk]
            elif number is not None:
                assert number not in self.numbers.values()
                self.numbers[pk] = number
        self.touched.clear()

    def count(self, what: str) -> None:
        """So that a walk that does nothing shows."""
        Life.counts[what] = Life.counts.get(what, 0) + 1


class rolled_back:
    """A savepoint that is always undone."""

    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *_: object) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


@pytest.mark.usefixtures("world")
@pytest.mark.django_db
def test_random_lives_keep_every_promise() -> None:
    Life.people.clear()
    Life.counts.clear()
    examples = int(os.environ.get("MENGDING_EXAMPLES", "20"))
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # The walk went somewhere: otherwise the promises were kept by doing nothing.
    print(dict(sorted(Life.counts.items(), key=lambda item: -item[1])))
    assert len(Life.counts) > 12
    assert Life.counts["refused"] > 50
