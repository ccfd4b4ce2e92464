"""The whole table of transitions: each action from each stage, each guard, each permission."""

from dataclasses import dataclass, replace

import pytest

from mengding.cases import actions, guards
from mengding.cases.guards import Facts, Guard
from mengding.cases.lifecycle import BY_ACTION, TABLE, Transition, first_failure
from mengding.cases.models import Approval, Case
from mengding.cases.queries.replayed import differences
from mengding.cases.stages import APPROVAL_NAMES, ENDED, OPEN, STAGE_NAMES, ApprovalKind, Stage
from mengding.cases.tests.made import TRIES, case_at, who
from mengding.cases.visibility import bearings
from mengding.core import clock
from mengding.core.actor import SYSTEM, Level
from mengding.core.errors import GuardFailed, WrongStage
from mengding.ledger.models import Event
from mengding.policy.permissions import ROLES, sees

ASKED_AS = {
    "return": "return",
    "extend": "extension",
    "suspend": "suspension",
    "void": "void",
    "exempt": "appeal",
}


@dataclass(frozen=True)
class Found:
    """A case as a guard finds it, with everything in order."""

    has_class: bool = True
    owner_level: Level = Level.DISTRICT
    actor_level: Level | None = Level.DISTRICT
    own_order: tuple[str, str] | None = ("lead", "sent")
    arrived: bool = False
    help_asked: bool = False
    open_assists: int = 0
    pending_approval: str | None = None
    extensions: int = 0
    suspensions: int = 0
    handle_overdue: bool = False
    has_centre_above: bool = True
    has_centre_below: bool = True
    reports: int = 2
    appeal: str = "open"
    recheck: str = "yours"


FINE = Found()
# guard -> (one that holds, those that fail)
GUARDS: dict[Guard, tuple[Found, tuple[Found, ...]]] = {
    guards.owner_tier: (
        FINE,
        (replace(FINE, actor_level=Level.TOWN), replace(FINE, actor_level=Level.GRID)),
    ),
    guards.has_class: (FINE, (replace(FINE, has_class=False),)),
    guards.own_lead_sent: (
        FINE,
        tuple(
            replace(FINE, own_order=order)
            for order in (None, ("lead", "accepted"), ("lead", "done"), ("assist", "sent"))
        ),
    ),
    guards.own_lead: (
        replace(FINE, own_order=("lead", "accepted")),
        (replace(FINE, own_order=None), replace(FINE, own_order=("assist", "accepted"))),
    ),
    guards.own_assist_sent: (
        replace(FINE, own_order=("assist", "sent")),
        (FINE, replace(FINE, own_order=None), replace(FINE, own_order=("assist", "done"))),
    ),
    guards.own_assist_accepted: (
        replace(FINE, own_order=("assist", "accepted")),
        (replace(FINE, own_order=("assist", "sent")), replace(FINE, own_order=None)),
    ),
    guards.own_accepted: (
        replace(FINE, own_order=("assist", "accepted")),
        (FINE, replace(FINE, own_order=None), replace(FINE, own_order=("lead", "done"))),
    ),
    guards.not_arrived: (FINE, (replace(FINE, arrived=True),)),
    guards.own_order_open: (
        FINE,
        (replace(FINE, own_order=None), replace(FINE, own_order=("lead", "done"))),
    ),
    guards.no_help_asked: (FINE, (replace(FINE, help_asked=True),)),
    guards.help_asked: (replace(FINE, help_asked=True), (FINE,)),
    guards.assists_signed_off: (FINE, (replace(FINE, open_assists=1),)),
    guards.nothing_pending: (FINE, (replace(FINE, pending_approval="void"),)),
    guards.something_pending: (replace(FINE, pending_approval="void"), (FINE,)),
    guards.extensions_left: (
        replace(FINE, extensions=1),
        (replace(FINE, extensions=2), replace(FINE, extensions=3)),
    ),
    guards.not_overdue: (FINE, (replace(FINE, handle_overdue=True),)),
    guards.never_suspended: (FINE, (replace(FINE, suspensions=1),)),
    guards.centre_above: (FINE, (replace(FINE, has_centre_above=False),)),
    guards.centre_below: (FINE, (replace(FINE, has_centre_below=False),)),
    guards.may_appeal: (
        FINE,
        tuple(replace(FINE, appeal=a) for a in ("none", "exempted", "twice", "too_late")),
    ),
    guards.own_recheck: (
        FINE,
        tuple(
            replace(FINE, recheck=r) for r in ("none", "closer", "assigned", "handled", "unneeded")
        ),
    ),
    guards.recheck_before_reopening: (
        replace(FINE, recheck="unneeded"),
        tuple(replace(FINE, recheck=r) for r in ("none", "closer", "assigned", "handled")),
    ),
    guards.several_reports: (FINE, (replace(FINE, reports=1), replace(FINE, reports=0))),
}


def name(guard: object) -> str:
    return getattr(guard, "__name__", str(guard))


@pytest.mark.parametrize("guard", GUARDS, ids=name)
def test_a_guard_holds_and_fails(guard: Guard) -> None:
    holds, fails = GUARDS[guard]
    assert guard(holds) is None
    for found in fails:
        why = guard(found)
        assert why is not None
        assert why.zh
        assert why.en
        assert "{" not in why.zh + why.en


def test_every_guard_of_the_table_is_tried_above() -> None:
    assert {guard for row in TABLE for guard in row.guards} == set(GUARDS)


def test_a_centre_acts_on_its_own_tier_and_below() -> None:
    order = [Level.DISTRICT, Level.TOWN, Level.VILLAGE, Level.GRID]
    for i, actor in enumerate(order):
        for j, owner in enumerate(order):
            found: Facts = replace(FINE, actor_level=actor, owner_level=owner)
            assert (guards.owner_tier(found) is None) == (i <= j)
    assert guards.owner_tier(replace(FINE, actor_level=None)) is None


def test_the_first_failing_guard_is_told() -> None:
    row = BY_ACTION["feed_back"]
    found = replace(FINE, own_order=None, open_assists=2, pending_approval="void")
    assert first_failure(row, found) == guards.own_lead(found)
    found = replace(found, own_order=("lead", "accepted"))
    assert first_failure(row, found) == guards.assists_signed_off(found)
    assert first_failure(row, replace(found, open_assists=0, pending_approval=None)) is None


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_a_row_is_whole(row: Transition) -> None:
    assert BY_ACTION[row.action] is row
    assert ROLES[f"case.{row.permission}"]
    assert row.label.zh
    assert row.label.en
    assert row.start
    if row.to is not None:
        assert row.to not in row.start or row.action == "reassign"
    # A case leaves its end only by being reopened; everything else there changes no stage.
    if row.to is not None and row.start & ENDED:
        assert row.action == "reopen"
    for step in row.clocks:
        verb, kind = step.split(":")
        assert verb in {"start", "stop", "cancel", "pause", "resume", "extend", "restart"}
        assert kind in {"receive", "precheck", "dispatch", "handle", "check", "all", "own"}
    # What moves a case to an end leaves no clock running and no application waiting.
    if row.to in ENDED and row.action not in {"close", "void"}:
        assert guards.nothing_pending in row.guards


def test_every_stage_is_reached_and_every_open_one_left() -> None:
    reached = {row.to for row in TABLE if row.to} | {Stage.RECEIVED}
    assert reached == set(Stage)
    for stage in OPEN:
        assert any(stage in row.start and row.to not in {None, stage} for row in TABLE), stage


def test_names_cover_every_code() -> None:
    assert set(STAGE_NAMES) == set(Stage)
    assert set(APPROVAL_NAMES) == set(ApprovalKind)


def test_what_needs_approval_has_no_verb_of_its_own() -> None:
    by_approval = {row.action for row in TABLE if row.by_approval}
    assert by_approval == set(ASKED_AS)
    assert not by_approval & set(actions.__all__)
    assert {row.action for row in TABLE} - by_approval <= set(actions.__all__)
    assert {row.permission for row in TABLE if row.by_approval} == {"approve"}


WRONG = [(row.action, stage) for row in TABLE for stage in Stage if stage not in row.start]


@pytest.mark.usefixtures("world")
@pytest.mark.django_db
class TestInTheDistrict:
    @pytest.mark.parametrize("stage", Stage, ids=str)
    def test_every_other_action_is_a_wrong_stage(self, stage: Stage) -> None:
        case = case_at(stage)
        before = Case.objects.filter(pk=case.pk).values().get()
        told = Event.objects.count()
        tried = [action for action, wrong in WRONG if wrong == stage]
        assert tried or stage in BY_ACTION["supervise"].start
        for action in tried:
            self.refused(case, action)
        assert Case.objects.filter(pk=case.pk).values().get() == before
        assert Event.objects.filter(subject_id=case.pk, subject_kind="case").count() <= told
        assert differences(case.pk) == []

    def refused(self, case: Case, action: str) -> None:
        way = TRIES[action]
        # Who cannot see the case at this stage is told nothing; the system sees everything.
        actor = who(way.by) if sees(who(way.by), bearings(case)) else SYSTEM
        waiting = None
        if action in ASKED_AS:
            waiting = Approval.objects.create(
                case=case, kind=ASKED_AS[action], asked_at=clock.now(), detail={}
            )
        with pytest.raises(WrongStage) as wrong:
            way.make(actor, case.pk, None)
        assert wrong.value.code == "wrong_stage", action
        assert wrong.value.extra["stage"] == case.stage
        assert wrong.value.extra["starts_from"] == sorted(BY_ACTION[action].start)
        if waiting is not None:
            waiting.refresh_from_db()
            assert waiting.status == "pending"
            waiting.delete()

    @pytest.mark.parametrize("action", BY_ACTION)
    def test_each_action_does_what_its_row_says(self, action: str) -> None:
        row, way = BY_ACTION[action], TRIES[action]
        case = way.ready()
        case.refresh_from_db()
        start, version = case.stage, case.version
        assert start in row.start
        way.make(who(way.by), case.pk, version)
        case.refresh_from_db()
        assert case.stage == (row.to.value if row.to else start)
        assert case.version == version + 1
        event = Event.objects.filter(subject_kind="case", subject_id=case.pk).latest("seq")
        assert event.action == f"case.{action}"
        assert event.account_id == who(way.by).account_id
        assert differences(case.pk) == []

    @pytest.mark.parametrize("stage", sorted(OPEN), ids=str)
    def test_granting_nothing_is_a_failed_guard(self, stage: Stage) -> None:
        with pytest.raises(GuardFailed, match="waits"):
            actions.grant(who("supervise"), case_at(stage).pk)
