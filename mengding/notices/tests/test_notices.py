"""Who is told of what, once, without words."""

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from mengding.cases import actions
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD_ACTOR, appealed_case, case_at, org, report, take, who
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.ledger import feed, outbox
from mengding.ledger.models import Cursor, Event, Outbox
from mengding.notices import queries, telling
from mengding.notices.actions import forget_old, mark_read
from mengding.notices.models import Notice
from mengding.people.models import Post
from mengding.policy.permissions import ROLES

pytestmark = pytest.mark.usefixtures("world", "committed")


def told(case: Case) -> list[tuple[str, str]]:
    """(kind, username) of the notices of one case, once everything so far is read and delivered."""
    last = Event.objects.filter(subject_kind="case", subject_id=case.pk).latest("xact", "pk")
    end = time.monotonic() + 10
    while not Cursor.objects.filter(name=telling.READER, xact__gte=last.xact).exists():
        assert time.monotonic() < end
        if not telling.follow():
            time.sleep(0.02)
    while telling.follow():
        pass
    while outbox.deliver_due():
        pass
    assert not Outbox.objects.exclude(error="").exists()
    rows = Notice.objects.filter(case=case).order_by("event_id", "post__account__username")
    return list(rows.values_list("kind", "post__account__username"))


def test_the_way_of_a_case() -> None:
    case = case_at(Stage.RECEIVED)
    assert told(case) == []  # not urgent
    take("file", case.pk)  # now it is
    take("dispatch", case.pk, assist=True)
    expected = [("arrived", "dispatch"), ("dispatched", "handler"), ("dispatched", "water")]
    assert told(case) == expected
    take("accept", case.pk)
    take("feed_back", case.pk, assist=True)
    expected += [("fed_back", "recheck"), ("fed_back", "verify")]
    assert told(case) == expected
    take("start_check", case.pk)
    actions.rework(who("verify"), case.pk, reason="仍有破损")
    expected += [("rework", "handler")]
    assert told(case) == expected
    actions.supervise(who("supervise"), case.pk, demand="今日办结")
    expected += [("supervised", "handler")]  # whose demand it is, not who assists
    assert told(case) == expected


@pytest.mark.parametrize(
    ("where", "asked"),
    [("centre-511803102201", ["grid"]), ("centre-511803", ["desk", "dispatch"])],
)
def test_a_demand_is_told_to_whoever_may_answer_it(where: str, asked: list[str]) -> None:
    case = case_at(Stage.FILED)
    if "grid" in asked:
        actions.dispatch(who("dispatch"), case.pk, lead_org_id=org(where))
    before = told(case)
    actions.supervise(who("supervise"), case.pk, demand="今日答复", organisation_id=org(where))
    names = {name for kind, name in told(case)[len(before) :] if kind == "supervised"}
    assert set(asked) <= names
    posts = Notice.objects.filter(case=case, kind="supervised").values_list(
        "post__organisation__code", "post__role"
    )
    assert {code for code, _ in posts} == {where}
    assert {role for _, role in posts} <= ROLES["supervision.answer"]


def test_who_appealed_hears_that_it_was_granted() -> None:
    case = appealed_case()
    told(case)
    actions.grant(who("supervise"), case.pk)
    assert told(case)[-1] == ("decided", "handler")


def test_who_asked_hears_the_decision_even_when_the_case_is_gone() -> None:
    case = case_at(Stage.HANDLING)
    arrived = told(case)
    actions.request_extension(who(LEAD_ACTOR), case.pk, amount=1, reason="等待备件")
    actions.refuse(who("supervise"), case.pk, reason="不符合")
    actions.request_return(who(LEAD_ACTOR), case.pk, reason="不属本单位")
    actions.grant(who("supervise"), case.pk)
    assert told(case) == [*arrived, ("decided", "handler"), ("decided", "handler")]
    decided = Notice.objects.filter(case=case, kind="decided").order_by("event_id")
    assert list(decided.values_list("action", flat=True)) == ["case.refuse", "case.return"]


def test_urgent_cases_reach_the_dispatchers_of_the_owner() -> None:
    case = case_at(Stage.FILED)  # a lost manhole cover is urgent by its condition
    assert case.grade == "urgent"
    owners = Post.objects.filter(role="dispatcher", organisation=case.owner_org_id)
    names = sorted(owners.values_list("account__username", flat=True))
    assert names
    assert told(case) == [("arrived", name) for name in names]


def test_a_confidential_case_is_told_to_nobody_who_may_not_see_it() -> None:
    case = report("家庭纠纷", class_code="S0102").case
    actions.file(who("mediate"), case.pk, condition_code="S0102-1")
    payload = {
        "event": 10**12, "case": case.pk, "kind": "fed_back", "action": "case.feed_back",
        "at": clock.now().isoformat(), "by": None, "orgs": [], "approval": None,
    }  # fmt: skip
    outbox.put([("notice:test:secret", telling.OUTBOX_KIND, payload)])
    assert told(case) == []


def test_a_resumption_by_the_system_is_told() -> None:
    from mengding.jobs.schedule import run

    case = case_at(Stage.SUSPENDED)
    with clock.at(clock.now() + timedelta(days=29)):
        run("cases.resume")
    case.refresh_from_db()
    assert case.stage == "suspended"
    with clock.at(clock.now() + timedelta(days=30, minutes=1)):
        assert run("cases.resume")["resumed"] >= 1
    case.refresh_from_db()
    assert (case.stage, case.suspended_until) == ("handling", None)
    assert told(case)[-2:] == [("decided", "handler"), ("resumed", "handler")]


def test_no_words_and_no_old_news() -> None:
    with clock.at(clock.now() - timedelta(days=8)):
        old = case_at(Stage.DISPATCHED)
    assert told(old) == []
    case = case_at(Stage.FED_BACK)
    assert len(told(case)) == 4
    held: list[Any] = list(Notice.objects.filter(case=case).values())
    held += [{"payload": row.payload} for row in Outbox.objects.filter(payload__case=case.pk)]
    assert "井盖" not in json.dumps(held, ensure_ascii=False, default=str)


def test_two_workers_and_a_replay_tell_once() -> None:
    case = case_at(Stage.DISPATCHED)
    expected = [("arrived", "dispatch"), ("dispatched", "handler")]
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        try:
            for _ in range(20):
                telling.follow(5)
                outbox.deliver_due(5)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(case) == expected
    Cursor.objects.filter(name=telling.READER).update(xact=0, event_id=0)
    assert told(case) == expected
    # Even delivered a second time under another key, a post has one notice of an event.
    row = Outbox.objects.filter(payload__case=case.pk)[0]
    outbox.put([("again", row.kind, row.payload)])
    assert told(case) == expected


def test_a_new_reader_starts_and_follows_to_the_end() -> None:
    seen: list[int] = []

    def take_in(events: list[dict[str, Any]]) -> None:
        seen.extend(event["id"] for event in events)

    case_at(Stage.FILED)
    while feed.follow("test-notices", 50, take_in):
        pass
    assert len(seen) == len(set(seen)) > 0


def call(user: str, method: str, path: str, body: object = None) -> Any:
    client = Client(headers={"Authorization": f"Bearer {token(user)}"})
    answer = client.generic(
        method, f"/api/v1/notices{path}", json.dumps(body or {}), content_type="application/json"
    )
    return answer.json() | {"status_code": answer.status_code}


def test_reading_and_marking_over_http() -> None:
    cases = [case_at(Stage.DISPATCHED) for _ in range(3)]
    told(cases[-1])
    mark_read(who("handler"), up_to=0)
    first = call("handler", "GET", "?limit=2&unread=true")
    assert [item["case"] for item in first["items"]] == [cases[2].pk, cases[1].pk]
    assert first["items"][0]["kind"] == "dispatched"
    assert first["items"][0]["case_number"] == cases[2].number
    rest = call("handler", "GET", f"?limit=2&unread=true&cursor={first['next']}")
    assert rest["items"][0]["case"] == cases[0].pk
    count = call("handler", "GET", "/count")["unread"]
    mine = [item["id"] for item in first["items"]]
    before = call("water", "GET", "/count")["unread"]
    assert call("water", "POST", "/read", {"ids": mine})["unread"] == before
    assert call("handler", "GET", "/count")["unread"] == count  # others' hands change nothing
    assert call("handler", "POST", "/read", {"ids": mine[:1]})["unread"] == count - 1
    assert call("handler", "POST", "/read", {"up_to": mine[0]})["unread"] == 0
    assert call("handler", "GET", "?unread=true")["items"] == []
    assert call("handler", "GET", "?limit=1")["items"][0]["read_at"] is not None
    assert queries.unread_count(who("handler")) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "ids"), ({"ids": [1], "up_to": 1}, "ids"), ({"ids": [10**30]}, "ids"),
     ({"up_to": -1}, "up_to")],
)  # fmt: skip
def test_bad_marks_are_named(body: dict[str, Any], field: str) -> None:
    answer = call("handler", "POST", "/read", body)
    assert (answer["status_code"], answer["field"]) == (422, field)


def test_administrators_have_no_notices() -> None:
    for user in ("sysadmin", "secadmin", "audit"):
        assert call(user, "GET", "")["status_code"] == 403


def test_notices_go_after_ninety_days() -> None:
    case = case_at(Stage.DISPATCHED)
    told(case)
    with clock.at(clock.now() + timedelta(days=89)):
        forget_old()
    assert Notice.objects.filter(case=case).exists()
    with clock.at(clock.now() + timedelta(days=91)):
        assert forget_old() >= 1
    assert not Notice.objects.filter(case=case).exists()
