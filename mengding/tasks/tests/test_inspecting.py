"""Inspection → failed item → case → case ends → re-inspection, and what may go wrong."""

import io
from datetime import timedelta
from typing import Any

import pytest

from mengding.cases import actions as cases
from mengding.cases.models import Case
from mengding.cases.tests.made import take, who
from mengding.core import clock
from mengding.core.errors import Invalid, NotAllowed, NotFound, WrongStage
from mengding.evidence import actions as evidence
from mengding.evidence.models import Evidence
from mengding.ledger.models import Event, Words
from mengding.tasks.actions import findings, places
from mengding.tasks.actions.inspecting import Given
from mengding.tasks.models import Finding, FindingCase, Inspection, Place, Task
from mengding.tasks.queries import editions, overview
from mengding.tasks.queries import places as queries
from mengding.tasks.tests.made import answers, inspect, place, plan, tasks_of, today
from mengding.tasks.tests.test_tasks import followed

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
WAY = ("file", "dispatch", "accept", "feed_back", "start_check", "close")


def carried(case: int) -> None:
    for step in WAY:
        take(step, case)
    followed()


def recheck_of(found: Finding) -> Task:
    return Task.objects.get(finding=found, status="open")


def again(row: Place, task: Task, answer: str) -> Any:
    """A re-inspection: it asks for the failed item only."""
    return inspect(row, answers=(Given("hose", answer, "看过"),), task=task.pk)


def test_from_a_failed_item_round_to_its_end() -> None:
    row = place()
    task = tasks_of(plan("key_place", who="villages", place_kind="hydrant"))[0]
    done = inspect(row, "hose", case=True)
    assert done.task == task
    case = Case.objects.get(pk=done.cases["hose"])
    assert (case.class_code, case.channel) == ("E0703", "grid")
    assert case.description == "村口消火栓：消火栓水带或水枪缺失。缺失"
    assert (case.lon, case.lat, case.address) == (row.lon, row.lat, "村口")
    found = Finding.objects.get()
    assert (found.state, found.turn) == ("in_case", 1)
    carried(case.pk)
    found.refresh_from_db()
    assert found.state == "recheck"
    task = recheck_of(found)
    followed()  # told again
    assert Task.objects.filter(finding=found).count() == 1
    # Failing starts the next turn, with one tap.
    assert again(row, task, "no").task == task
    found.refresh_from_db()
    assert found.state == "open"
    second = findings.make_case(who("grid"), found.pk)
    assert second.case_id != case.pk
    assert "复查仍不合格" in second.case.description
    carried(second.case_id)
    assert again(row, recheck_of(found), "yes").inspection.passed
    found.refresh_from_db()
    assert found.state == "resolved"
    assert not Task.objects.filter(finding=found, status="open").exists()
    steps = Event.objects.filter(subject_kind="finding", subject_id=found.pk).order_by("seq")
    assert list(steps.values_list("action", flat=True)) == [
        f"finding.{verb}"
        for verb in ("open", "case", "recheck", "fail", "case", "recheck", "resolve")
    ]


def test_a_second_tap_gives_the_same_case() -> None:
    row = place()
    inspect(row, "hose", "cap")
    found = Finding.objects.get(item="hose")
    first = findings.make_case(who("grid"), found.pk)
    assert findings.make_case(who("grid"), found.pk).case_id == first.case_id
    assert FindingCase.objects.count() == 1
    assert Finding.objects.get(item="cap").state == "open"


def test_the_same_fault_is_one_finding() -> None:
    row = place()
    inspect(row, "hose")
    inspect(row, "hose", case=True)
    assert Finding.objects.count() == 1
    # While its case is open a "yes" does not end it: the case does.
    inspect(row)
    assert Finding.objects.get().state == "in_case"


def test_a_yes_ends_what_never_became_a_case() -> None:
    row = place()
    inspect(row, "hose")
    inspect(row)
    assert Finding.objects.get().state == "resolved"
    with pytest.raises(WrongStage):
        findings.make_case(who("grid"), Finding.objects.get().pk)


def test_another_inspection_can_come_before_the_re_inspection() -> None:
    row = place()
    carried(inspect(row, "hose", case=True).cases["hose"])
    task = recheck_of(Finding.objects.get())
    inspect(row)
    task.refresh_from_db()
    assert (task.status, task.cancel_code) == ("cancelled", "resolved")
    assert Finding.objects.get().state == "resolved"


@pytest.mark.parametrize("end", ["decline", "void"])
def test_however_the_case_ends_somebody_looks_again(end: str) -> None:
    case = inspect(place(), "hose", case=True).cases["hose"]
    take(end, case)
    followed()
    assert Finding.objects.get().state == "recheck"


def test_a_reopened_case_takes_the_re_inspection_back() -> None:
    case = inspect(place(), "hose", case=True).cases["hose"]
    carried(case)
    task = recheck_of(Finding.objects.get())
    findings.case_reopened(case)
    task.refresh_from_db()
    assert (task.status, task.cancel_code) == ("cancelled", "reopened")
    assert Finding.objects.get().state == "in_case"
    findings.case_ended(case)
    assert recheck_of(Finding.objects.get()).pk != task.pk


def test_a_merged_case_hands_its_finding_on() -> None:
    first = inspect(place("h-1"), "hose", case=True).cases["hose"]
    other = inspect(place("h-2"), "hose", case=True).cases["hose"]
    cases.merge(who("desk"), first, into_id=other)
    followed()
    carried(other)
    assert {found.state for found in Finding.objects.all()} == {"recheck"}


def test_overdue_re_inspections_are_listed() -> None:
    row = place()
    carried(inspect(row, "hose", case=True).cases["hose"])
    assert not queries.overdue_rechecks(who("supervise")).exists()
    late = clock.now() + timedelta(days=editions.catalogue().recheck_days, minutes=1)
    with clock.at(late):
        assert queries.overdue_rechecks(who("supervise")).count() == 1
        listed, _ = queries.findings(
            who("supervise"), state="", overdue_only=True, region=None, place=None, cursor=None,
            limit=10,
        )  # fmt: skip
        assert [(each["place_name"], each["overdue"]) for each in listed] == [(row.name, True)]
        mine = overview.villages(who("supervise"), today(), today())[row.village_id or 0]
        assert (mine["findings"], mine["rechecks_overdue"]) == (1, 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (answers()[1:], "answers"),
        ((*answers(), Given("hose", "yes")), "answers.0.item"),
        ((Given("wings", "yes"),), "answers.0.item"),
        ((Given("hose", "perhaps"), *answers()[1:]), "answers.0.answer"),
        ((Given("hose", "no"), *answers()[1:]), "answers.0.note"),
        ((Given("hose", "yes", photos=("x",)), *answers()[1:]), "answers.0.photos"),
    ],
)
def test_what_is_wrong_with_an_inspection_is_named(given: tuple[Given, ...], field: str) -> None:
    with pytest.raises(Invalid) as error:
        inspect(place(), answers=given)
    assert error.value.field == field
    assert not Inspection.objects.exists()


def test_notes_are_words_and_pictures_go_to_the_case() -> None:
    row = place()
    done = inspect(row, "hose")
    picture = evidence.attach(
        who("grid"), "inspection", done.inspection.pk, io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "report",
        name="a.pdf",
    )  # fmt: skip
    answer = done.inspection.answers.get(item="hose")
    answer.photos = [picture.blob_id]
    answer.save()
    made = findings.make_case(who("grid"), Finding.objects.get().pk)
    shown = Evidence.objects.get(subject_kind="case", subject_id=made.case_id)
    assert shown.blob_id == picture.blob_id
    assert Words.objects.filter(text="缺失").count() == 1
    for event in Event.objects.filter(subject_kind__in=["inspection", "finding"]):
        assert "缺失" not in str(event.after)
    facts = queries.inspection(who("supervise"), done.inspection.pk)
    hose = next(each for each in facts["answers"] if each["item"] == "hose")
    assert (hose["photos"], hose["note"]) == ([picture.pk], "缺失")
    with pytest.raises(NotAllowed):
        evidence.attach(
            who("supervise"), "inspection", done.inspection.pk,
            io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "report", name="b.pdf",
        )  # fmt: skip


def test_a_checklist_is_kept_as_it_was_asked() -> None:
    row = place()
    done = inspect(row)
    from mengding.tasks.actions import editions as catalogue

    base = editions.edition_in_force()
    hydrant = next(c for c in editions.document()["checklists"] if c["code"] == "hydrant")
    fewer = {**hydrant, "items": hydrant["items"][1:]}
    catalogue.put_part(who("sysadmin"), "checklists", "hydrant", fewer, base=base)
    assert len(queries.inspection(who("grid"), done.inspection.pk)["answers"]) == 5
    # A phone that was away still asks the old list, and says so.
    assert inspect(row, edition=base).inspection.edition_id == base
    with pytest.raises(Invalid):
        inspect(row)


# The register

CSV = """code,name,kind,address,lon,lat,every_days
XHS-1,村口消火栓,hydrant,村口,{lon},{lat},
XX-1,骑龙小学,school,骑龙村二组,{lon},{lat},20
"""


def test_places_come_from_a_file_and_again_change_nothing() -> None:
    some = place()
    text = CSV.format(lon=some.lon, lat=some.lat)
    assert places.import_csv(who("sysadmin"), text, dry_run=True).created == 2
    assert Place.objects.count() == 1
    found = places.import_csv(who("sysadmin"), text)
    assert (found.created, found.updated, found.unchanged) == (2, 0, 0)
    found = places.import_csv(who("sysadmin"), text)
    assert (found.created, found.updated, found.unchanged) == (0, 0, 2)
    found = places.import_csv(who("sysadmin"), text.replace("骑龙小学", "骑龙村小学"))
    assert (found.created, found.updated, found.unchanged) == (0, 1, 1)
    assert Place.objects.get(code="XX-1").every_days == 20
    assert Place.objects.get(code="XHS-1").every_days == 30


def test_a_file_with_a_slip_leaves_nothing() -> None:
    some = place()
    text = CSV.format(lon=some.lon, lat=some.lat)
    bad = text + f"XX-2,外地,school,,0,0,\nXX-1,又一个,school,,{some.lon},{some.lat},\n"
    found = places.import_csv(who("sysadmin"), bad)
    assert [(slip.line, slip.field) for slip in found.slips] == [(4, "lat"), (5, "code")]
    assert Place.objects.count() == 1
    with pytest.raises(Invalid) as error:
        places.import_csv(who("sysadmin"), "x,y\n1,2\n")
    assert error.value.field == "csv"


def test_a_retired_place_is_out_of_the_rounds() -> None:
    row = place()
    places.set_active(who("sysadmin"), row.pk, active=False)
    assert not tasks_of(plan("key_place", who="villages", place_kind="hydrant"))
    listed, _ = queries.places(who("grid"), cursor=None, limit=10)
    assert listed == []
    with pytest.raises(NotFound):
        queries.place(who("grid"), 999_999)


def test_waiting_means_not_within_its_rhythm() -> None:
    row = place()
    assert queries.place(who("grid"), row.pk)["waiting"]
    inspect(row)
    for days, waits in ((0, False), (29, False), (31, True)):
        with clock.at(clock.now() + timedelta(days=days)):
            assert queries.place(who("grid"), row.pk)["waiting"] is waits
            found = Place.objects.filter(overview.waiting(clock.now()), pk=row.pk)
            assert found.exists() is waits
