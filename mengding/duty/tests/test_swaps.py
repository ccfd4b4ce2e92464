"""Swaps: asked, agreed, approved; refused where they cannot be; never lost in a race."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, transaction

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.beside import connect
from mengding.core.errors import (
    Conflict,
    DomainError,
    GuardFailed,
    Invalid,
    NotAllowed,
    NotFound,
    WrongStage,
)
from mengding.duty import actions, queries
from mengding.duty.models import Interval, Slot, Swap, Team
from mengding.duty.tests import made
from mengding.duty.tests.made import at, post_of, reload, worker
from mengding.ledger.models import Event
from mengding.ledger.verify import verify

pytestmark = pytest.mark.usefixtures("world")
TUESDAY = at("2026-12-01 10:00")


@pytest.fixture
def tuesday(db: None) -> Iterator[None]:
    with clock.at(TUESDAY):
        yield


def crew(*, approves: bool = True) -> tuple[Actor, Actor, Actor, Team, Slot, Slot]:
    """Leader, two members; the first works on the 5th, the second on the 6th."""
    leader, one, two = worker(), worker(), worker()
    team = made.team([leader, one, two], leader=leader, approves=approves)
    day = made.shift()
    return (
        leader,
        one,
        two,
        team,
        made.slot(team, day, one, "2026-12-05"),
        made.slot(team, day, two, "2026-12-06"),
    )


@pytest.mark.usefixtures("tuesday")
def test_an_exchange_agreed_and_approved() -> None:
    leader, one, two, _, mine, theirs = crew()
    swap = actions.ask_swap(one, mine.pk, other=post_of(two), taken=theirs.pk)
    waiting = {row["id"]: row for row in queries.swaps(two)}[swap.pk]
    assert (waiting["answer"], waiting["own"], waiting["decide"]) == (True, False, False)
    assert actions.answer_swap(two, swap.pk, agree=True).state == "agreed"
    assert reload(mine).account_id == one.account_id  # not yet
    assert {row["id"]: row for row in queries.swaps(leader)}[swap.pk]["decide"]
    assert actions.decide_swap(leader, swap.pk, approve=True).state == "done"
    assert (reload(mine).account_id, reload(theirs).account_id) == (
        two.account_id,
        one.account_id,
    )
    told = Event.objects.filter(subject_kind="swap", subject_id=swap.pk).order_by("seq")
    assert [(each.action, each.after["tell"]) for each in told] == [
        ("swap.ask", [post_of(two)]),
        ("swap.agree", sorted([post_of(leader), post_of(one)])),
        ("swap.approve", sorted([post_of(one), post_of(two)])),
    ]
    moved = Event.objects.filter(subject_kind="roster", subject_id=mine.pk).latest("seq")
    assert (moved.before["post"], moved.after["post"]) == (post_of(one), post_of(two))


@pytest.mark.usefixtures("tuesday")
def test_given_away_without_approval() -> None:
    _, one, two, _, mine, _ = crew(approves=False)
    swap = actions.ask_swap(one, mine.pk, other=post_of(two))
    assert actions.answer_swap(two, swap.pk, agree=True).state == "done"
    assert reload(mine).account_id == two.account_id


@pytest.mark.usefixtures("tuesday")
def test_no_means_no() -> None:
    leader, one, two, _, mine, _ = crew()
    swap = actions.ask_swap(one, mine.pk, other=post_of(two))
    assert actions.answer_swap(two, swap.pk, agree=False).state == "declined"
    with pytest.raises(WrongStage):
        actions.answer_swap(two, swap.pk, agree=True)
    again = actions.ask_swap(one, mine.pk, other=post_of(two))
    actions.answer_swap(two, again.pk, agree=True)
    assert actions.decide_swap(who("town"), again.pk, approve=False).state == "refused"
    third = actions.ask_swap(one, mine.pk, other=post_of(leader))
    assert actions.withdraw_swap(one, third.pk).state == "withdrawn"
    assert reload(mine).account_id == one.account_id


@pytest.mark.usefixtures("tuesday")
def test_who_has_no_say() -> None:
    leader, one, two, team, mine, _ = crew()
    stranger = worker()
    with pytest.raises(NotFound):
        actions.ask_swap(stranger, mine.pk, other=post_of(two))
    swap = actions.ask_swap(one, mine.pk, other=post_of(two))
    for by in (stranger, who("handler")):
        with pytest.raises(NotFound):
            actions.answer_swap(by, swap.pk, agree=True)
        with pytest.raises(NotFound):
            actions.withdraw_swap(by, swap.pk)
        with pytest.raises(NotAllowed):
            actions.decide_swap(by, swap.pk, approve=True)
        assert queries.swaps(by) == []
    for by in (one, leader):
        with pytest.raises(GuardFailed):
            actions.answer_swap(by, swap.pk, agree=True)  # the other answers
    own = actions.ask_swap(two, made.slot(team, made.shift(), two, "2026-12-09").pk,
                           other=post_of(leader))  # fmt: skip
    actions.answer_swap(leader, own.pk, agree=True)
    with pytest.raises(NotAllowed):
        actions.decide_swap(leader, own.pk, approve=True)  # not the own one


@pytest.mark.usefixtures("tuesday")
def test_what_cannot_be_swapped() -> None:
    leader, one, two, team, mine, theirs = crew()
    late = made.shift("16:00", "22:00")
    with pytest.raises(Invalid) as refused:
        actions.ask_swap(one, mine.pk, other=post_of(worker()))
    assert refused.value.field == "other"
    with pytest.raises(Invalid) as refused:
        actions.ask_swap(one, mine.pk, other=post_of(leader), taken=theirs.pk)
    assert refused.value.field == "taken"
    made.slot(team, late, two, "2026-12-05")  # at the same time
    with pytest.raises(GuardFailed) as at_once:
        actions.ask_swap(one, mine.pk, other=post_of(two))
    assert (at_once.value.code, at_once.value.field) == ("two_at_once", "other")
    with clock.at(at("2026-12-05 08:00")), pytest.raises(GuardFailed):
        actions.ask_swap(one, mine.pk, other=post_of(leader))
    actions.ask_swap(one, mine.pk, other=post_of(leader))
    with pytest.raises(Conflict) as twice:
        actions.ask_swap(one, mine.pk, other=post_of(leader))
    assert twice.value.code == "swap_pending"


@pytest.mark.usefixtures("tuesday")
def test_a_line_that_has_changed_hands_is_not_moved() -> None:
    leader, one, two, _, mine, theirs = crew()
    swap = actions.ask_swap(one, mine.pk, other=post_of(two), taken=theirs.pk)
    actions.answer_swap(two, swap.pk, agree=True)
    actions.change_slot(who("town"), theirs.pk, post=post_of(leader))
    swap.refresh_from_db()
    assert swap.state == "overtaken"
    with pytest.raises(WrongStage):
        actions.decide_swap(leader, swap.pk, approve=True)
    assert reload(mine).account_id == one.account_id


@pytest.mark.usefixtures("tuesday")
def test_nobody_answers() -> None:
    _, one, two, _, mine, _ = crew()
    swap = actions.ask_swap(one, mine.pk, other=post_of(two))
    assert actions.lapse_swaps() == 0
    with clock.at(at("2026-12-05 08:00")):
        assert actions.lapse_swaps() == 1
    swap.refresh_from_db()
    assert swap.state == "overtaken"


# Races: two connections, committed for real


def together(world: str, team: Team, calls: list[Any]) -> list[Any]:
    """Both come as far as the lock on the team, then it is let go."""

    def run(call: Any) -> Any:
        try:
            with clock.at(TUESDAY):
                return call()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        with transaction.atomic():
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            futures = [threads.submit(run, call) for call in calls]
            until = monotonic() + 60
            while _waiting(world) < len(calls):
                assert monotonic() < until, "nobody waits for the team"
                sleep(0.01)
        return [future.result(60) for future in futures]


def _waiting(world: str) -> int:
    with connect("postgres", autocommit=True) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            (world,),
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.usefixtures("committed")
def test_one_shift_is_not_given_to_two(world: str) -> None:
    """Two swaps want the same shift of a third; both are answered at once."""
    with clock.at(TUESDAY):
        leader, one, two, team, mine, theirs = crew(approves=False)
        third = made.slot(team, made.shift("19:00", "23:00"), leader, "2026-12-07")
        first = actions.ask_swap(one, mine.pk, other=post_of(leader), taken=third.pk)
        second = actions.ask_swap(two, theirs.pk, other=post_of(leader), taken=third.pk)
    together(
        world,
        team,
        [
            lambda: actions.answer_swap(leader, first.pk, agree=True),
            lambda: actions.answer_swap(leader, second.pk, agree=True),
        ],
    )
    states = sorted(
        Swap.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)
    )
    assert states == ["done", "overtaken"]
    winner = one if Swap.objects.get(pk=first.pk).state == "done" else two
    assert reload(third).account_id == winner.account_id
    holders = [reload(each).account_id for each in (mine, theirs, third)]
    assert sorted(holders) == sorted(
        each.account_id or 0 for each in (leader, one, two)
    )  # everybody still has one shift
    with transaction.atomic():
        _, broken = verify()
    assert not [fault for fault in broken if fault.kind in ("swap", "roster")]


@pytest.mark.usefixtures("committed")
def test_approved_and_rearranged_at_once(world: str) -> None:
    """The leader approves while a supervisor gives the line to somebody else: one happens."""
    with clock.at(TUESDAY):
        leader, one, two, team, mine, _ = crew()
        swap = actions.ask_swap(one, mine.pk, other=post_of(two))
        actions.answer_swap(two, swap.pk, agree=True)
    town = who("town")
    results = together(
        world,
        team,
        [
            lambda: actions.decide_swap(leader, swap.pk, approve=True),
            lambda: actions.change_slot(town, mine.pk, post=post_of(leader), version=1),
        ],
    )
    state = Swap.objects.get(pk=swap.pk).state
    holder = reload(mine).account_id
    refused = [each for each in results if isinstance(each, DomainError)]
    assert len(refused) == 1
    assert (state, holder) in {("done", two.account_id), ("overtaken", leader.account_id)}


@pytest.mark.usefixtures("committed")
def test_on_from_two_phones_at_once(world: str) -> None:
    """Eight taps at the same moment are one time on duty."""
    with clock.at(TUESDAY):
        one = worker()
    barrier = threading.Barrier(8)

    def tap() -> bool:
        try:
            barrier.wait(60)
            return actions.go_on(one).already
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        already = [each.result(60) for each in [threads.submit(tap) for _ in range(8)]]
    assert sorted(already) == [False] + [True] * 7
    assert Interval.objects.filter(account=one.account_id, ended_at=None).count() == 1
    actions.go_off(one)


def test_dates_are_local() -> None:
    assert TUESDAY.date() == date(2026, 12, 1)
