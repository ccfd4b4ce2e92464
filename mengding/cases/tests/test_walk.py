"""A case through its whole life, and every side move, with the clocks and the ledger."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mengding.cases import actions, queries
from mengding.cases.contacts import ContactData
from mengding.cases.models import Approval, Case, Contact, Report, WorkOrder
from mengding.cases.stages import Outcome, Stage
from mengding.cases.tests.made import ASSIST, LEAD, case_at, org, report, who
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.errors import (
    Conflict,
    GuardFailed,
    Invalid,
    NotAllowed,
    NotFound,
    WrongStage,
)
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
CN = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=CN)


def actions_of(case_id: int) -> list[str]:
    """The ledger's actions of a case, in order."""
    rows = Event.objects.filter(subject_kind="case", subject_id=case_id).order_by("seq")
    return [action.removeprefix("case.") for action in rows.values_list("action", flat=True)]


def relations(case_id: int) -> dict[int, str]:
    """How other cases stand to one, as its page shows it."""
    shown = queries.case_detail(who("desk"), case_id)
    return {each["id"]: each["relation"] for each in shown["relations"]}


def live(case_id: int) -> dict[str, str]:
    """Kind → state of the clocks that are not over."""
    rows = Clock.objects.filter(case_id=case_id, state__in=["running", "paused"])
    return dict(rows.values_list("kind", "state"))


def test_straight_through() -> None:
    with clock.at(MONDAY):
        case = report().case
        assert (case.stage, case.version, case.number) == ("received", 1, None)
        assert case.proposed_org_id is not None
        assert live(case.pk) == {"receive": "running"}
        assert case.due_at == MONDAY + timedelta(minutes=15)
    with clock.at(MONDAY + timedelta(minutes=5)):
        case = actions.file(who("desk"), case.pk, condition_code="C0101-1")
        assert case.number is not None
        assert case.number.startswith("C010120261123")
        assert live(case.pk) == {"dispatch": "running"}
    with clock.at(MONDAY + timedelta(minutes=12)):
        case = actions.dispatch(who("dispatch"), case.pk, lead_org_id=org(LEAD))
        assert case.lead_org_id == org(LEAD)
        assert live(case.pk) == {"handle": "running"}
        assert case.due_at == case.handle_due_at is not None
    case = actions.accept(who("handler"), case.pk)
    case = actions.feed_back(who("handler"), case.pk, report="已更换井盖")
    assert live(case.pk) == {"check": "running"}
    case = actions.start_check(who("verify"), case.pk)
    case = actions.close(
        who("verify"), case.pk, outcome=Outcome.FIXED, finding="已恢复", condition_met=True
    )
    assert (case.stage, case.outcome) == ("closed", "fixed")
    assert live(case.pk) == {}
    assert actions_of(case.pk) == [
        "receive", "file", "dispatch", "accept", "feed_back", "start_check", "close",
    ]  # fmt: skip


def test_joint_handling_ends_when_everybody_signed_off() -> None:
    case = case_at(Stage.DISPATCHED, assist=True)
    actions.accept(who("handler"), case.pk)
    with pytest.raises(GuardFailed, match="assisting"):
        actions.feed_back(who("handler"), case.pk, report="好了")
    actions.assist_accept(who("water"), case.pk)
    actions.assist_done(who("water"), case.pk, report="已抽水")
    assert live(case.pk) == {"handle": "running"}
    done = actions.feed_back(who("handler"), case.pk, report="好了")
    assert done.stage == "fed_back"


def test_handler_never_verifies_and_verifier_never_handles() -> None:
    case = case_at(Stage.CHECKING)
    with pytest.raises(NotAllowed):
        actions.close(
            who("handler"), case.pk, outcome=Outcome.FIXED, finding="好", condition_met=True
        )
    with pytest.raises(NotAllowed):
        actions.feed_back(who("verify"), case.pk, report="好")


def test_return_needs_a_decision_by_somebody_else() -> None:
    case = case_at(Stage.HANDLING)
    actions.request_return(who("handler"), case.pk, reason="产权属于供水公司")
    with pytest.raises(GuardFailed, match="application"):
        actions.feed_back(who("handler"), case.pk, report="好了")
    back = actions.grant(who("supervise"), case.pk)
    assert (back.stage, back.lead_org_id, back.return_count) == ("filed", None, 1)
    assert list(WorkOrder.objects.filter(case=case).values_list("status", flat=True)) == [
        "returned"
    ]
    assert live(case.pk) == {"dispatch": "running"}
    with pytest.raises(NotFound):
        queries.get_case(who("handler"), case.pk)


def test_extension_moves_the_deadline_by_working_time() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.HANDLING)
        before = case.due_at
        condition = case.condition
        assert before is not None
        assert condition is not None
        with pytest.raises(Invalid) as wrong:
            actions.request_extension(
                who("handler"), case.pk, amount=condition.limit_amount + 1, reason="缺料"
            )
        assert wrong.value.field == "amount"
        actions.request_extension(who("handler"), case.pk, amount=1, reason="缺料")
        case = actions.grant(who("supervise"), case.pk)
        assert case.due_at is not None
        assert case.due_at > before
        assert case.extension_count == 1


def test_extension_is_refused_after_the_time_out() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.HANDLING)
    with (
        clock.at(MONDAY + timedelta(days=60)),
        pytest.raises(GuardFailed, match="over the limit"),
    ):
        actions.request_extension(who("handler"), case.pk, amount=1, reason="缺料")


def test_suspension_stops_the_clock_once() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.HANDLING)
        due = case.due_at
        assert due is not None
    with clock.at(MONDAY + timedelta(minutes=30)):
        until = clock.now() + timedelta(days=9)
        actions.request_suspension(who("handler"), case.pk, until=until, reason="等待备件")
        case = actions.grant(who("supervise"), case.pk)
        assert (case.stage, case.due_at) == ("suspended", None)
        assert live(case.pk) == {"handle": "paused"}
    with clock.at(MONDAY + timedelta(days=7, minutes=30)):
        case = actions.resume(who("dispatch"), case.pk, reason="备件到货")
        assert case.stage == "handling"
        assert case.due_at is not None
        assert case.due_at > due
        with pytest.raises(GuardFailed, match="once"):
            actions.request_suspension(
                who("handler"), case.pk, until=clock.now() + timedelta(days=3), reason="再等"
            )


def test_rework_goes_on_with_the_same_clock() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.CHECKING)
        due = case.handle_due_at
        assert due is not None
    with clock.at(MONDAY + timedelta(minutes=20)):
        case = actions.rework(who("verify"), case.pk, reason="井盖仍松动")
        assert (case.stage, case.rework_count) == ("handling", 1)
        assert case.due_at is not None
        # The twenty minutes with the verifier do not count against the department.
        assert case.due_at >= due + timedelta(minutes=20)
    assert live(case.pk) == {"handle": "running"}


def test_reopen_keeps_the_number() -> None:
    case = case_at(Stage.CLOSED)
    number = case.number
    case = actions.reopen(who("supervise"), case.pk, reason="群众反映未解决")
    assert (case.stage, case.number, case.outcome, case.closed_at) == ("filed", number, "", None)
    case = actions.dispatch(who("dispatch"), case.pk, lead_org_id=org(LEAD))
    assert case.stage == "dispatched"


def test_reassign_gives_a_full_limit() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.HANDLING)
    with clock.at(MONDAY + timedelta(hours=1)):
        case = actions.reassign(
            who("dispatch"), case.pk, lead_org_id=org(ASSIST), reason="转水利局"
        )
        assert (case.stage, case.lead_org_id) == ("dispatched", org(ASSIST))
        running = Clock.objects.get(case_id=case.pk, state="running")
        assert running.started_at == clock.now()
    with pytest.raises(NotFound):
        actions.accept(who("handler"), case.pk)
    assert actions.accept(who("water"), case.pk).stage == "handling"


def test_decline_says_where_to_go() -> None:
    case = report().case
    with pytest.raises(Invalid) as wrong:
        actions.decline(who("desk"), case.pk, reason="不属于", where_to_go=" ")
    assert wrong.value.field == "where_to_go"
    case = actions.decline(who("desk"), case.pk, reason="不属于", where_to_go="物业")
    assert case.stage == "declined"
    assert case.closed_at is not None


def test_precheck_there_and_back() -> None:
    case = case_at(Stage.PRECHECKING)
    assert live(case.pk) == {"precheck": "running"}
    case = actions.report_check(who("grid"), case.pk, confirmed=True, finding="属实")
    assert case.stage == "received"
    assert live(case.pk) == {"receive": "running"}


def test_merge_moves_reports_with_their_identity() -> None:
    contact = ContactData(name="王小明", phone="13812345678")
    first, second = report(), report("同一个井盖", contact=contact)
    merged = actions.merge(who("desk"), second.case_id, into_id=first.case_id)
    assert (merged.stage, merged.duplicate_of_id) == ("merged", first.case_id)
    assert Report.objects.get(pk=second.pk).case_id == first.case_id
    assert Contact.objects.filter(report=second).exists()
    assert Case.objects.get(pk=first.case_id).reports_count == 2
    assert actions_of(first.case_id)[-1] == "absorb"
    assert relations(first.case_id) == {merged.pk: "merged_from"}
    assert relations(merged.pk) == {first.case_id: "merged_into"}
    with pytest.raises(GuardFailed):
        actions.merge(who("desk"), report().case_id, into_id=merged.pk)


def test_split_takes_reports_out_again() -> None:
    first, second = report(), report("另一个问题")
    actions.merge(who("desk"), second.case_id, into_id=first.case_id)
    new = actions.split(
        who("desk"), first.case_id, report_ids=[second.pk], description="其实是另一处"
    )
    assert Report.objects.get(pk=second.pk).case_id == new.pk
    assert (new.stage, new.reports_count, new.class_code) == ("received", 1, "C0101")
    assert relations(new.pk) == {first.case_id: "split_from"}
    assert relations(first.case_id)[new.pk] == "split_to"
    assert Case.objects.get(pk=first.case_id).reports_count == 1
    with pytest.raises(GuardFailed):
        actions.split(who("desk"), first.case_id, report_ids=[first.pk], description="x")


def test_join_keeps_everybody() -> None:
    first = report()
    joined = actions.join(
        who("desk"), first.case_id, actions.Message(text="我也看到了", address="解放路")
    )
    assert joined.case_id == first.case_id
    assert Case.objects.get(pk=first.case_id).reports_count == 2
    closed = case_at(Stage.CLOSED)
    with pytest.raises(WrongStage):
        actions.join(who("desk"), closed.pk, actions.Message(text="我也看到了"))


def test_escalate_and_delegate_move_the_owner() -> None:
    case = report(class_code="E0110").case
    start = case.owner_org_id
    if start != org("centre-511803"):
        case = actions.escalate(who("desk"), case.pk, reason="超出权限")
        assert case.owner_org_id != start
    while case.owner_org_id != org("centre-511803"):
        case = actions.escalate(who("desk"), case.pk, reason="超出权限")
    with pytest.raises(GuardFailed, match="above"):
        actions.escalate(who("desk"), case.pk, reason="再上报")
    with pytest.raises(GuardFailed, match="owns"):
        actions.request_void(who("town"), case.pk, reason="镇里不能动区级案件")
    case = actions.delegate(who("dispatch"), case.pk)
    assert case.owner_org_id == org("centre-511803102")


def test_version_conflict_shows_both_sides() -> None:
    case = report().case
    actions.note(who("desk"), case.pk, text="一")
    with pytest.raises(Conflict) as stale:
        actions.file(who("desk"), case.pk, condition_code="C0101-1", version=1)
    assert stale.value.extra["yours"] == {"version": 1}
    assert stale.value.extra["current"]["version"] == 2


def test_numbers_have_no_gap_when_a_filing_fails() -> None:
    case, other = report().case, report().case
    first = actions.file(who("desk"), case.pk, condition_code="C0101-1").number
    with pytest.raises(NotFound):
        actions.file(who("desk"), other.pk, condition_code="C9999-1")
    second = actions.file(who("desk"), other.pk, condition_code="C0101-1").number
    assert first is not None
    assert second is not None
    assert int(second[-4:]) == int(first[-4:]) + 1


def test_contact_is_masked_and_each_look_is_an_event() -> None:
    one = report(contact=ContactData(name="王小明", phone="13812345678", email="wang@example.com"))
    shown = queries.case_detail(who("desk"), one.case_id)["reports"][0]["contact"]
    assert shown == {"name": "王**", "phone": "138****5678", "email": "w***@example.com"}
    assert b"13812345678" not in bytes(one.contact.phone)
    with pytest.raises(NotAllowed):
        actions.reveal_contact(who("verify"), one.pk, purpose="好奇")
    with pytest.raises(Invalid):
        actions.reveal_contact(who("desk"), one.pk, purpose="")
    clear = actions.reveal_contact(who("desk"), one.pk, purpose="回访")
    assert clear["phone"] == "13812345678"
    event = Event.objects.filter(subject_kind="case", subject_id=one.case_id).latest("seq")
    assert event.action == "contact.reveal"
    assert "13812345678" not in str(event.after)


def test_erasing_leaves_the_chain_verifiable() -> None:
    from mengding.ledger.verify import verify

    one = report("我是张三，电话13812345678，井盖坏了", contact=ContactData(phone="13812345678"))
    actions.erase_report(who("secadmin"), one.pk, reason="本人要求删除")
    assert not Contact.objects.filter(report=one).exists()
    assert Case.objects.get(pk=one.case_id).description == ""
    rows, _ = queries.case_page(
        who("desk"), queries.Filters(text="张三"), order="-reported_at", cursor=None, limit=50
    )
    assert one.case_id not in [row["id"] for row in rows]
    _, faults = verify()
    assert [f for f in faults if f.subject == one.case_id] == []


def test_erasing_one_of_several_takes_every_copy_of_their_words() -> None:
    first, second = report("我是张三，井盖坏了"), report("李四：井盖确实坏了")
    third = report("我是张三，还是那个井盖")
    for other in (second, third):
        actions.merge(who("desk"), other.case_id, into_id=first.case_id)
    for mine in (first, third):
        actions.erase_report(who("secadmin"), mine.pk, reason="本人要求删除")
    held = Case.objects.filter(pk__in=[first.case_id, second.case_id, third.case_id])
    assert set(held.values_list("description", flat=True)) == {"李四：井盖确实坏了"}
    rows, _ = queries.case_page(
        who("desk"), queries.Filters(text="张三"), order="-reported_at", cursor=None, limit=50
    )
    assert not {row["id"] for row in rows} & {first.case_id, third.case_id}


def test_contact_data_is_deleted_on_its_day() -> None:
    case = case_at(Stage.DECLINED)
    one = report(contact=ContactData(phone="13812345678"))
    actions.decline(who("desk"), one.case_id, reason="不属于", where_to_go="物业")
    with clock.at(clock.now() + timedelta(days=181)):
        assert actions.erase_due() >= 1
    assert not Contact.objects.filter(report=one).exists()
    assert actions_of(one.case_id)[-1] == "contact.delete"
    assert case.pk


def test_own_application_is_not_for_oneself_to_decide() -> None:
    case = case_at(Stage.RECEIVED)
    actions.request_void(who("desk"), case.pk, reason="重复")
    Approval.objects.filter(case=case).update(asked_by=who("supervise").account_id)
    with pytest.raises(NotAllowed):
        actions.grant(who("supervise"), case.pk)


def test_confidential_cases_are_for_mediators() -> None:
    case = report("邻居吵架", class_code="S0102").case
    assert case.confidential
    assert queries.get_case(who("mediate"), case.pk).pk == case.pk
    for other in ("dispatch", "verify", "supervise", "grid", "town", "handler"):
        with pytest.raises(NotFound):
            queries.get_case(who(other), case.pk)


def test_town_sees_its_own_town_only() -> None:
    here, there = report().case, report(village="511803001001").case
    assert queries.get_case(who("town"), here.pk)
    with pytest.raises(NotFound):
        queries.get_case(who("town"), there.pk)


def test_next_actions_say_why_not() -> None:
    case = report().case
    offered = {row["action"]: row for row in queries.next_actions(who("desk"), case.pk)}
    assert offered["file"]["possible"]
    assert offered["dispatch"]["code"] == "not_allowed"
    assert offered["amend"]["possible"]
    filed = case_at(Stage.FILED)
    offered = {row["action"]: row for row in queries.next_actions(who("desk"), filed.pk)}
    assert offered["file"]["code"] == "wrong_stage"
    assert offered["split"]["code"] == "guard_failed"
    assert "诉求" in offered["split"]["why"].zh
