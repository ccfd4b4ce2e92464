"""Demands from being made to being closed, and the two lists of what is overdue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.bulk.verbs import checked
from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.queries import timeline
from mengding.cases.stages import OPEN, Stage
from mengding.cases.tests.made import case_at, org, take, who
from mengding.core import clock
from mengding.core.errors import Invalid, NotAllowed, NotFound, WrongStage
from mengding.demo.secrets import token
from mengding.ledger import outbox
from mengding.notices import channels
from mengding.notices.models import Notice
from mengding.supervision import actions, overdue, queries
from mengding.supervision.models import Demand, Outcome, Status

MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)  # 10:00 in the district, a working day
pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def demanded(stage: Stage = Stage.HANDLING, **given: Any) -> Demand:
    case = case_at(stage, class_code="E0110")
    cases.supervise(who("supervise"), case.pk, demand="今日办结", **given)
    return Demand.objects.get(case=case)


def test_a_demand_is_answered_on_the_calendar_judged_and_closed() -> None:
    with clock.at(MONDAY):
        row = demanded()
        assert row.organisation_id == org("dept-urban_management")
        assert row.due_at == MONDAY + timedelta(days=1)  # one working day
        case = Case.objects.get(pk=row.case_id)
        assert case.supervised
        actions.answer(who("handler"), row.pk, text="已协调，今日完成。")
    with clock.at(MONDAY + timedelta(hours=1)):
        with pytest.raises(WrongStage):
            actions.answer(who("handler"), row.pk, text="再答一次")
        actions.again(who("supervise"), row.pk, demand="请说明时间", amount=2, unit="work_hour")
        row.refresh_from_db()
        assert (row.round, row.status) == (2, Status.WAITING)
        # 11:00 plus two working hours: the break from 12:00 to 13:30 does not count.
        assert row.due_at == MONDAY + timedelta(hours=4, minutes=30)
    with clock.at(MONDAY + timedelta(hours=6)):
        actions.answer(who("handler"), row.pk, text="17 时前完成。")
        closed = actions.accept(who("supervise"), row.pk, note="同意")
    assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.ACCEPTED)
    said = queries.one(who("supervise"), row.pk)["turns"]
    assert [(t["kind"], t["words"], t["late"]) for t in said] == [
        ("demand", "今日办结", False),
        ("answer", "已协调，今日完成。", False),
        ("again", "请说明时间", False),
        ("answer", "17 时前完成。", True),
        ("accept", "同意", False),
    ]
    events = [(e["action"], e["words"]) for e in timeline(who("supervise"), row.case_id)][-5:]
    assert events == [
        ("case.supervise", "今日办结"),
        ("supervision.answer", "已协调，今日完成。"),
        ("case.supervise", "请说明时间"),
        ("supervision.answer", "17 时前完成。"),
        ("supervision.close", "同意"),
    ]


def test_an_urgent_case_is_answered_around_the_clock() -> None:
    night = MONDAY + timedelta(hours=12)
    with clock.at(night):
        case = case_at(Stage.HANDLING)
        Case.objects.filter(pk=case.pk).update(grade="urgent")
        cases.supervise(who("supervise"), case.pk, demand="立即处置")
    assert Demand.objects.get(case=case).due_at == night + timedelta(hours=2)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage in OPEN])
def test_every_open_stage_has_somebody_who_answers(stage: Stage) -> None:
    row = demanded(stage)
    case = Case.objects.get(pk=row.case_id)
    expected = case.lead_org_id if case.order_org_ids else case.owner_org_id
    assert row.organisation_id == expected
    if not case.order_org_ids:
        own = next(
            who(name)
            for name in ("dispatch", "town", "grid")
            if who(name).org_id == case.owner_org_id
        )
        assert "answer" in queries.one(own, row.pk)["may"]
        actions.answer(own, row.pk, text="立即受理")


def test_one_open_demand_for_each_organisation_and_only_those_on_the_case() -> None:
    case = case_at(Stage.HANDLING, assist=True)
    for _ in range(2):
        cases.supervise(who("supervise"), case.pk, demand="加快")
    cases.supervise(who("supervise"), case.pk, demand="协办加快", organisation_id=org("dept-water"))
    rows = dict(Demand.objects.filter(case=case).values_list("organisation__code", "round"))
    assert rows == {"dept-urban_management": 2, "dept-water": 1}
    with pytest.raises(Invalid, match="not_on_the_case"):
        cases.supervise(
            who("supervise"), case.pk, demand="x", organisation_id=org("dept-sanitation")
        )
    with pytest.raises(Invalid, match="limit_half"):
        cases.supervise(who("supervise"), case.pk, demand="x", amount=3)
    assert Demand.objects.filter(case=case).count() == 2
    # Each handler sees the own one only, though both see the case.
    seen = {
        name: {row["organisation_id"] for row in _page(name, case=case.pk)}
        for name in ("handler", "water", "supervise", "review")
    }
    assert seen["handler"] == {org("dept-urban_management")}
    assert seen["water"] == {org("dept-water")}
    assert seen["supervise"] == seen["review"] == {*seen["handler"], *seen["water"]}
    mine = Demand.objects.get(case=case, organisation__code="dept-urban_management")
    with pytest.raises(NotFound):
        actions.answer(who("water"), mine.pk, text="不是我的")
    with pytest.raises(NotAllowed):
        actions.answer(who("dispatch"), mine.pk, text="替他答")
    with pytest.raises(NotAllowed):
        actions.accept(who("handler"), mine.pk)


def _page(name: str, **narrow: Any) -> list[dict[str, Any]]:
    return queries.demands(who(name), **narrow, cursor=None, limit=200)[0]


def test_what_waits_for_whom() -> None:
    row = demanded()
    assert row.pk in {each["id"] for each in _page("handler", mine=True)}
    assert row.pk not in {each["id"] for each in _page("supervise", mine=True)}
    assert row.pk not in {each["id"] for each in _page("water", mine=True)}
    before = queries.counts(who("supervise"))
    actions.answer(who("handler"), row.pk, text="已办")
    after = queries.counts(who("supervise"))
    assert (after["waiting"], after["answered"], after["mine"]) == (
        before["waiting"] - 1,
        before["answered"] + 1,
        before["mine"] + 1,
    )
    assert row.pk not in {each["id"] for each in _page("handler", mine=True)}
    with clock.at(row.due_at + timedelta(days=1)):
        other = demanded()
    with clock.at(other.due_at + timedelta(seconds=1)):
        assert other.pk in {each["id"] for each in _page("supervise", late=True)}


def test_a_demand_ends_with_its_case_or_when_the_case_leaves() -> None:
    ends, leaves = demanded(Stage.CHECKING), demanded(Stage.HANDLING)
    take("close", ends.case_id)
    cases.request_return(who("handler"), leaves.case_id, reason="不归我管")
    cases.grant(who("supervise"), leaves.case_id)
    actions._end([{"subject_kind": "case", "subject_id": pk.case_id} for pk in (ends, leaves)])
    ends.refresh_from_db()
    leaves.refresh_from_db()
    assert (ends.outcome, leaves.outcome) == (Outcome.ENDED, Outcome.LEFT)
    with pytest.raises(WrongStage):
        actions.withdraw(who("supervise"), ends.pk, reason="x")


def test_who_demanded_is_told_of_the_answer_on_every_channel() -> None:
    sent: list[tuple[str, int, dict[str, Any]]] = []
    channels.register("test", lambda key, post, facts: sent.append((key, post, facts)))
    try:
        row = demanded()
        actions.answer(who("handler"), row.pk, text="不得外传的话")
        while outbox.deliver_due():
            pass
    finally:
        channels.unregister("test")
    told = Notice.objects.get(case=row.case_id, kind="answered")
    assert told.post_id == who("supervise").post_id
    mine = [(post, facts) for _, post, facts in sent if facts["kind"] == "answered"]
    assert [post for post, _ in mine] == [who("supervise").post_id]
    assert "不得外传" not in str(sent)
    assert len({(key, post) for key, post, _ in sent}) == len(sent)


def test_a_bad_limit_and_a_bad_time_name_their_field() -> None:
    row = demanded()
    with pytest.raises(Invalid) as wrong:
        actions.answer(who("handler"), row.pk, text="x", at=clock.now() - timedelta(days=8))
    assert wrong.value.field == "at"
    with pytest.raises(Invalid) as wrong:
        actions.answer(who("handler"), row.pk, text=" ")
    assert wrong.value.field == "text"
    assert checked("supervise", {"demand": "加快"})["organisation_id"] is None


def test_the_lists_of_what_is_overdue_count_exactly_their_cases() -> None:
    with clock.at(MONDAY):
        made = {
            "unfiled": case_at(Stage.RECEIVED),
            "unchecked": case_at(Stage.PRECHECKING),
            "undispatched": case_at(Stage.FILED),
            "unaccepted": case_at(Stage.DISPATCHED),
            "late": case_at(Stage.HANDLING),
            "waits": case_at(Stage.SUSPENDED),
        }
        again = case_at(Stage.CHECKING)
        cases.rework(who("verify"), again.pk, reason="仍松动")
        made["rejected"] = again
        found = {row["case"]["id"]: row["reason"] for row in _overdue()}
        # Nothing is late yet; what was sent back is not done all the same.
        assert {found.get(case.pk) for case in made.values()} == {None, "rejected"}
    with clock.at(MONDAY + timedelta(days=30)):
        found = {row["case"]["id"]: row["reason"] for row in _overdue()}
        for reason, case in made.items():
            assert found.get(case.pk) == (None if reason == "waits" else reason)
        for which in overdue.LISTS:
            counted = overdue.counts(who("supervise"), which)
            assert counted["total"] == sum(g["n"] for g in counted["towns"]) > 0
            assert counted["total"] == sum(g["n"] for g in counted["orgs"])
            for name, narrow in (("towns", "town"), ("orgs", "org")):
                for group in counted[name]:
                    rows = _overdue(which, **{narrow: group["id"]})
                    assert len(rows) == group["n"], (name, group)
                    by_reason: dict[str, int] = {}
                    for row in rows:
                        by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + 1
                    assert by_reason == group["reasons"]
            for reason, n in counted["reasons"].items():
                assert len(_overdue(which, reason=reason)) == n


def _overdue(which: str = "", **narrow: Any) -> list[dict[str, Any]]:
    lists = [which] if which else list(overdue.LISTS)
    return [
        row
        for each in lists
        for row in overdue.cases(who("supervise"), each, **narrow, cursor=None, limit=200)[0]
    ]


def test_the_list_shows_a_handler_the_own_demand_only() -> None:
    with clock.at(MONDAY):
        case = case_at(Stage.HANDLING, assist=True)
        for code in ("dept-urban_management", "dept-water"):
            cases.supervise(who("supervise"), case.pk, demand="加快", organisation_id=org(code))
    lead, assist = (
        Demand.objects.get(case=case, organisation__code=code).pk
        for code in ("dept-urban_management", "dept-water")
    )
    with clock.at(MONDAY + timedelta(days=30)):
        shown = {name: _demand_of(name, case) for name in ("supervise", "handler", "water")}
        # Whose turn it is; and nobody is led to what is not found for them.
        assert shown == {"supervise": lead, "handler": lead, "water": assist}
        actions.withdraw(who("supervise"), assist, reason="误办")
        assert _demand_of("water", case) is None


def _demand_of(name: str, case: Case) -> int | None:
    rows, _ = overdue.cases(who(name), "unhandled", cursor=None, limit=200)
    found: int | None = next(row["demand"] for row in rows if row["case"]["id"] == case.pk)
    return found


def test_over_http() -> None:
    row = demanded()
    client = Client()

    def call(name: str, method: str, path: str, body: str = "") -> Any:
        return client.generic(
            method,
            f"/api/v1{path}",
            body,
            "application/json",
            headers={"Authorization": f"Bearer {token(name)}", "Accept-Language": "zh-CN"},
        )

    listed = call("handler", "GET", "/supervision/demands?mine=true").json()["items"]
    assert [each["organisation"] for each in listed if each["id"] == row.pk] == ["综合行政执法局"]
    path = f"/supervision/demands/{row.pk}"
    assert call("handler", "POST", f"{path}/answer", '{"text":"今日完成"}').status_code == 200
    assert call("supervise", "POST", f"{path}/again", '{"demand":"补充"}').json()["round"] == 2
    assert call("supervise", "POST", f"{path}/withdraw", '{"reason":"误办"}').status_code == 200
    refused = call("supervise", "POST", f"{path}/accept", "{}")
    assert (refused.status_code, refused.json()["code"]) == (409, "demand_moved_on")
    counted = call("supervise", "GET", "/supervision/overdue/counts?which=unhandled").json()
    assert counted["total"] == sum(counted["reasons"].values())
    assert call("supervise", "GET", "/supervision/appeals?status=granted").status_code == 200
