"""Two connections race for the same thing: one wins, the other is told why, nothing is lost.

These tests commit for real, in the shared demo district, and leave their cases behind.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client

from mengding.cases import actions, queries
from mengding.cases.facts import CaseFacts
from mengding.cases.lifecycle import BY_ACTION
from mengding.cases.models import Approval, Case, Report
from mengding.cases.queries.filtering import Filters
from mengding.cases.queries.nexts import obstacle
from mengding.cases.stages import Stage
from mengding.cases.tests import made
from mengding.cases.tests.invariants import faults
from mengding.cases.tests.made import TRIES, case_at, report, who
from mengding.core import clock
from mengding.core.beside import connect
from mengding.core.errors import (
    Conflict,
    DomainError,
    GuardFailed,
    Invalid,
    NotFound,
    WrongStage,
)
from mengding.demo.secrets import token
from mengding.ledger.models import Event
from mengding.ledger.verify import verify

Call = Callable[[], object]


@pytest.fixture(autouse=True)
def committed(world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield


class Pool:
    """Threads with a connection each, which they close in the end."""

    def __init__(self, size: int) -> None:
        self.threads = ThreadPoolExecutor(size)
        self.size = size

    def start(self, call: Call) -> Future[object]:
        """Run it; the result may be a refusal."""

        def run() -> object:
            try:
                return call()
            except DomainError as refusal:
                return refusal
            finally:
                connection.close()

        return self.threads.submit(run)

    def together(self, calls: list[Call]) -> list[object]:
        """Run all of them from the same moment."""
        barrier = threading.Barrier(len(calls))

        def after(call: Call) -> Call:
            def run() -> object:
                barrier.wait(10)
                return call()

            return run

        return [future.result(30) for future in [self.start(after(call)) for call in calls]]


@pytest.fixture
def pool() -> Iterator[Pool]:
    one = Pool(20)
    yield one
    one.threads.shutdown()


def waiting(world: str) -> int:
    """How many connections to the district wait for a lock."""
    row = watch(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
        world,
    )
    return int(row)


def watch(query: str, *values: object) -> Any:
    """One value, read beside every transaction."""
    with connect("postgres", autocommit=True) as other:
        row = other.execute(query, values).fetchone()
        assert row is not None
        return row[0]


def race(world: str, pool: Pool, held: list[int], calls: list[Call]) -> list[object]:
    """Both calls come as far as the lock on the cases `held`, then it is let go.

    So each has read all it reads before the lock, which is when races go wrong.
    """
    with transaction.atomic():
        list(Case.objects.select_for_update().filter(pk__in=held).order_by("pk"))
        futures = [pool.start(call) for call in calls]
        until = monotonic() + 10
        while waiting(world) < len(calls):
            for future in futures:
                if future.done():
                    raise AssertionError(f"did not wait for the case: {future.result()!r}")
            assert monotonic() < until, "nobody waits"
            sleep(0.005)
    return [future.result(30) for future in futures]


def one_wins(results: list[object]) -> DomainError:
    """Exactly one is refused; returns the refusal."""
    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(refused) == len(results) - 1, results
    return refused[0]


def unharmed(*case_ids: int) -> None:
    """Every promise about the cases holds, and their chains verify."""
    for pk in case_ids:
        assert faults(pk) == []
    with transaction.atomic():
        _, broken = verify()
    assert [fault for fault in broken if fault.subject in case_ids] == []


@pytest.mark.parametrize("action", BY_ACTION)
def test_two_who_saw_the_same_version(action: str, world: str, pool: Pool) -> None:
    """With the version each saw, one of two equal moves wins, whatever the move."""
    way = TRIES[action]
    case = way.ready()
    case.refresh_from_db()
    version, actor = case.version, who(way.by)
    prepare(action, case.pk)
    call = lambda: way.make(actor, case.pk, version)  # noqa: E731
    refusal = one_wins(race(world, pool, [case.pk], [call, call]))
    assert isinstance(refusal, Conflict), refusal
    # Soft when the move could still be made, hard when it could not.
    case.refresh_from_db()
    possible = obstacle(BY_ACTION[action], actor, case, CaseFacts(actor, case)) is None
    assert refusal.code == ("version_conflict" if possible else "overtaken")
    assert refusal.extra["yours"] == {"version": version}
    assert refusal.extra["current"]["version"] == version + 1
    case.refresh_from_db()
    assert case.version == version + 1
    assert Event.objects.filter(subject_id=case.pk, action=f"case.{action}").count() == 1
    unharmed(case.pk)


# Doing these twice is no contradiction: without a version both may go through.
TWICE = {"amend", "reassign", "supervise", "reply", "note", "call_back"}


@pytest.mark.parametrize("action", sorted(set(BY_ACTION) - TWICE))
def test_two_who_saw_no_version(action: str, world: str, pool: Pool) -> None:
    """Without a version, stage and guards decide under the lock."""
    way = TRIES[action]
    case = way.ready()
    case.refresh_from_db()
    version, actor = case.version, who(way.by)
    if action == "delegate":  # to the last centre on the way down, so that a second finds none
        actions.delegate(actor, case.pk)
        version += 1
    prepare(action, case.pk)
    call = lambda: way.make(actor, case.pk, None)  # noqa: E731
    refusal = one_wins(race(world, pool, [case.pk], [call, call]))
    assert isinstance(refusal, WrongStage | GuardFailed | Conflict | Invalid), refusal
    if isinstance(refusal, Invalid):
        assert action == "split"  # the reports are no longer there
    case.refresh_from_db()
    assert case.version == version + 1
    unharmed(case.pk)


@pytest.mark.parametrize("action", sorted(TWICE))
def test_what_may_happen_twice_happens_twice(action: str, world: str, pool: Pool) -> None:
    way = TRIES[action]
    case = way.ready()
    case.refresh_from_db()
    version, actor = case.version, who(way.by)
    call = lambda: way.make(actor, case.pk, None)  # noqa: E731
    results = race(world, pool, [case.pk], [call, call])
    assert not any(isinstance(result, DomainError) for result in results), results
    case.refresh_from_db()
    assert case.version == version + 2
    unharmed(case.pk)


def prepare(action: str, pk: int) -> None:
    """Make the other case beforehand: the racers must not make one each."""
    if action in {"merge", "link"}:
        made._other(pk)


def test_each_kind_of_application_is_decided_once(world: str, pool: Pool) -> None:
    """One supervisor grants while another refuses."""
    for kind in ("return", "extension", "suspension", "void"):
        case = made._asked(kind)()
        calls: list[Call] = [
            lambda pk=case.pk: actions.grant(who("supervise"), pk),  # type: ignore[misc]
            lambda pk=case.pk: actions.refuse(who("supervise"), pk, reason="否"),  # type: ignore[misc]
        ]
        one_wins(race(world, pool, [case.pk], calls))
        assert Approval.objects.get(case=case).status in {"granted", "refused"}
        unharmed(case.pk)


def test_a_grant_is_for_the_application_that_waits_when_it_is_made(world: str, pool: Pool) -> None:
    """While somebody grants an extension, it is refused and the case's return is asked for."""
    case = made._asked("extension")()
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        granting = pool.start(lambda: actions.grant(who("supervise"), case.pk))
        while not waiting(world):
            sleep(0.005)
        actions.refuse(who("supervise"), case.pk, reason="否")
        actions.request_return(who("handler"), case.pk, reason="不归我管")
    granted = granting.result(10)
    assert isinstance(granted, Case)
    assert granted.stage == Stage.FILED
    assert (granted.return_count, granted.extension_count) == (1, 0)
    unharmed(case.pk)


def test_twenty_filings_at_once_are_numbered_without_gap(pool: Pool) -> None:
    day = datetime(2031, 5, 6, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    with clock.at(day):
        cases = [report().case_id for _ in range(21)]
    actor = who("desk")

    def filing(pk: int) -> Call:
        def run() -> object:
            with clock.at(day):
                return actions.file(actor, pk, condition_code="C0101-1")

        return run

    def undone(pk: int) -> Call:
        def run() -> object:
            with clock.at(day), transaction.atomic():
                actions.file(actor, pk, condition_code="C0101-1")
                sleep(0.05)  # long enough for others to queue up behind the number
                raise Conflict("undone", made_up())

        return run

    results = pool.together([filing(pk) for pk in cases[:19]] + [undone(cases[20])])
    assert isinstance(results[-1], Conflict)
    numbers = sorted(str(case.number) for case in results[:-1] if isinstance(case, Case))
    assert numbers == [f"C010120310506{n:04d}" for n in range(1, 20)]
    assert Case.objects.get(pk=cases[20]).number is None
    last = filing(cases[19])()
    assert isinstance(last, Case)
    assert last.number == "C0101203105060020"
    unharmed(*cases)


def made_up() -> Any:
    """Any text."""
    from mengding.core.text import T

    return T("撤销", "undone")


def test_merging_a_pair_in_both_directions(pool: Pool) -> None:
    """No deadlock: the same pair, a hundred times, from both ends."""
    actor = who("desk")
    for _ in range(25):
        one, two = report().case_id, report().case_id
        results = pool.together(
            [
                lambda a=one, b=two: actions.merge(actor, a, into_id=b),  # type: ignore[misc]
                lambda a=one, b=two: actions.merge(actor, b, into_id=a),  # type: ignore[misc]
            ]
        )
        refusal = one_wins(results)
        assert isinstance(refusal, WrongStage | GuardFailed)
        stages = set(Case.objects.filter(pk__in=[one, two]).values_list("stage", flat=True))
        assert stages == {"received", "merged"}
        assert Report.objects.filter(case__stage="received", case_id__in=[one, two]).count() == 2
        unharmed(one, two)


def test_merging_three_in_a_ring(pool: Pool) -> None:
    actor = who("desk")
    for _ in range(10):
        ring = [report().case_id for _ in range(3)]
        pool.together(
            [
                lambda a=ring[n], b=ring[(n + 1) % 3]: actions.merge(actor, a, into_id=b)  # type: ignore[misc]
                for n in range(3)
            ]
        )
        kept = Case.objects.filter(pk__in=ring).exclude(stage="merged")
        assert sum(case.reports_count for case in kept) == 3
        unharmed(*ring)


def test_linking_a_pair_from_both_ends(pool: Pool) -> None:
    actor = who("desk")
    for _ in range(10):
        one, two = report().case_id, report().case_id
        results = pool.together(
            [
                lambda a=one, b=two: actions.link(actor, a, other_id=b),  # type: ignore[misc]
                lambda a=one, b=two: actions.link(actor, b, other_id=a),  # type: ignore[misc]
            ]
        )
        assert one_wins(results).code == "linked_already"
        unharmed(one, two)


def join(pk: int) -> Call:
    """Another person reports the same."""
    return lambda: actions.join(who("desk"), pk, actions.Message(text="我也看到了"))


def test_joining_a_case_while_it_is_merged(world: str, pool: Pool) -> None:
    case, target = report().case_id, report().case_id
    merge = lambda: actions.merge(who("desk"), case, into_id=target)  # noqa: E731
    joined, merged = race(world, pool, [case], [join(case), merge])
    assert isinstance(merged, Case)
    reports = Report.objects.filter(case_id=target).count()
    assert Report.objects.filter(case_id=case).count() == 0
    assert reports == (2 if isinstance(joined, WrongStage) else 3)
    unharmed(case, target)


def test_joining_a_case_while_it_is_closed(world: str, pool: Pool) -> None:
    case = case_at(Stage.CHECKING).pk
    close = lambda: TRIES["close"].make(who("verify"), case, None)  # noqa: E731
    joined, closed = race(world, pool, [case], [join(case), close])
    assert isinstance(closed, Case)
    reports = Report.objects.filter(case_id=case).count()
    assert reports == (1 if isinstance(joined, WrongStage) else 2)
    unharmed(case)


def test_joining_twenty_times_loses_nobody(pool: Pool) -> None:
    case = report().case_id
    results = pool.together([join(case)] * 20)
    assert all(isinstance(result, Report) for result in results)
    assert Case.objects.get(pk=case).reports_count == 21
    unharmed(case)


def test_filing_and_declining(world: str, pool: Pool) -> None:
    case = report().case_id
    calls: list[Call] = [
        lambda: TRIES["file"].make(who("desk"), case, None),
        lambda: TRIES["decline"].make(who("desk"), case, None),
    ]
    assert isinstance(one_wins(race(world, pool, [case], calls)), WrongStage)
    unharmed(case)


def test_a_source_reference_is_taken_once(pool: Pool) -> None:
    results = pool.together([lambda: report(source_ref="race-1")] * 6)
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 5
    assert {refusal.field for refusal in refused} == {"source_ref"}
    assert Report.objects.filter(source="test", source_ref="race-1").count() == 1
    case = Report.objects.get(source="test", source_ref="race-1").case_id
    with pytest.raises(Conflict):
        actions.join(
            who("desk"), case, actions.Message(text="x", source="test", source_ref="race-1")
        )
    unharmed(case)


def test_erasing_a_report_while_its_case_is_merged(world: str, pool: Pool) -> None:
    """Neither waits for the other for ever, and the words are gone wherever the report went."""
    for _ in range(5):
        one, target = report("我叫张三"), report().case_id
        erase = lambda pk=one.pk: actions.erase_report(who("secadmin"), pk, reason="要求")  # noqa: E731
        merge = lambda pk=one.case_id, to=target: actions.merge(who("desk"), pk, into_id=to)  # noqa: E731
        results = race(world, pool, [one.case_id], [erase, merge])
        assert not any(isinstance(result, DomainError) for result in results), results
        one.refresh_from_db()
        assert one.case_id == target
        assert one.description == ""
        unharmed(target)


def post(body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
    """A report through HTTP."""
    answer = Client().post(
        "/api/v1/reports",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token('desk')}", "Idempotency-Key": key},
    )
    return answer.status_code, answer.json()


def test_one_idempotency_key_is_one_report(pool: Pool) -> None:
    lon, lat = made.spot()
    body = {"description": "同一个键", "class_code": "C0101", "lon": lon, "lat": lat}
    before = Report.objects.count()
    answers = pool.together([lambda: post(body, "race-key-1")] * 8)
    statuses, ids = set(), set()
    for given in answers:
        assert isinstance(given, tuple)
        statuses.add(given[0])
        ids.add(given[1]["id"])
    assert statuses == {201}
    assert len(ids) == 1
    assert Report.objects.count() == before + 1
    status, problem = post(body | {"description": "另一件事"}, "race-key-1")
    assert status == 422
    assert problem["code"] == "idempotency_key_reused"


def test_a_suspension_runs_out_while_it_is_ended_by_hand(world: str, pool: Pool) -> None:
    from mengding.core.actor import SYSTEM

    case = case_at(Stage.SUSPENDED).pk
    later = clock.now() + timedelta(days=31)

    def by(name: str) -> Call:
        def run() -> object:
            with clock.at(later):
                return actions.resume(who(name) if name else SYSTEM, case)

        return run

    assert isinstance(one_wins(race(world, pool, [case], [by(""), by("handler")])), WrongStage)
    unharmed(case)


def test_the_loser_of_a_reassignment_no_longer_sees_the_case(world: str, pool: Pool) -> None:
    """Accepting while the case is sent elsewhere: accepted first, or gone."""
    case = case_at(Stage.DISPATCHED).pk
    accept = lambda: actions.accept(who("handler"), case)  # noqa: E731
    reassign = lambda: TRIES["reassign"].make(who("dispatch"), case, None)  # noqa: E731
    accepted, reassigned = race(world, pool, [case], [accept, reassign])
    assert isinstance(reassigned, Case)
    assert isinstance(accepted, Case | NotFound)
    unharmed(case)


def test_a_map_counts_a_case_that_ends_meanwhile_once() -> None:
    """It ends between the statement of what has ended and that of what is open."""
    case = case_at(Stage.CHECKING)
    ended: list[Any] = []

    def total() -> int:
        found = queries.case_map(who("dispatch"), Filters(), (102.0, 29.0, 104.5, 31.0), 8)
        return int(found["total"])

    def end_it() -> None:
        try:
            made.take("close", case.pk)
        finally:
            connection.close()

    def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if "cases_tile" in sql and not ended:
            with ThreadPoolExecutor(1) as pool:
                ended.append(pool.submit(end_it).result(30))
        return answer

    before = total()
    with connection.execute_wrapper(between):
        during = total()
    case.refresh_from_db()
    assert ended
    assert case.stage == Stage.CLOSED
    assert (during, total()) == (before, before)
