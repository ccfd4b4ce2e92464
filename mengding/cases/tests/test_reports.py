"""What happens to a case's reports: corrected, joined, split off, erased."""

import pytest

from mengding.cases import actions, queries
from mengding.cases.actions import Message
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case, Report
from mengding.cases.stages import Channel, Stage
from mengding.cases.tests.invariants import faults
from mengding.cases.tests.made import case_at, report, who
from mengding.core.errors import GuardFailed, Invalid, NotAllowed, NotFound
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def found(text: str) -> set[int]:
    """Ids of the cases a search finds."""
    page, _ = queries.case_page(
        who("desk"), queries.Filters(text=text), order="-reported_at", cursor=None, limit=100
    )
    return {row["id"] for row in page}


@pytest.mark.parametrize(
    ("field", "value"),
    [("description", "字" * 4001), ("address", "路" * 301), ("description", "a\x00b")],
)
def test_a_correction_is_held_to_the_limits_of_a_report(field: str, value: str) -> None:
    case = report().case
    with pytest.raises(Invalid) as wrong:
        actions.amend(who("desk"), case.pk, **{field: value})  # type: ignore[arg-type]
    assert wrong.value.field == field
    case.refresh_from_db()
    assert (case.version, case.address) == (1, "解放路12号")


def test_a_correction_is_found_and_leaves_only_digests_in_the_ledger() -> None:
    case = report().case
    actions.amend(who("desk"), case.pk, description="蓝色消防栓漏水", address="茶马古道三号")
    assert case.pk in found("消防栓") & found("茶马")
    assert case.pk not in found("尽快处理")
    event = Event.objects.filter(subject_kind="case", subject_id=case.pk).latest("seq")
    assert "消防栓" not in str(event.after) + str(event.before)
    assert {"description_digest", "address_digest"} <= set(event.after)


def test_who_joins_does_not_change_how_the_case_came() -> None:
    case = report().case
    actions.join(who("grid"), case.pk, Message(text="我也看到了", channel=Channel.GRID))
    case.refresh_from_db()
    assert case.channel == "phone"
    assert faults(case.pk) == []


def test_what_is_split_off_is_routed_and_found_like_any_report() -> None:
    one, two = report(), report()
    actions.merge(who("desk"), two.case_id, into_id=one.case_id)
    new = actions.split(who("desk"), one.case_id, report_ids=[two.pk], description="桥下的窨井塌陷")
    like = report().case
    assert (new.proposed_org_id, new.owner_org_id) == (like.proposed_org_id, like.owner_org_id)
    assert (new.class_code, new.case_class_id) == (like.class_code, like.case_class_id)
    assert new.pk in found("窨井塌陷") & found("C0101")
    assert list(Report.objects.filter(case=new)) == [two]
    assert faults(new.pk) == faults(one.case_id) == []
    told = Event.objects.filter(subject_kind="case", subject_id=new.pk).order_by("seq")
    assert [event.action for event in told] == ["case.receive", "case.split_off"]


@pytest.mark.parametrize("wrong", ["none", "all", "foreign"])
def test_a_split_takes_some_of_its_own_reports(wrong: str) -> None:
    one, foreign = report(), report()
    joined = actions.join(who("desk"), one.case_id, Message(text="我也看到了"))
    chosen = {"none": [], "all": [one.pk, joined.pk], "foreign": [foreign.pk]}[wrong]
    before = Case.objects.count()
    with pytest.raises(Invalid) as refused:
        actions.split(who("desk"), one.case_id, report_ids=chosen, description="另一处")
    assert refused.value.field == "report_ids"
    assert Case.objects.count() == before


def test_an_application_is_decided_before_the_case_is_declined() -> None:
    """Otherwise it would wait for ever: nothing can be granted on a case that has ended."""
    case = case_at(Stage.RECEIVED)
    actions.request_void(who("desk"), case.pk, reason="误报")
    with pytest.raises(GuardFailed, match="application"):
        actions.decline(who("desk"), case.pk, reason="不属于", where_to_go="物业")
    actions.refuse(who("supervise"), case.pk, reason="请按不予受理办理")
    assert actions.decline(who("desk"), case.pk, reason="不属于", where_to_go="物业").pk


def test_contact_data_is_shown_where_the_report_went() -> None:
    one, target = report(contact=ContactData(phone="13812345678")), report()
    actions.merge(who("desk"), one.case_id, into_id=target.case_id)
    assert actions.reveal_contact(who("desk"), one.pk, purpose="回访") == {"phone": "13812345678"}
    assert Event.objects.get(action="contact.reveal", subject_id=target.case_id)
    with pytest.raises(NotFound):
        actions.reveal_contact(who("handler"), one.pk, purpose="回访")
    with pytest.raises(NotAllowed):
        actions.erase_report(who("desk"), one.pk, reason="本人要求")
    with pytest.raises(NotFound):
        actions.erase_report(who("secadmin"), 10**12, reason="本人要求")
