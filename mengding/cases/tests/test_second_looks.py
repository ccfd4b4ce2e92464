"""Appeals, call-backs, rechecks by another verifier, and draws that can be repeated."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.cases import actions, drawing, queries
from mengding.cases.models import Approval, Case, Draw, Recheck
from mengding.cases.queries.replayed import differences
from mengding.cases.stages import Outcome, Satisfaction, Stage
from mengding.cases.tests.made import (
    ASSIST_ACTOR,
    LEAD,
    LEAD_ACTOR,
    appealed_case,
    case_at,
    disputed_case,
    late_case,
    org,
    take,
    who,
)
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import GuardFailed, Invalid, NotAllowed, NotFound
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def late_clock(case: Case) -> Clock:
    return Clock.objects.get(case_id=case.pk, kind="handle", state="stopped")


def appeal_again(case: Case) -> Case:
    return actions.request_appeal(who(LEAD_ACTOR), case.pk, reason="另附封路通知")


class TestAppeal:
    def test_granted_exempts_and_keeps_the_figures(self) -> None:
        case = appealed_case()
        before = late_clock(case)
        assert before.late
        actions.grant(who("supervise"), case.pk, note="情况属实")
        after = late_clock(case)
        assert after.exempted
        assert (after.late, after.due_at, after.stopped_at) == (
            True,
            before.due_at,
            before.stopped_at,
        )
        shown = queries.case_detail(who(LEAD_ACTOR), case.pk)
        assert [c["exempted"] for c in shown["clocks"] if c["kind"] == "handle"] == [True]
        assert shown["approvals"][-1]["answer"] == "情况属实"
        event = Event.objects.filter(subject_kind="case", subject_id=case.pk).latest("seq")
        assert event.action == "case.exempt"
        assert event.after["clocks"][0]["exempted"] is True
        assert differences(case.pk) == []
        with pytest.raises(GuardFailed, match="exempted"):
            appeal_again(case)

    def test_two_reviews_by_two_people_and_no_third(self) -> None:
        case = appealed_case()
        actions.refuse(who("supervise"), case.pk, reason="未提供证明")
        appeal_again(case)
        with pytest.raises(NotAllowed) as refused:
            actions.grant(who("supervise"), case.pk)
        assert refused.value.code == "first_reviewer"
        queue, _ = queries.approval_queue(who("supervise"), cursor=None, limit=200)
        mine = next(row for row in queue if row["case_id"] == case.pk)
        assert mine["detail"]["round"] == 2
        assert "初审" in mine["barred"].zh
        actions.refuse(who("review"), case.pk, reason="证明不足")
        with pytest.raises(GuardFailed, match="final"):
            appeal_again(case)
        assert not late_clock(case).exempted

    def test_the_first_reviewer_is_of_the_same_appeal(self) -> None:
        """Lead and assisting organisation are both late, and another refuses each."""
        with clock.at(clock.now() - timedelta(days=60)):
            case = case_at(Stage.HANDLING, assist=True)
        take("feed_back", case.pk, assist=True)
        assert Clock.objects.filter(case_id=case.pk, kind="handle", late=True).count() == 2
        appeal_again(case)
        actions.refuse(who("supervise"), case.pk, reason="未提供证明")
        actions.request_appeal(who(ASSIST_ACTOR), case.pk, reason="封路")
        actions.refuse(who("review"), case.pk, reason="未提供证明")
        appeal_again(case)
        with pytest.raises(NotAllowed) as refused:
            actions.grant(who("supervise"), case.pk)
        assert refused.value.code == "first_reviewer"
        actions.grant(who("review"), case.pk)

    def test_never_by_the_organisation_that_appeals(self) -> None:
        case = appealed_case()
        inside = replace(who("review"), org_id=org(LEAD), org_ids=frozenset({org(LEAD)}))
        with pytest.raises(NotAllowed) as granting:
            actions.grant(inside, case.pk)
        with pytest.raises(NotAllowed) as refusing:
            actions.refuse(inside, case.pk, reason="不")
        assert {granting.value.code, refusing.value.code} == {"own_organisation"}

    def test_only_what_was_late_and_only_for_five_working_days(self) -> None:
        with pytest.raises(GuardFailed, match="late"):
            appeal_again(case_at(Stage.FED_BACK))
        case = late_case()
        stopped = late_clock(case).stopped_at
        assert stopped is not None
        with clock.at(stopped + timedelta(days=4)):
            appeal_again(case)
            actions.refuse(who("supervise"), case.pk, reason="不足")
        # The second term begins with the answer to the first.
        with (
            clock.at(stopped + timedelta(days=30)),
            pytest.raises(GuardFailed, match="over"),
        ):
            appeal_again(case)

    def test_a_rework_makes_it_moot_and_the_clock_goes_on(self) -> None:
        case = appealed_case()
        actions.start_check(who("verify"), case.pk)
        actions.rework(who("verify"), case.pk, reason="仍松动")
        assert Approval.objects.get(case=case).status == "moot"
        assert differences(case.pk) == []
        actions.request_return(who(LEAD_ACTOR), case.pk, reason="不归我管")

    def test_it_waits_while_the_case_is_closed(self) -> None:
        case = appealed_case()
        actions.start_check(who("verify"), case.pk)
        actions.close(
            who("verify"), case.pk, outcome=Outcome.FIXED, finding="好", condition_met=True
        )
        possible = {
            a["action"] for a in queries.next_actions(who("supervise"), case.pk) if a["possible"]
        }
        assert {"grant", "refuse"} <= possible
        actions.grant(who("supervise"), case.pk)
        assert late_clock(case).exempted


class TestApplications:
    def test_the_new_deadline_is_the_one_granting_gives(self) -> None:
        case = case_at(Stage.HANDLING)
        actions.request_extension(who(LEAD_ACTOR), case.pk, amount=1, reason="缺料")
        asked = Approval.objects.get(case=case)
        shown = queries.approval_detail(who("supervise"), asked.pk)
        assert shown["proposal"]["due_now"] == case.due_at
        assert shown["barred"] is None
        assert shown["clock"]["steps"]
        actions.grant(who("supervise"), case.pk)
        case.refresh_from_db()
        assert case.due_at == shown["proposal"]["due_then"]

    def test_a_suspension_shows_when_it_would_be_due(self) -> None:
        case = case_at(Stage.HANDLING)
        until = clock.now() + timedelta(days=20)
        actions.request_suspension(who(LEAD_ACTOR), case.pk, until=until, reason="等备件")
        shown = queries.approval_detail(who("supervise"), Approval.objects.get(case=case).pk)
        assert shown["proposal"]["due_then"] > until

    def test_applicants_see_their_own_also_when_the_case_left_them(self) -> None:
        case = case_at(Stage.HANDLING)
        actions.request_return(who(LEAD_ACTOR), case.pk, reason="不归我管")
        actions.grant(who("supervise"), case.pk, note="同意")
        mine, _ = queries.approval_queue(who(LEAD_ACTOR), mine=True, cursor=None, limit=200)
        assert (mine[0]["case_id"], mine[0]["status"]) == (case.pk, "granted")
        assert mine[0]["answer"] == "同意"
        assert mine[0]["case"] is None
        queries.approval_detail(who(LEAD_ACTOR), mine[0]["id"])
        with pytest.raises(NotFound):
            queries.approval_detail(who("water"), mine[0]["id"])


class TestRecheck:
    def test_dissatisfied_goes_to_another_verifier(self) -> None:
        case = disputed_case()
        task = Recheck.objects.get(case=case)
        assert task.closed_by == who("verify").account_id
        with pytest.raises(GuardFailed, match="closed the case"):
            actions.uphold(who("verify"), case.pk, finding="没问题")
        with pytest.raises(GuardFailed, match="closed the case"):
            actions.reopen(who("verify"), case.pk, reason="重来")
        actions.uphold(who("recheck"), case.pk, finding="复核到位，已向居民说明")
        task.refresh_from_db()
        assert (task.result, task.decided_by) == ("upheld", who("recheck").account_id)
        assert differences(case.pk) == []
        with pytest.raises(GuardFailed, match="No recheck"):
            actions.uphold(who("recheck"), case.pk, finding="再说一遍")

    def test_the_other_verifier_may_reopen(self) -> None:
        case = disputed_case()
        actions.reopen(who("recheck"), case.pk, reason="确实没修好")
        case.refresh_from_db()
        assert case.stage == Stage.FILED
        assert Recheck.objects.get(case=case).result == "reopened"

    def test_a_verifier_does_not_reopen_without_a_task(self) -> None:
        case = case_at(Stage.CLOSED)
        with pytest.raises(GuardFailed, match="No recheck"):
            actions.reopen(who("recheck"), case.pk, reason="路过看到")
        actions.reopen(who("desk"), case.pk, reason="居民来电")

    def test_not_by_the_organisation_that_handled_it(self) -> None:
        case = disputed_case()
        inside = replace(who("recheck"), org_id=org(LEAD), org_ids=frozenset({org(LEAD)}))
        with pytest.raises(NotAllowed):
            actions.uphold(inside, case.pk, finding="好")
        with pytest.raises(GuardFailed, match="handled"):
            actions.reopen(inside, case.pk, reason="不好")
        told = {a["action"]: a for a in queries.next_actions(inside, case.pk)}
        assert "处置单位" in told["uphold"]["why"].zh

    def test_satisfied_makes_no_task_and_dissatisfied_needs_words(self) -> None:
        case = case_at(Stage.CLOSED)
        actions.call_back(who("desk"), case.pk, satisfaction=Satisfaction.SATISFIED, resolved=True)
        assert not Recheck.objects.filter(case=case).exists()
        with pytest.raises(Invalid) as missing:
            actions.call_back(
                who("desk"), case.pk, satisfaction=Satisfaction.BASICALLY, resolved=False
            )
        assert missing.value.field == "note"
        for _ in range(2):  # the second call finds the task waiting
            actions.call_back(
                who("desk"),
                case.pk,
                satisfaction=Satisfaction.BASICALLY,
                resolved=False,
                note="还没好",
            )
        assert Recheck.objects.filter(case=case).count() == 1
        shown = queries.case_detail(who("desk"), case.pk)
        assert [c["satisfaction"] for c in shown["callbacks"]] == [
            "satisfied",
            "basically",
            "basically",
        ]
        rows, _ = queries.rechecks(who("recheck"), mine=True, cursor=None, limit=200)
        assert case.pk in {row["case"]["id"] for row in rows}
        rows, _ = queries.rechecks(who("verify"), mine=True, cursor=None, limit=200)
        assert case.pk not in {row["case"]["id"] for row in rows}


def draw(size: int, by: str = "town", actor: Actor | None = None) -> Draw:
    now = clock.now()
    return actions.draw_cases(
        actor or who("supervise"),
        since=now - timedelta(days=1),
        until=now + timedelta(minutes=1),
        size=size,
        stratified_by=by,
    )


class TestDraw:
    def test_anyone_can_repeat_it_and_the_seed_came_first(self) -> None:
        made_of = {case_at(Stage.CLOSED).pk for _ in range(6)}
        made = draw(3, "lead_org")
        shown = queries.draw_detail(who("verify"), made.pk)
        assert made_of <= set(shown["population"])
        # By hand, from what is shown alone.
        strata: dict[str, list[int]] = {}
        for number in shown["population"]:
            key = str(Case.objects.get(pk=number).lead_org_id)
            strata.setdefault(key, []).append(number)
        by_hand = [
            number
            for each in shown["strata"]
            for number in sorted(
                strata[each["key"]],
                key=lambda n: hashlib.sha256(f"{shown['seed']}:{n}".encode()).hexdigest(),
            )[: each["drawn"]]
        ]
        assert sorted(by_hand) == sorted(row["case_id"] for row in shown["cases"])
        lines = "\n".join(str(n) for n in sorted(shown["population"]))
        assert hashlib.sha256(lines.encode()).hexdigest() == shown["digest"]
        first, second = Event.objects.filter(subject_kind="draw", subject_id=made.pk).order_by(
            "seq"
        )
        assert (first.action, first.after["seed"]) == ("draw.announce", made.seed)
        assert (second.action, second.after["cases"]) == ("draw.make", sorted(by_hand))

    def test_never_back_to_who_closed_it(self) -> None:
        for _ in range(4):
            case_at(Stage.CLOSED)
        made = draw(4, "none")
        tasks = Recheck.objects.filter(draw=made)
        assert {t.assigned_to for t in tasks} == {who("recheck").account_id}
        one, other = tasks.order_by("pk")[:2]
        with pytest.raises(GuardFailed, match="closed the case"):
            actions.uphold(who("verify"), one.case_id, finding="好")
        third = replace(who("recheck"), account_id=who("desk").account_id, role=Role.VERIFIER)
        with pytest.raises(GuardFailed, match="somebody else"):
            actions.uphold(third, one.case_id, finding="好")
        actions.uphold(who("recheck"), one.case_id, finding="属实")
        actions.reopen(who("recheck"), other.case_id, reason="未达到结案条件")
        listed, _ = queries.draws(who("supervise"), cursor=None, limit=10)
        assert (listed[0]["drawn"], listed[0]["upheld"], listed[0]["reopened"]) == (4, 1, 1)

    def test_what_waits_is_not_drawn_twice_and_nothing_is_an_error(self) -> None:
        case_at(Stage.CLOSED)
        draw(200, "none")
        with pytest.raises(Invalid) as empty:
            draw(1)
        assert empty.value.code == "draw_empty"
        with pytest.raises(NotAllowed):
            draw(1, actor=who("verify"))


SIZES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 40), max_size=6)


@given(sizes=SIZES, wanted=st.integers(0, 120))
def test_shares_add_up_and_no_stratum_is_overdrawn(sizes: dict[str, int], wanted: int) -> None:
    found = drawing.shares(sizes, wanted)
    assert sum(found.values()) == min(wanted, sum(sizes.values()))
    assert all(0 <= count <= sizes[key] for key, count in found.items())
    filled = [key for key, size in sizes.items() if size]
    if wanted >= len(filled):
        assert all(found[key] >= 1 for key in filled)


def test_the_order_is_written_down() -> None:
    assert drawing.draw("seed", {"": [1, 2, 3, 4, 5]}, 3) == {"": [5, 3, 1]}
    assert drawing.place("seed", 1) == hashlib.sha256(b"seed:1").hexdigest()
