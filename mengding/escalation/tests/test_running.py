"""From clocks to steps that ran: freezing, moving, ending, telling, and what the audit finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.queries import timeline
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, org, report, take, who
from mengding.clocks import queries as clocks
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, Level
from mengding.core.errors import Conflict, Invalid
from mengding.escalation import actions, queries, running
from mengding.escalation.models import ChainSet, StepRun, Watch
from mengding.escalation.tests.made import CHAIN, MONDAY, publish, ran, see, step, watch_of, watched
from mengding.jobs import schedule
from mengding.jobs.models import JobRun
from mengding.ledger import outbox
from mengding.ledger.models import Outbox
from mengding.notices.models import Notice
from mengding.people.models import Post

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
HOUR = timedelta(hours=1)
DUE = MONDAY + 5.5 * HOUR  # 14:30: three hours until noon, one after 13:30


def run(at: datetime) -> None:
    with clock.at(at):
        actions.run_due()


def deliver() -> None:
    while outbox.deliver_due():
        pass


def told(case: Case) -> set[str]:
    rows = Notice.objects.filter(case=case, kind="escalated")
    return set(rows.values_list("post__account__username", flat=True))


def test_steps_run_when_they_are_due_and_tell_the_right_posts() -> None:
    publish()
    case, watch = watched()
    assert (watch.chain, watch.next_at) == ("handle", MONDAY + 2 * HOUR)
    run(MONDAY + 2 * HOUR - timedelta(seconds=1))
    assert ran(watch) == []
    run(MONDAY + 2 * HOUR)
    run(MONDAY + 2 * HOUR)
    assert ran(watch) == [(0, 0)]
    deliver()
    assert told(case) == {"handler"}
    run(DUE + timedelta(seconds=5))
    deliver()
    assert told(case) == {"handler", "town"}
    # One hour after is 15:30, and once more at 16:30.
    run(DUE + HOUR)
    run(DUE + 2 * HOUR + timedelta(seconds=1))
    assert ran(watch) == [(0, 0), (1, 0), (2, 0), (2, 1)]
    deliver()
    assert {"supervise", "review"} <= told(case)
    watch.refresh_from_db()
    assert watch.next_at is None
    events = [e["after"] for e in timeline(who("supervise"), case.pk)]
    said = [e for e in events if e.get("chain") == "handle"]
    assert [(e["step"], e["nth"], e["result"]) for e in said] == [
        (1, 1, "told"),
        (2, 1, "told"),
        (3, 1, "told"),
        (3, 2, "told"),
    ]


def test_what_the_own_village_handles_reminds_its_grid_workers() -> None:
    publish()
    with clock.at(MONDAY):
        case = case_at(Stage.FILED, class_code="E0110")
        station = org("centre-511803102201")
        cases.dispatch(who("dispatch"), case.pk, lead_org_id=station)
        cases.accept(who("grid"), case.pk)
        see(case)
    run(MONDAY + 2 * HOUR)
    deliver()
    assert ran(watch_of(case)) == [(0, 0)]
    assert "grid" in told(case)
    assert "handler" not in told(case)


def test_the_clock_keeps_the_version_it_started_with_and_no_version_changes() -> None:
    publish()
    _, watch = watched()
    with clock.at(MONDAY + HOUR):
        actions.publish(SYSTEM, {"chains": [{**CHAIN, "clocks": ["check"]}]})
    run(MONDAY + 2 * HOUR)
    assert ran(watch) == [(0, 0)]
    with transaction.atomic(), pytest.raises(DatabaseError, match="cannot change"):
        ChainSet.objects.filter(pk=watch.chains_id).update(document={})
    # Read late: the version in force when the clock started counts, not today's.
    with clock.at(MONDAY + HOUR / 2):
        late, _ = watched(MONDAY + HOUR / 2)
    Watch.objects.filter(case=late).delete()
    with clock.at(MONDAY + 2 * HOUR):
        see(late)
    assert watch_of(late).chains_id == watch.chains_id


def test_an_extension_moves_the_steps_and_what_was_told_before_is_told_of_the_new_time() -> None:
    publish()
    case, watch = watched()
    run(MONDAY + 2 * HOUR)
    with clock.at(MONDAY + 3 * HOUR):
        cases.request_extension(who("handler"), case.pk, amount=4, reason="缺料")
    run(DUE)  # the first limit runs out while the application waits
    assert ran(watch) == [(0, 0), (1, 0)]
    with clock.at(DUE + timedelta(minutes=10)):
        cases.grant(who("supervise"), case.pk)
        see(case)
    watch.refresh_from_db()
    # Half of eight hours is long over: not said again. Due is tomorrow at 9:30: said again.
    new = MONDAY + timedelta(days=1) + 0.5 * HOUR
    assert Clock.objects.get(pk=watch.clock_id).due_at == new
    assert watch.next_at == new
    run(DUE + 2 * HOUR)
    assert ran(watch) == [(0, 0), (1, 0)]
    run(new)
    assert ran(watch) == [(0, 0), (1, 0), (1, 0)]


def test_a_suspension_holds_everything_back_until_it_ends() -> None:
    publish()
    case, watch = watched()
    with clock.at(MONDAY + HOUR):
        until = MONDAY + timedelta(days=3)
        cases.request_suspension(who("handler"), case.pk, until=until, reason="等备件")
        cases.grant(who("supervise"), case.pk)
        see(case)
    watch.refresh_from_db()
    assert watch.next_at is None
    run(MONDAY + timedelta(days=2))
    assert ran(watch) == []
    with clock.at(MONDAY + timedelta(days=3)):
        cases.resume(who("handler"), case.pk)
        see(case)
    watch.refresh_from_db()
    # One hour was used; the second ends an hour after the resumption at 9:00.
    assert watch.next_at == MONDAY + timedelta(days=3) + HOUR


def test_a_clock_that_stopped_tells_nobody_even_before_its_event_is_read() -> None:
    publish()
    case, watch = watched()
    with clock.at(MONDAY + HOUR):
        take("feed_back", case.pk)
    run(MONDAY + 3 * HOUR)
    watch.refresh_from_db()
    assert (ran(watch), watch.state, watch.ended_at) == ([], "ended", MONDAY + HOUR)
    with clock.at(MONDAY + 3 * HOUR):
        take("start_check", case.pk)
        cases.rework(who("verify"), case.pk, reason="仍未清理")
        see(case)
    watch.refresh_from_db()
    assert (watch.state, watch.next_at) == ("running", MONDAY + 5.5 * HOUR)


def test_emergencies_know_no_night() -> None:
    publish()
    night = MONDAY + 13 * HOUR  # 22:00
    _, watch = watched(night, class_code="C0101")  # two hours around the clock
    assert watch.urgent
    run(night + HOUR)
    run(night + 2 * HOUR)
    run(night + 3 * HOUR)
    assert ran(watch) == [(0, 0), (1, 0), (2, 0)]


def test_an_emergency_that_nobody_dispatches_is_told_of_the_same_evening() -> None:
    publish({**CHAIN, "clocks": ["dispatch"]})
    friday = MONDAY + timedelta(days=4, hours=11)  # 20:00
    with clock.at(friday):
        case = case_at(Stage.FILED)
        see(case)
    watch = watch_of(case, "dispatch")
    limit = clocks.limit_of(Clock.objects.get(pk=watch.clock_id))
    assert (watch.urgent, limit.unit) == (True, "work_minute")
    due = friday + timedelta(minutes=limit.amount)
    run(due)
    run(due + HOUR)
    assert ran(watch) == [(0, 0), (1, 0), (2, 0)]
    trial = queries.Trial("dispatch", "C0101", "urgent", "town", friday, limit.amount, limit.unit)
    shown = queries.preview(who("sysadmin"), None, trial)
    assert [row["at"] for row in shown["steps"]][1:3] == [due, due + HOUR]


def test_what_was_due_long_ago_tells_nobody() -> None:
    publish()
    _, watch = watched()
    run(MONDAY + timedelta(days=20))
    assert set(StepRun.objects.filter(watch=watch).values_list("result", flat=True)) == {"stale"}


# The audit


def audit(at: datetime) -> Any:
    with clock.at(at):
        JobRun.objects.update_or_create(
            name="escalation.run",
            defaults={"cron": "* * * * * */5", "started_at": at, "ended_at": at, "error": ""},
        )
        return actions.audit()


def gaps(found: Any, watch: Watch) -> list[tuple[int, str]]:
    return [(gap["step"], gap["why"]) for gap in found.gaps if gap["clock"] == watch.clock_id]


def test_the_audit_says_which_step_did_not_run_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    _, watch = watched()
    assert gaps(audit(MONDAY + 2 * HOUR), watch) == []  # due this moment
    late = MONDAY + 2 * HOUR + timedelta(minutes=5)
    assert gaps(audit(late), watch) == [(1, "missed")]
    # The watch says that nothing is due: the audit does not believe it.
    Watch.objects.filter(pk=watch.pk).update(try_at=None, next_at=None)
    assert gaps(audit(late), watch) == [(1, "missed")]
    Watch.objects.filter(pk=watch.pk).update(try_at=MONDAY + 2 * HOUR)

    def breaks(*given: Any) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(running, "_step", breaks)
        run(late)
    found = audit(late)
    assert gaps(found, watch) == [(1, "failed")]
    assert "on purpose" in next(g["detail"] for g in found.gaps if g["clock"] == watch.clock_id)
    with clock.at(late):
        JobRun.objects.filter(name="escalation.run").update(started_at=late - timedelta(hours=2))
        Watch.objects.filter(pk=watch.pk).update(error="")
        assert gaps(actions.audit(), watch) == [(1, "worker_down")]
    Watch.objects.filter(pk=watch.pk).update(try_at=late, failures=0)
    run(late)
    # It ran; its notice has not been delivered.
    after = late + timedelta(minutes=10)
    assert gaps(audit(after), watch) == [(1, "undelivered")]
    deliver()
    found = audit(after)
    assert gaps(found, watch) == []
    assert found.due - found.ran == found.missing == sum(found.by_reason.values())
    Watch.objects.filter(pk=watch.pk).delete()
    with clock.at(after):
        missing = actions.audit()
    assert (watch.clock_id, "not_frozen") in {(g["clock"], g["why"]) for g in missing.gaps}


def test_a_step_that_finds_nobody_is_no_success() -> None:
    alone = {**CHAIN, "steps": [step("提醒", {"at": "due"}, ("mediator", "holder"))]}
    publish(alone)
    _, watch = watched()
    Post.objects.filter(role="mediator").update(active=False)
    run(DUE)
    assert gaps(audit(DUE + timedelta(minutes=4)), watch) == [(1, "nobody")]


def test_the_audit_runs_as_a_job_and_leaves_its_result() -> None:
    publish()
    watched()
    with clock.at(MONDAY + 4 * HOUR):
        result = schedule.run("escalation.audit")
    kept = JobRun.objects.get(name="escalation.audit").result
    assert kept["missing"] == result["missing"] >= 1
    shown = queries.audits(who("audit"))
    assert shown["latest"]["missing"] == result["missing"]
    assert {gap["why"] for gap in shown["gaps"]} == set(result["by_reason"])


def test_the_audit_names_to_each_post_only_the_cases_it_may_know_of() -> None:
    publish()
    with clock.at(MONDAY):
        ours = case_at(Stage.FILED)
        secret = report("家庭纠纷", class_code="S0102").case
        town = replace(who("supervise"), region_id=ours.town_id, level=Level.TOWN)
        elsewhere = report(village="511803001001").case
        cases.file(who("mediate"), secret.pk, condition_code="S0102-1")  # which gives the number
        elsewhere = cases.file(who("desk"), elsewhere.pk, condition_code="C0101-1")
        assert elsewhere.town_id != ours.town_id
    found = audit(MONDAY + timedelta(minutes=10))  # nobody has read the ledger: all are gaps
    all_of = [ours, secret, elsewhere]
    assert {case.pk for case in all_of} <= {gap["case"] for gap in found.gaps}

    def shown(actor: Actor) -> list[str | None]:
        said = queries.audits(actor)
        assert said["latest"]["missing"] == found.missing  # numbers are everybody's
        numbers = {gap["case"]: gap["number"] or "" for gap in said["gaps"]}
        return [numbers.get(case.pk) for case in all_of]

    assert shown(who("supervise")) == [ours.number, None, elsewhere.number]
    assert shown(town) == [ours.number, None, None]
    for name in ("sysadmin", "audit"):
        assert shown(who(name)) == [ours.number, "", elsewhere.number]


def test_an_audit_that_has_not_come_for_long_is_said_to_be_stale() -> None:
    publish()
    audit(MONDAY)
    for minutes, stale in ((10, False), (21, True)):
        with clock.at(MONDAY + timedelta(minutes=minutes)):
            assert queries.audits(who("audit"))["stale"] is stale


def test_publishing_refuses_nonsense_and_what_somebody_else_has_changed() -> None:
    publish()
    with pytest.raises(Invalid) as bad:
        actions.publish(who("sysadmin"), {"chains": [{**CHAIN, "clocks": ["tea"]}]})
    assert bad.value.field == "document.chains.0.clocks.0"
    now = queries.chain_set(who("sysadmin")).version
    actions.publish(who("sysadmin"), {"chains": [CHAIN]}, seen=now)
    with pytest.raises(Conflict):
        actions.publish(who("sysadmin"), {"chains": [CHAIN]}, seen=now)


def test_a_preview_says_when_and_whom_and_keeps_nothing() -> None:
    publish()
    case, watch = watched()
    before = (StepRun.objects.count(), Outbox.objects.count())
    found = queries.preview_on(who("supervise"), None, case.pk)
    handle = next(row for row in found if row["kind"] == "handle")
    assert [row["at"] for row in handle["steps"]] == [
        MONDAY + 2 * HOUR,
        DUE,
        DUE + HOUR,
        DUE + 2 * HOUR,
    ]
    assert handle["steps"][0]["whom"][0]["posts"] == 1
    trial = queries.Trial("handle", "E0110", "general", "town", MONDAY, 4, "work_hour")
    shown = queries.preview(who("sysadmin"), None, trial)
    assert [row["at"] for row in shown["steps"]] == [row["at"] for row in handle["steps"]]
    late = queries.Trial(
        "handle", "", "general", "town", datetime(9999, 12, 30, tzinfo=UTC), 4, "work_hour"
    )
    with pytest.raises(Invalid) as bad:
        queries.preview(who("sysadmin"), None, late)
    assert bad.value.field == "start"
    assert (StepRun.objects.count(), Outbox.objects.count()) == before
    seen = queries.of_case(who("handler"), case.pk)
    assert [row["at"] for row in seen[0]["next"]] == [row["at"] for row in handle["steps"]]
    assert watch.chain == "handle"
