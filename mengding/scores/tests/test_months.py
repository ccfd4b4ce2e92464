"""A month is gathered, frozen, corrected and appealed against; the database holds to it."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, who
from mengding.core import clock, holdings
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound, WrongStage
from mengding.demo.secrets import token
from mengding.duty.models import Closure, Leave
from mengding.ledger.models import Event
from mengding.people.models import Post
from mengding.regions.models import Region
from mengding.scores import actions, coverage, evidence, gathering, periods, queries
from mengding.scores.models import Appeal, Figure, Month, Origin, Review, RuleVersion
from mengding.scores.rules import SHIPPED, document, evaluate
from mengding.scores.tests.made import (
    FROZEN,
    OCTOBER,
    OTHER,
    VILLAGE,
    boss,
    deed,
    grid_post,
    somebody,
    task,
)

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def call(method: str, path: str, body: object = None, by: str = "grid") -> tuple[int, Any]:
    answer = Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body or {}),
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}"},
    )
    return answer.status_code, answer.json()


def leave(first: int, last: int, state: str = "granted") -> Leave:
    post = grid_post()
    return Leave.objects.create(
        account_id=post.account_id,
        post=post,
        kind="leave",
        first=OCTOBER.replace(day=first),
        last=OCTOBER.replace(day=last),
        state=state,
        asked_at=clock.now(),
    )


def frozen() -> Month:
    with clock.at(FROZEN):
        return periods.freeze(who("sysadmin"), OCTOBER)


def newest() -> Figure:
    return queries.newest(OCTOBER, grid_post().account_id)[0]


def test_a_month_is_gathered_from_what_was_recorded() -> None:
    """Eight in time, one late, one missed, one missed on leave; a shared one missed by all."""
    for day in range(1, 9):
        task(day, received=60)  # without signal for days
    task(9, done=30)
    task(12, done=None)
    task(13, done=None)
    task(14, done=None, shared=True)
    leave(13, 13)
    leave(12, 12, state="asked")
    with clock.at(FROZEN):
        (each,) = gathering.gather([grid_post().account_id], OCTOBER)
        found = evaluate(SHIPPED, each.work)
    completion, timeliness, quality = found.parts
    assert (completion.count_good, completion.count) == (9, 10)
    assert (timeliness.count_good, timeliness.count) == (8, 9)
    assert quality.value is None
    assert [why for _, why in found.excluded] == [("leave",)]
    # (50×9/10 + 30×8/9) / 80
    assert found.value == "89.6"


def test_what_speaks_for_a_worker() -> None:
    village = Region.objects.get(code=VILLAGE)
    assert village.parent is not None
    closed = task(5, done=None)
    window = task(6, done=None, days=3)  # closed on the first day only: could have been done
    Closure.objects.create(
        region=village.parent, reason="rain", first=date(2026, 10, 5), last=date(2026, 10, 6)
    )
    with clock.at(FROZEN):
        (each,) = gathering.gather([grid_post().account_id], OCTOBER)
    whys = {piece.task: piece.why for piece in each.work.pieces}
    assert whys == {closed.pk: ("closure",), window.pk: ()}


def test_what_was_called_off_for_leave_is_shown_and_left_out() -> None:
    kept, other = task(7, done=None), task(8, done=None)
    type(kept).objects.filter(pk=kept.pk).update(status="cancelled", cancel_code="leave")
    type(kept).objects.filter(pk=other.pk).update(status="cancelled", cancel_code="decided")
    with clock.at(FROZEN):
        (each,) = gathering.gather([grid_post().account_id], OCTOBER)
    assert [(piece.task, piece.why) for piece in each.work.pieces] == [(kept.pk, ("leave",))]
    assert evaluate(SHIPPED, each.work).tenths is None


def test_nothing_is_missed_before_its_window_has_closed() -> None:
    task(20, done=None)
    with clock.at(FROZEN - timedelta(days=25)):
        assert gathering.gather([grid_post().account_id], OCTOBER) == []


def test_work_sent_back_is_quality() -> None:
    """Fed back twice by a grid worker: once sent back, once not."""
    case = case_at(Stage.FED_BACK)
    handler = who("handler")
    first = gathering.month_of(queries.today())
    cases.start_check(who("verify"), case.pk)
    cases.rework(who("verify"), case.pk, reason="没修好")
    cases.feed_back(handler, case.pk, report="重新修好。")
    assert handler.account_id is not None
    Post.objects.filter(account=handler.account_id).update(role="collector")
    (each,) = gathering.gather([handler.account_id], first)
    mine = [one for one in each.work.handed if one.case == case.pk]
    assert [one.returned is None for one in mine] == [False, True]
    rework = Event.objects.get(subject_id=case.pk, action="case.rework")
    assert mine[0].returned == rework.pk


def test_a_frozen_month_never_changes() -> None:
    task(1)
    task(2, done=None)
    with clock.at(FROZEN - timedelta(days=1)), pytest.raises(Invalid) as early:
        periods.freeze(who("sysadmin"), OCTOBER)
    assert early.value.field == "month"
    with pytest.raises(NotAllowed):
        periods.freeze(boss(), OCTOBER)
    month = frozen()
    again = frozen()
    assert (again.pk, again.digest) == (month.pk, month.digest)
    assert Event.objects.filter(action="evaluation.freeze", subject_id=202610).count() == 1
    row = newest()
    assert row.tenths == 688  # (50×1/2 + 30×1) / 80
    assert bytes(row.digest) == evidence.digest(row.document)
    rules, work = evidence.read(row.document)
    assert evidence.write(rules, work, evaluate(rules, work)) == row.document
    other = who("town").account_id
    assert other is not None
    for change in (
        lambda: Figure.objects.filter(pk=row.pk).update(tenths=1000),
        lambda: Figure.objects.filter(pk=row.pk).update(document={}),
        lambda: Figure.objects.filter(pk=row.pk).delete(),
        lambda: Month.objects.filter(pk=month.pk).update(figures_count=7),
        lambda: Figure.objects.create(
            month=month, account_id=other, post=grid_post(), origin="frozen",
            document={}, digest=b"", made_at=clock.now(),
        ),
    ):  # fmt: skip
        with pytest.raises(Error), transaction.atomic():
            change()


def test_a_month_is_frozen_by_the_running_clock() -> None:
    """Time goes on between the month and its figures; the database compares their moments."""
    latest = gathering.month_of(queries.today() - periods.SETTLE)
    settled = gathering.month_of(latest - timedelta(days=1))
    task(1, first=settled)
    assert periods.freeze(who("sysadmin"), settled).figures_count == 1


def test_late_work_is_a_correction_beside_the_figure() -> None:
    task(1)
    task(13, done=None)
    frozen()
    before = newest()
    assert periods.correct_late(OCTOBER) == 0
    kept = leave(13, 13)  # granted afterwards
    assert periods.correct_late(OCTOBER) == 1
    after = newest()
    assert (after.number, after.origin, after.tenths) == (1, "late", 1000)
    before.refresh_from_db()
    assert before.tenths == 688
    kept.delete()
    assert periods.correct_late(OCTOBER) == 0  # a correction never lowers
    shown = queries.of_account(grid_post().account_id, OCTOBER)
    assert [each["origin"] for each in shown["history"]] == ["frozen", "late"]
    assert shown["corrected"]


def test_rules_change_from_a_month_to_come_only() -> None:
    said = {"weights": {"completion": 100, "timeliness": 0, "quality": 0}}
    with clock.at(FROZEN):
        for day in (date(2026, 11, 1), date(2026, 12, 2)):
            with pytest.raises(Invalid) as refused:
                periods.publish(who("sysadmin"), said, day)
            assert refused.value.field == "starts_on"
        with pytest.raises(NotAllowed):
            periods.publish(boss(), said, date(2026, 12, 1))
        row = periods.publish(who("sysadmin"), said, date(2026, 12, 1))
        with pytest.raises(Conflict):
            periods.publish(who("sysadmin"), said, date(2026, 12, 1))
        assert queries.rules_for(date(2026, 11, 1)).version == 0
        assert queries.rules_for(date(2026, 12, 1)).version == row.version
        states = [each["state"] for each in queries.versions()]
        assert states == ["coming", "in_force"]
    for change in (
        lambda: RuleVersion.objects.update(document={}),
        lambda: RuleVersion.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change()


def test_a_trial_names_nobody() -> None:
    last = gathering.month_of(gathering.month_of(queries.today()) - timedelta(days=1))
    task(1, first=last)
    task(2, first=last, done=None)
    said = document(SHIPPED) | {"weights": {"completion": 1, "timeliness": 0, "quality": 0}}
    found = queries.trial(who("sysadmin"), said)
    assert (found["workers"], found["lower"], found["before"]) == (1, 1, None)
    assert "杨帆" not in json.dumps(found, ensure_ascii=False)


# Appeals


def appealed() -> tuple[Appeal, int]:
    """An appeal against the one missed task of October."""
    task(1)
    missed = task(13, done=None)
    frozen()
    with clock.at(FROZEN + timedelta(days=1)):
        return actions.appeal(who("grid"), newest().pk, [missed.pk], "当日道路塌方"), missed.pk


def test_two_different_people_review_and_the_second_decides() -> None:
    row, missed = appealed()
    with clock.at(FROZEN + timedelta(days=2)):
        with pytest.raises(Conflict):
            actions.review(boss(), row.pk, turn=2, grants=True, reason="属实")
        actions.review(boss(), row.pk, turn=1, grants=False, reason="未见证据")
        with pytest.raises(NotAllowed):
            actions.review(boss(), row.pk, turn=2, grants=True, reason="属实")
        done = actions.review(
            who("review"), row.pk, turn=2, grants=True, reason="属实，道路台账可证"
        )
        with pytest.raises(WrongStage):
            actions.review(somebody("third", "supervisor"), row.pk, turn=2, grants=True, reason="x")
    assert done.state == "granted"
    correction = newest()
    assert (correction.origin, correction.number, correction.tenths) == ("appeal", 1, 1000)
    assert done.correction_id == correction.pk
    assert evidence.on_appeal(correction.document) == {missed}
    # What was granted stays granted when the month is worked out again.
    leave(20, 20)
    periods.correct_late(OCTOBER)
    assert newest().pk == correction.pk
    told = Event.objects.filter(subject_kind="appeal", subject_id=row.pk)
    assert [each.action for each in told.order_by("seq")] == [
        *("appeal.ask", "appeal.review", "appeal.review")
    ]
    assert "塌方" not in json.dumps([each.after for each in told], ensure_ascii=False)


def test_a_refused_appeal_changes_nothing() -> None:
    row, _ = appealed()
    with clock.at(FROZEN + timedelta(days=2)):
        actions.review(boss(), row.pk, turn=1, grants=True, reason="属实")
        done = actions.review(who("review"), row.pk, turn=2, grants=False, reason="证据不足")
    assert (done.state, done.correction_id) == ("refused", None)
    assert newest().number == 0


def test_nobody_reviews_their_own_appeal() -> None:
    """A worker who became a supervisor; the database refuses it too."""
    row, _ = appealed()
    worker = grid_post()
    home = Region.objects.get(code="511803")
    Post.objects.filter(pk=worker.pk).update(role="supervisor", region=home)
    from mengding.core.cache import forget_everything

    forget_everything()
    with pytest.raises(NotAllowed):
        actions.review(who("grid"), row.pk, turn=1, grants=True, reason="x")
    with pytest.raises(Error), transaction.atomic():
        Review.objects.create(
            appeal=row, turn=1, reviewer_id=row.account_id, worker_id=row.account_id, grants=True,
            reason=row.reason, at=clock.now(),
        )  # fmt: skip


def test_what_cannot_be_appealed() -> None:
    row, missed = appealed()
    figure = newest()
    good = Figure.objects.get(pk=figure.pk).document["pieces"][0]["task"]
    with clock.at(FROZEN + timedelta(days=1)):
        with pytest.raises(Conflict):
            actions.appeal(who("grid"), figure.pk, [missed], "再来")
        actions.withdraw(who("grid"), row.pk)
        with pytest.raises(WrongStage):
            actions.withdraw(who("grid"), row.pk)
        for tasks, reason, field in (
            ([], "x", "tasks"), ([good], "x", "tasks"), ([missed], " ", "reason"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                actions.appeal(who("grid"), figure.pk, tasks, reason)
            assert refused.value.field == field
        with pytest.raises(NotFound):
            actions.appeal(who("desk"), figure.pk, [missed], "x")
    with clock.at(FROZEN + timedelta(days=16)), pytest.raises(Invalid) as late:
        actions.appeal(who("grid"), figure.pk, [missed], "x")
    assert late.value.code == "appeal_late"


# Who sees what


def test_a_supervisor_comes_from_the_village_and_says_why() -> None:
    task(1)
    task(2, done=None)
    frozen()
    worker = grid_post()
    village = Region.objects.get(code=VILLAGE)
    status, seen = call("GET", f"/coverage/{village.pk}/people", by="supervise")
    assert status == 200
    assert {"account": worker.account_id, "name": "杨帆"}.items() <= seen["people"][0].items()
    assert "value" not in json.dumps(seen)
    look = {"account": worker.account_id, "month": "2026-10", "why": " "}
    assert call("POST", "/evaluation/look", look, by="supervise")[0] == 422
    look["why"] = "蒙山村两周无人走访"
    status, shown = call("POST", "/evaluation/look", look, by="supervise")
    assert (status, shown["value"]) == (200, 68.8)
    away = somebody("away.boss", "supervisor", OTHER)
    with pytest.raises(NotFound):
        actions.look(away, worker.account_id, OCTOBER, "x")
    with pytest.raises(NotFound):
        coverage.village_people(away, village.pk)
    looks = call("GET", "/evaluation/mine/months")[1]["looks"]
    assert (looks[0]["by"], looks[0]["why"]) == ("孙立新", "蒙山村两周无人走访")
    held = {each.code: each for each in holdings.of(worker.account_id)}["evaluation"]
    assert held.count == 1
    assert held.looks[0].by == "孙立新"


def test_my_month_in_words() -> None:
    task(1)
    task(2, done=None)
    frozen()
    status, mine = call("GET", "/evaluation/mine?month=2026-10")
    assert (status, mine["frozen"], mine["value"]) == (200, True, 68.8)
    assert [each["state"] for each in mine["tasks"]] == ["in_time", "missed"]
    assert mine["tasks"][0]["event"]
    assert any("应办 2 件，办了 1 件" in step for step in mine["steps"])
    assert mine["appealable"] is (clock.now() <= FROZEN + timedelta(days=15))
    assert call("GET", "/evaluation/mine?month=x")[1]["field"] == "month"
    running = call("GET", "/evaluation/mine")[1]
    assert (running["frozen"], running["figure"]) == (False, None)
    assert call("GET", "/evaluation/mine?month=2026-10", by="desk")[1]["value"] is None


def test_villages_nobody_visited_come_first() -> None:
    """One village with work and a gap, one with work, the rest without."""
    task(1, kind="legal", done=None)
    deed(OCTOBER, VILLAGE, "hazard")
    deed(OCTOBER, VILLAGE, "hazard")
    deed(OCTOBER - timedelta(days=1), VILLAGE, "legal")  # before the span
    found = coverage.matrix(boss(), OCTOBER, date(2026, 10, 31))
    last = next(row for row in found["items"] if row["code"] == VILLAGE)
    assert last["done"] == {"hazard": 2}
    assert last["gaps"] == ["legal"]
    assert [row["total"] > 0 for row in found["items"]] == sorted(
        row["total"] > 0 for row in found["items"]
    )
    assert found["unvisited"] == len(found["items"]) - 1
    town = coverage.matrix(who("town"), OCTOBER, date(2026, 10, 31))
    assert {row["town"] for row in town["items"]} == {"车岭镇"}
    assert len(found["kinds"]) == 13
    with pytest.raises(Invalid):
        coverage.matrix(boss(), date(2026, 10, 2), OCTOBER)
    with pytest.raises(Invalid):
        coverage.matrix(boss(), date(2026, 1, 1), OCTOBER)


def test_the_job_freezes_last_month_once_it_has_settled() -> None:
    task(1)
    with clock.at(FROZEN - timedelta(days=1)):
        assert OCTOBER not in periods.freeze_due()
    with clock.at(FROZEN):
        assert periods.freeze_due() == [OCTOBER]
        assert periods.freeze_due() == []
    assert Figure.objects.filter(month=OCTOBER, origin=Origin.FROZEN).count() == 1


def test_no_list_puts_workers_beside_each_other() -> None:
    """No operation answers with more than one worker's number, and none sorts by it."""
    from mengding.urls import api

    schemas = api.get_openapi_schema()["components"]["schemas"]
    holders = {
        name
        for name, said in schemas.items()
        if {"value", "tenths"} & set(said.get("properties", {})) and "worker" in said["properties"]
    }
    assert holders == set()
    assert set(schemas["CoverageWorker"]["properties"]) == {"account", "name", "organisation"}
    paths = [path for path in api.get_openapi_schema()["paths"] if "/evaluation" in path]
    assert not any(word in path for path in paths for word in ("rank", "top", "board", "list"))
