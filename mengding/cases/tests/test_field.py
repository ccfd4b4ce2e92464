"""Verbs of the field: arriving, help, 自办, late writes, and what a conflict tells the app."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mengding.cases import actions, queries
from mengding.cases.actions import Message
from mengding.cases.models import Case, Report, WorkOrder
from mengding.cases.queries.replayed import differences
from mengding.cases.stages import Channel, Outcome, Stage
from mengding.cases.tests.invariants import faults
from mengding.cases.tests.made import ASSIST, LEAD, case_at, org, spot, take, who
from mengding.clocks.models import Clock, ClockState
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotAllowed
from mengding.core.late import AHEAD, OLDEST, when_done
from mengding.demo.secrets import token
from mengding.evidence import sending
from mengding.evidence.models import Evidence
from mengding.evidence.tests import files
from mengding.ledger.models import Event

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
VILLAGE = "511803102201"
STATION = f"centre-{VILLAGE}"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "files"
    settings.EVIDENCE_UPLOADS = tmp_path / "uploads"


def sent(actor: Actor, mark: str, purpose: str = "after") -> sending.Photo:
    """A photo the actor has uploaded."""
    content = files.jpeg(comment=mark.encode())
    sha256 = hashlib.sha256(content).hexdigest()
    sending.announce(actor, sha256, len(content))
    sending.append(actor, sha256, 0, [content])
    return sending.Photo(sha256, purpose)


def last(pk: int) -> Event:
    return Event.objects.filter(subject_kind="case", subject_id=pk).latest("seq")


def possible(actor: Actor, pk: int) -> set[str]:
    return {each["action"] for each in queries.next_actions(actor, pk) if each["possible"]}


# Arriving


def test_arriving_once_an_order() -> None:
    case = case_at(Stage.DISPATCHED, assist=True)
    handler, water = who("handler"), who("water")
    with pytest.raises(GuardFailed, match="Accept the order"):
        actions.arrive(handler, case.pk)
    actions.accept(handler, case.pk)
    due = Case.objects.get(pk=case.pk).due_at
    at = clock.now() - timedelta(hours=2)
    actions.arrive(handler, case.pk, at=at)
    order = WorkOrder.objects.get(case=case, organisation=org(LEAD))
    assert (order.arrived_at, order.arrived_by) == (at, handler.account_id)
    event = last(case.pk)
    assert (event.action, event.after["order"], event.after["at"]) == (
        "case.arrive", order.pk, at.isoformat(),
    )  # fmt: skip
    assert event.at > at  # the server's own moment stands beside it
    assert not {"lon", "lat", "accuracy"} & set(event.after)
    with pytest.raises(GuardFailed, match="recorded already"):
        actions.arrive(handler, case.pk)
    actions.assist_accept(water, case.pk)
    actions.arrive(water, case.pk)  # the other order has its own
    case.refresh_from_db()
    assert (case.stage, case.due_at) == ("handling", due)
    shown = queries.case_detail(handler, case.pk)["orders"]
    assert all(each["arrived_at"] for each in shown)
    assert faults(case.pk) == []


# Help


def test_help_is_asked_for_and_answered() -> None:
    case = case_at(Stage.HANDLING)
    handler, dispatcher = who("handler"), who("dispatch")
    assert "answer_help" not in possible(dispatcher, case.pk)
    actions.ask_help(handler, case.pk, text="需要吊车")
    with pytest.raises(GuardFailed, match="will answer"):
        actions.ask_help(handler, case.pk, text="还是需要")
    assert "answer_help" in possible(dispatcher, case.pk)
    waiting = queries.Filters(help=True)
    found, _ = queries.case_page(dispatcher, waiting, order="-reported_at", cursor=None, limit=50)
    assert case.pk in {row["id"] for row in found}
    before = Case.objects.get(pk=case.pk)
    with pytest.raises(Invalid) as twice:
        actions.answer_help(dispatcher, case.pk, assist_org_ids=[org(LEAD)])
    assert twice.value.field == "assist_org_ids"
    with pytest.raises(Invalid) as silent:
        actions.answer_help(dispatcher, case.pk, note=" ")
    assert silent.value.field == "note"
    actions.answer_help(dispatcher, case.pk, assist_org_ids=[org(ASSIST)])
    case = Case.objects.get(pk=case.pk)
    assert case.help_asked_at is None
    assert case.order_org_ids == [org(LEAD), org(ASSIST)]
    # The lead's deadline is what it was; the assisting order has a full limit of its own.
    assert (case.due_at, case.handle_due_at) == (before.due_at, before.handle_due_at)
    running = Clock.objects.filter(case_id=case.pk, state=ClockState.RUNNING)
    assert running.count() == 2
    with pytest.raises(GuardFailed, match="not signed off"):
        actions.feed_back(handler, case.pk, report="好了")
    actions.assist_accept(who("water"), case.pk)
    actions.assist_done(who("water"), case.pk, report="已抽水")
    actions.ask_help(handler, case.pk, text="再来一次")
    actions.answer_help(dispatcher, case.pk, note="自行处理即可")
    actions.ask_help(handler, case.pk, text="又一次")
    actions.feed_back(handler, case.pk, report="好了")
    assert Case.objects.get(pk=case.pk).help_asked_at is None
    assert faults(case.pk) == []


def test_a_call_for_help_ends_with_the_order() -> None:
    case = case_at(Stage.HANDLING)
    actions.ask_help(who("handler"), case.pk, text="需要吊车")
    actions.reassign(who("dispatch"), case.pk, lead_org_id=org(ASSIST), reason="转水利局")
    assert Case.objects.get(pk=case.pk).help_asked_at is None
    assert differences(case.pk) == []


# 自办


def own_order(stage: Stage = Stage.DISPATCHED) -> Case:
    """A case whose lead is the village centre of the demo's grid worker."""
    case = case_at(Stage.FILED)
    actions.dispatch(who("dispatch"), case.pk, lead_org_id=org(STATION))
    if stage is Stage.HANDLING:
        actions.accept(who("grid"), case.pk)
    return Case.objects.get(pk=case.pk)


def test_a_grid_worker_handles_what_the_own_village_got() -> None:
    grid = who("grid")
    case = own_order()
    assert {"accept", "request_return", "request_extension", "ask_help"} <= possible(grid, case.pk)
    actions.accept(grid, case.pk)
    actions.arrive(grid, case.pk)
    actions.ask_help(grid, case.pk, text="借个梯子")
    assert "feed_back" in possible(grid, case.pk)
    actions.feed_back(grid, case.pk, report="已处理", photos=[sent(grid, "a"), sent(grid, "b")])
    assert last(case.pk).after["evidence"] == list(
        Evidence.objects.filter(subject_kind="case", subject_id=case.pk)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for verb in ("start_check", "close", "rework"):
        assert verb not in possible(grid, case.pk)
    with pytest.raises(NotAllowed):
        actions.start_check(grid, case.pk)
    actions.start_check(who("verify"), case.pk)
    with pytest.raises(NotAllowed):
        actions.close(grid, case.pk, outcome=Outcome.FIXED, finding="好", condition_met=True)
    actions.close(who("verify"), case.pk, outcome=Outcome.FIXED, finding="好", condition_met=True)
    assert faults(case.pk) == []


@pytest.mark.parametrize(
    "verb", ["accept", "arrive", "feed_back", "ask_help", "request_return", "request_extension"]
)
def test_and_nothing_that_others_got(verb: str) -> None:
    grid = who("grid")
    stage = Stage.DISPATCHED if verb == "accept" else Stage.HANDLING
    case = case_at(stage)
    words: dict[str, dict[str, Any]] = {"feed_back": {"report": "x"}, "ask_help": {"text": "x"},
             "request_return": {"reason": "x"},
             "request_extension": {"reason": "x", "amount": 1}}  # fmt: skip
    with pytest.raises(NotAllowed):
        getattr(actions, verb)(grid, case.pk, **words.get(verb, {}))
    assert verb not in possible(grid, case.pk)
    shown = {each["action"]: each["code"] for each in queries.next_actions(grid, case.pk)}
    assert shown[verb] == "not_allowed"


def test_a_town_centre_is_no_village() -> None:
    """A collector handles at a village centre only, and there only in that village."""
    from dataclasses import replace

    from mengding.core.actor import Level
    from mengding.people.models import Organisation

    case = case_at(Stage.FILED)
    town = Organisation.objects.get(code="centre-511803102")
    actions.dispatch(who("dispatch"), case.pk, lead_org_id=town.pk)
    grid = who("grid")
    at_town = replace(
        grid, org_id=town.pk, org_ids=frozenset({town.pk}), region_id=town.region_id,
        level=Level.TOWN,
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        actions.accept(at_town, case.pk)
    in_village = replace(grid, org_id=town.pk, org_ids=frozenset({town.pk}))
    with pytest.raises(GuardFailed):
        actions.accept(in_village, case.pk)


def found(text: str = "路口散落建筑垃圾", **more: Any) -> Message:
    lon, lat = spot(VILLAGE)
    return Message(text=text, channel=Channel.GRID, class_code="C0101", lon=lon, lat=lat, **more)


def test_found_and_dealt_with_on_the_spot() -> None:
    grid = who("grid")
    at = clock.now() - timedelta(hours=5)
    taken = actions.self_handled(
        grid, found(at=at), report="已清理",
        photos=[sent(grid, "before", "before"), sent(grid, "after")],
    )  # fmt: skip
    case = Case.objects.get(pk=taken.case_id)
    assert (case.stage, case.lead_org_id, case.owner_org_id) == (
        "fed_back", org(STATION), org(STATION),
    )  # fmt: skip
    assert case.number is not None
    events = list(Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("seq"))
    assert [event.action for event in events] == [
        "case.receive", "case.file", "case.dispatch", "case.accept",
        "evidence.attach", "evidence.attach", "case.feed_back",
    ]  # fmt: skip
    assert {event.account_id for event in events} == {grid.account_id}
    # Both moments are kept, and no clock was started in the past.
    assert (events[0].after["at"], events[-1].after["at"]) == (at.isoformat(), at.isoformat())
    assert Report.objects.get(pk=taken.pk).occurred_at == at
    assert case.reported_at > at
    assert all(each.started_at > at for each in Clock.objects.filter(case_id=case.pk))
    assert queries.case_detail(who("desk"), case.pk)["reports"][0]["occurred_at"] == at
    assert "start_check" in possible(who("verify"), case.pk)
    take("start_check", case.pk)
    actions.rework(who("verify"), case.pk, reason="还有一袋")
    actions.feed_back(grid, case.pk, report="都清了", photos=[sent(grid, "again")])
    assert faults(case.pk) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class_code": ""}, "class_code"),
        ({"class_code": "S0101"}, "class_code"),  # a dispute
        ({"lon": None, "lat": None, "region_code": "511803102"}, "region_code"),
        ({"at": datetime(2020, 1, 1, tzinfo=UTC)}, "at"),
    ],
)
def test_what_is_not_for_the_spot(change: dict[str, Any], field: str) -> None:
    from dataclasses import replace

    grid = who("grid")
    photos = [sent(grid, "x")]
    count = Case.objects.count()
    refused = (Invalid, NotAllowed) if field == "region_code" else Invalid
    with pytest.raises(refused) as wrong:
        actions.self_handled(grid, replace(found(), **change), report="好了", photos=photos)
    assert getattr(wrong.value, "field", None) in {field, None}
    assert Case.objects.count() == count


def test_it_takes_a_photo_of_how_it_is_now() -> None:
    grid = who("grid")
    with pytest.raises(Invalid) as wrong:
        actions.self_handled(grid, found(), report="好了", photos=[sent(grid, "x", "before")])
    assert wrong.value.field == "photos"
    with pytest.raises(Conflict) as missing:
        actions.self_handled(
            grid, found(), report="好了", photos=[sending.Photo("0" * 64, "after")]
        )
    assert missing.value.code == "upload_missing"
    with pytest.raises(NotAllowed):
        actions.self_handled(who("desk"), found(), report="好了", photos=[sent(grid, "y")])


# Late writes


NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@given(seconds=st.integers(-20 * 86400, 20 * 86400))
def test_how_late_and_how_early(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    if at > NOW + AHEAD:
        code = "at_in_future"
    elif at < NOW - OLDEST:
        code = "at_too_old"
    else:
        assert when_done(at, NOW) == min(at, NOW)
        return
    with pytest.raises(Invalid) as wrong:
        when_done(at, NOW, field="seen_at")
    assert (wrong.value.code, wrong.value.field) == (code, "seen_at")


def test_no_moment_and_no_zone() -> None:
    assert when_done(None, NOW) is None
    with pytest.raises(Invalid) as naive:
        when_done(datetime(2026, 11, 24), NOW)  # noqa: DTZ001
    assert naive.value.code == "time_without_zone"


def test_a_late_report_starts_its_clock_on_arrival() -> None:
    at = clock.now() - timedelta(days=3)
    taken = actions.receive(who("grid"), found(at=at))
    case = Case.objects.get(pk=taken.case_id)
    assert case.reported_at - at > timedelta(days=2)
    first = Clock.objects.get(case_id=case.pk)
    assert first.started_at >= case.reported_at
    assert taken.occurred_at == at
    joined = actions.join(who("grid"), case.pk, found(at=at))
    assert last(case.pk).after["at"] == at.isoformat() == joined.occurred_at.isoformat()  # type: ignore[union-attr]


def test_a_late_feedback_stops_its_clock_on_arrival() -> None:
    case = case_at(Stage.HANDLING)
    due = case.handle_due_at
    assert due is not None
    with clock.at(due + timedelta(hours=3)):
        actions.feed_back(who("handler"), case.pk, report="好了", at=due - timedelta(hours=1))
    case.refresh_from_db()
    assert case.handled_late is True  # the clock tells; what the device says is for an appeal
    assert case.fed_back_at == due + timedelta(hours=3)
    assert last(case.pk).after["at"] == (due - timedelta(hours=1)).isoformat()


# Over HTTP: one write with its photos, exactly once; soft and hard conflicts


def call(path: str, body: Any, by: str = "grid", key: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token(by)}"}
    if key:
        headers["Idempotency-Key"] = key
    return Client().post(f"/api/v1{path}", json.dumps(body), "application/json", headers=headers)


def test_a_report_with_photos_is_one_write() -> None:
    grid = who("grid")
    lon, lat = spot(VILLAGE)
    photo = {"sha256": "0" * 64, "purpose": "report", "captured_lon": lon, "captured_lat": lat,
             "accuracy_m": 8, "mock": True, "captured_at": clock.now().isoformat()}  # fmt: skip
    body = {"description": "井盖丢失", "channel": "grid", "lon": lon, "lat": lat,
            "at": clock.now().isoformat(), "photos": [photo]}  # fmt: skip
    count = Case.objects.count()
    early = call("/reports", body, key="k1")
    assert (early.status_code, early.json()["code"]) == (409, "upload_missing")
    assert early.json()["field"] == "photos.0.sha256"
    assert Case.objects.count() == count
    photo["sha256"] = sent(grid, "r").sha256
    done = call("/reports", body, key="k2")
    assert done.status_code == 201, done.content
    again = call("/reports", body, key="k2")
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == done.json()
    row = Evidence.objects.get(subject_kind="case", subject_id=done.json()["case_id"])
    assert (row.purpose, row.mock, row.captured_lon) == ("report", True, lon)
    spot_body = {**body, "class_code": "C0101", "report": "已盖好"}
    spot_body["photos"] = [{"sha256": sent(grid, "s").sha256, "purpose": "after"}]
    made = call("/reports/self_handled", spot_body, key="k3")
    assert (made.status_code, made.json()["stage"]) == (201, "fed_back")
    bad = call("/reports", {**body, "at": "2020-01-01T00:00:00Z"})
    assert (bad.status_code, bad.json()["code"], bad.json()["field"]) == (422, "at_too_old", "at")


def test_conflicts_say_whether_it_is_still_possible() -> None:
    case = case_at(Stage.DISPATCHED)
    seen = case.version
    actions.note(who("desk"), case.pk, text="已联系")
    soft = call(f"/cases/{case.pk}/accept", {"version": seen}, by="handler")
    assert (soft.status_code, soft.json()["code"]) == (409, "version_conflict")
    now = soft.json()["current"]["version"]
    assert call(f"/cases/{case.pk}/accept", {"version": now}, by="handler").status_code == 200
    stage = call(f"/cases/{case.pk}/accept", {"version": now}, by="handler")
    assert (stage.status_code, stage.json()["code"]) == (409, "overtaken")
    assert (stage.json()["because"], stage.json()["current"]["stage"]) == (
        "wrong_stage",
        "handling",
    )
    actions.arrive(who("handler"), case.pk)
    guard = call(f"/cases/{case.pk}/arrive", {"version": now}, by="handler")
    assert (guard.json()["code"], guard.json()["because"]) == ("overtaken", "guard_failed")
    plain = call(f"/cases/{case.pk}/accept", {}, by="handler")
    assert (plain.status_code, plain.json()["code"]) == (409, "wrong_stage")
    actions.reassign(who("dispatch"), case.pk, lead_org_id=org(ASSIST), reason="转")
    gone = call(f"/cases/{case.pk}/arrive", {"version": now}, by="handler")
    assert (gone.status_code, gone.json()["code"]) == (404, "case_not_found")


def test_a_check_before_filing_with_photos() -> None:
    case = case_at(Stage.PRECHECKING)
    grid = who("grid")
    body = {"confirmed": True, "finding": "属实",
            "photos": [{"sha256": sent(grid, "c").sha256, "purpose": "check"}]}  # fmt: skip
    assert call(f"/cases/{case.pk}/report_check", body).status_code == 200
    assert len(last(case.pk).after["evidence"]) == 1
