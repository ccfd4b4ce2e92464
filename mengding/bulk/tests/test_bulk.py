"""Many cases at once: shown beforehand, called back in time, each by the ordinary rules."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from mengding.bulk import actions, queries
from mengding.bulk.models import Item, Run
from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import LEAD, case_at, org, report, take, who
from mengding.core import clock
from mengding.core.errors import Conflict, Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.ledger.models import Event, Words

pytestmark = [pytest.mark.usefixtures("world")]
NOTE = {"text": "已电话联系群众确认"}


def call(method: str, path: str, body: Any = None, by: str = "desk", **headers: str) -> Any:
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}", **headers},
    )


def versions(*found: Case) -> list[tuple[int, int]]:
    rows = Case.objects.filter(pk__in=[c.pk for c in found]).order_by("pk")
    return list(rows.values_list("pk", "version"))


def results(run: Run) -> dict[int, str]:
    return dict(Item.objects.filter(run=run).order_by("pk").values_list("case_id", "result"))


def later() -> Any:
    return clock.at(clock.now() + timedelta(seconds=30))


@pytest.mark.django_db
def test_a_preview_says_what_would_happen_and_writes_nothing() -> None:
    filed, received, hidden = case_at(Stage.FILED), report().case, report(class_code="S0101").case
    before = versions(filed, received), Event.objects.count()
    ids = [received.pk, filed.pk, hidden.pk, 10**12]
    one, two, three, four = queries.preview(who("dispatch"), "dispatch", {}, ids)
    assert (one["possible"], one["code"]) == (False, "wrong_stage")
    assert (two["possible"], two["why"], two["version"]) == (True, None, 2)
    assert two["org"] is not None  # where the rules would send it
    assert three["code"] == four["code"] == "case_not_found"
    assert three["class_name"] is None
    assert (versions(filed, received), Event.objects.count()) == before
    Case.objects.filter(pk=filed.pk).update(proposed_org=None)
    [again] = queries.preview(who("dispatch"), "dispatch", {}, [filed.pk])
    assert again["code"] == "lead_missing"


@pytest.mark.django_db
def test_a_preview_and_the_run_agree() -> None:
    """For every stage and verb: what the preview promises is what the actions then do."""
    fields: dict[str, dict[str, Any]] = {
        "note": NOTE,
        "supervise": {"demand": "今日办结"},
        "dispatch": {"lead_org_id": org(LEAD)},
        "reassign": {"lead_org_id": org("dept-water"), "reason": "转水利局"},
        "merge": {"into_id": report().case.pk},
        "start_check": {},
        "accept": {},
        "request_check": {},
        "delegate": {},
        "escalate": {"reason": "超出权限"},
    }
    people = {"supervise": "supervise", "merge": "desk", "start_check": "verify",
              "accept": "handler", "request_check": "desk", "escalate": "desk"}  # fmt: skip
    for verb, given in fields.items():
        actor = who(people.get(verb, "dispatch"))
        made = [case_at(stage) for stage in Stage]
        shown = queries.preview(actor, verb, given, [case.pk for case in made])
        seen = [(each["id"], each["version"] or 1) for each in shown if each["version"]]
        run = actions.schedule(actor, verb, given, seen, wait=0)
        with later():
            actions.run_due()
        promised = {each["id"] for each in shown if each["possible"]}
        done = {pk for pk, result in results(run).items() if result == "done"}
        assert done == promised, verb


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("close", {}, "verb"),
        ("note", {}, "fields.text"),
        ("note", {"text": "  "}, "fields.text"),
        ("note", {"text": "x", "version": 3}, "fields.version"),
        ("reassign", {"lead_org_id": "water", "reason": "x"}, "fields.lead_org_id"),
        ("merge", {"into_id": 10**12}, "fields.into_id"),
    ],
)
def test_what_is_wrong_with_the_whole(verb: str, given: dict[str, Any], field: str) -> None:
    pk = report().case.pk
    with pytest.raises((Invalid, NotAllowed)) as refused:
        queries.preview(who("dispatch"), verb, given, [pk])
    assert refused.value.field == field
    answer = call("POST", "/cases/bulk/preview", {"verb": verb, "fields": given, "ids": [pk]})
    assert answer.json()["field"] == field


@pytest.mark.django_db
def test_called_back_in_time_nothing_has_happened() -> None:
    case = report().case
    run = actions.schedule(who("desk"), "note", NOTE, versions(case), wait=10)
    sealed = bytes(run.fields)
    assert NOTE["text"].encode() not in sealed
    assert actions.run_due() == {"done": 0, "refused": 0}  # its seconds are not over
    with pytest.raises(NotFound):
        actions.recall(who("dispatch"), run.pk)  # somebody else's
    actions.recall(who("desk"), run.pk)
    with later():
        assert actions.run_due() == {"done": 0, "refused": 0}
    run.refresh_from_db()
    assert (run.status, bytes(run.fields)) == ("recalled", b"")
    case.refresh_from_db()
    assert case.version == 1
    kept = Event.objects.filter(subject_kind="account", after__run=run.pk).order_by("pk")
    assert [each.action for each in kept] == ["case.bulk", "case.bulk_recall"]
    assert kept[0].after == {"run": run.pk, "verb": "note", "cases": 1}
    with pytest.raises(Conflict):
        actions.recall(who("desk"), run.pk)


@pytest.mark.django_db
def test_what_changed_meanwhile_is_refused_and_the_others_are_done() -> None:
    made = [report().case for _ in range(4)]
    run = actions.schedule(who("desk"), "note", NOTE, versions(*made), wait=0)
    cases.note(who("dispatch"), made[1].pk, text="抢先一步")
    take("decline", made[2].pk)
    with later():
        assert actions.run_due() == {"done": 2, "refused": 2}
        assert actions.run_due() == {"done": 0, "refused": 0}  # once
    shown = queries.run_of(who("desk"), run.pk)
    assert [item["result"] for item in shown["items"]] == ["done", "refused", "refused", "done"]
    assert shown["items"][1]["code"] == "version_conflict"
    assert "第 1 版" in shown["items"][1]["why"].zh
    assert (shown["status"], shown["done"], shown["refused"]) == ("ended", 2, 2)
    run.refresh_from_db()
    assert bytes(run.fields) == b""  # the words stand in the ledger's table alone
    assert Words.objects.filter(text=NOTE["text"]).count() == 2
    with pytest.raises(NotFound):
        queries.run_of(who("dispatch"), run.pk)


@pytest.mark.django_db
def test_a_post_that_ended_does_nothing_more() -> None:
    from mengding.core.cache import forget_everything
    from mengding.people.models import Post

    case = report().case
    run = actions.schedule(who("desk"), "note", NOTE, versions(case), wait=0)
    Post.objects.filter(pk=run.post_id).update(active=False)
    forget_everything()
    with later():
        assert actions.run_due() == {"done": 0, "refused": 1}
    assert Item.objects.get(run=run).code == "post_ended"
    forget_everything()


@pytest.mark.django_db
def test_a_token_keeps_its_limits() -> None:
    from dataclasses import replace

    actor = replace(who("desk"), scopes=frozenset({"case.read", "case.note"}))
    case = report().case
    actions.schedule(actor, "note", NOTE, versions(case), wait=0)
    with pytest.raises(NotAllowed):
        actions.schedule(actor, "request_check", {}, versions(case), wait=0)


@pytest.mark.django_db
def test_a_run_that_was_cut_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [report().case for _ in range(3)]
    run = actions.schedule(who("desk"), "note", NOTE, versions(*made), wait=0)

    def broken(*given: Any) -> str:
        if given[2].case_id == made[1].pk:
            raise SystemExit  # as when the process is killed
        return whole(*given)

    whole = actions._one
    with later():
        with monkeypatch.context() as patched:
            patched.setattr(actions, "_one", broken)
            with pytest.raises(SystemExit):
                actions.run_due()
        assert list(results(run).values()) == ["done", "pending", "pending"]
        actions.run_due()
    assert list(results(run).values()) == ["done", "done", "done"]
    assert [v for _, v in versions(*made)] == [2, 2, 2]


@pytest.mark.django_db
def test_over_http_once_a_key() -> None:
    case = report().case
    body = {"verb": "note", "fields": NOTE, "cases": [{"id": case.pk, "version": 1}], "wait": 5}
    first = call("POST", "/cases/bulk", body, **{"Idempotency-Key": "bulk-1"})
    assert first.status_code == 202, first.content
    again = call("POST", "/cases/bulk", body, **{"Idempotency-Key": "bulk-1"})
    assert again.json() == first.json()
    assert Run.objects.filter(item__case=case.pk).count() == 1
    run = first.json()["id"]
    assert call("GET", "/cases/bulk").json()["items"][0]["id"] == run
    assert call("GET", f"/cases/bulk/{run}").json()["items"][0]["result"] == "pending"
    assert call("POST", f"/cases/bulk/{run}/recall").json()["status"] == "recalled"
    assert call("POST", f"/cases/bulk/{run}/recall").status_code == 409
    many = {**body, "cases": [{"id": n, "version": 1} for n in range(1, 502)]}
    assert call("POST", "/cases/bulk", many).status_code == 422


@pytest.mark.django_db
def test_old_runs_are_forgotten() -> None:
    run = actions.schedule(who("desk"), "note", NOTE, versions(report().case), wait=0)
    actions.recall(who("desk"), run.pk)
    assert actions.forget_old() == 0
    with clock.at(clock.now() + timedelta(days=31)):
        assert actions.forget_old() == 1


@pytest.mark.usefixtures("committed")
def test_called_back_or_begun_never_both() -> None:
    """Recall and start race for one row: whoever comes second sees what the first did."""
    for _ in range(6):
        case = report().case
        run = actions.schedule(who("desk"), "note", NOTE, versions(case), wait=0)
        said: list[str] = []
        gate = threading.Barrier(3)

        def recall(pk: int = run.pk, said: list[str] = said, gate: Any = gate) -> None:
            gate.wait()
            try:
                actions.recall(who("desk"), pk)
                said.append("recalled")
            except Conflict:
                said.append("too late")
            finally:
                connection.close()

        def start(gate: Any = gate) -> None:
            gate.wait()
            actions.run_due()
            connection.close()

        both = [threading.Thread(target=recall), threading.Thread(target=start)]
        for thread in both:
            thread.start()
        gate.wait()
        for thread in both:
            thread.join()
        actions.run_due()
        case.refresh_from_db()
        assert (said, case.version) in ((["recalled"], 1), (["too late"], 2))


@pytest.mark.usefixtures("committed")
def test_two_workers_do_each_case_once() -> None:
    made = [report().case for _ in range(5)]
    run = actions.schedule(who("desk"), "note", NOTE, versions(*made), wait=0)
    workers = [threading.Thread(target=_work) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert set(results(run).values()) == {"done"}
    assert [version for _, version in versions(*made)] == [2] * 5


def _work() -> None:
    actions.run_due()
    connection.close()
