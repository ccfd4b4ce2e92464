"""Settings tried on the last 90 days: what is counted, who may ask, one at a time, forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.jobs.schedule import run
from mengding.regions.models import Region
from mengding.warnings import actions, queries, trying
from mengding.warnings.kinds import Kind
from mengding.warnings.models import Trial
from mengding.warnings.queries.rules import rules_of
from mengding.warnings.rules import parse
from mengding.warnings.tests.test_warnings import NOW, cases

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
FOUR = {"kinds": {"repeat": {"least": 4}}}


def tried(said: dict[str, Any], *kinds: str) -> dict[str, Any]:
    """Asked for and carried out."""
    boss = who("supervise")
    with clock.at(NOW):
        row = actions.ask(boss, said, list(kinds))
        assert row.state == "waiting"
        actions.carry_out()
        return queries.trial(boss, row.pk)


def test_it_counts_what_the_finder_would_have_found() -> None:
    # Three at one place a month and a half ago, three now: two warnings, not six.
    cases("C0137", [60, 61, 62, 1, 2, 3])
    found = tried({"kinds": {"repeat": {"least": 3}}}, "repeat")
    strict = tried(FOUR, "repeat")
    off = tried({"kinds": {"repeat": {"on": False}}}, "repeat")
    base = found["items"][0]
    assert base["kind"] == "repeat"
    assert base["tried"] == base["current"] >= 2
    assert strict["items"][0]["tried"] == base["current"] - 2
    assert strict["items"][0]["current"] == base["current"]
    assert off["items"][0]["tried"] == 0
    assert found["changes"] == []
    assert strict["changes"] == [{"field": "kinds.repeat.least", "before": 3, "after": 4}]
    for each in (found, strict, off):
        assert (each["state"], each["done"], each["against"]) == ("done", each["total"], 0)


def test_each_kind_is_counted_and_the_steps_add_up() -> None:
    cases("C0137", [1, 2, 3])
    done: list[int] = []
    district = Region.objects.get(code="511803").pk
    current = rules_of(district)
    other = parse(0, {"without": ["E0110"], "kinds": {"overdue": {"on": False}}})
    every = [kind.value for kind in Kind]
    with clock.at(NOW):
        rows = list(trying.counted(district, every, other, current, done.append))
    assert {row["kind"] for row in rows} == set(every)
    assert sum(done) == trying.size(every, other, current)
    # As many looks as there are days, twice where the settings differ; crowds are read at once.
    assert len(done) == 4 * 2 * 91 + 91 + 1 + 2
    assert trying.size(["repeat"], current, current) * 2 == trying.size(["repeat"], other, current)


def test_crowds_are_tried_with_the_stages_of_their_spots() -> None:
    boss, machine = who("supervise"), who("dispatch")
    for code, stages in (("hill", (40, 50, 90)), ("lake", ())):
        actions.add_spot(
            boss, code=code, name=code, region_code="511803102", capacity=1000, stages=stages
        )
    with clock.at(NOW - timedelta(days=1)):
        for code in ("hill", "lake"):
            actions.count(
                machine, code=code, people_count=620,
                since=clock.now() - timedelta(minutes=5), until=clock.now(),
            )  # fmt: skip
    row = tried({"kinds": {"crowd": {"attention": 65}}}, "crowd")["items"][0]
    assert (row["tried"], row["current"]) == (1, 2), "the hill has its own"


def test_what_is_wrong_is_said_at_once_and_nothing_is_kept() -> None:
    boss = who("supervise")
    with pytest.raises(Invalid) as bad:
        actions.ask(boss, {"kinds": {"repeat": {"least": 1}}}, [])
    assert bad.value.field == "kinds.repeat.least"
    with pytest.raises(Invalid) as bad:
        actions.ask(boss, {}, ["repeat", "person"])
    assert bad.value.field == "kinds.1"
    for name in ("dispatch", "desk", "secadmin", "audit"):
        with pytest.raises(NotAllowed):
            actions.ask(who(name), {}, [])
    assert not Trial.objects.exists()


def test_other_settings_replace_ones_own_and_wait_for_a_colleagues() -> None:
    boss, admin = who("supervise"), who("sysadmin")
    first = actions.ask(boss, FOUR, ["repeat"])
    assert actions.ask(boss, FOUR, ["repeat"]).pk == first.pk
    assert actions.ask(admin, FOUR, ["repeat"]).pk == first.pk, "the same is counted once"
    with pytest.raises(Conflict) as bad:
        actions.ask(admin, {}, ["repeat"])
    assert (bad.value.code, bad.value.extra["existing"]) == ("preview_running", first.pk)
    assert "孙立新" in bad.value.text.zh
    shown = queries.newest_trial(admin)
    assert shown is not None
    assert (shown["id"], shown["mine"], shown["asked_by"]) == (first.pk, False, "孙立新")
    with pytest.raises(NotAllowed):
        actions.call_off(admin, first.pk)

    second = actions.ask(boss, FOUR, ["repeat", "overdue"])
    first.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "waiting")
    actions.carry_out()
    second.refresh_from_db()
    assert second.state == "done"
    shown = queries.newest_trial(boss)
    assert shown is not None
    assert shown["id"] == second.pk
    assert queries.newest_trial(admin) is None, "of what has ended one's own"
    assert actions.ask(admin, {}, ["overdue"]).state == "waiting"


def test_called_off_it_ends_and_what_has_ended_stays() -> None:
    boss = who("supervise")
    row = actions.ask(boss, {}, ["overdue"])
    assert actions.call_off(boss, row.pk).state == "cancelled"
    assert queries.newest_trial(boss) is None
    assert actions.carry_out() == {}
    done = actions.ask(boss, {}, ["overdue"])
    actions.carry_out()
    assert actions.call_off(boss, done.pk).state == "done"
    with pytest.raises(NotFound):
        actions.call_off(boss, done.pk + 1000)


def test_it_stops_between_two_looks_when_it_is_not_wanted_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boss = who("supervise")
    monkeypatch.setattr(actions.trials, "EVERY", 0.0)
    row = actions.ask(boss, {}, ["repeat"])
    looks: list[int] = []
    counted = trying.counted

    def watched(district: int, kinds: list[str], one: Any, other: Any, step: trying.Step) -> Any:
        def stepped(much: int) -> None:
            looks.append(much)
            if len(looks) == 5:
                seen = Trial.objects.get(pk=row.pk)
                assert (seen.state, seen.done) == ("running", sum(looks[:4]))
                actions.call_off(boss, row.pk)
            step(much)

        return counted(district, kinds, one, other, stepped)

    monkeypatch.setattr(trying, "counted", watched)
    assert actions.carry_out() == {"cancelled": 1}
    assert len(looks) == 5
    row.refresh_from_db()
    assert (row.state, row.answer) == ("cancelled", [])


def test_what_a_worker_left_is_begun_again_but_not_for_ever() -> None:
    boss = who("supervise")
    row = actions.ask(boss, {}, ["overdue"])
    Trial.objects.filter(pk=row.pk).update(state="running", begun=1, done=40)
    assert actions.carry_out() == {"done": 1}
    row = actions.ask(boss, {}, ["overdue"])
    Trial.objects.filter(pk=row.pk).update(state="running", begun=actions.trials.MOST)
    assert run("warnings.try") == {"failed": 1}
    shown = queries.trial(boss, row.pk)
    assert (shown["state"], shown["finished_at"] is not None) == ("failed", True)
    assert "中断" in shown["error"].zh


def test_a_fault_ends_the_trial_with_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    boss = who("supervise")
    row = actions.ask(boss, {}, ["overdue"])

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(trying, "counted", broken)
    assert actions.carry_out() == {"failed": 1}
    assert queries.trial(boss, row.pk)["error"].zh == "服务器内部错误，请再试一次。"
    assert "on purpose" in caplog.text
    monkeypatch.undo()
    assert actions.ask(boss, {}, ["overdue"]).pk != row.pk


def test_the_database_allows_one_under_way() -> None:
    row = actions.ask(who("supervise"), {}, ["overdue"])
    row.pk = None
    row._state.adding = True
    with pytest.raises(IntegrityError, match="warning_trial_one_under_way"), transaction.atomic():
        row.save()


def test_old_trials_are_forgotten_on_time() -> None:
    old = tried({}, "overdue")["id"]
    Trial.objects.filter(pk=old).update(finished_at=clock.now() - timedelta(days=30, seconds=1))
    young = tried({}, "repeat")["id"]
    Trial.objects.filter(pk=young).update(finished_at=clock.now() - timedelta(days=29))
    asked = actions.ask(who("supervise"), {}, []).pk
    Trial.objects.filter(pk=asked).update(asked_at=clock.now() - timedelta(days=99))
    assert run("warnings.forget")["trials"] == 1
    assert set(Trial.objects.values_list("pk", flat=True)) == {young, asked}


class TestOverHttp:
    def ask(self, by: str, said: dict[str, Any], path: str = "") -> Any:
        return Client().post(
            f"/api/v1/warnings/settings/preview{path}",
            said,
            "application/json",
            headers={"Authorization": f"Bearer {token(by)}", "Accept-Language": "en"},
        )

    def read(self, by: str, path: str = "") -> Any:
        return Client().get(
            f"/api/v1/warnings/settings/preview{path}",
            headers={"Authorization": f"Bearer {token(by)}", "Accept-Language": "en"},
        )

    def test_from_the_question_to_the_answer(self) -> None:
        bad = self.ask("supervise", {"document": {"kinds": {"repeat": {"least": 1}}}})
        assert (bad.status_code, bad.json()["field"]) == (422, "kinds.repeat.least")
        assert self.read("supervise").json() == {"trial": None}
        asked = self.ask("supervise", {"document": FOUR, "kinds": ["repeat"]})
        assert asked.status_code == 202
        trial = asked.json()
        assert (trial["state"], trial["done"], trial["items"]) == ("waiting", 0, [])
        assert trial["worker"] is False, "none runs beside this test"
        clash = self.ask("sysadmin", {"document": {}})
        assert (clash.status_code, clash.json()["existing"]) == (409, trial["id"])
        assert "tries one at a time" in clash.json()["detail"]
        assert self.ask("sysadmin", {}, f"/{trial['id']}/cancel").status_code == 403
        actions.carry_out()
        found = self.read("sysadmin", f"/{trial['id']}").json()
        assert (found["state"], found["mine"], found["items"][0]["kind"]) == (
            "done", False, "repeat",
        )  # fmt: skip
        assert self.read("supervise").json()["trial"]["id"] == trial["id"]
        assert self.read("supervise", "/99999999").status_code == 404
        again = self.ask("sysadmin", {"document": {}})
        gone = self.ask("sysadmin", {}, f"/{again.json()['id']}/cancel")
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
        Trial.objects.filter(pk=trial["id"]).update(state="failed", error="worker_lost")
        assert "cut off" in self.read("supervise", f"/{trial['id']}").json()["error"]

    def test_another_district_sees_none_of_it(self) -> None:
        row = actions.ask(who("supervise"), {}, [])
        town = Region.objects.get(code="511803102")
        Trial.objects.filter(pk=row.pk).update(district=town)
        assert self.read("supervise", f"/{row.pk}").status_code == 404
        assert self.ask("supervise", {}, f"/{row.pk}/cancel").status_code == 404
        assert self.read("supervise").json() == {"trial": None}
